#include "cmocka_first.h"

#include "api.h"
#include "config.h"
#include "core/bytes.h"

#include <string.h>

static void test_a_token_goes_to_private_places_only(void **state)
{
    static const struct {
        const char *server;
        bool is_private;
    } rows[] = {
        {"https://otter.example", true},
        {"unix:/run/otterd.sock", true},
        {"http://127.0.0.1:8480", true},
        {"http://127.0.0.1", true},
        {"http://127.9.9.9/x", true},
        {"http://localhost:1", true},
        {"http://[::1]:8480", true},
        {"http://10.0.0.1:8480", false},
        {"http://otter.example", false},
        {"http://127.0.0.1.evil.example", false},
        {"http://localhost.evil.example", false},
        {"http://127.0.0.1@evil.example", false},
        {"http://127.evil", false},
        {"http://localhost:x@evil.example", false},
        {"http://127.0.0.1:8480@evil.example/x", false},
        {"http://127.0.0.1:8480/x@y", true},
        {"ftp://127.0.0.1", false},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        assert_int_equal(cli_config_is_private(rows[i].server), rows[i].is_private);
}

static void test_http_statuses_have_exit_statuses(void **state)
{
    static const struct {
        int http;
        enum cli_exit want;
    } rows[] = {{200, CLI_DONE},         {201, CLI_DONE},         {204, CLI_DONE},        {400, CLI_REFUSED},
                {401, CLI_UNAUTHORIZED}, {403, CLI_UNAUTHORIZED}, {404, CLI_REFUSED},     {409, CLI_REFUSED},
                {422, CLI_REFUSED},      {500, CLI_UNREACHABLE},  {503, CLI_UNREACHABLE}, {302, CLI_REFUSED}};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        assert_int_equal(cli_exit_of_http(rows[i].http), rows[i].want);
}

static void test_hints_are_for_names_that_exist(void **state)
{
    static const char *const names[] = {"unauthorized", "no-root",           "blob-missing", "sequence-taken",
                                        "unknown-key",  "threshold-not-met", "wrong-epoch",  "empty-target",
                                        "root-version", "image-key-unknown", "store-full"};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(names); i++) {
        assert_non_null(cli_hint(names[i]));
        assert_int_not_equal(otter_status_find(names[i], (unsigned)strlen(names[i])), OTTER_STATUS_COUNT);
    }
    assert_null(cli_hint("ok"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_token_goes_to_private_places_only),
        cmocka_unit_test(test_http_statuses_have_exit_statuses),
        cmocka_unit_test(test_hints_are_for_names_that_exist),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

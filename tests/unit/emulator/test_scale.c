/* Whole runs of more devices than may be awake: turns, the pool, another library for the same checks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after those: */
#include <cmocka.h>

#include "emulator/run.h"
#include "stub.h"

#include "core/bytes.h"
#include "host/cleanup.h"
#include "host/file.h"
#include "host/json.h"

#include <stdlib.h>
#include <string.h>

static struct stub *current; /* of the test that runs; freed even when it fails */

static int stop(void **state)
{
    (void)state;
    stub_free(HOST_STEAL(current));
    return 0;
}

/* Runs `otter-emu --json --fleet .. ARGS`. */
static int emulate(struct stub *s, json_t **ret, char **ret_errors, const char *const *args)
{
    auto_free char *fleet = stub_path(s, "fleet.jsonl"), *image = stub_path(s, "1.0.0.img");
    const char *argv[32] = {"otter-emu", "--json",  "--quiet", "--fleet",   fleet, "--slot-a",
                            image,       "--speed", "500",     "--timeout", "120"};
    auto_free char *text = NULL, *errors = NULL;
    size_t len = 0, errors_len = 0;
    FILE *out = open_memstream(&text, &len), *err = open_memstream(&errors, &errors_len);
    int argc = 11, code;

    for (; args[argc - 11] != NULL; argc++)
        argv[argc] = args[argc - 11];
    code = emu_main(argc, (char *const *)(uintptr_t)argv, out, err);
    fclose(out);
    fclose(err);
    *ret = len > 0 ? host_json_load(text, len, "summary", NULL) : NULL;
    *ret_errors = HOST_STEAL(errors);
    return code;
}

#define EMULATE(s, ret, ret_errors, ...)                                                                     \
    emulate((s), (ret), (ret_errors), (const char *const[]){__VA_ARGS__, NULL})

static uint64_t number(const json_t *j, const char *object, const char *name)
{
    const json_t *in = object != NULL ? json_object_get(j, object) : j;

    return (uint64_t)json_integer_value(json_object_get(in, name));
}

static const struct stub_release good = {.version = "1.1.0", .payload = 20000};

static void few_are_awake_and_all_confirm_by_either_library(void **state)
{
    static const char *const libraries[] = {"bearssl", "openssl"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct stub *s;
        auto_free char *errors = NULL;
        auto_json json_t *j = NULL;
        struct stub_counts counts;

        if (i > 0)
            stop(state);
        s = current = stub_new(40);
        stub_publish(s, &good);
        assert_int_equal(EMULATE(s, &j, &errors, "--expect", "1.1.0:confirmed", "--concurrency", "3",
                                 "--crypto", libraries[i], "--sources", "127.0.0.0/8"),
                         EMU_EXIT_OK);
        assert_true(number(j, NULL, "sockets") <= 3);
        assert_int_equal(number(j, "by_state", "confirmed"), 40);
        assert_true(number(j, NULL, "flash_held") > 40 * 20000);
        assert_true(number(j, NULL, "flash_stored") < 40 * 16384 + 100000);
        stub_counts(s, &counts);
        assert_int_equal(counts.confirmed, 40);
    }
}

static void neither_library_takes_a_manifest_by_a_foreign_key(void **state)
{
    const struct stub_release foreign = {"1.1.0", OTTER_SELFTEST_NONE, 0, 3000, true};
    struct stub *s = current = stub_new(3);
    auto_free char *errors = NULL;
    auto_json json_t *j = NULL;

    (void)state;
    stub_publish(s, &foreign);
    assert_int_equal(EMULATE(s, &j, &errors, "--expect", "1.0.0:confirmed", "--expect-reason", "unknown-key",
                             "--crypto", "openssl"),
                     EMU_EXIT_OK);
    assert_int_equal(number(j, NULL, "boots"), 3);
}

/* The devices of the first `count` polls in a log's order are all different ones. */
static void assert_each_once(const char *log, unsigned count)
{
    bool seen[64] = {false};
    unsigned found = 0;

    for (const char *at = log; found < count; found++) {
        char *end;
        unsigned long device;

        at = strstr(at, "\"event\":\"poll\"");
        assert_non_null(at);
        for (at--; strncmp(at, "\"dev-", 5) != 0; at--)
            ;
        device = strtoul(at + 5, &end, 10);
        assert_true(device < count && !seen[device]);
        seen[device] = true;
        at = strchr(end, '\n');
        assert_non_null(at);
    }
}

static void nobody_polls_twice_before_everybody_has_polled_once(void **state)
{
    struct stub *s = current = stub_new(30);
    auto_free char *path = stub_path(s, "log"), *log = NULL, *errors = NULL;
    auto_json json_t *j = NULL;
    size_t len;

    (void)state;
    assert_int_equal(EMULATE(s, &j, &errors, "--until-idle", "--concurrency", "1", "--log", path),
                     EMU_EXIT_OK);
    assert_true(host_file_read(path, 1 << 24, &log, &len, NULL));
    assert_each_once(log, 30);
    assert_int_equal(number(j, NULL, "sockets"), 1);
}

static void a_pool_that_is_too_small_ends_the_run_and_no_device_is_told(void **state)
{
    const struct stub_release large = {"1.1.0", OTTER_SELFTEST_NONE, 0, 800000, false};
    struct stub *s = current = stub_new(60);
    auto_free char *errors = NULL;
    auto_json json_t *j = NULL;
    struct stub_counts counts;

    (void)state;
    stub_publish(s, &large);
    assert_int_equal(EMULATE(s, &j, &errors, "--expect", "1.1.0", "--pool", "1"), EMU_EXIT_FILE);
    assert_non_null(strstr(errors, "needs more than --pool 1 (MB)"));
    assert_null(j);
    stub_counts(s, &counts);
    assert_int_equal(counts.ended[OTTER_UPDATE_FAILED], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(few_are_awake_and_all_confirm_by_either_library, stop),
        cmocka_unit_test_teardown(neither_library_takes_a_manifest_by_a_foreign_key, stop),
        cmocka_unit_test_teardown(nobody_polls_twice_before_everybody_has_polled_once, stop),
        cmocka_unit_test_teardown(a_pool_that_is_too_small_ends_the_run_and_no_device_is_told, stop),
    };

    return cmocka_run_group_tests_name("scale", tests, NULL, NULL);
}

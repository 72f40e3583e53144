#include "cmocka_first.h"

#include "core/bytes.h"
#include "release_ref.h"

#include <string.h>

#define ID_1 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID_2 "0123456700000000000000000000000000000000000000000000000000000000"
#define ID_3 "feedfacefeedfacefeedfacefeedfacefeedfacefeedfacefeedfacefeedface"

static void test_references_find_one_release(void **state)
{
    static const struct {
        const char *ref;
        enum cli_ref want;
        const char *id;
        size_t count;
    } rows[] = {
        {ID_1, CLI_REF_FOUND, ID_1, 1},
        {"012345678", CLI_REF_FOUND, ID_1, 1},
        {"feedface", CLI_REF_FOUND, ID_3, 1},
        {"01234567", CLI_REF_MANY, NULL, 2},
        {"0123456", CLI_REF_MALFORMED, NULL, 0}, /* under 8 digits */
        {"aaaaaaaa", CLI_REF_NONE, NULL, 0},
        {"cam@1.0.0", CLI_REF_FOUND, ID_1, 1},
        {"lamp@1.0.0", CLI_REF_FOUND, ID_2, 1},
        {"cam@1.0.0+0", CLI_REF_FOUND, ID_1, 1}, /* the same four numbers */
        {"1.0.0", CLI_REF_MANY, NULL, 2},
        {"1.1.0", CLI_REF_FOUND, ID_3, 1},
        {"cam@9.9.9", CLI_REF_NONE, NULL, 0},
        {"ca@1.0.0", CLI_REF_NONE, NULL, 0},
        {"cam@", CLI_REF_MALFORMED, NULL, 0},
        {"latest", CLI_REF_MALFORMED, NULL, 0},
        {"", CLI_REF_MALFORMED, NULL, 0},
    };
    auto_json json_t *items = json_pack("[{s:s,s:s,s:s},{s:s,s:s,s:s},{s:s,s:s,s:s}]", "id", ID_1, "product",
                                        "cam", "version", "1.0.0", "id", ID_2, "product", "lamp", "version",
                                        "1.0.0", "id", ID_3, "product", "cam", "version", "1.1.0");

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        char id[OTTER_DIGEST_HEX + 1] = "";
        size_t n = 0;

        assert_int_equal(cli_release_match(items, rows[i].ref, id, &n), rows[i].want);
        if (rows[i].id != NULL)
            assert_string_equal(id, rows[i].id);
        if (rows[i].want != CLI_REF_MALFORMED)
            assert_int_equal(n, rows[i].count);
    }
}

static void test_a_server_that_lists_nonsense_finds_nothing(void **state)
{
    auto_json json_t *items = json_pack("[{s:s,s:s},{s:i},n]", "id", "short", "version", "1.0.0", "id", 5);
    char id[OTTER_DIGEST_HEX + 1] = "";
    size_t n;

    (void)state;
    assert_int_equal(cli_release_match(items, "1.0.0", id, &n), CLI_REF_NONE);
    assert_int_equal(cli_release_match(NULL, "1.0.0", id, &n), CLI_REF_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_references_find_one_release),
        cmocka_unit_test(test_a_server_that_lists_nonsense_finds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "check.h"

#include "core/bytes.h"
#include "core/names.h"
#include "core/update_state.h"
#include "core/version.h"

static void every_status_has_its_own_name_and_is_found_by_it(void **state)
{
    (void)state;
    for (unsigned i = 0; i < OTTER_STATUS_COUNT; i++) {
        const char *name = otter_status_name((enum otter_status)i);

        check_true(name, otter_status_find(name, (unsigned)strlen(name)) == (enum otter_status)i);
        check_true(name, strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name));
        check_true(name, strchr("GTDMIUPA", otter_status_group((enum otter_status)i)) != NULL);
        check_true(name, strlen(otter_status_meaning((enum otter_status)i)) > 0);
        check_true(name, otter_status_find(name, (unsigned)strlen(name) - 1) != (enum otter_status)i);
        check_true(name,
                   otter_status_of_code(otter_status_code((enum otter_status)i)) == (enum otter_status)i);
    }
    assert_int_equal(otter_status_find("", 0), OTTER_STATUS_COUNT);
    assert_int_equal(otter_status_find("OK", 2), OTTER_STATUS_COUNT);
}

static void a_status_outside_the_table_has_no_name(void **state)
{
    (void)state;
    assert_string_equal(otter_status_name(OTTER_STATUS_COUNT), "?");
    assert_string_equal(otter_status_meaning(OTTER_STATUS_COUNT), "?");
    assert_int_equal(otter_status_group(OTTER_STATUS_COUNT), '?');
    assert_string_equal(otter_status_name((enum otter_status) - 1), "?");
}

static void names_keep_to_their_alphabet(void **state)
{
    static const struct {
        const char *text;
        bool device;
        bool name;
    } rows[] = {
        {"a", true, true},
        {"AZaz09", true, true},
        {"a.b_c-d", true, true},
        {"a:b", true, false},
        {"a+b", false, true},
        {"", false, false},
        {"a b", false, false},
        {"a/b", false, false},
        {"a@b", false, false},
        {"a[b", false, false},
        {"a`b", false, false},
        {"a{b", false, false},
        {"\xc3\xa4", false, false},
        {"1234567890123456789012345678901234567890123456789012345678901234", true, true},
        {"12345678901234567890123456789012345678901234567890123456789012345", false, false},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        size_t len = strlen(rows[i].text);

        check_true(rows[i].text, otter_device_id_valid(rows[i].text, len) == rows[i].device);
        check_true(rows[i].text, otter_name_valid(rows[i].text, len) == rows[i].name);
    }
    assert_false(otter_name_valid("a\0b", 3));
    assert_false(otter_device_id_valid("a\0b", 3));
}

static void slots_have_three_names(void **state)
{
    enum otter_slot slot = OTTER_SLOT_COUNT;

    (void)state;
    assert_true(otter_slot_parse("A", 1, &slot) && slot == OTTER_SLOT_A);
    assert_true(otter_slot_parse("B", 1, &slot) && slot == OTTER_SLOT_B);
    assert_true(otter_slot_parse("any", 3, &slot) && slot == OTTER_SLOT_ANY);
    assert_false(otter_slot_parse("a", 1, &slot));
    assert_false(otter_slot_parse("", 0, &slot));
    assert_false(otter_slot_parse("an", 2, &slot));
    assert_false(otter_slot_parse("AB", 2, &slot));
    assert_int_equal(slot, OTTER_SLOT_ANY);
    assert_string_equal(otter_slot_name(OTTER_SLOT_COUNT), "?");
    assert_int_equal(otter_slot_other(OTTER_SLOT_A), OTTER_SLOT_B);
    assert_int_equal(otter_slot_other(OTTER_SLOT_B), OTTER_SLOT_A);
}

static void versions_are_parsed_strictly(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        struct otter_version v;
    } rows[] = {
        {"0.0.0", true, {0, 0, 0, 0}},
        {"1.2.3", true, {1, 2, 3, 0}},
        {"1.2.3+0", true, {1, 2, 3, 0}},
        {"255.255.65535+4294967295", true, {255, 255, 65535, UINT32_MAX}},
        {"256.0.0", false, {0}},
        {"0.256.0", false, {0}},
        {"0.0.65536", false, {0}},
        {"0.0.0+4294967296", false, {0}},
        {"1.2", false, {0}},
        {"1", false, {0}},
        {"", false, {0}},
        {"1.2.3.4", false, {0}},
        {"1.2.3+", false, {0}},
        {"1.2.3+4+5", false, {0}},
        {"1.2+3", false, {0}},
        {"1..3", false, {0}},
        {".1.2", false, {0}},
        {"1.2.", false, {0}},
        {"01.2.3", false, {0}},
        {"1.2.03", false, {0}},
        {"1.2.3+04", false, {0}},
        {"-1.2.3", false, {0}},
        {"+1.2.3", false, {0}},
        {"v1.2.3", false, {0}},
        {"1.2.3 ", false, {0}},
        {"1.2.3-rc1", false, {0}},
        {"1.2.3+1.2", false, {0}},
        {"0000000000000000000000001.2.3", false, {0}},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct otter_version v = {9, 9, 9, 9};
        const struct otter_version untouched = v;
        bool ok = otter_version_parse(rows[i].text, strlen(rows[i].text), &v);

        check_true(rows[i].text, ok == rows[i].ok);
        check_true(rows[i].text, otter_version_compare(&v, ok ? &rows[i].v : &untouched) == 0);
    }
}

static void versions_print_what_they_were_parsed_from(void **state)
{
    static const char *const texts[] = {"0.0.0", "1.20.300", "9.10.99+1", "255.255.65535+4294967295"};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(texts); i++) {
        struct otter_version v;
        char out[OTTER_VERSION_STR];

        assert_true(otter_version_parse(texts[i], strlen(texts[i]), &v));
        otter_version_format(&v, out);
        assert_string_equal(out, texts[i]);
    }
}

static void versions_compare_on_all_four_numbers(void **state)
{
    static const char *const rising[] = {"0.0.0",   "0.0.0+1",     "0.0.1",     "0.0.255",
                                         "0.0.256", "0.1.0",       "0.255.9+9", "1.0.0+0",
                                         "1.0.0+1", "1.0.0+65536", "10.0.0",    "255.0.0"};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rising); i++) {
        for (size_t j = 0; j < OTTER_ARRAY_LEN(rising); j++) {
            struct otter_version a;
            struct otter_version b;
            int order;

            assert_true(otter_version_parse(rising[i], strlen(rising[i]), &a));
            assert_true(otter_version_parse(rising[j], strlen(rising[j]), &b));
            order = otter_version_compare(&a, &b);
            check_true(rising[i], (order < 0) == (i < j) && (order > 0) == (i > j));
        }
    }
}

/* Rows: from; columns: to, in the order of the enum. D by the device, S by the server. */
static void attempts_change_state_only_as_the_table_says(void **state)
{
    static const char *const table[OTTER_UPDATE_STATE_COUNT] = {
        /*                off dling dled inst test succ fail rev  time canc */
        [OTTER_UPDATE_OFFERED] = "-DDDDSDDSS",    [OTTER_UPDATE_DOWNLOADING] = "-DDDDSDDSS",
        [OTTER_UPDATE_DOWNLOADED] = "---DDSDDSS", [OTTER_UPDATE_INSTALLED] = "----DSDDSS",
        [OTTER_UPDATE_TESTING] = "-----SDDSS",    [OTTER_UPDATE_SUCCEEDED] = "----------",
        [OTTER_UPDATE_FAILED] = "----------",     [OTTER_UPDATE_REVERTED] = "----------",
        [OTTER_UPDATE_TIMED_OUT] = "-----S----",  [OTTER_UPDATE_CANCELLED] = "----------",
    };

    (void)state;
    for (unsigned from = 0; from < OTTER_UPDATE_STATE_COUNT; from++) {
        for (unsigned to = 0; to < OTTER_UPDATE_STATE_COUNT; to++) {
            bool device =
                otter_update_may((enum otter_update_state)from, (enum otter_update_state)to, OTTER_BY_DEVICE);
            bool server =
                otter_update_may((enum otter_update_state)from, (enum otter_update_state)to, OTTER_BY_SERVER);
            char want = table[from][to];

            if (device != (want == 'D') || server != (want == 'S'))
                fail_msg("%s -> %s", otter_update_state_name((enum otter_update_state)from),
                         otter_update_state_name((enum otter_update_state)to));
        }
    }
    assert_false(otter_update_may(OTTER_UPDATE_STATE_COUNT, OTTER_UPDATE_FAILED, OTTER_BY_DEVICE));
    assert_false(otter_update_may(OTTER_UPDATE_OFFERED, OTTER_UPDATE_STATE_COUNT, OTTER_BY_DEVICE));
}

static void update_states_have_names_and_an_end(void **state)
{
    (void)state;
    for (unsigned i = 0; i < OTTER_UPDATE_STATE_COUNT; i++) {
        const char *name = otter_update_state_name((enum otter_update_state)i);

        check_true(name, otter_update_state_find(name, strlen(name)) == (enum otter_update_state)i);
        check_true(name, otter_update_finished((enum otter_update_state)i) == (i >= OTTER_UPDATE_SUCCEEDED));
    }
    assert_int_equal(otter_update_state_find("timed_out", 9), OTTER_UPDATE_STATE_COUNT);
    assert_int_equal(otter_update_state_find("", 0), OTTER_UPDATE_STATE_COUNT);
    assert_string_equal(otter_update_state_name(OTTER_UPDATE_STATE_COUNT), "?");
    assert_false(otter_update_finished(OTTER_UPDATE_STATE_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_own_name_and_is_found_by_it),
        cmocka_unit_test(a_status_outside_the_table_has_no_name),
        cmocka_unit_test(names_keep_to_their_alphabet),
        cmocka_unit_test(slots_have_three_names),
        cmocka_unit_test(versions_are_parsed_strictly),
        cmocka_unit_test(versions_print_what_they_were_parsed_from),
        cmocka_unit_test(versions_compare_on_all_four_numbers),
        cmocka_unit_test(attempts_change_state_only_as_the_table_says),
        cmocka_unit_test(update_states_have_names_and_an_end),
    };

    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}

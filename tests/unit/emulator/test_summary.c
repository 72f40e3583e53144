/* What a run came to, and the event lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after those: */
#include <cmocka.h>

#include "emulator/event.h"
#include "emulator/summary.h"

#include <string.h>

static void add(struct emu_summary *s, unsigned minor, enum emu_stand stand, enum otter_status reason)
{
    const struct emu_expect expect = {.has_version = true, .version = {1, 1, 0, 0}};
    const struct emu_outcome o = {.stand = stand,
                                  .has_version = stand != EMU_STAND_OFF,
                                  .version = {1, (uint8_t)minor, 0, 0},
                                  .settled = stand == EMU_STAND_CONFIRMED,
                                  .has_report = reason != OTTER_OK,
                                  .state = OTTER_UPDATE_FAILED,
                                  .reason = reason};

    emu_summary_add(s, &expect, &o);
}

static uint64_t member(const json_t *j, const char *object, const char *name)
{
    const json_t *in = object != NULL ? json_object_get(j, object) : j;

    return (uint64_t)json_integer_value(json_object_get(in, name));
}

static void devices_are_counted_by_version_stand_report_and_reason(void **state)
{
    struct emu_summary s = {0};
    json_t *j;

    (void)state;
    add(&s, 1, EMU_STAND_CONFIRMED, OTTER_OK);
    add(&s, 0, EMU_STAND_CONFIRMED, OTTER_UNKNOWN_KEY);
    add(&s, 1, EMU_STAND_TRIAL, OTTER_OK);
    add(&s, 1, EMU_STAND_CONFIRMED, OTTER_OK);
    add(&s, 0, EMU_STAND_OFF, OTTER_OK);
    s.total.polls = 77;
    s.failure[OTTER_OK] = 9; /* events that are none */
    s.failure[OTTER_NET_LOST] = 12;
    j = emu_summary_json(&s, true, 1.25);
    assert_int_equal(member(j, NULL, "devices"), 5);
    assert_int_equal(member(j, NULL, "met"), 2);
    assert_int_equal(member(j, "by_version", "1.1.0"), 3);
    assert_int_equal(member(j, "by_version", "1.0.0"), 1);
    assert_int_equal(member(j, "by_version", "none"), 1);
    assert_int_equal(json_object_size(json_object_get(j, "by_version")), 3);
    assert_int_equal(member(j, "by_state", "confirmed"), 3);
    assert_int_equal(member(j, "by_state", "trial"), 1);
    assert_int_equal(member(j, "by_report", "failed"), 1);
    assert_int_equal(member(j, "reasons", "unknown-key"), 1);
    assert_int_equal(json_object_size(json_object_get(j, "reasons")), 1);
    assert_int_equal(member(j, "failures", "net-lost"), 12);
    assert_int_equal(json_object_size(json_object_get(j, "failures")), 1);
    assert_int_equal(member(j, NULL, "polls"), 77);
    assert_true(json_is_true(json_object_get(j, "ok")));
    json_decref(j);
}

static void versions_are_listed_rising_and_the_surplus_is_counted(void **state)
{
    struct emu_summary s = {0};

    (void)state;
    for (unsigned i = 0; i < EMU_VERSIONS_MAX + 4; i++)
        add(&s, (i * 7) % (EMU_VERSIONS_MAX + 4), EMU_STAND_CONFIRMED, OTTER_OK);
    assert_int_equal(s.version_count, EMU_VERSIONS_MAX);
    assert_int_equal(s.other_versions, 4);
    for (unsigned i = 1; i < s.version_count; i++)
        assert_true(otter_version_compare(&s.version[i - 1].version, &s.version[i].version) < 0);
}

static void an_event_line_is_json_whatever_its_text(void **state)
{
    char longer[1000], line[EMU_EVENT_LINE];
    const struct emu_event events[] = {
        {.device = "dev-1", .event = "boot"},
        {.device = "dev-1",
         .event = "client",
         .state = "failed",
         .reason = "unknown-key",
         .text = "a \"b\" \\ \n\x80"},
        {.device = longer, .event = longer, .state = longer, .reason = longer, .text = longer},
    };

    (void)state;
    memset(longer, '"', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    for (size_t i = 0; i < 3; i++) {
        size_t len = emu_event_format(line, 1700000000123, &events[i]);
        json_t *j;

        assert_true(len < EMU_EVENT_LINE);
        assert_int_equal(strlen(line), len);
        assert_int_equal(line[len - 1], '\n');
        j = host_json_load(line, len - 1, "line", NULL);
        assert_non_null(j);
        if (i == 1) {
            assert_string_equal(json_string_value(json_object_get(j, "text")), "a \"b\" \\ ??");
            assert_string_equal(json_string_value(json_object_get(j, "reason")), "unknown-key");
            assert_true(json_real_value(json_object_get(j, "t")) > 1700000000.12);
        }
        json_decref(j);
    }
}

static void the_progress_line_is_cut_at_its_room(void **state)
{
    struct emu_summary s = {0};
    char line[40];

    (void)state;
    for (unsigned i = 0; i < 10; i++)
        add(&s, i, EMU_STAND_CONFIRMED, OTTER_OK);
    emu_summary_progress(line, sizeof(line), &s, 3);
    assert_int_equal(strlen(line), sizeof(line) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_are_counted_by_version_stand_report_and_reason),
        cmocka_unit_test(versions_are_listed_rising_and_the_surplus_is_counted),
        cmocka_unit_test(an_event_line_is_json_whatever_its_text),
        cmocka_unit_test(the_progress_line_is_cut_at_its_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "scenes.h"
#include "zones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW "2026-06-01T12:00:00Z"

/* "name: have / need; ..." */
static const char *text_of(const struct policy_told *told)
{
    static char text[POLICY_TOLD_FACTS * 3 * POLICY_TOLD_TEXT];
    size_t at = 0;

    text[0] = 0;
    for (unsigned i = 0; i < told->count; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s: %s / %s", i ? "; " : "",
                               told->fact[i].name, told->fact[i].have, told->fact[i].need);
    return text;
}

static void each_refusal_tells_what_is_and_what_would_have_to_be(void **state)
{
    static const struct {
        const char *fault, *text;
        int64_t next; /* seconds from now; 0: not known */
    } rows[] = {
        {"retired", "retired: yes / no", 0},
        {"other product", "product: other / thermo", 0},
        {"other hardware", "hardware: board-3 / board-1, board-2", 0},
        {"draft", "state: draft / running", 0},
        {"aborted", "state: aborted / running", 0},
        {"complete", "state: complete / running", 0},
        {"rolled back", "state: rolled-back / running", 0},
        {"not in target", "target: does not select the device / selects the device", 0},
        {"attempt over", "attempt: ended / none, or one to be repeated", 0},
        {"runs it", "version: 1.2.0 / other than 1.3.0", 0},
        {"held", "held: yes / no", 0},
        {"pinned", "pin: another release / none, or this release", 0},
        {"withdrawn", "release: withdrawn / not withdrawn", 0},
        {"pruned", "images: removed from the server / on the server", 0},
        {"frozen", "frozen: yes / no", 0},
        {"attempt elsewhere", "attempt: open in another rollout / none open elsewhere", 0},
        {"later phase", "phase: 3 / at most 2", 0},
        {"halted", "state: halted / running", 0},
        {"paused", "state: paused / running", 0},
        {"on trial", "confirmed: no / yes", 0},
        {"expired", "time: " NOW " / before " NOW, 0},
        {"other epoch", "epoch: 2 / 3", 0},
        {"same sequence", "epoch: 2 / at least 2; sequence: 10 / above 10", 0},
        {"below from", "version: 1.2.0 / at least 1.2.1", 0},
        {"at below", "version: 1.2.0 / below 1.2.0", 0},
        {"no image", "slot: A / B", 0},
        {"stranger", "member: no / yes", 0},
        {"downgrade", "version: 1.1.0 / at least 1.2.0", 0},
        {"superseded", "rollout: 17 comes first / none comes first", 0},
        {"too early", "time: " NOW " / from 2026-06-01T12:01:00Z", 60},
        {"too late", "time: " NOW " / before " NOW, 0},
        {"no window", "local_time: mon 12:00 / mon-fri 22:00-05:00", 10 * 3600},
        {"lost just now", "time: " NOW " / from 2026-06-01T12:00:01Z; losses: 1 / at most 2", 1},
        {"lost often", "time: " NOW " / from 2026-06-01T12:00:01Z; losses_in_a_row: 3 / below 3", 1},
        {"many active", "active: 5 / below 5", 0},
        {"rate given",
         "time: " NOW
         " / from 2026-06-01T12:00:05Z; per_minute: all given away / one of 12, by the ramp to 30",
         5},
        {"bytes given",
         "time: " NOW " / from 2026-06-01T12:00:07Z; bytes_per_second: all given away / 100000", 7},
        {"site given",
         "time: " NOW " / from 2026-06-01T12:00:09Z; site_bytes_per_second: all given away / 5000; "
         "site: site:oslo / one with bytes left",
         9},
    };

    (void)state;
    assert_int_equal(sizeof(rows) / sizeof(rows[0]), scene_fault_count);
    for (unsigned i = 0; i < scene_fault_count; i++) {
        struct policy_told told;
        enum otter_status answer;
        struct scene s;
        int64_t next;

        assert_string_equal(rows[i].fault, scene_faults[i].name);
        scene_fits(&s);
        scene_faults[i].spoil(&s);
        answer = policy_explain(&s.facts, &told);
        assert_int_equal(answer, scene_faults[i].refusal);
        assert_string_equal(told.rule, otter_status_name(answer));
        assert_string_equal(text_of(&told), rows[i].text);
        next = rows[i].next ? (int64_t)s.facts.now + rows[i].next : 0;
        if (told.next_change_at != next)
            fail_msg("%s: changes at %lld", rows[i].fault, (long long)told.next_change_at);
    }
}

static void what_is_offered_has_no_fact_but_its_end(void **state)
{
    static const struct {
        uint16_t to;       /* of a window from 11:00, Kathmandu; 0: none */
        int64_t not_after; /* from now */
        int64_t next;
    } rows[] = {{0, 0, 0}, {18 * 60, 0, 15 * 60}, {0, 100, 100}, {18 * 60, 100, 100}, {18 * 60, 1000, 900}};

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_told told;
        struct scene s;

        scene_fits(&s);
        s.facts.zone = &test_kathmandu.zone; /* where it is 17:45 */
        s.plan.window_count = rows[i].to > 0;
        s.plan.window[0] = (struct policy_window_spec){0x01, 11 * 60, rows[i].to};
        s.plan.not_after = rows[i].not_after ? (int64_t)s.facts.now + rows[i].not_after : 0;
        assert_int_equal(policy_explain(&s.facts, &told), OTTER_OK);
        assert_string_equal(told.rule, "ok");
        assert_int_equal(told.count, 0);
        assert_int_equal(told.next_change_at, rows[i].next ? (int64_t)s.facts.now + rows[i].next : 0);
    }
}

static void times_are_those_of_the_calendar(void **state)
{
    static const struct {
        int64_t t;
        const char *text;
    } rows[] = {{1780315201, "from 2026-06-01T12:00:01Z"}, {1835395199, "from 2028-02-28T23:59:59Z"},
                {1835395200, "from 2028-02-29T00:00:00Z"}, {1835481600, "from 2028-03-01T00:00:00Z"},
                {1798761599, "from 2026-12-31T23:59:59Z"}, {1798761600, "from 2027-01-01T00:00:00Z"},
                {4107542400, "from 2100-03-01T00:00:00Z"}, {253402300799, "from 9999-12-31T23:59:59Z"}};

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_told told;
        struct scene s;

        scene_fits(&s);
        s.plan.not_before = rows[i].t;
        assert_int_equal(policy_explain(&s.facts, &told), OTTER_NOT_YET);
        assert_string_equal(told.fact[0].need, rows[i].text);
    }
}

static void windows_are_written_short(void **state)
{
    static const struct {
        unsigned count;
        struct policy_window_spec window[POLICY_WINDOWS_MAX];
        const char *text;
    } rows[] = {
        {1, {{0x7f, 22 * 60, 24 * 60}}, "all 22:00-24:00"},
        {1, {{0x60, 0, 5}}, "sat,sun 00:00-00:05"},
        {2, {{0x57, 0, 5}, {0x02, 1, 2}}, "mon-wed,fri,sun 00:00-00:05; tue 00:01-00:02"},
        {4,
         {{0x55, 0, 5}, {0x55, 5, 10}, {0x55, 10, 15}, {0x55, 15, 20}},
         "mon,wed,fri,sun 00:00-00:05; mon,wed,fri,sun 00:05-00:10; mon,wed,fr..."},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_told told;
        struct scene s;

        scene_fits(&s);
        s.plan.window_count = rows[i].count;
        memcpy(s.plan.window, rows[i].window, sizeof(s.plan.window));
        assert_int_equal(policy_explain(&s.facts, &told), OTTER_OUTSIDE_WINDOW);
        assert_string_equal(told.fact[0].need, rows[i].text);
    }
}

static void what_is_long_ends_in_dots(void **state)
{
    struct policy_told told;
    struct scene s;

    (void)state;
    scene_fits(&s);
    s.manifest.hardware_count = OTTER_HARDWARE_MAX;
    for (unsigned i = 0; i < OTTER_HARDWARE_MAX; i++)
        memset(s.manifest.hardware[i], 'x', OTTER_NAME_MAX);
    assert_int_equal(policy_explain(&s.facts, &told), OTTER_WRONG_HARDWARE);
    assert_int_equal(strlen(told.fact[0].need), POLICY_TOLD_TEXT - 1);
    assert_string_equal(told.fact[0].need + POLICY_TOLD_TEXT - 4, "...");
}

static void retries_that_are_used_up_are_told(void **state)
{
    struct policy_told told;
    struct scene s;

    (void)state;
    scene_fits(&s);
    s.facts.attempt_ended = true;
    s.facts.losses_here = 3;
    s.facts.last_reason = OTTER_SELF_TEST;
    assert_int_equal(policy_explain(&s.facts, &told), OTTER_ATTEMPT_OVER);
    assert_string_equal(text_of(&told), "losses: 3 / at most 0; reason: self-test / one that is tried again");
    s.plan.retry[0] = (struct policy_retry){OTTER_SELF_TEST, 2, 60};
    s.plan.retry_count = 1;
    assert_int_equal(policy_explain(&s.facts, &told), OTTER_ATTEMPT_OVER);
    assert_string_equal(text_of(&told), "losses: 3 / at most 2");
}

/* Of a plan whose zone is not on the server no window is open, and nobody knows when one will be. */
static void zone_that_is_not_there_is_told(void **state)
{
    struct policy_told told;
    struct scene s;

    (void)state;
    scene_fits(&s);
    s.facts.no_zone = true;
    assert_int_equal(policy_decide(&s.facts), OTTER_OK); /* without windows nobody asks for it */
    s.plan.window_count = 1;
    s.plan.window[0] = (struct policy_window_spec){POLICY_DAYS_ALL, 0, 1440};
    (void)snprintf(s.plan.zone, sizeof(s.plan.zone), "Europe/Oslo");
    assert_int_equal(policy_explain(&s.facts, &told), OTTER_OUTSIDE_WINDOW);
    assert_string_equal(text_of(&told), "zone: Europe/Oslo / one that the server's tzdata has");
    assert_int_equal(told.next_change_at, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_refusal_tells_what_is_and_what_would_have_to_be),
        cmocka_unit_test(what_is_offered_has_no_fact_but_its_end),
        cmocka_unit_test(times_are_those_of_the_calendar),
        cmocka_unit_test(windows_are_written_short),
        cmocka_unit_test(what_is_long_ends_in_dots),
        cmocka_unit_test(retries_that_are_used_up_are_told),
        cmocka_unit_test(zone_that_is_not_there_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

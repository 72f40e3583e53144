/* Attempts that nobody ends: over their deadline, or silent; and time in which otterd did not serve. */
#include "world.h"

#include "core/bytes.h"
#include "service/deadlines.h"
#include "service/served.h"

#include <stdio.h>
#include <string.h>

#define DEVICES 150u

/* ---- pure ---- */

static void only_time_that_was_served_counts(void **state)
{
    struct served s;

    (void)state;
    served_init(&s, 100);
    served_tick(&s, 50000, true);
    assert_int_equal(served_seconds(&s), 100); /* where the clock stands says nothing */
    for (int64_t ms = 50250; ms <= 60000; ms += 250)
        served_tick(&s, ms, true);
    assert_int_equal(served_seconds(&s), 110);
    served_tick(&s, 3600000, true); /* the process stood still for an hour */
    assert_int_equal(served_seconds(&s), 115);
    served_tick(&s, 3602000, false); /* nothing could be stored */
    assert_int_equal(served_seconds(&s), 115);
    served_tick(&s, 3603000, true);
    assert_int_equal(served_seconds(&s), 116);
    served_init(&s, -5);
    assert_int_equal(served_seconds(&s), 0);
}

static void attempt_ends_by_the_first_rule_that_it_breaks(void **state)
{
    static const struct {
        uint32_t deadline, silence, interval;
        enum otter_update_state state;
        int64_t since_grant, since_heard;
        enum otter_status expected;
    } cases[] = {
        {0, 0, 60, OTTER_UPDATE_INSTALLED, 1000000, 1000000, OTTER_OK},
        {100, 0, 60, OTTER_UPDATE_OFFERED, 99, 99, OTTER_OK},
        {100, 0, 60, OTTER_UPDATE_OFFERED, 100, 0, OTTER_DEADLINE},
        {100, 0, 60, OTTER_UPDATE_TESTING, 100, 0, OTTER_DEADLINE},
        {0, 600, 60, OTTER_UPDATE_INSTALLED, 700, 599, OTTER_OK},
        {0, 600, 60, OTTER_UPDATE_INSTALLED, 700, 600, OTTER_SILENT},
        {0, 600, 60, OTTER_UPDATE_DOWNLOADED, 700, 600, OTTER_SILENT},
        {0, 600, 60, OTTER_UPDATE_TESTING, 700, 600, OTTER_SILENT},
        {0, 600, 60, OTTER_UPDATE_OFFERED, 7000, 7000, OTTER_OK},
        {0, 600, 60, OTTER_UPDATE_DOWNLOADING, 7000, 7000, OTTER_OK},   /* it may be a slow line */
        {0, 600, 3600, OTTER_UPDATE_INSTALLED, 20000, 10799, OTTER_OK}, /* three polls are waited for */
        {0, 600, 3600, OTTER_UPDATE_INSTALLED, 20000, 10800, OTTER_SILENT},
        {100, 600, 60, OTTER_UPDATE_INSTALLED, 700, 650, OTTER_DEADLINE},
    };

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(cases); i++) {
        const struct policy_plan plan = {.deadline_s = cases[i].deadline, .silence_s = cases[i].silence};
        const struct open_attempt a = {.attempt = 111,
                                       .state = cases[i].state,
                                       .served = 1000000,
                                       .heard = 1000000 + cases[i].since_grant - cases[i].since_heard};

        if (deadline_passed(&plan, cases[i].interval, &a, 1000000 + cases[i].since_grant) !=
            cases[i].expected)
            fail_msg("case %u", i);
    }
}

/* Against an array as long as the fleet, in random order. */
static void table_of_open_attempts_keeps_what_is_put(void **state)
{
    static uint64_t expected[1000];
    struct open_attempts t = {0};
    uint32_t random = 1;
    unsigned count = 0;

    (void)state;
    assert_null(open_attempts_find(&t, 5));
    open_attempts_drop(&t, 5);
    for (unsigned step = 0; step < 50000; step++) {
        uint32_t index;

        random = random * 1664525u + 1013904223u;
        index = (random >> 8) % OTTER_ARRAY_LEN(expected);
        if (random >> 31) {
            const struct open_attempt a = {.attempt = step + 1, .index = index};

            count += expected[index] == 0;
            expected[index] = step + 1;
            assert_true(open_attempts_put(&t, &a));
        } else {
            count -= expected[index] != 0;
            expected[index] = 0;
            open_attempts_drop(&t, index);
        }
        assert_int_equal(t.count, count);
    }
    for (uint32_t i = 0; i < OTTER_ARRAY_LEN(expected); i++) {
        const struct open_attempt *a = open_attempts_find(&t, i);

        assert_int_equal(a ? a->attempt : 0, expected[i]);
    }
    open_attempts_free(&t);
}

/* As often as places are granted, and each of its attempts once. */
static void table_is_looked_through_in_turns(void **state)
{
    static bool seen[1000];
    struct open_attempts t = {0};
    unsigned turns = 0, found = 0;
    struct open_attempt *a;

    (void)state;
    for (uint32_t i = 0; i < OTTER_ARRAY_LEN(seen); i++)
        assert_true(open_attempts_put(&t, &(struct open_attempt){.attempt = i + 1, .index = i}));
    do {
        uint32_t places = 100;

        while ((a = open_attempts_look(&t, &places)) != NULL) {
            assert_false(seen[a->index]);
            seen[a->index] = true;
            found++;
        }
        turns++;
    } while (t.looked > 0 && turns < t.size);
    assert_int_equal(found, OTTER_ARRAY_LEN(seen));
    assert_int_equal(turns, t.size / 100 + 1);
    open_attempts_free(&t);
}

/* ---- in a server; polls are expected each minute ---- */

#define PLAN "{\"deadline\":1000, \"silence\":300}"

static int setup_rollout(void **state)
{
    if (world_setup_with_devices(state, DEVICES) != 0)
        return -1;
    assert_int_equal(world_rollout_plan(*state, "all", PLAN), 1);
    return 0;
}

/* Turns in which the table is looked through: it has less than four places an attempt. */
#define TURNS (4 * DEVICES / DEADLINES_PLACES + 1)

/* Time that is served; the writer has a turn behind each call, and the last call comes behind the last turn.
 */
static void pass(struct world *w, int64_t seconds)
{
    struct svc_call call = {.op = SVC_ROLLOUT_ACTION, .in.id = "none"};

    world_clock += seconds;
    world_served += seconds;
    for (unsigned i = 0; i < TURNS + 1; i++) {
        (void)world_run(w, &call);
        svc_call_clear(&call);
    }
}

static void expect_reason(struct world *w, unsigned device, const char *state, const char *reason)
{
    json_t *list = world_get(w, SVC_DEVICE_ATTEMPTS, world_device(device), 0);
    json_t *items = json_object_get(list, "items"),
           *newest = json_array_get(items, json_array_size(items) - 1);

    assert_string_equal(json_string_value(json_object_get(newest, "state")), state);
    assert_string_equal(json_string_value(json_object_get(newest, "reason")), reason);
    json_decref(list);
}

static void attempt_over_its_deadline_times_out_once(void **state)
{
    struct world *w = *state;

    assert_int_equal(world_ask(w, 0), 111);
    pass(w, 995);
    world_expect_state(w, 0, "offered");
    pass(w, 10);
    expect_reason(w, 0, "timed-out", "deadline");
    pass(w, 1000);
    assert_int_equal(world_count(w, 1, "timed-out"), 1);
    assert_int_equal(world_count(w, 1, "offered"), 0);
    assert_int_equal(world_ask(w, 0), 0);
    assert_int_equal(world_report(w, 0, 111, 1, OTTER_UPDATE_TESTING, OTTER_OK, NULL), OTTER_ATTEMPT_CLOSED);
    assert_int_equal(world_count(w, 1, "timed-out"), 1);
}

/* More than one turn of the writer ends: it goes on between the calls, and no time has to pass. */
static void many_that_are_due_at_once_all_end(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < DEVICES; i++)
        assert_int_equal(world_ask(w, i), 111 + i);
    pass(w, 1000);
    pass(w, 0);
    assert_int_equal(world_count(w, 1, "timed-out"), DEVICES);
    assert_int_equal(world_count(w, 1, "offered"), 0);
}

static void device_that_is_lost_after_its_reboot_is_silent(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(world_ask(w, i), 111 + i);
    assert_int_equal(world_report(w, 0, 111, 1, OTTER_UPDATE_INSTALLED, OTTER_OK, NULL), OTTER_OK);
    assert_int_equal(world_report(w, 1, 112, 1, OTTER_UPDATE_INSTALLED, OTTER_OK, NULL), OTTER_OK);
    for (unsigned i = 0; i < 4; i++) {
        pass(w, 80);
        assert_int_equal(world_ask(w, 1), 112); /* it polls on */
    }
    pass(w, 10);
    expect_reason(w, 0, "timed-out", "silent");
    world_expect_state(w, 1, "installed");
    world_expect_state(w, 2, "offered"); /* said nothing of an installation: its deadline will end it */
    pass(w, 300);
    expect_reason(w, 1, "timed-out", "silent");
    assert_int_equal(world_count(w, 1, "timed-out"), 2);
}

static void late_device_succeeds_after_all_and_counts_once(void **state)
{
    struct world *w = *state;
    const struct world_poll p = {.sha = &w->manifest.image[1].sha256, .confirmed = true};

    assert_int_equal(world_ask(w, 0), 111);
    assert_int_equal(world_report(w, 0, 111, 1, OTTER_UPDATE_INSTALLED, OTTER_OK, NULL), OTTER_OK);
    pass(w, 400);
    expect_reason(w, 0, "timed-out", "silent");
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(world_poll(w, &p, NULL, NULL), OTTER_OK);
    world_expect_state(w, 0, "succeeded");
    assert_int_equal(world_count(w, 1, "timed-out"), 0);
    assert_int_equal(world_count(w, 1, "succeeded"), 1);
}

/* The wall clock goes on meanwhile, served time does not. */
static void downtime_beyond_every_deadline_fails_nobody(void **state)
{
    struct world *w = *state;
    struct world_poll p = {.confirmed = true};

    assert_int_equal(world_ask(w, 0), 111);
    assert_int_equal(world_ask(w, 1), 112);
    assert_int_equal(world_report(w, 1, 112, 1, OTTER_UPDATE_INSTALLED, OTTER_OK, NULL), OTTER_OK);
    pass(w, 200);
    for (unsigned stop = 0; stop < 3; stop++) {
        world_restart_after(w, 100000);
        pass(w, 250);
        world_expect_state(w, 0, "offered");
        world_expect_state(w, 1, "installed");
    }
    assert_int_equal(world_ask(w, 0), 111);
    p.sha = &w->manifest.image[1].sha256;
    for (unsigned i = 0; i < 2; i++) {
        p.device = i;
        assert_int_equal(world_poll(w, &p, NULL, NULL), OTTER_OK);
        world_expect_state(w, i, "succeeded");
    }
}

static void step_of_the_clock_fails_nobody(void **state)
{
    struct world *w = *state;

    assert_int_equal(world_ask(w, 0), 111);
    assert_int_equal(world_report(w, 0, 111, 1, OTTER_UPDATE_INSTALLED, OTTER_OK, NULL), OTTER_OK);
    world_clock += 100000;
    pass(w, 200);
    world_expect_state(w, 0, "installed");
    world_clock -= 900000;
    pass(w, 90);
    world_expect_state(w, 0, "installed");
    pass(w, 20);
    expect_reason(w, 0, "timed-out", "silent");
}

/* A trial that no server answered is no fault of the release, if there was none. */
static void revert_for_want_of_a_server_counts_only_if_there_was_one(void **state)
{
    static const struct {
        enum otter_status reason;
        bool down, installed_before;
        const char *state, *counts;
    } cases[] = {
        {OTTER_TRIAL_NO_SERVER, false, true, "reverted", "trial-no-server"},
        {OTTER_TRIAL_NO_SERVER, true, true, "cancelled", "server-down"},
        {OTTER_TRIAL_NO_SERVER, true, false, "cancelled", "server-down"}, /* told only afterwards */
        {OTTER_SELF_TEST, true, true, "reverted", "self-test"},
    };
    struct world *w = *state;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(cases); i++) {
        uint64_t attempt = world_ask(w, i);

        assert_int_not_equal(attempt, 0);
        if (cases[i].installed_before)
            assert_int_equal(world_report(w, i, attempt, 1, OTTER_UPDATE_INSTALLED, OTTER_OK, NULL),
                             OTTER_OK);
        if (cases[i].down)
            world_restart_after(w, 7200);
        else
            pass(w, 60);
        if (!cases[i].installed_before)
            assert_int_equal(world_report(w, i, attempt, 1, OTTER_UPDATE_INSTALLED, OTTER_OK, NULL),
                             OTTER_OK);
        assert_int_equal(world_report(w, i, attempt, 2, OTTER_UPDATE_REVERTED, cases[i].reason, NULL),
                         OTTER_OK);
        expect_reason(w, i, cases[i].state, cases[i].counts);
        /* What the server spoiled is granted again. */
        assert_int_equal(world_ask(w, i) != 0, strcmp(cases[i].state, "cancelled") == 0);
    }
    assert_int_equal(world_count(w, 1, "reverted"), 2);
    assert_int_equal(world_count(w, 1, "cancelled"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_rollout, world_teardown)
        cmocka_unit_test(only_time_that_was_served_counts),
        cmocka_unit_test(attempt_ends_by_the_first_rule_that_it_breaks),
        cmocka_unit_test(table_of_open_attempts_keeps_what_is_put),
        cmocka_unit_test(table_is_looked_through_in_turns),
        T(attempt_over_its_deadline_times_out_once),
        T(many_that_are_due_at_once_all_end),
        T(device_that_is_lost_after_its_reboot_is_silent),
        T(late_device_succeeds_after_all_and_counts_once),
        T(downtime_beyond_every_deadline_fails_nobody),
        T(step_of_the_clock_fails_nobody),
        T(revert_for_want_of_a_server_counts_only_if_there_was_one),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

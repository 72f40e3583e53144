#include "policy/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000000)

static void a_ramp_leads_up_to_the_rate(void **state)
{
    static const struct {
        uint32_t start, per_minute, every;
        uint16_t factor;
        int64_t elapsed;
        uint32_t rate;
    } rows[] = {
        {0, 0, 0, 0, 0, UINT32_MAX},
        {0, 60, 0, 0, 0, 60},
        {10, 100, 60, 200, 0, 10},
        {10, 100, 60, 200, 59, 10},
        {10, 100, 60, 200, 60, 20},
        {10, 100, 60, 200, 180, 80},
        {10, 100, 60, 200, 240, 100},
        {10, 100, 60, 200, INT64_MAX / 2, 100},
        {10, 100, 60, 200, -5, 10}, /* a clock that went back */
        {1, 100, 60, 150, 60, 1},
        {1, 100, 60, 150, 120, 2}, /* 1.5, 2.25: a small rate grows, too */
        {1, 100, 60, 110, 600, 2},
        {UINT32_MAX, UINT32_MAX, 1, 10000, 5, UINT32_MAX},
        {1, UINT32_MAX, 1, 10000, 5, UINT32_MAX},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_plan plan = {.per_minute = rows[i].per_minute,
                                   .ramp_start = rows[i].start,
                                   .ramp_factor = rows[i].factor,
                                   .ramp_every_s = rows[i].every};
        uint32_t rate = policy_ramp(&plan, rows[i].elapsed);

        if (rate != rows[i].rate)
            fail_msg("row %u: %u", i, rate);
    }
}

static void what_is_granted_is_paid_for_before_the_next(void **state)
{
    static const struct {
        int64_t paid_at, now;
        uint64_t cells, per_s_milli;
        int64_t due; /* of the next, asked at once; 0: now */
    } rows[] = {
        {0, 100 * S, 1, 1000, 101 * S},
        {0, 100 * S, 1, 0, 0}, /* no bound */
        {0, 100 * S, 1, UINT64_MAX, 0},
        {0, 100 * S, 0, 1000, 0},
        {100 * S, 100 * S, 1, 500, 102 * S},
        {105 * S, 100 * S, 1, 1000, 106 * S}, /* on top of what is owed */
        {0, 0, 1, 3000, 333334},              /* rounded up: never above the rate */
        {0, 100 * S, 300000, 50000000, 106 * S},
        {0, 0, UINT64_MAX, 1, INT64_MAX},
        {INT64_MAX, 0, 1, 1000, INT64_MAX},
        {0, 0, 1000000000000, 999999999999999, 1000001},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_meter meter = {rows[i].paid_at};
        int64_t due;

        policy_meter_take(&meter, rows[i].now, rows[i].cells, rows[i].per_s_milli);
        due = policy_meter_due(&meter, rows[i].now);
        if (due != rows[i].due)
            fail_msg("row %u: %lld", i, (long long)due);
        if (due != 0)
            assert_int_equal(policy_meter_due(&meter, due), 0);
    }
}

static void seconds_of_another_clock_are_rounded_up(void **state)
{
    static const struct {
        int64_t paid_at, now, now_s, due;
    } rows[] = {{0, 5 * S, 1000, 0},
                {5 * S, 5 * S, 1000, 0},
                {5 * S + 1, 5 * S, 1000, 1001},
                {6 * S, 5 * S, 1000, 1001},
                {6 * S + 1, 5 * S, 1000, 1002}};

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_meter meter = {rows[i].paid_at};

        assert_int_equal(policy_meter_due_s(&meter, rows[i].now, rows[i].now_s), rows[i].due);
    }
}

static void losses_are_retried_as_their_reason_says(void **state)
{
    static const struct policy_plan plan = {.retry_count = 2,
                                            .retry = {{OTTER_OK, 1, 600}, {OTTER_NET_LOST, 3, 60}}};
    static const struct {
        enum otter_status reason;
        unsigned losses;
        int64_t at; /* lost at 1000 */
    } rows[] = {{OTTER_NET_LOST, 1, 1060}, {OTTER_NET_LOST, 2, 1120},  {OTTER_NET_LOST, 3, 1240},
                {OTTER_NET_LOST, 4, 0},    {OTTER_SELF_TEST, 1, 1600}, {OTTER_SELF_TEST, 2, 0},
                {OTTER_NET_LOST, 0, 0}};
    static const struct policy_plan none = {.retry_count = 0},
                                    one = {.retry_count = 1, .retry = {{OTTER_SILENT, 16, 2592000}}};

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (policy_retry_at(&plan, rows[i].reason, rows[i].losses, 1000) != rows[i].at)
            fail_msg("row %u", i);
    assert_int_equal(policy_retry_at(&none, OTTER_NET_LOST, 1, 1000), 0);
    assert_int_equal(policy_retry_at(&one, OTTER_NET_LOST, 1, 1000), 0);
    assert_int_equal(policy_retry_at(&one, OTTER_SILENT, 16, 1000), 1000 + INT64_C(2147483647));
}

static void repeated_losses_are_waited_out(void **state)
{
    static const struct {
        unsigned losses;
        int64_t until; /* lost at 1000 */
    } rows[] = {{0, 0},
                {1, 0},
                {2, 0},
                {3, 1000 + 3600},
                {4, 1000 + 7200},
                {10, 1000 + 460800},
                {11, 1000 + 604800},
                {UINT32_MAX, 1000 + 604800}};

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (policy_penalty_until(rows[i].losses, 1000) != rows[i].until)
            fail_msg("%u losses", rows[i].losses);
}

/* Within an eighth of the interval, each device at its own place, spread over all of it. */
static void polls_are_spread(void **state)
{
    unsigned least = UINT32_MAX, most = 0, buckets[8] = {0};

    (void)state;
    for (unsigned i = 0; i < 8000; i++) {
        unsigned after;
        char id[24];

        (void)snprintf(id, sizeof(id), "device-%04u", i);
        after = policy_poll_after(3600, id);
        assert_int_equal(after, policy_poll_after(3600, id));
        least = after < least ? after : least;
        most = after > most ? after : most;
        buckets[(after - 3150) * 8 / 901]++;
    }
    assert_int_equal(least, 3150);
    assert_int_equal(most, 4050);
    for (unsigned i = 0; i < 8; i++)
        assert_in_range(buckets[i], 800, 1200);
    assert_in_range(policy_poll_after(5, "x"), 5, 6);
    assert_in_range(policy_poll_after(UINT32_MAX / 2, "x"), UINT32_MAX / 2 / 8 * 7, UINT32_MAX);
}

/* Who waits for one moment comes in each second behind it, not at a few of them. */
static void whoever_waits_for_one_moment_comes_one_after_the_other(void **state)
{
    static const struct {
        const char *head, *tail;
    } forms[] = {{"device-", ""}, {"", ""}, {"a4cf12", ""}, {"", "-0000-4000-8000-000000000000"}};
    enum { DEVICES = 22600, WIDTH = 225 };

    (void)state;
    for (unsigned form = 0; form < sizeof(forms) / sizeof(forms[0]); form++) {
        unsigned at[WIDTH + 1] = {0};

        for (unsigned i = 0; i < DEVICES; i++) {
            char id[48];

            (void)snprintf(id, sizeof(id), "%s%06u%s", forms[form].head, i, forms[form].tail);
            at[policy_poll_place(WIDTH, id)]++;
        }
        for (unsigned s = 0; s <= WIDTH; s++)
            if (at[s] < 50 || at[s] > 150)
                fail_msg("form %u: %u of %u devices in second %u of %u", form, at[s], DEVICES, s, WIDTH);
    }
    assert_int_equal(policy_poll_place(0, "x"), 0);
    assert_in_range(policy_poll_place(UINT32_MAX, "x"), 1, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ramp_leads_up_to_the_rate),
        cmocka_unit_test(what_is_granted_is_paid_for_before_the_next),
        cmocka_unit_test(seconds_of_another_clock_are_rounded_up),
        cmocka_unit_test(losses_are_retried_as_their_reason_says),
        cmocka_unit_test(repeated_losses_are_waited_out),
        cmocka_unit_test(polls_are_spread),
        cmocka_unit_test(whoever_waits_for_one_moment_comes_one_after_the_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

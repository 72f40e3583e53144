#include "policy/forecast.h"
#include "zones.h"

#include "core/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NOON      1780315200 /* 2026-06-01T12:00:00Z, a Monday */
#define H(n)      ((n)*60)
#define ATTEMPT_S 60

struct row {
    const char *what;
    struct policy_plan plan;
    uint64_t devices[3], bytes;       /* bytes of each device's image */
    int64_t ends;                     /* seconds after noon; -1: never */
    enum policy_forecast_bound bound; /* of the first phase */
    bool by_hand;
};

static struct policy_forecast look(const struct row *row)
{
    struct policy_plan plan = row->plan;
    struct policy_forecast_facts facts = {
        .plan = &plan, .zone = &policy_zone_utc, .now = NOON, .attempt_s = ATTEMPT_S};
    struct policy_forecast ret;

    if (plan.phase_count == 0) {
        plan.phase_count = 1;
        plan.phase[0].automatic = true;
    }
    for (unsigned i = 0; i < plan.phase_count; i++) {
        facts.phase[i].devices = row->devices[i];
        facts.phase[i].bytes = row->devices[i] * row->bytes;
    }
    policy_forecast(&facts, &ret);
    return ret;
}

static void the_earliest_end_follows_from_the_plan(void **state)
{
    static const struct row rows[] = {
        {"no bound: what an update takes", {0}, {1000}, 1, 60, POLICY_BOUND_NONE, false},
        {"nobody: at once", {0}, {0}, 1, 0, POLICY_BOUND_NONE, false},
        {"ten at one time: a hundred in ten turns",
         {.max_active = 10},
         {100},
         1,
         600,
         POLICY_BOUND_ACTIVE,
         false},
        {"a cap that all fit under is none", {.max_active = 100}, {100}, 1, 60, POLICY_BOUND_NONE, false},
        {"six a minute: the first at once", {.per_minute = 6}, {61}, 1, 660, POLICY_BOUND_RATE, false},
        {"a ramp: 10, 20, 40 in the first minutes",
         {.per_minute = 40, .ramp_start = 10, .ramp_factor = 200, .ramp_every_s = 60},
         {71},
         1,
         180 + 60,
         POLICY_BOUND_RATE,
         false},
        {"1,000 bytes a second: ten seconds each",
         {.bytes_per_s = 1000},
         {7},
         10000,
         60 + 60,
         POLICY_BOUND_BYTES,
         false},
        {"the strongest bound counts",
         {.max_active = 1, .per_minute = 60},
         {4},
         1,
         240,
         POLICY_BOUND_ACTIVE,
         false},
        {"a window that opens at 22",
         {.window_count = 1, .window = {{POLICY_DAYS_ALL, H(22), H(23)}}},
         {5},
         1,
         10 * 3600 + 60,
         POLICY_BOUND_NONE,
         false},
        {"an hour a night at one a minute: two nights, of 120 devices the last on the second",
         {.per_minute = 1, .window_count = 1, .window = {{POLICY_DAYS_ALL, H(22), H(23)}}},
         {121},
         1,
         (24 + 10 + 1) * 3600 + 60,
         POLICY_BOUND_RATE,
         false},
        {"not before", {.not_before = NOON + 500}, {5}, 1, 560, POLICY_BOUND_NONE, false},
        {"too slow for its end", {.per_minute = 1, .not_after = NOON + 600}, {12}, 1, -1, 0, false},
        {"just in time for its end", {.per_minute = 1, .not_after = NOON + 600}, {10}, 1, 600, 2, false},
        {"phases, a soak between, and a gate by hand",
         {.phase_count = 2, .phase = {{.soak_s = 3600}, {.automatic = true}}},
         {1, 5},
         1,
         60 + 3600 + 60,
         POLICY_BOUND_NONE,
         true},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct policy_forecast f = look(&rows[i]);
        int64_t ends = f.ends_at ? f.ends_at - NOON : -1;

        if (ends != rows[i].ends || (ends >= 0 && f.phase[0].bound != rows[i].bound) ||
            f.by_hand != rows[i].by_hand)
            fail_msg("%s: %lld, not %lld; %s, %d", rows[i].what, (long long)ends, (long long)rows[i].ends,
                     policy_bound_name(f.phase[0].bound), f.by_hand);
    }
}

static void phases_that_are_through_are_left_out_and_the_open_one_keeps_its_ramp(void **state)
{
    struct policy_plan plan = {.phase_count = 2,
                               .phase = {{.soak_s = 3600}, {.automatic = true}},
                               .per_minute = 100,
                               .ramp_start = 1,
                               .ramp_factor = 10000,
                               .ramp_every_s = 60};
    struct policy_forecast_facts facts = {.plan = &plan,
                                          .zone = &policy_zone_utc,
                                          .now = NOON,
                                          .first = 1,
                                          .opened = NOON - 600,
                                          .attempt_s = ATTEMPT_S};
    struct policy_forecast f;

    (void)state;
    facts.phase[0].devices = 1000;
    facts.phase[1].devices = 101;
    policy_forecast(&facts, &f);
    assert_int_equal(f.ends_at - NOON, 60 + ATTEMPT_S);
    assert_false(f.by_hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_earliest_end_follows_from_the_plan),
        cmocka_unit_test(phases_that_are_through_are_left_out_and_the_open_one_keeps_its_ramp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

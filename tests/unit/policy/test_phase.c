#include "policy/phase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void phases_rise_and_end_at_100(void **state)
{
    static const struct {
        unsigned count;
        unsigned percent[4];
        bool valid;
    } rows[] = {
        {1, {100}, true},       {3, {5, 25, 100}, true}, {2, {1, 100}, true},     {0, {0}, false},
        {1, {99}, false},       {2, {0, 100}, false},    {3, {5, 5, 100}, false}, {3, {25, 5, 100}, false},
        {2, {100, 100}, false}, {2, {50, 101}, false},   {1, {101}, false},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (policy_phases_valid(rows[i].percent, rows[i].count) != rows[i].valid)
            fail_msg("row %u is not %d", i, rows[i].valid);
}

static void at_most_sixteen_phases(void **state)
{
    unsigned percent[17];

    (void)state;
    for (unsigned i = 0; i < 17; i++)
        percent[i] = i + 1;
    percent[15] = 100;
    assert_true(policy_phases_valid(percent, 16));
    percent[15] = 99;
    percent[16] = 100;
    assert_false(policy_phases_valid(percent, 17));
}

static void plan_counts_and_widens(void **state)
{
    static const struct {
        unsigned percent, from;
        unsigned at[3]; /* cohorts that hold a device; 0 = none */
        unsigned upto;
        uint32_t devices;
        bool widened;
    } rows[] = {
        {5, 0, {499, 500}, 500, 1, false}, /* 499 is in the first 5 %, 500 is not */
        {5, 0, {500, 9999}, 501, 1, true}, /* nobody: the next one is taken in */
        {5, 0, {9999}, 10000, 1, true},
        {25, 500, {499, 2499}, 2500, 1, false},
        {25, 9000, {8999, 9500}, 9501, 1, true}, /* an earlier phase was widened past 25 % */
        {25, 9000, {8999}, 9000, 0, false},      /* nobody left */
        {100, 2500, {1, 2500, 9999}, 10000, 2, false},
        {100, 10000, {1, 2, 3}, 10000, 0, false},
    };
    static uint32_t census[POLICY_COHORTS];

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_phase_plan plan;

        memset(census, 0, sizeof(census));
        for (unsigned k = 0; k < 3; k++)
            if (rows[i].at[k])
                census[rows[i].at[k]] = 1;
        plan = policy_phase_plan(rows[i].percent, rows[i].from, census);
        if (plan.upto != rows[i].upto || plan.devices != rows[i].devices || plan.widened != rows[i].widened)
            fail_msg("row %u: upto %u devices %u widened %d", i, plan.upto, plan.devices, plan.widened);
    }
}

static void progress_waits_advances_and_completes(void **state)
{
    static const struct {
        struct policy_progress_facts facts; /* running, auto, last, outstanding, lost */
        enum policy_progress decision;
    } rows[] = {
        {{true, true, false, 0, 0}, POLICY_ADVANCE}, {{true, true, false, 1, 0}, POLICY_STAY},
        {{true, true, false, 0, 1}, POLICY_STAY}, /* a loss: an operator decides */
        {{true, false, false, 0, 0}, POLICY_STAY},   {{false, true, false, 0, 0}, POLICY_STAY},
        {{true, true, true, 0, 0}, POLICY_COMPLETE}, {{true, false, true, 0, 0}, POLICY_COMPLETE},
        {{true, true, true, 0, 3}, POLICY_COMPLETE}, {{true, true, true, 1, 0}, POLICY_STAY},
        {{false, true, true, 0, 0}, POLICY_STAY},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (policy_progress(&rows[i].facts) != rows[i].decision)
            fail_msg("row %u", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phases_rise_and_end_at_100),
        cmocka_unit_test(at_most_sixteen_phases),
        cmocka_unit_test(plan_counts_and_widens),
        cmocka_unit_test(progress_waits_advances_and_completes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

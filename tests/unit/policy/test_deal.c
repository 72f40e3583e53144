/* How a target's devices are dealt to phases of percentages, counts and groups. */
#include "policy/plan.h"
#include "simulator/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define PERCENT(n)                                                                                           \
    {                                                                                                        \
        .width = POLICY_WIDTH_PERCENT, .value = (n)                                                          \
    }
#define COUNT(n)                                                                                             \
    {                                                                                                        \
        .width = POLICY_WIDTH_COUNT, .value = (n)                                                            \
    }
#define GROUP                                                                                                \
    {                                                                                                        \
        .width = POLICY_WIDTH_GROUP, .group = "g"                                                            \
    }
#define AT(percent) POLICY_POSITION((percent)*100u)
#define END         POLICY_POSITION_END
#define MOST        6u

static void phases_take_what_their_width_says(void **state)
{
    static const struct {
        const char *what;
        unsigned phases;
        struct policy_phase_spec spec[3];
        unsigned count;
        struct policy_place places[MOST];
        struct policy_phase_share shares[3];
    } rows[] = {
        {"percentages",
         2,
         {PERCENT(5), PERCENT(100)},
         3,
         {{AT(5) - 1, 0}, {AT(5), 0}, {AT(99), 0}},
         {{AT(5), 1, false}, {END, 2, false}}},
        {"one who is nobody takes in the next",
         2,
         {PERCENT(5), PERCENT(100)},
         2,
         {{AT(7), 0}, {AT(7) + 1, 0}},
         {{AT(7) + 1, 1, true}, {END, 1, false}}},
        {"counts end right behind the last of them",
         3,
         {COUNT(1), COUNT(3), PERCENT(100)},
         4,
         {{7, 0}, {9, 0}, {AT(50), 0}, {AT(60), 0}},
         {{8, 1, false}, {AT(50) + 1, 2, false}, {END, 1, false}}},
        {"a count of all and more",
         2,
         {COUNT(9), PERCENT(100)},
         2,
         {{7, 0}, {9, 0}},
         {{END, 2, false}, {END, 0, false}}},
        {"a group, wherever its devices are",
         2,
         {GROUP, PERCENT(100)},
         3,
         {{7, 0}, {AT(50), 1}, {AT(60), 1}},
         {{0, 2, false}, {END, 1, false}}},
        {"a group in addition to those before",
         3,
         {PERCENT(10), GROUP, PERCENT(100)},
         4,
         {{7, 2}, {AT(50), 2}, {AT(60), 0}, {AT(70), 2}},
         {{AT(10), 1, false}, {AT(10), 2, false}, {END, 1, false}}},
        {"who was in an earlier group is not counted twice",
         3,
         {GROUP, PERCENT(50), PERCENT(100)},
         4,
         {{7, 1}, {8, 0}, {AT(60), 1}, {AT(70), 0}},
         {{0, 2, false}, {AT(50), 1, false}, {END, 1, false}}},
        {"an empty group takes in the next",
         2,
         {GROUP, PERCENT(100)},
         2,
         {{7, 0}, {9, 0}},
         {{8, 1, true}, {END, 1, false}}},
        {"the next is one whom nobody has",
         3,
         {GROUP, PERCENT(1), PERCENT(100)},
         3,
         {{AT(2), 1}, {AT(3), 0}, {AT(4), 0}},
         {{0, 1, false}, {AT(3) + 1, 1, true}, {END, 1, false}}},
        {"a percentage below what a count took",
         3,
         {COUNT(2), PERCENT(10), PERCENT(100)},
         3,
         {{7, 0}, {AT(20), 0}, {AT(30), 0}},
         {{AT(20) + 1, 2, false}, {AT(30) + 1, 1, true}, {END, 0, false}}},
        {"nobody at all", 2, {PERCENT(5), PERCENT(100)}, 0, {{0}}, {{AT(5), 0, false}, {END, 0, false}}},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_phase_share got[POLICY_PHASES_MAX];
        struct policy_plan plan = {.phase_count = rows[i].phases};

        memcpy(plan.phase, rows[i].spec, sizeof(rows[i].spec));
        policy_phases_deal(&plan, rows[i].places, rows[i].count, got);
        for (unsigned k = 0; k < rows[i].phases; k++)
            if (got[k].upto != rows[i].shares[k].upto || got[k].devices != rows[i].shares[k].devices ||
                got[k].widened != rows[i].shares[k].widened)
                fail_msg("%s: phase %u: upto %llx, %u devices, widened %d", rows[i].what, k + 1,
                         (unsigned long long)got[k].upto, got[k].devices, got[k].widened);
    }
}

static void a_device_is_in_the_first_phase_that_reaches_it(void **state)
{
    static const struct policy_plan plan = {.phase_count = 3};
    static const uint64_t upto[] = {AT(5), AT(25), END};
    static const struct {
        uint64_t position;
        uint32_t groups;
        unsigned phase;
    } rows[] = {{0, 0, 1},       {AT(5) - 1, 0, 1}, {AT(5), 0, 2},   {AT(25), 0, 3}, {END - 1, 0, 3},
                {END - 1, 1, 1}, {END - 1, 2, 2},   {END - 1, 6, 2}, {AT(5), 4, 2},  {END, 0, 3}};

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (policy_phase_of(&plan, upto, rows[i].groups, rows[i].position) != rows[i].phase)
            fail_msg("row %u", i);
}

#define DEVICES 200u

static void some_plan(struct dice *d, struct policy_plan *plan)
{
    unsigned percent = 0, count = 0;

    *plan = (struct policy_plan){.phase_count = 1 + below(d, POLICY_PHASES_MAX)};
    for (unsigned i = 0; i + 1 < plan->phase_count; i++) {
        struct policy_phase_spec *p = &plan->phase[i];

        p->width = (enum policy_width)below(d, 3);
        if (p->width == POLICY_WIDTH_PERCENT)
            p->value = percent += 1 + below(d, 6); /* 96 at the most */
        else if (p->width == POLICY_WIDTH_COUNT)
            p->value = count += 1 + below(d, 30);
        p->group[0] = (char)('a' + i);
    }
    plan->phase[plan->phase_count - 1] = (struct policy_phase_spec)PERCENT(100);
}

static unsigned some_places(struct dice *d, const struct policy_plan *plan, struct policy_place *places)
{
    unsigned count = below(d, DEVICES + 1);
    uint64_t at = 0;

    for (unsigned k = 0; k < count; k++) {
        at += 1 + throw(d) % (END / DEVICES);
        places[k] = (struct policy_place){at < END ? at : END - count + k, 0};
        for (unsigned i = 0; i < plan->phase_count; i++)
            if (plan->phase[i].width == POLICY_WIDTH_GROUP && one_in(d, 20))
                places[k].group_bits |= 1u << i;
    }
    return count;
}

/* Each device is counted once, where policy_phase_of finds it; no phase stays empty while a later one has
 * somebody. */
static void everybody_is_dealt_once(void **state)
{
    struct dice d = {5};

    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        struct policy_place places[DEVICES];
        struct policy_phase_share shares[POLICY_PHASES_MAX];
        uint64_t upto[POLICY_PHASES_MAX];
        unsigned in[POLICY_PHASES_MAX] = {0}, count, left;
        struct policy_plan plan;

        some_plan(&d, &plan);
        left = count = some_places(&d, &plan, places);
        policy_phases_deal(&plan, places, count, shares);
        for (unsigned i = 0; i < plan.phase_count; i++)
            upto[i] = shares[i].upto;
        for (unsigned k = 0; k < count; k++)
            in[policy_phase_of(&plan, upto, places[k].group_bits, places[k].position) - 1]++;
        for (unsigned i = 0; i < plan.phase_count; i++) {
            assert_int_equal(in[i], shares[i].devices);
            assert_true(in[i] > 0 || left == 0);
            assert_true(i == 0 || upto[i] >= upto[i - 1]);
            left -= in[i];
        }
        assert_int_equal(left, 0);
        assert_true(upto[plan.phase_count - 1] == END);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phases_take_what_their_width_says),
        cmocka_unit_test(a_device_is_in_the_first_phase_that_reaches_it),
        cmocka_unit_test(everybody_is_dealt_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "policy/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* A phase of 100 devices that goes on by itself when at least 95 % succeeded, and bears 10 % of losses from
 * 20 finished attempts on; each row changes what it is about. */
struct scene {
    struct policy_phase_spec spec;
    struct policy_gate_facts f;
};

static void begins(struct scene *s)
{
    *s = (struct scene){
        .spec = {.success_share = 9500, .failure_share = 1000, .min_sample = 20, .automatic = true},
        .f = {.running = true, .on_failure = POLICY_FAILURE_HALT, .devices = 100, .now = 1000}};
    s->f.spec = &s->spec;
}

struct row {
    const char *what;
    uint64_t succeeded, failed, reverted, timed_out, acknowledged, outstanding;
    enum policy_on_failure on_failure;
    bool last, warned, rests;
    enum policy_verdict verdict;
};

static struct policy_gate_result judged(struct scene *s, const struct row *row)
{
    s->f.succeeded = row->succeeded;
    s->f.failed = row->failed;
    s->f.reverted = row->reverted;
    s->f.timed_out = row->timed_out;
    s->f.acknowledged = row->acknowledged;
    s->f.outstanding = row->outstanding;
    s->f.on_failure = row->on_failure;
    s->f.last_phase = row->last;
    s->f.warned = row->warned;
    s->f.running = !row->rests;
    return policy_gate(&s->f);
}

/* Its verdict is the row's; what else it says is for the caller to look at. */
static struct policy_gate_result judge_row(const struct row *row)
{
    struct policy_gate_result result;
    struct scene s;

    begins(&s);
    result = judged(&s, row);
    if (result.verdict != row->verdict)
        fail_msg("%s: %s", row->what, policy_verdict_name(result.verdict));
    return result;
}

#define HALT POLICY_FAILURE_HALT
#define WARN POLICY_FAILURE_WARN
#define BACK POLICY_FAILURE_ROLLBACK

static void losses_decide_first(void **state)
{
    static const struct row rows[] = {
        {"nothing yet", 0, 0, 0, 0, 0, 100, HALT, 0, 0, 0, POLICY_GATE_OUTSTANDING},
        {"below the sample nothing is judged", 0, 19, 0, 0, 0, 81, HALT, 0, 0, 0, POLICY_GATE_OUTSTANDING},
        {"at the sample it is", 17, 3, 0, 0, 0, 80, HALT, 0, 0, 0, POLICY_GATE_HALT},
        {"just the share is borne", 18, 2, 0, 0, 0, 80, HALT, 0, 0, 0, POLICY_GATE_OUTSTANDING},
        {"failures, reverts and timeouts are one", 17, 1, 1, 1, 0, 80, HALT, 0, 0, 0, POLICY_GATE_HALT},
        {"roll back", 17, 0, 3, 0, 0, 80, BACK, 0, 0, 0, POLICY_GATE_ROLLBACK},
        {"warn", 17, 0, 0, 3, 0, 80, WARN, 0, 0, 0, POLICY_GATE_WARN},
        {"warn once", 17, 0, 0, 3, 0, 80, WARN, 0, 1, 0, POLICY_GATE_OUTSTANDING},
        {"the last phase hides nothing", 80, 20, 0, 0, 0, 0, HALT, 1, 0, 0, POLICY_GATE_HALT},
        {"what was acknowledged counts no more", 17, 3, 0, 0, 3, 80, HALT, 0, 0, 0, POLICY_GATE_OUTSTANDING},
        {"what came after it does", 17, 6, 0, 0, 3, 77, HALT, 0, 0, 0, POLICY_GATE_HALT},
        {"more was acknowledged than lost (some came back late)", 20, 1, 0, 0, 3, 79, HALT, 0, 0, 0,
         POLICY_GATE_OUTSTANDING},
        {"what does not run rests", 0, 100, 0, 0, 0, 0, HALT, 0, 0, 1, POLICY_GATE_REST},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        (void)judge_row(&rows[i]);
}

static void a_phase_that_is_through_opens_the_next(void **state)
{
    static const struct row rows[] = {
        {"all succeeded", 100, 0, 0, 0, 0, 0, HALT, 0, 0, 0, POLICY_GATE_ADVANCE},
        {"just enough", 95, 5, 0, 0, 0, 0, HALT, 0, 0, 0, POLICY_GATE_ADVANCE},
        {"one too few", 94, 6, 0, 0, 0, 0, HALT, 0, 0, 0, POLICY_GATE_SUCCESS},
        {"one still out", 99, 0, 0, 0, 0, 1, HALT, 0, 0, 0, POLICY_GATE_OUTSTANDING},
        {"a phase of nobody", 0, 0, 0, 0, 0, 0, HALT, 0, 0, 0, POLICY_GATE_ADVANCE},
        {"the last one", 100, 0, 0, 0, 0, 0, HALT, 1, 0, 0, POLICY_GATE_COMPLETE},
        {"the last one, with losses", 94, 6, 0, 0, 0, 0, HALT, 1, 0, 0, POLICY_GATE_COMPLETE},
        {"acknowledged losses", 10, 6, 0, 0, 6, 0, HALT, 0, 0, 0, POLICY_GATE_ADVANCE},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_gate_result result = judge_row(&rows[i]);

        if (result.through !=
            (result.verdict == POLICY_GATE_ADVANCE || result.verdict == POLICY_GATE_COMPLETE))
            fail_msg("%s: through %d", rows[i].what, result.through);
    }
}

static void gates_stand_in_their_order(void **state)
{
    static const struct {
        const char *what;
        uint32_t soak;
        int64_t through_at, now;
        bool approval, approved, automatic;
        enum policy_verdict verdict;
        int64_t until;
    } rows[] = {
        {"it soaks from when it was through", 60, 1000, 1059, 0, 0, 1, POLICY_GATE_SOAK, 1060},
        {"until then", 60, 1000, 1060, 0, 0, 1, POLICY_GATE_ADVANCE, 0},
        {"through just now", 60, 0, 2000, 0, 0, 1, POLICY_GATE_SOAK, 2060},
        {"no soak", 0, 0, 2000, 0, 0, 1, POLICY_GATE_ADVANCE, 0},
        {"a clock that went back waits longer", 60, 1000, 10, 0, 0, 1, POLICY_GATE_SOAK, 1060},
        {"soak comes before approval", 60, 1000, 1059, 1, 1, 1, POLICY_GATE_SOAK, 1060},
        {"approval is asked for", 60, 1000, 1060, 1, 0, 1, POLICY_GATE_APPROVAL, 0},
        {"approved", 60, 1000, 1060, 1, 1, 1, POLICY_GATE_ADVANCE, 0},
        {"by hand", 60, 1000, 1060, 0, 0, 0, POLICY_GATE_MANUAL, 0},
        {"approved, and by hand", 60, 1000, 1060, 1, 1, 0, POLICY_GATE_MANUAL, 0},
        {"approval before the hand", 60, 1000, 1060, 1, 0, 0, POLICY_GATE_APPROVAL, 0},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_gate_result result;
        struct scene s;

        begins(&s);
        s.spec.soak_s = rows[i].soak;
        s.spec.approval = rows[i].approval;
        s.spec.automatic = rows[i].automatic;
        s.f.approved = rows[i].approved;
        s.f.through_at = rows[i].through_at;
        s.f.now = rows[i].now;
        s.f.succeeded = 100;
        result = policy_gate(&s.f);
        if (result.verdict != rows[i].verdict || result.until != rows[i].until || !result.through)
            fail_msg("%s: %s until %lld", rows[i].what, policy_verdict_name(result.verdict),
                     (long long)result.until);
    }
}

static void nothing_proven_and_nothing_moving_open_no_phase(void **state)
{
    static const struct {
        const char *what;
        uint64_t succeeded, barred;
        bool frozen, last, manual;
        enum policy_verdict verdict;
    } rows[] = {
        {"all that could have shown it are held", 0, 3, 0, 0, 0, POLICY_GATE_SUCCESS},
        {"one has shown it", 1, 3, 0, 0, 0, POLICY_GATE_ADVANCE},
        {"all run it already", 0, 0, 0, 0, 0, POLICY_GATE_ADVANCE},
        {"nothing comes behind the last phase", 0, 3, 0, 1, 0, POLICY_GATE_COMPLETE},
        {"in a freeze", 10, 0, 1, 0, 0, POLICY_GATE_FROZEN},
        {"an operator may be asked in a freeze", 10, 0, 1, 0, 1, POLICY_GATE_MANUAL},
        {"a freeze keeps no rollout from its end", 10, 0, 1, 1, 0, POLICY_GATE_COMPLETE},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_gate_result result;
        struct scene s;

        begins(&s);
        s.spec.automatic = !rows[i].manual;
        s.f.succeeded = rows[i].succeeded;
        s.f.barred = rows[i].barred;
        s.f.frozen = rows[i].frozen;
        s.f.last_phase = rows[i].last;
        result = policy_gate(&s.f);
        if (result.verdict != rows[i].verdict)
            fail_msg("%s: %s", rows[i].what, policy_verdict_name(result.verdict));
    }
}

static void the_numbers_behind_a_verdict_are_told(void **state)
{
    static const struct row row = {
        .succeeded = 17, .failed = 2, .reverted = 1, .timed_out = 3, .acknowledged = 2};
    struct policy_gate_result result;
    struct scene s;

    (void)state;
    begins(&s);
    s.f.devices = 18;
    result = judged(&s, &row);
    assert_int_equal(result.lost, 4);
    assert_int_equal(result.finished, 21);
    assert_int_equal(result.lost_share, 1904);
    assert_int_equal(result.sample, 18);
}

/* Two phases were passed early, each with its own plan: 100 devices, 10 % from 20 on; 4 devices, 50 % from 2
 * on. The third is the newest, and nothing speaks against it but what is said. */
static void losses_of_phases_that_were_passed_count_in_them(void **state)
{
    static const struct {
        const char *what;
        struct {
            uint64_t succeeded, failed, acknowledged;
        } of[3];
        enum policy_on_failure on_failure;
        bool warned, rests;
        unsigned index;
        enum policy_verdict verdict;
    } rows[] = {
        {"none", {{50, 0, 0}, {2, 0, 0}, {20, 0, 0}}, HALT, 0, 0, 2, POLICY_GATE_MANUAL},
        {"a straggler below the sample",
         {{5, 9, 0}, {2, 0, 0}, {20, 0, 0}},
         HALT,
         0,
         0,
         2,
         POLICY_GATE_MANUAL},
        {"stragglers of the first", {{17, 3, 0}, {2, 0, 0}, {20, 0, 0}}, HALT, 0, 0, 0, POLICY_GATE_HALT},
        {"of the second, by its own numbers",
         {{18, 2, 0}, {1, 2, 0}, {20, 0, 0}},
         HALT,
         0,
         0,
         1,
         POLICY_GATE_HALT},
        {"of both: the first tells",
         {{10, 10, 0}, {0, 4, 0}, {20, 0, 0}},
         BACK,
         0,
         0,
         0,
         POLICY_GATE_ROLLBACK},
        {"few of each, though many together",
         {{18, 2, 0}, {1, 1, 0}, {18, 2, 0}},
         HALT,
         0,
         0,
         2,
         POLICY_GATE_MANUAL},
        {"seen, each in its phase", {{17, 3, 3}, {0, 3, 3}, {20, 0, 0}}, HALT, 0, 0, 2, POLICY_GATE_MANUAL},
        {"seen in the first, not in the second",
         {{17, 3, 3}, {0, 3, 1}, {20, 0, 0}},
         HALT,
         0,
         0,
         1,
         POLICY_GATE_HALT},
        {"warned of", {{10, 10, 0}, {0, 4, 0}, {20, 0, 0}}, WARN, 1, 0, 2, POLICY_GATE_MANUAL},
        {"to be warned of", {{20, 0, 0}, {0, 4, 0}, {20, 0, 0}}, WARN, 0, 0, 1, POLICY_GATE_WARN},
        {"of the newest", {{20, 0, 0}, {4, 0, 0}, {17, 3, 0}}, HALT, 0, 0, 2, POLICY_GATE_HALT},
        {"of one that rests", {{0, 20, 0}, {0, 4, 0}, {0, 20, 0}}, HALT, 0, 1, 2, POLICY_GATE_REST},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_gate_result result;
        struct policy_gate_facts f[3];
        struct scene s[3];
        unsigned index;

        for (unsigned p = 0; p < 3; p++) {
            begins(&s[p]);
            f[p] = s[p].f;
            f[p].succeeded = rows[i].of[p].succeeded;
            f[p].failed = rows[i].of[p].failed;
            f[p].acknowledged = rows[i].of[p].acknowledged;
            f[p].on_failure = rows[i].on_failure;
            f[p].warned = rows[i].warned;
            f[p].running = !rows[i].rests;
        }
        f[1].devices = 4;
        s[1].spec.failure_share = 5000;
        s[1].spec.min_sample = 2;
        s[2].spec.automatic = false;
        s[2].spec.success_share = 9000;
        result = policy_gates(f, 3, &index);
        if (result.verdict != rows[i].verdict || index != rows[i].index)
            fail_msg("%s: %s of %u", rows[i].what, policy_verdict_name(result.verdict), index);
    }
}

static void a_sample_is_no_larger_than_the_phase(void **state)
{
    (void)state;
    assert_int_equal(policy_min_sample(20, 100), 20);
    assert_int_equal(policy_min_sample(20, 7), 7);
    assert_int_equal(policy_min_sample(20, 0), 1);
    assert_int_equal(policy_min_sample(0, 100), 1);
}

static void verdicts_have_names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < POLICY_VERDICT_COUNT; i++)
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(policy_verdict_name((enum policy_verdict)i),
                                    policy_verdict_name((enum policy_verdict)k));
    assert_string_equal(policy_verdict_name(POLICY_VERDICT_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_decide_first),
        cmocka_unit_test(a_phase_that_is_through_opens_the_next),
        cmocka_unit_test(gates_stand_in_their_order),
        cmocka_unit_test(nothing_proven_and_nothing_moving_open_no_phase),
        cmocka_unit_test(the_numbers_behind_a_verdict_are_told),
        cmocka_unit_test(losses_of_phases_that_were_passed_count_in_them),
        cmocka_unit_test(a_sample_is_no_larger_than_the_phase),
        cmocka_unit_test(verdicts_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

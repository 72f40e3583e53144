#include "policy/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* A plan that makes use of everything and is in order; each row spoils one thing. */
static void full(struct policy_plan *p)
{
    policy_plan_default(p);
    p->phase_count = 4;
    p->phase[3] = p->phase[0];
    p->phase[0] =
        (struct policy_phase_spec){.width = POLICY_WIDTH_GROUP, .group = "canaries", .approval = true};
    p->phase[1] = (struct policy_phase_spec){.width = POLICY_WIDTH_COUNT, .value = 10, .automatic = true};
    p->phase[2] = (struct policy_phase_spec){.width = POLICY_WIDTH_PERCENT, .value = 25, .soak_s = 3600};
    p->on_failure = POLICY_FAILURE_ROLLBACK;
    p->rollback_release = 7;
    p->max_active = 100;
    p->per_minute = 60;
    p->ramp_start = 6;
    p->ramp_factor = 150;
    p->ramp_every_s = 600;
    p->bytes_per_s = 1000000;
    p->site_bytes_per_s = 50000;
    memcpy(p->site_prefix, "site:", 6);
    p->not_before = 1000;
    p->not_after = 2000;
    p->window_count = 2;
    p->window[0] = (struct policy_window_spec){0x1f, 1320, 300};
    p->window[1] = (struct policy_window_spec){0x60, 0, 1440};
    p->retry_count = 2;
    p->retry[0] = (struct policy_retry){OTTER_OK, 1, 3600};
    p->retry[1] = (struct policy_retry){OTTER_NET_LOST, 3, 60};
}

/* clang-format off */
static void no_phase(struct policy_plan *p) { p->phase_count = 0; }
static void seventeen_phases(struct policy_plan *p) { p->phase_count = 17; }
static void no_width(struct policy_plan *p) { p->phase[1].width = (enum policy_width)3; }
static void zero_percent(struct policy_plan *p) { p->phase[2].value = 0; }
static void over_percent(struct policy_plan *p) { p->phase[2].value = 101; }
static void all_too_soon(struct policy_plan *p) { p->phase[2].value = 100; }
static void falls(struct policy_plan *p) { p->phase[1] = p->phase[2]; }
static void no_device(struct policy_plan *p) { p->phase[1].value = 0; }
static void count_falls(struct policy_plan *p) { p->phase[2] = p->phase[1]; p->phase[2].value = 9; }
static void no_group(struct policy_plan *p) { p->phase[0].group[0] = 0; }
static void group_twice(struct policy_plan *p) { p->phase[2] = p->phase[0]; }
static void last_of_99(struct policy_plan *p) { p->phase[3].value = 99; }
static void last_counts(struct policy_plan *p) { p->phase_count = 2; }
static void success_over(struct policy_plan *p) { p->phase[1].success_share = 10001; }
static void failure_over(struct policy_plan *p) { p->phase[1].failure_share = 10001; }
static void long_soak(struct policy_plan *p) { p->phase[2].soak_s = 31536001; }
static void late_approval(struct policy_plan *p) { p->phase[3].approval = true; }
static void fails_somehow(struct policy_plan *p) { p->on_failure = (enum policy_on_failure)3; }
static void back_to_nothing(struct policy_plan *p) { p->rollback_release = 0; }
static void back_to_less(struct policy_plan *p) { p->rollback_release = -1; p->on_failure = POLICY_FAILURE_HALT; }
static void ramp_to_nowhere(struct policy_plan *p) { p->per_minute = 0; }
static void ramp_from_above(struct policy_plan *p) { p->ramp_start = 61; }
static void ramp_from_nothing(struct policy_plan *p) { p->ramp_start = 0; }
static void ramp_that_rests(struct policy_plan *p) { p->ramp_factor = 100; }
static void ramp_that_leaps(struct policy_plan *p) { p->ramp_factor = 10001; }
static void ramp_at_once(struct policy_plan *p) { p->ramp_every_s = 0; }
static void too_many_bytes(struct policy_plan *p) { p->bytes_per_s = 1000000000001; }
static void which_sites(struct policy_plan *p) { p->site_prefix[0] = 0; }
static void sites_of_nothing(struct policy_plan *p) { p->site_bytes_per_s = 0; }
static void before_1970(struct policy_plan *p) { p->not_before = -1; }
static void ends_as_it_begins(struct policy_plan *p) { p->not_after = 1000; }
static void nine_windows(struct policy_plan *p) { p->window_count = 9; }
static void no_day(struct policy_plan *p) { p->window[1].days = 0; }
static void eight_days(struct policy_plan *p) { p->window[1].days = 0x80; }
static void begins_at_24(struct policy_plan *p) { p->window[0].from = 1440; }
static void ends_at_2401(struct policy_plan *p) { p->window[0].to = 1441; }
static void long_deadline(struct policy_plan *p) { p->deadline_s = 31536001; }
static void long_silence(struct policy_plan *p) { p->silence_s = 31536001; }
static void nine_retries(struct policy_plan *p) { p->retry_count = 9; }
static void no_reason(struct policy_plan *p) { p->retry[1].reason = OTTER_STATUS_COUNT; }
static void reason_twice(struct policy_plan *p) { p->retry[1].reason = OTTER_OK; }
static void no_try(struct policy_plan *p) { p->retry[1].tries = 0; }
static void seventeen_tries(struct policy_plan *p) { p->retry[0].tries = 17; }
static void long_wait(struct policy_plan *p) { p->retry[0].wait_s = 2592001; }
/* clang-format on */

static void contradictions_are_named(void **state)
{
    static const struct {
        void (*spoil)(struct policy_plan *p);
        const char *member;
    } rows[] = {
        {no_phase, "phases"},
        {seventeen_phases, "phases"},
        {no_width, "phases[1]"},
        {zero_percent, "phases[2].percent"},
        {over_percent, "phases[2].percent"},
        {all_too_soon, "phases[2].percent"},
        {falls, "phases[2].percent"},
        {no_device, "phases[1].count"},
        {count_falls, "phases[2].count"},
        {no_group, "phases[0].group"},
        {group_twice, "phases[2].group"},
        {last_of_99, "phases[3]"},
        {last_counts, "phases[1]"},
        {success_over, "phases[1].success"},
        {failure_over, "phases[1].failure"},
        {long_soak, "phases[2].soak"},
        {late_approval, "phases[3].approval"},
        {fails_somehow, "on_failure"},
        {back_to_nothing, "rollback_release"},
        {back_to_less, "rollback_release"},
        {ramp_to_nowhere, "ramp"},
        {ramp_from_above, "ramp.start"},
        {ramp_from_nothing, "ramp.start"},
        {ramp_that_rests, "ramp.factor"},
        {ramp_that_leaps, "ramp.factor"},
        {ramp_at_once, "ramp.every"},
        {too_many_bytes, "bytes_per_second"},
        {which_sites, "site.prefix"},
        {sites_of_nothing, "site.bytes_per_second"},
        {before_1970, "not_before"},
        {ends_as_it_begins, "not_after"},
        {nine_windows, "windows"},
        {no_day, "windows[1].days"},
        {eight_days, "windows[1].days"},
        {begins_at_24, "windows[0].from"},
        {ends_at_2401, "windows[0].to"},
        {long_deadline, "deadline"},
        {long_silence, "silence"},
        {nine_retries, "retries"},
        {no_reason, "retries[1].reason"},
        {reason_twice, "retries[1].reason"},
        {no_try, "retries[1].tries"},
        {seventeen_tries, "retries[0].tries"},
        {long_wait, "retries[0].wait"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_plan_error err = {{0}, NULL};
        struct policy_plan plan;

        full(&plan);
        rows[i].spoil(&plan);
        if (policy_plan_valid(&plan, &err))
            fail_msg("row %u (%s) is in order", i, rows[i].member);
        if (strcmp(err.member, rows[i].member) != 0 || !err.what || !*err.what)
            fail_msg("row %u: %s, not %s (%s)", i, err.member, rows[i].member, err.what);
    }
}

static void what_is_in_order_is_taken(void **state)
{
    struct policy_plan_error err = {{0}, NULL};
    struct policy_plan plan;

    (void)state;
    full(&plan);
    if (!policy_plan_valid(&plan, &err))
        fail_msg("%s: %s", err.member, err.what);
    policy_plan_default(&plan);
    if (!policy_plan_valid(&plan, &err))
        fail_msg("%s: %s", err.member, err.what);
}

static void members_beyond_the_ninth_are_named_in_full(void **state)
{
    struct policy_plan_error err;
    struct policy_plan plan;

    (void)state;
    policy_plan_default(&plan);
    plan.phase_count = 16;
    for (unsigned i = 0; i < 16; i++)
        plan.phase[i] =
            (struct policy_phase_spec){.width = POLICY_WIDTH_PERCENT, .value = i < 15 ? i + 1 : 100};
    plan.phase[12].success_share = 10001;
    assert_false(policy_plan_valid(&plan, &err));
    assert_string_equal(err.member, "phases[12].success");
}

static void a_retry_of_its_own_comes_before_that_of_any_reason(void **state)
{
    static const struct policy_plan any_first = {.retry_count = 2,
                                                 .retry = {{OTTER_OK, 1, 1}, {OTTER_NET_LOST, 2, 2}}},
                                    any_last = {.retry_count = 2,
                                                .retry = {{OTTER_NET_LOST, 2, 2}, {OTTER_OK, 1, 1}}},
                                    alone = {.retry_count = 1, .retry = {{OTTER_NET_LOST, 2, 2}}};

    (void)state;
    assert_ptr_equal(policy_plan_retry(&any_first, OTTER_NET_LOST), &any_first.retry[1]);
    assert_ptr_equal(policy_plan_retry(&any_last, OTTER_NET_LOST), &any_last.retry[0]);
    assert_ptr_equal(policy_plan_retry(&any_last, OTTER_SILENT), &any_last.retry[1]);
    assert_null(policy_plan_retry(&alone, OTTER_SILENT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contradictions_are_named),
        cmocka_unit_test(what_is_in_order_is_taken),
        cmocka_unit_test(members_beyond_the_ninth_are_named_in_full),
        cmocka_unit_test(a_retry_of_its_own_comes_before_that_of_any_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

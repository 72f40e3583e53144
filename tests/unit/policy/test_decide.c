#include "scenes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void one_fact_against_it_is_named(void **state)
{
    (void)state;
    for (unsigned i = 0; i < scene_fault_count; i++) {
        const struct scene_fault *fault = &scene_faults[i];
        enum otter_status answer;
        struct scene s;

        scene_fits(&s);
        assert_int_equal(policy_decide(&s.facts), OTTER_OK);
        fault->spoil(&s);
        answer = policy_decide(&s.facts);
        if (answer != fault->refusal)
            fail_msg("%s: %s", fault->name, otter_status_name(answer));
        assert_true(policy_refuses(answer));
        if (policy_refusal_lasts(answer) != fault->lasts || policy_refusal_passes(answer) != fault->passes)
            fail_msg("%s: lasts %d, passes %d", fault->name, policy_refusal_lasts(answer),
                     policy_refusal_passes(answer));
    }
    assert_false(policy_refuses(OTTER_OK));
    assert_false(policy_refusal_lasts(OTTER_OK) || policy_refusal_passes(OTTER_OK));
}

/* Of two facts against it the one that stands first in the order of the table is told. */
static void order_is_the_meaning(void **state)
{
    (void)state;
    for (unsigned i = 0; i < scene_fault_count; i++) {
        for (unsigned k = i + 1; k < scene_fault_count; k++) {
            enum otter_status answer;
            struct scene s;

            scene_fits(&s);
            scene_faults[k].spoil(&s);
            scene_faults[i].spoil(&s);
            if (scene_faults[i].refusal == OTTER_UP_TO_DATE &&
                scene_faults[k].refusal == OTTER_DEVICE_ON_TRIAL)
                continue; /* an unconfirmed image of the manifest is a trial, not up to date */
            answer = policy_decide(&s.facts);
            if (answer != scene_faults[i].refusal)
                fail_msg("%s and %s: %s", scene_faults[i].name, scene_faults[k].name,
                         otter_status_name(answer));
        }
    }
}

static void higher_epoch(struct scene *s)
{
    s->facts.epoch = 3;
    s->facts.sequence = 0;
}
static void lower_epoch(struct scene *s)
{
    s->facts.epoch = 1;
    s->facts.sequence = 99;
}
static void at_from(struct scene *s)
{
    s->manifest.has_requires_from = true;
    s->manifest.requires_from = s->running.version;
}
static void under_below(struct scene *s)
{
    s->manifest.has_requires_below = true;
    s->manifest.requires_below = (struct otter_version){.major = 1, .minor = 3};
}
static void swaps(struct scene *s)
{
    s->running.slot = OTTER_SLOT_ANY;
}
static void member(struct scene *s)
{
    s->plan.join = false;
    s->facts.member = true;
}
static void allowed_downgrade(struct scene *s)
{
    s->manifest.version = (struct otter_version){.major = 1, .minor = 1};
    s->plan.allow_downgrade = true;
}
static void same_version(struct scene *s)
{
    s->manifest.version = s->running.version; /* sequences decide */
}
static void just_begun(struct scene *s)
{
    s->plan.not_before = (int64_t)s->facts.now;
    s->plan.not_after = (int64_t)s->facts.now + 1;
}
static void window_open(struct scene *s)
{
    s->plan.window[s->plan.window_count++] = (struct policy_window_spec){0x01, 12 * 60, 13 * 60};
}
static void window_later(struct scene *s)
{
    window_open(s);
    s->plan.window[0].from = 13 * 60;
}
static void waited(struct scene *s)
{
    s->plan.retry[0] = (struct policy_retry){OTTER_OK, 2, 3600};
    s->plan.retry_count = 1;
    s->facts.attempt_ended = true;
    s->facts.losses_here = 1;
    s->facts.lost_at = (int64_t)s->facts.now - 3600;
}
static void tried_out(struct scene *s)
{
    waited(s);
    s->facts.losses_here = 3;
}
static void repeated_by_an_operator(struct scene *s)
{
    waited(s);
    s->facts.lost_at = (int64_t)s->facts.now;
    s->facts.attempt_ended = false;
}
static void out_of_the_box(struct scene *s)
{
    s->facts.losses_in_a_row = 3;
    s->facts.last_lost_at = (int64_t)s->facts.now - 3600;
}
static void lost_twice(struct scene *s)
{
    s->facts.losses_in_a_row = 2;
    s->facts.last_lost_at = (int64_t)s->facts.now;
}
static void room_for_one(struct scene *s)
{
    s->plan.max_active = 5;
    s->facts.active = 4;
}
static void no_cap(struct scene *s)
{
    s->facts.active = UINT32_MAX;
}
static void all_due_now(struct scene *s)
{
    s->plan.per_minute = 1;
    s->plan.bytes_per_s = 1;
    s->plan.site_bytes_per_s = 1;
    s->facts.rate_due = s->facts.bytes_due = s->facts.site_due = (int64_t)s->facts.now;
}
static void no_rate(struct scene *s)
{
    s->facts.rate_due = s->facts.bytes_due = s->facts.site_due = INT64_MAX;
}

static void facts_count_to_their_very_bound(void **state)
{
    static const struct {
        const char *name;
        void (*change)(struct scene *s);
        enum otter_status answer;
    } rows[] = {
        {"a higher epoch runs", higher_epoch, OTTER_SEQUENCE},
        {"a lower epoch runs", lower_epoch, OTTER_OK},
        {"at requires.from", at_from, OTTER_OK},
        {"under requires.below", under_below, OTTER_OK},
        {"swaps, and there is no image for it", swaps, OTTER_NO_IMAGE_FOR_SLOT},
        {"a member", member, OTTER_OK},
        {"a downgrade that is allowed", allowed_downgrade, OTTER_OK},
        {"the same version", same_version, OTTER_OK},
        {"from its first second to its last", just_begun, OTTER_OK},
        {"in a window", window_open, OTTER_OK},
        {"in none", window_later, OTTER_OUTSIDE_WINDOW},
        {"waited long enough", waited, OTTER_OK},
        {"no retry is left", tried_out, OTTER_ATTEMPT_OVER},
        {"an operator has it repeated", repeated_by_an_operator, OTTER_OK},
        {"out of the penalty box", out_of_the_box, OTTER_OK},
        {"lost twice only", lost_twice, OTTER_OK},
        {"room for one", room_for_one, OTTER_OK},
        {"no cap", no_cap, OTTER_OK},
        {"all due now", all_due_now, OTTER_OK},
        {"no rate", no_rate, OTTER_OK},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum otter_status answer;
        struct scene s;

        scene_fits(&s);
        rows[i].change(&s);
        answer = policy_decide(&s.facts);
        if (answer != rows[i].answer)
            fail_msg("%s: %s", rows[i].name, otter_status_name(answer));
    }
}

static void trial_of_the_very_release_is_not_up_to_date(void **state)
{
    struct scene s;

    (void)state;
    scene_fits(&s);
    s.running.sha256 = s.manifest.image[0].sha256;
    s.running.confirmed = false;
    assert_int_equal(policy_decide(&s.facts), OTTER_DEVICE_ON_TRIAL);
}

static void free_slot_gets_its_image(void **state)
{
    struct scene s;

    (void)state;
    scene_fits(&s);
    assert_int_equal(policy_free_slot_image(&s.manifest, OTTER_SLOT_A), 1);
    assert_int_equal(policy_free_slot_image(&s.manifest, OTTER_SLOT_B), 0);
    assert_int_equal(policy_free_slot_image(&s.manifest, OTTER_SLOT_ANY), -1);
    s.manifest.image[0].slot = OTTER_SLOT_ANY;
    assert_int_equal(policy_free_slot_image(&s.manifest, OTTER_SLOT_ANY), 0);
    assert_int_equal(policy_free_slot_image(&s.manifest, OTTER_SLOT_B), -1); /* direct-XIP refuses "any" */
}

static void precedence_is_priority_then_the_newer(void **state)
{
    (void)state;
    assert_true(policy_precedence(1, 1, 0, 9) > 0);
    assert_true(policy_precedence(-1, 9, 0, 1) < 0);
    assert_true(policy_precedence(0, 9, 0, 1) > 0);
    assert_true(policy_precedence(0, 1, 0, 9) < 0);
    assert_int_equal(policy_precedence(3, 4, 3, 4), 0);
}

static void states_have_names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < POLICY_ROLLOUT_STATE_COUNT; i++)
        assert_int_equal(policy_rollout_state_find(policy_rollout_state_name((enum policy_rollout_state)i)),
                         i);
    assert_int_equal(policy_rollout_state_find("other"), POLICY_ROLLOUT_STATE_COUNT);
    assert_string_equal(policy_rollout_state_name(POLICY_ROLLOUT_STATE_COUNT), "?");
}

/* Polls decide by the cheap facts first, and ask no more of a refusal by them. */
static void no_refusal_before_the_phase_passes_by_itself(void **state)
{
    unsigned i = 0;

    (void)state;
    for (; policy_refusal_at(i) != OTTER_NOT_IN_PHASE; i++)
        assert_false(policy_refusal_passes(policy_refusal_at(i)));
    assert_true(i > 0);
}

static void decision_before_a_row_is_the_tables_up_to_there(void **state)
{
    struct scene s;

    (void)state;
    scene_fits(&s);
    assert_int_equal(policy_decide_before(OTTER_NOT_IN_PHASE, &s.facts), OTTER_OK);
    s.facts.state = POLICY_ROLLOUT_PAUSED;
    assert_int_equal(policy_decide_before(OTTER_PAUSED, &s.facts), OTTER_OK);
    assert_int_equal(policy_decide_before(OTTER_NOT_IN_PHASE, &s.facts), OTTER_OK);
    assert_int_equal(policy_decide(&s.facts), OTTER_PAUSED);
    s.facts.held = true;
    assert_int_equal(policy_decide_before(OTTER_NOT_IN_PHASE, &s.facts), OTTER_HELD);
    assert_int_equal(policy_decide_before(OTTER_HELD, &s.facts), OTTER_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_fact_against_it_is_named),
        cmocka_unit_test(order_is_the_meaning),
        cmocka_unit_test(no_refusal_before_the_phase_passes_by_itself),
        cmocka_unit_test(decision_before_a_row_is_the_tables_up_to_there),
        cmocka_unit_test(facts_count_to_their_very_bound),
        cmocka_unit_test(trial_of_the_very_release_is_not_up_to_date),
        cmocka_unit_test(free_slot_gets_its_image),
        cmocka_unit_test(precedence_is_priority_then_the_newer),
        cmocka_unit_test(states_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

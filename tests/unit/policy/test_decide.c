#include "policy/decide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* A device and a rollout that fit; each row of the tables spoils one fact. */
struct scene {
    struct otter_manifest manifest;
    struct otter_running running;
    struct policy_facts facts;
};

static void fits(struct scene *s)
{
    memset(s, 0, sizeof(*s));
    memcpy(s->manifest.product, "thermo", 7);
    memcpy(s->manifest.hardware[0], "board-1", 8);
    memcpy(s->manifest.hardware[1], "board-2", 8);
    s->manifest.hardware_count = 2;
    s->manifest.epoch = 2;
    s->manifest.sequence = 10;
    s->manifest.expires = 1000;
    s->manifest.image_count = 2;
    s->manifest.image[0].slot = OTTER_SLOT_A;
    s->manifest.image[0].sha256.b[0] = 0xa;
    s->manifest.image[1].slot = OTTER_SLOT_B;
    s->manifest.image[1].sha256.b[0] = 0xb;
    s->running =
        (struct otter_running){.version = {.major = 1, .minor = 2}, .slot = OTTER_SLOT_A, .confirmed = true};
    s->facts = (struct policy_facts){.product = "thermo",
                                     .hardware = "board-2",
                                     .running = &s->running,
                                     .epoch = 2,
                                     .sequence = 9,
                                     .manifest = &s->manifest,
                                     .state = POLICY_ROLLOUT_RUNNING,
                                     .open_cohorts = 500,
                                     .cohort = 499,
                                     .in_target = true,
                                     .root_epoch = 2,
                                     .now = 999};
}

static void other_product(struct scene *s)
{
    s->facts.product = "other";
}
static void other_hardware(struct scene *s)
{
    s->facts.hardware = "board-3";
}
static void draft(struct scene *s)
{
    s->facts.state = POLICY_ROLLOUT_DRAFT;
}
static void paused(struct scene *s)
{
    s->facts.state = POLICY_ROLLOUT_PAUSED;
}
static void aborted(struct scene *s)
{
    s->facts.state = POLICY_ROLLOUT_ABORTED;
}
static void complete(struct scene *s)
{
    s->facts.state = POLICY_ROLLOUT_COMPLETE;
}
static void not_in_target(struct scene *s)
{
    s->facts.in_target = false;
}
static void attempt_over(struct scene *s)
{
    s->facts.attempt_ended = true;
}
static void attempt_elsewhere(struct scene *s)
{
    s->facts.attempt_elsewhere = true;
}
static void later_phase(struct scene *s)
{
    s->facts.cohort = 500;
}
static void on_trial(struct scene *s)
{
    s->running.confirmed = false;
}
static void runs_it(struct scene *s)
{
    s->running.sha256 = s->manifest.image[0].sha256;
}
static void expired(struct scene *s)
{
    s->facts.now = 1000; /* expired from that very second on, as on the device */
}
static void other_epoch(struct scene *s)
{
    s->facts.root_epoch = 3;
}
static void same_sequence(struct scene *s)
{
    s->facts.sequence = 10;
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
static void below_from(struct scene *s)
{
    s->manifest.has_requires_from = true;
    s->manifest.requires_from = (struct otter_version){.major = 1, .minor = 2, .revision = 1};
}
static void at_from(struct scene *s)
{
    s->manifest.has_requires_from = true;
    s->manifest.requires_from = s->running.version;
}
static void at_below(struct scene *s)
{
    s->manifest.has_requires_below = true;
    s->manifest.requires_below = s->running.version;
}
static void under_below(struct scene *s)
{
    s->manifest.has_requires_below = true;
    s->manifest.requires_below = (struct otter_version){.major = 1, .minor = 3};
}
static void no_image(struct scene *s)
{
    s->manifest.image_count = 1;
}
static void swaps(struct scene *s)
{
    s->running.slot = OTTER_SLOT_ANY;
}
static void retired(struct scene *s)
{
    s->facts.retired = true;
}
static void held(struct scene *s)
{
    s->facts.held = true;
}
static void pinned(struct scene *s)
{
    s->facts.pinned_elsewhere = true;
}
static void withdrawn(struct scene *s)
{
    s->facts.withdrawn = true;
}
static void pruned(struct scene *s)
{
    s->facts.pruned = true;
}
static void frozen(struct scene *s)
{
    s->facts.frozen = true;
}
static void nothing(struct scene *s)
{
    (void)s;
}

static void one_fact_against_it_is_named(void **state)
{
    static const struct {
        void (*spoil)(struct scene *s);
        enum otter_status answer;
        bool lasts;
    } rows[] = {
        {nothing, OTTER_OK, false},
        {retired, OTTER_DEVICE_RETIRED, true},
        {held, OTTER_HELD, true},
        {pinned, OTTER_PINNED, true},
        {withdrawn, OTTER_RELEASE_WITHDRAWN, true},
        {pruned, OTTER_IMAGES_PRUNED, true},
        {frozen, OTTER_FROZEN, false}, /* an unfreeze goes on where the freeze stopped */
        {other_product, OTTER_WRONG_PRODUCT, true},
        {other_hardware, OTTER_WRONG_HARDWARE, true},
        {draft, OTTER_NOT_STARTED, false},
        {paused, OTTER_PAUSED, false},
        {aborted, OTTER_ABORTED, true},
        {complete, OTTER_ROLLOUT_COMPLETE, true},
        {not_in_target, OTTER_NOT_IN_TARGET, true},
        {attempt_over, OTTER_ATTEMPT_OVER, true},
        {attempt_elsewhere, OTTER_ATTEMPT_ELSEWHERE, false},
        {later_phase, OTTER_NOT_IN_PHASE, false},
        {on_trial, OTTER_DEVICE_ON_TRIAL, false},
        {runs_it, OTTER_UP_TO_DATE, true},
        {expired, OTTER_MANIFEST_EXPIRED, true},
        {other_epoch, OTTER_WRONG_EPOCH, true},
        {same_sequence, OTTER_SEQUENCE, true},
        {higher_epoch, OTTER_SEQUENCE, true},
        {lower_epoch, OTTER_OK, false},
        {below_from, OTTER_REQUIRES_FROM, true},
        {at_from, OTTER_OK, false},
        {at_below, OTTER_REQUIRES_BELOW, true},
        {under_below, OTTER_OK, false},
        {no_image, OTTER_NO_IMAGE_FOR_SLOT, true},
        {swaps, OTTER_NO_IMAGE_FOR_SLOT, true},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct scene s;
        enum otter_status answer;

        fits(&s);
        rows[i].spoil(&s);
        answer = policy_decide(&s.facts);
        assert_int_equal(policy_refuses(answer), answer != OTTER_OK);
        if (answer != rows[i].answer || policy_refusal_lasts(answer) != rows[i].lasts)
            fail_msg("row %u: %s, not %s", i, otter_status_name(answer), otter_status_name(rows[i].answer));
    }
}

/* Of two facts against it the one that stands first in the order of the table is told. */
static void order_is_the_meaning(void **state)
{
    static void (*const order[])(struct scene * s) = {
        retired,  other_product, other_hardware, not_in_target, attempt_over,      runs_it,     held,
        pinned,   withdrawn,     pruned,         frozen,        attempt_elsewhere, later_phase, paused,
        on_trial, expired,       other_epoch,    same_sequence, below_from,        at_below,    no_image};

    (void)state;
    for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        struct scene alone, both;

        fits(&alone);
        order[i](&alone);
        for (unsigned k = i + 1; k < sizeof(order) / sizeof(order[0]); k++) {
            fits(&both);
            order[k](&both);
            order[i](&both);
            if (order[i] == runs_it && order[k] == on_trial)
                continue; /* an unconfirmed image of the manifest is a trial, not up to date */
            assert_int_equal(policy_decide(&both.facts), policy_decide(&alone.facts));
        }
    }
}

static void trial_of_the_very_release_is_not_up_to_date(void **state)
{
    struct scene s;

    (void)state;
    fits(&s);
    runs_it(&s);
    on_trial(&s);
    assert_int_equal(policy_decide(&s.facts), OTTER_DEVICE_ON_TRIAL);
}

static void free_slot_gets_its_image(void **state)
{
    struct scene s;

    (void)state;
    fits(&s);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_fact_against_it_is_named),
        cmocka_unit_test(order_is_the_meaning),
        cmocka_unit_test(trial_of_the_very_release_is_not_up_to_date),
        cmocka_unit_test(free_slot_gets_its_image),
        cmocka_unit_test(precedence_is_priority_then_the_newer),
        cmocka_unit_test(states_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "scenes.h"

#include <string.h>

void scene_fits(struct scene *s)
{
    memset(s, 0, sizeof(*s));
    memcpy(s->manifest.product, "thermo", 7);
    memcpy(s->manifest.hardware[0], "board-1", 8);
    memcpy(s->manifest.hardware[1], "board-2", 8);
    s->manifest.hardware_count = 2;
    s->manifest.version = (struct otter_version){.major = 1, .minor = 3};
    s->manifest.epoch = 2;
    s->manifest.sequence = 10;
    s->manifest.expires = 1780315200 + 1;
    s->manifest.image_count = 2;
    s->manifest.image[0].slot = OTTER_SLOT_A;
    s->manifest.image[0].sha256.b[0] = 0xa;
    s->manifest.image[1].slot = OTTER_SLOT_B;
    s->manifest.image[1].sha256.b[0] = 0xb;
    s->running =
        (struct otter_running){.version = {.major = 1, .minor = 2}, .slot = OTTER_SLOT_A, .confirmed = true};
    policy_plan_default(&s->plan);
    s->facts = (struct policy_facts){.product = "thermo",
                                     .hardware = "board-2",
                                     .running = &s->running,
                                     .epoch = 2,
                                     .sequence = 9,
                                     .manifest = &s->manifest,
                                     .plan = &s->plan,
                                     .state = POLICY_ROLLOUT_RUNNING,
                                     .device_phase = 2,
                                     .open_phase = 2,
                                     .in_target = true,
                                     .root_epoch = 2,
                                     .now = 1780315200};
}

static void retired(struct scene *s)
{
    s->facts.retired = true;
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

static void aborted(struct scene *s)
{
    s->facts.state = POLICY_ROLLOUT_ABORTED;
}

static void complete(struct scene *s)
{
    s->facts.state = POLICY_ROLLOUT_COMPLETE;
}

static void rolled_back(struct scene *s)
{
    s->facts.state = POLICY_ROLLOUT_ROLLED_BACK;
}

static void not_in_target(struct scene *s)
{
    s->facts.in_target = false;
}

static void attempt_over(struct scene *s)
{
    s->facts.attempt_ended = true;
    s->facts.losses_here = 0;
}

static void runs_it(struct scene *s)
{
    s->running.sha256 = s->manifest.image[0].sha256;
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
    s->facts.frozen = true; /* an unfreeze goes on where the freeze stopped */
}

static void attempt_elsewhere(struct scene *s)
{
    s->facts.attempt_elsewhere = true;
}

static void later_phase(struct scene *s)
{
    s->facts.device_phase = 3;
}

static void halted(struct scene *s)
{
    s->facts.state = POLICY_ROLLOUT_HALTED;
}

static void paused(struct scene *s)
{
    s->facts.state = POLICY_ROLLOUT_PAUSED;
}

static void on_trial(struct scene *s)
{
    s->running.confirmed = false;
}

static void expired(struct scene *s)
{
    s->manifest.expires = s->facts.now; /* from that very second on, as on the device */
}

static void other_epoch(struct scene *s)
{
    s->facts.root_epoch = 3;
}

static void same_sequence(struct scene *s)
{
    s->facts.sequence = 10;
}

static void below_from(struct scene *s)
{
    s->manifest.has_requires_from = true;
    s->manifest.requires_from = (struct otter_version){.major = 1, .minor = 2, .revision = 1};
}

static void at_below(struct scene *s)
{
    s->manifest.has_requires_below = true;
    s->manifest.requires_below = s->running.version;
}

static void no_image(struct scene *s)
{
    s->manifest.image_count = 1;
}

static void stranger(struct scene *s)
{
    s->plan.join = false;
    s->facts.member = false;
}

static void downgrade(struct scene *s)
{
    s->manifest.version = (struct otter_version){.major = 1, .minor = 1};
}

static void superseded(struct scene *s)
{
    s->facts.superseded = true;
    s->facts.superseded_by = 17;
}

static void too_early(struct scene *s)
{
    s->plan.not_before = (int64_t)s->facts.now + 60;
}

static void too_late(struct scene *s)
{
    s->plan.not_after = (int64_t)s->facts.now;
}

static void no_window(struct scene *s)
{
    s->plan.window[s->plan.window_count++] = (struct policy_window_spec){0x1f, 22 * 60, 5 * 60};
}

static void lost_just_now(struct scene *s)
{
    s->plan.retry[0] = (struct policy_retry){OTTER_OK, 2, 3600};
    s->plan.retry_count = 1;
    s->facts.attempt_ended = true;
    s->facts.losses_here = 1;
    s->facts.last_reason = OTTER_SILENT;
    s->facts.lost_at = (int64_t)s->facts.now - 3599;
}

static void lost_often(struct scene *s)
{
    s->facts.losses_in_a_row = 3;
    s->facts.last_lost_at = (int64_t)s->facts.now - 3599;
}

static void many_active(struct scene *s)
{
    s->plan.max_active = 5;
    s->facts.active = 5;
}

static void rate_given(struct scene *s)
{
    s->plan.per_minute = 30;
    s->facts.granted_rate_per_minute = 12;
    s->facts.rate_due = (int64_t)s->facts.now + 5;
}

static void bytes_given(struct scene *s)
{
    s->plan.bytes_per_s = 100000;
    s->facts.bytes_due = (int64_t)s->facts.now + 7;
}

static void site_given(struct scene *s)
{
    s->plan.site_bytes_per_s = 5000;
    s->facts.site_due = (int64_t)s->facts.now + 9;
    s->facts.site = "site:oslo";
}

const struct scene_fault scene_faults[] = {
    {"retired", retired, OTTER_DEVICE_RETIRED, true, false},
    {"other product", other_product, OTTER_WRONG_PRODUCT, true, false},
    {"other hardware", other_hardware, OTTER_WRONG_HARDWARE, true, false},
    {"draft", draft, OTTER_NOT_STARTED, false, false},
    {"aborted", aborted, OTTER_ABORTED, true, false},
    {"complete", complete, OTTER_ROLLOUT_COMPLETE, true, false},
    {"rolled back", rolled_back, OTTER_ROLLED_BACK, true, false},
    {"not in target", not_in_target, OTTER_NOT_IN_TARGET, true, false},
    {"attempt over", attempt_over, OTTER_ATTEMPT_OVER, true, false},
    {"runs it", runs_it, OTTER_UP_TO_DATE, true, false},
    {"held", held, OTTER_HELD, true, false},
    {"pinned", pinned, OTTER_PINNED, true, false},
    {"withdrawn", withdrawn, OTTER_RELEASE_WITHDRAWN, true, false},
    {"pruned", pruned, OTTER_IMAGES_PRUNED, true, false},
    {"frozen", frozen, OTTER_FROZEN, false, false},
    {"attempt elsewhere", attempt_elsewhere, OTTER_ATTEMPT_ELSEWHERE, false, false},
    {"later phase", later_phase, OTTER_NOT_IN_PHASE, false, false},
    {"halted", halted, OTTER_HALTED, false, false},
    {"paused", paused, OTTER_PAUSED, false, false},
    {"on trial", on_trial, OTTER_DEVICE_ON_TRIAL, false, false},
    {"expired", expired, OTTER_MANIFEST_EXPIRED, true, false},
    {"other epoch", other_epoch, OTTER_WRONG_EPOCH, true, false},
    {"same sequence", same_sequence, OTTER_SEQUENCE, true, false},
    {"below from", below_from, OTTER_REQUIRES_FROM, true, false},
    {"at below", at_below, OTTER_REQUIRES_BELOW, true, false},
    {"no image", no_image, OTTER_NO_IMAGE_FOR_SLOT, true, false},
    {"stranger", stranger, OTTER_NOT_A_MEMBER, true, false},
    {"downgrade", downgrade, OTTER_DOWNGRADE_NOT_ALLOWED, true, false},
    {"superseded", superseded, OTTER_SUPERSEDED, false, false},
    {"too early", too_early, OTTER_NOT_YET, false, true},
    {"too late", too_late, OTTER_ROLLOUT_ENDED, true, false},
    {"no window", no_window, OTTER_OUTSIDE_WINDOW, false, true},
    {"lost just now", lost_just_now, OTTER_RETRY_LATER, false, true},
    {"lost often", lost_often, OTTER_PENALTY_BOX, true, true},
    {"many active", many_active, OTTER_CAP_REACHED, false, true},
    {"rate given", rate_given, OTTER_RATE_REACHED, false, true},
    {"bytes given", bytes_given, OTTER_BANDWIDTH_REACHED, false, true},
    {"site given", site_given, OTTER_SITE_BANDWIDTH_REACHED, false, true},
};

const unsigned scene_fault_count = sizeof(scene_faults) / sizeof(scene_faults[0]);

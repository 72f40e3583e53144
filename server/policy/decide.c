#include "policy/decide.h"

#include <string.h>

static const char *const state_names[POLICY_ROLLOUT_STATE_COUNT] = {
    [POLICY_ROLLOUT_DRAFT] = "draft",
    [POLICY_ROLLOUT_RUNNING] = "running",
    [POLICY_ROLLOUT_PAUSED] = "paused",
    [POLICY_ROLLOUT_ABORTED] = "aborted",
    [POLICY_ROLLOUT_COMPLETE] = "complete",
    [POLICY_ROLLOUT_HALTED] = "halted",
    [POLICY_ROLLOUT_ROLLED_BACK] = "rolled-back",
};

const char *policy_rollout_state_name(enum policy_rollout_state state)
{
    return (unsigned)state < POLICY_ROLLOUT_STATE_COUNT ? state_names[state] : "?";
}

enum policy_rollout_state policy_rollout_state_find(const char *name)
{
    for (unsigned i = 0; i < POLICY_ROLLOUT_STATE_COUNT; i++)
        if (strcmp(state_names[i], name) == 0)
            return (enum policy_rollout_state)i;
    return POLICY_ROLLOUT_STATE_COUNT;
}

int policy_free_slot_image(const struct otter_manifest *manifest, enum otter_slot running)
{
    enum otter_slot wanted = running == OTTER_SLOT_ANY ? OTTER_SLOT_ANY : otter_slot_other(running);

    for (unsigned i = 0; i < manifest->image_count; i++)
        if (manifest->image[i].slot == wanted)
            return (int)i;
    return -1;
}

bool policy_manifest_has(const struct otter_manifest *manifest, const struct otter_digest *sha256)
{
    for (unsigned i = 0; i < manifest->image_count; i++)
        if (memcmp(manifest->image[i].sha256.b, sha256->b, OTTER_DIGEST_LEN) == 0)
            return true;
    return false;
}

int policy_precedence(int64_t a_priority, uint64_t a_sequence, int64_t b_priority, uint64_t b_sequence)
{
    if (a_priority != b_priority)
        return a_priority > b_priority ? 1 : -1;
    return (a_sequence > b_sequence) - (a_sequence < b_sequence);
}

static bool other_product(const struct policy_facts *f)
{
    return strcmp(f->product, f->manifest->product) != 0;
}

static bool other_hardware(const struct policy_facts *f)
{
    for (unsigned i = 0; i < f->manifest->hardware_count; i++)
        if (strcmp(f->hardware, f->manifest->hardware[i]) == 0)
            return false;
    return true;
}

static bool is_draft(const struct policy_facts *f)
{
    return f->state == POLICY_ROLLOUT_DRAFT;
}

static bool is_aborted(const struct policy_facts *f)
{
    return f->state == POLICY_ROLLOUT_ABORTED;
}

static bool is_complete(const struct policy_facts *f)
{
    return f->state == POLICY_ROLLOUT_COMPLETE;
}

static bool is_paused(const struct policy_facts *f)
{
    return f->state != POLICY_ROLLOUT_RUNNING;
}

static bool runs_it(const struct policy_facts *f)
{
    return f->running->confirmed && policy_manifest_has(f->manifest, &f->running->sha256);
}

static bool not_selected(const struct policy_facts *f)
{
    return !f->in_target;
}

static bool is_retired(const struct policy_facts *f)
{
    return f->retired;
}

static bool is_held(const struct policy_facts *f)
{
    return f->held;
}

static bool pinned_elsewhere(const struct policy_facts *f)
{
    return f->pinned_elsewhere;
}

static bool is_frozen(const struct policy_facts *f)
{
    return f->frozen;
}

static bool is_withdrawn(const struct policy_facts *f)
{
    return f->withdrawn;
}

static bool is_pruned(const struct policy_facts *f)
{
    return f->pruned;
}

static bool attempt_over(const struct policy_facts *f)
{
    return f->attempt_ended;
}

static bool attempt_elsewhere(const struct policy_facts *f)
{
    return f->attempt_elsewhere;
}

static bool later_phase(const struct policy_facts *f)
{
    return f->cohort >= f->open_cohorts;
}

static bool on_trial(const struct policy_facts *f)
{
    return !f->running->confirmed;
}

static bool expired(const struct policy_facts *f)
{
    return f->now >= f->manifest->expires; /* as the device decides: lib/core/verify_manifest.c */
}

static bool other_epoch(const struct policy_facts *f)
{
    return f->manifest->epoch != f->root_epoch;
}

/* (epoch, sequence) compare as a pair, as on the device. */
static bool not_newer(const struct policy_facts *f)
{
    if (f->manifest->epoch != f->epoch)
        return f->manifest->epoch < f->epoch;
    return f->manifest->sequence <= f->sequence;
}

static bool below_from(const struct policy_facts *f)
{
    return f->manifest->has_requires_from &&
           otter_version_compare(&f->running->version, &f->manifest->requires_from) < 0;
}

static bool not_below(const struct policy_facts *f)
{
    return f->manifest->has_requires_below &&
           otter_version_compare(&f->running->version, &f->manifest->requires_below) >= 0;
}

static bool no_image(const struct policy_facts *f)
{
    return policy_free_slot_image(f->manifest, f->running->slot) < 0;
}

/* The first row that holds is the answer: the order is the meaning. `lasts`: no later phase will change it.
 */
static const struct {
    bool (*against)(const struct policy_facts *facts);
    enum otter_status refusal;
    bool lasts;
} table[] = {
    {is_retired, OTTER_DEVICE_RETIRED, true},
    {other_product, OTTER_WRONG_PRODUCT, true},
    {other_hardware, OTTER_WRONG_HARDWARE, true},
    {is_draft, OTTER_NOT_STARTED, false},
    {is_aborted, OTTER_ABORTED, true},
    {is_complete, OTTER_ROLLOUT_COMPLETE, true},
    {not_selected, OTTER_NOT_IN_TARGET, true},
    {attempt_over, OTTER_ATTEMPT_OVER, true},
    {runs_it, OTTER_UP_TO_DATE, true},
    {is_held, OTTER_HELD, true},
    {pinned_elsewhere, OTTER_PINNED, true},
    {is_withdrawn, OTTER_RELEASE_WITHDRAWN, true},
    {is_pruned, OTTER_IMAGES_PRUNED, true},
    {is_frozen, OTTER_FROZEN, false},
    {attempt_elsewhere, OTTER_ATTEMPT_ELSEWHERE, false},
    {later_phase, OTTER_NOT_IN_PHASE, false},
    {is_paused, OTTER_PAUSED, false},
    {on_trial, OTTER_DEVICE_ON_TRIAL, false},
    {expired, OTTER_MANIFEST_EXPIRED, true},
    {other_epoch, OTTER_WRONG_EPOCH, true},
    {not_newer, OTTER_SEQUENCE, true},
    {below_from, OTTER_REQUIRES_FROM, true},
    {not_below, OTTER_REQUIRES_BELOW, true},
    {no_image, OTTER_NO_IMAGE_FOR_SLOT, true},
};

enum otter_status policy_decide(const struct policy_facts *facts)
{
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].against(facts))
            return table[i].refusal;
    return OTTER_OK;
}

enum otter_status policy_explain(const struct policy_facts *facts, struct policy_told *ret)
{
    enum otter_status status = policy_decide(facts);

    *ret = (struct policy_told){.rule = otter_status_name(status)};
    return status;
}

bool policy_refuses(enum otter_status status)
{
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].refusal == status)
            return true;
    return false;
}

bool policy_refusal_lasts(enum otter_status status)
{
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].refusal == status)
            return table[i].lasts;
    return false;
}

bool policy_refusal_passes(enum otter_status status)
{
    static const enum otter_status passing[] = {
        OTTER_NOT_YET,     OTTER_OUTSIDE_WINDOW, OTTER_RETRY_LATER,       OTTER_PENALTY_BOX,
        OTTER_CAP_REACHED, OTTER_RATE_REACHED,   OTTER_BANDWIDTH_REACHED, OTTER_SITE_BANDWIDTH_REACHED};

    for (unsigned i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
        if (passing[i] == status)
            return true;
    return false;
}

#include "policy/decide_plan.h"
#include "policy/decide_release.h"
#include "policy/decide_tell.h"

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

int policy_precedence(int64_t a_priority, uint64_t a_sequence, int64_t b_priority, uint64_t b_sequence)
{
    if (a_priority != b_priority)
        return a_priority > b_priority ? 1 : -1;
    return (a_sequence > b_sequence) - (a_sequence < b_sequence);
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

static bool is_rolled_back(const struct policy_facts *f)
{
    return f->state == POLICY_ROLLOUT_ROLLED_BACK;
}

static bool is_halted(const struct policy_facts *f)
{
    return f->state == POLICY_ROLLOUT_HALTED;
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
    return f->attempt_ended && decide_retry_at(f) == 0;
}

static bool attempt_elsewhere(const struct policy_facts *f)
{
    return f->attempt_elsewhere;
}

static bool later_phase(const struct policy_facts *f)
{
    return f->device_phase > f->open_phase;
}

static bool on_trial(const struct policy_facts *f)
{
    return !f->running->confirmed;
}

/* What becomes of a refusal in time; WAITS alone: it goes when a phase, an operator, the device or another
 * rollout has done something. */
enum lasting {
    WAITS = 0,
    LASTS = 1, /* whatever phase opens next: none waits for the device */
    PASSES = 2 /* by itself */
};

/* The first row that holds is the answer: the order is the meaning. What the device is and what the rollout
 * has become stand before what may be waited for; pace comes last, so that nobody is told to come again in a
 * minute who has to wait for a week. */
static const struct {
    bool (*against)(const struct policy_facts *facts);
    enum otter_status refusal;
    unsigned lasting;
    void (*tell)(const struct policy_facts *facts, struct policy_told *told);
} table[] = {
    {is_retired, OTTER_DEVICE_RETIRED, LASTS, tell_retired},
    {decide_other_product, OTTER_WRONG_PRODUCT, LASTS, tell_product},
    {decide_other_hardware, OTTER_WRONG_HARDWARE, LASTS, tell_hardware},
    {is_draft, OTTER_NOT_STARTED, WAITS, tell_state},
    {is_aborted, OTTER_ABORTED, LASTS, tell_state},
    {is_complete, OTTER_ROLLOUT_COMPLETE, LASTS, tell_state},
    {is_rolled_back, OTTER_ROLLED_BACK, LASTS, tell_state},
    {not_selected, OTTER_NOT_IN_TARGET, LASTS, tell_target},
    {attempt_over, OTTER_ATTEMPT_OVER, LASTS, tell_attempt_over},
    {runs_it, OTTER_UP_TO_DATE, LASTS, tell_up_to_date},
    {is_held, OTTER_HELD, LASTS, tell_held},
    {pinned_elsewhere, OTTER_PINNED, LASTS, tell_pinned},
    {is_withdrawn, OTTER_RELEASE_WITHDRAWN, LASTS, tell_withdrawn},
    {is_pruned, OTTER_IMAGES_PRUNED, LASTS, tell_pruned},
    {is_frozen, OTTER_FROZEN, WAITS, tell_frozen},
    {attempt_elsewhere, OTTER_ATTEMPT_ELSEWHERE, WAITS, tell_attempt_elsewhere},
    {later_phase, OTTER_NOT_IN_PHASE, WAITS, tell_phase},
    {is_halted, OTTER_HALTED, WAITS, tell_state},
    {is_paused, OTTER_PAUSED, WAITS, tell_state},
    {on_trial, OTTER_DEVICE_ON_TRIAL, WAITS, tell_trial},
    {decide_expired, OTTER_MANIFEST_EXPIRED, LASTS, tell_expired},
    {decide_other_epoch, OTTER_WRONG_EPOCH, LASTS, tell_epoch},
    {decide_not_newer, OTTER_SEQUENCE, LASTS, tell_sequence},
    {decide_below_from, OTTER_REQUIRES_FROM, LASTS, tell_from},
    {decide_not_below, OTTER_REQUIRES_BELOW, LASTS, tell_below},
    {decide_no_image, OTTER_NO_IMAGE_FOR_SLOT, LASTS, tell_slot},
    {decide_stranger, OTTER_NOT_A_MEMBER, LASTS, tell_stranger},
    {decide_downgrade, OTTER_DOWNGRADE_NOT_ALLOWED, LASTS, tell_downgrade},
    {decide_superseded, OTTER_SUPERSEDED, WAITS, tell_superseded},
    {decide_too_early, OTTER_NOT_YET, PASSES, tell_too_early},
    {decide_too_late, OTTER_ROLLOUT_ENDED, LASTS, tell_too_late},
    {decide_no_window, OTTER_OUTSIDE_WINDOW, PASSES, tell_no_window},
    {decide_retry_later, OTTER_RETRY_LATER, PASSES, tell_retry_later},
    {decide_penalty, OTTER_PENALTY_BOX, LASTS | PASSES, tell_penalty},
    {decide_cap, OTTER_CAP_REACHED, PASSES, tell_cap},
    {decide_rate, OTTER_RATE_REACHED, PASSES, tell_rate},
    {decide_bytes, OTTER_BANDWIDTH_REACHED, PASSES, tell_bytes},
    {decide_site, OTTER_SITE_BANDWIDTH_REACHED, PASSES, tell_site},
};

#define ROWS ((unsigned)(sizeof(table) / sizeof(table[0])))

/* ROWS: nothing speaks against it. */
static unsigned row_against(const struct policy_facts *facts)
{
    unsigned i = 0;

    while (i < ROWS && !table[i].against(facts))
        i++;
    return i;
}

enum otter_status policy_decide(const struct policy_facts *facts)
{
    unsigned i = row_against(facts);

    return i < ROWS ? table[i].refusal : OTTER_OK;
}

enum otter_status policy_decide_before(enum otter_status refusal, const struct policy_facts *facts)
{
    for (unsigned i = 0; i < ROWS && table[i].refusal != refusal; i++)
        if (table[i].against(facts))
            return table[i].refusal;
    return OTTER_OK;
}

enum otter_status policy_explain(const struct policy_facts *facts, struct policy_told *ret)
{
    unsigned i = row_against(facts);
    enum otter_status status = i < ROWS ? table[i].refusal : OTTER_OK;

    *ret = (struct policy_told){.rule = otter_status_name(status)};
    if (i < ROWS)
        table[i].tell(facts, ret);
    else
        ret->next_change_at = decide_closes_at(facts);
    return status;
}

enum otter_status policy_refusal_at(unsigned i)
{
    return i < ROWS ? table[i].refusal : OTTER_OK;
}

/* ROWS: it is no refusal. */
static unsigned row_of(enum otter_status status)
{
    unsigned i = 0;

    while (i < ROWS && table[i].refusal != status)
        i++;
    return i;
}

bool policy_refuses(enum otter_status status)
{
    return row_of(status) < ROWS;
}

bool policy_refusal_lasts(enum otter_status status)
{
    unsigned i = row_of(status);

    return i < ROWS && (table[i].lasting & LASTS);
}

bool policy_refusal_bars(enum otter_status status)
{
    static const enum otter_status others[] = {
        OTTER_DEVICE_RETIRED, OTTER_WRONG_PRODUCT, OTTER_NOT_IN_TARGET,
        OTTER_ATTEMPT_OVER,   OTTER_UP_TO_DATE,    OTTER_NOT_A_MEMBER,
    };

    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (status == others[i])
            return false;
    return status != OTTER_OK;
}

bool policy_refusal_passes(enum otter_status status)
{
    unsigned i = row_of(status);

    return i < ROWS && (table[i].lasting & PASSES);
}

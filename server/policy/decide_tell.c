#include "policy/decide_tell.h"

#include "policy/told.h"

void tell_retired(const struct policy_facts *f, struct policy_told *told)
{
    (void)f;
    told_words(told, "retired", "yes", "no");
}

void tell_state(const struct policy_facts *f, struct policy_told *told)
{
    told_words(told, "state", policy_rollout_state_name(f->state),
               policy_rollout_state_name(POLICY_ROLLOUT_RUNNING));
}

void tell_target(const struct policy_facts *f, struct policy_told *told)
{
    (void)f;
    told_words(told, "target", "does not select the device", "selects the device");
}

void tell_attempt_over(const struct policy_facts *f, struct policy_told *told)
{
    const struct policy_retry *retry;

    if (f->losses_here == 0) {
        told_words(told, "attempt", "ended", "none, or one to be repeated");
        return;
    }
    retry = policy_plan_retry(f->plan, f->last_reason);
    told_numbers(told, "losses", f->losses_here, "at most ", retry ? retry->tries : 0);
    if (!retry)
        told_words(told, "reason", otter_status_name(f->last_reason), "one that is tried again");
}

void tell_up_to_date(const struct policy_facts *f, struct policy_told *told)
{
    told_versions(told, "version", &f->running->version, "other than ", &f->manifest->version);
}

void tell_held(const struct policy_facts *f, struct policy_told *told)
{
    (void)f;
    told_words(told, "held", "yes", "no");
}

void tell_pinned(const struct policy_facts *f, struct policy_told *told)
{
    (void)f;
    told_words(told, "pin", "another release", "none, or this release");
}

void tell_withdrawn(const struct policy_facts *f, struct policy_told *told)
{
    (void)f;
    told_words(told, "release", "withdrawn", "not withdrawn");
}

void tell_pruned(const struct policy_facts *f, struct policy_told *told)
{
    (void)f;
    told_words(told, "images", "removed from the server", "on the server");
}

void tell_frozen(const struct policy_facts *f, struct policy_told *told)
{
    (void)f;
    told_words(told, "frozen", "yes", "no");
}

void tell_attempt_elsewhere(const struct policy_facts *f, struct policy_told *told)
{
    (void)f;
    told_words(told, "attempt", "open in another rollout", "none open elsewhere");
}

void tell_phase(const struct policy_facts *f, struct policy_told *told)
{
    told_numbers(told, "phase", f->device_phase, "at most ", f->open_phase);
}

void tell_trial(const struct policy_facts *f, struct policy_told *told)
{
    (void)f;
    told_words(told, "confirmed", "no", "yes");
}

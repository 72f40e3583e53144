#include "policy/decide_tell.h"

#include "policy/told.h"

void tell_retired(const struct policy_facts *f, struct policy_told *told)
{
    (void)f;
    told_words(told, "retired", "yes", "no");
}

void tell_product(const struct policy_facts *f, struct policy_told *told)
{
    told_words(told, "product", f->product, f->manifest->product);
}

void tell_hardware(const struct policy_facts *f, struct policy_told *told)
{
    struct policy_told_fact *fact = told_add(told, "hardware");

    told_put(fact->have, f->hardware);
    for (unsigned i = 0; i < f->manifest->hardware_count; i++) {
        told_put(fact->need, i > 0 ? ", " : "");
        told_put(fact->need, f->manifest->hardware[i]);
    }
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
    retry = f->plan ? policy_plan_retry(f->plan, f->last_reason) : NULL;
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
    if (f->plan)
        told_numbers(told, "phase", f->device_phase, "at most ", f->open_phase);
    else
        told_numbers(told, "cohort", f->cohort, "below ", f->open_cohorts);
}

void tell_trial(const struct policy_facts *f, struct policy_told *told)
{
    (void)f;
    told_words(told, "confirmed", "no", "yes");
}

void tell_expired(const struct policy_facts *f, struct policy_told *told)
{
    told_times(told, f->now, "before ", (int64_t)f->manifest->expires); /* below 2^53 */
}

void tell_epoch(const struct policy_facts *f, struct policy_told *told)
{
    told_numbers(told, "epoch", f->manifest->epoch, "", f->root_epoch);
}

void tell_sequence(const struct policy_facts *f, struct policy_told *told)
{
    told_numbers(told, "epoch", f->manifest->epoch, "at least ", f->epoch);
    told_numbers(told, "sequence", f->manifest->sequence, "above ", f->sequence);
}

void tell_from(const struct policy_facts *f, struct policy_told *told)
{
    told_versions(told, "version", &f->running->version, "at least ", &f->manifest->requires_from);
}

void tell_below(const struct policy_facts *f, struct policy_told *told)
{
    told_versions(told, "version", &f->running->version, "below ", &f->manifest->requires_below);
}

void tell_slot(const struct policy_facts *f, struct policy_told *told)
{
    enum otter_slot running = f->running->slot;
    struct policy_told_fact *fact = told_add(told, "slot");

    for (unsigned i = 0; i < f->manifest->image_count; i++) {
        told_put(fact->have, i > 0 ? ", " : "");
        told_put(fact->have, otter_slot_name(f->manifest->image[i].slot));
    }
    told_put(fact->need,
             otter_slot_name(running == OTTER_SLOT_ANY ? OTTER_SLOT_ANY : otter_slot_other(running)));
}

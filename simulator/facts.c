#include "simulator/internal.h"

void sim_facts(struct sim *s, uint32_t device)
{
    const struct sim_device *d = &s->spec->device[device];
    const struct sim_part *p = &s->part[device];
    struct policy_facts *f = &s->facts;
    int64_t now = sim_now_s(s);

    f->product = d->product;
    f->hardware = d->hardware;
    f->running = d->running;
    f->epoch = d->epoch;
    f->sequence = d->sequence;
    f->zone = d->zone;
    f->in_target = d->in_target;
    f->retired = d->retired;
    f->held = d->held;
    f->pinned_elsewhere = d->pinned_elsewhere;
    f->state = s->state;
    f->device_phase = p->phase;
    f->open_phase = s->phase;
    f->attempt_ended = p->ended;
    f->losses_here = f->losses_in_a_row = p->losses;
    f->last_reason = (enum otter_status)p->reason;
    f->lost_at = f->last_lost_at = p->lost_at;
    f->active = s->active;
    f->now = (uint64_t)now;
    f->rate_due = policy_meter_due_s(&s->grants, s->now_us, now);
    f->bytes_due = policy_meter_due_s(&s->bytes, s->now_us, now);
    f->site_due = d->site < SIM_SITES ? policy_meter_due_s(&s->site[d->site], s->now_us, now) : 0;
}

enum otter_status sim_as_if_open(struct sim *s, uint32_t device)
{
    sim_facts(s, device);
    s->facts.state = POLICY_ROLLOUT_RUNNING;
    s->facts.open_phase = s->spec->plan->phase_count;
    return policy_decide(&s->facts);
}

bool sim_still_may(struct sim *s, uint32_t device)
{
    enum otter_status status = sim_as_if_open(s, device);

    return status == OTTER_OK || !policy_refusal_lasts(status);
}

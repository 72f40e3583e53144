/* Devices as they poll: when they come, what they are answered, and who is still to come. */
#include "simulator/internal.h"

#define DAY_S 86400

/* ---- when ---- */

static bool sleeps(const struct sim *s, uint32_t device)
{
    return sim_hit(s, device, 0, SIM_OF_SLEEP, s->spec->model.sleepers);
}

/* From poll to poll, in seconds. */
static int64_t rhythm(const struct sim *s, uint32_t device)
{
    const struct sim_device *d = &s->spec->device[device];

    return sleeps(s, device) ? DAY_S : policy_poll_after(d->interval_s, d->id);
}

static void come(struct sim *s, uint32_t device, int64_t at_us)
{
    uint64_t late = (uint64_t)s->spec->model.jitter_s * (uint64_t)SIM_S;

    s->part[device].doing = SIM_POLLS;
    at_us += (int64_t)sim_chance(s, device, (uint64_t)at_us, SIM_OF_POLL, late);
    sim_queue_put(&s->queue, at_us, device);
}

/* The first of its polls from `from_us` on; those before it are answered alike, and left out. */
static void come_in_rhythm(struct sim *s, uint32_t device, int64_t from_us)
{
    int64_t step = s->part[device].rhythm_s * SIM_S, behind = from_us - s->part[device].polled_us;

    come(s, device, s->part[device].polled_us + (behind + step - 1) / step * step);
}

/* It was refused until `change`, and is told when to come; polls on the way there are left out. */
static void come_after(struct sim *s, uint32_t device, int64_t change)
{
    const struct sim_device *d = &s->spec->device[device];
    int64_t now = sim_now_s(s), after = s->part[device].rhythm_s, left, ahead;

    if (sleeps(s, device)) {
        come_in_rhythm(s, device, change * SIM_S > s->now_us ? change * SIM_S : s->now_us + 1);
        return;
    }
    left = policy_come_again((unsigned)after, d->id, now, change);
    ahead = left < after || change == 0 ? 0 : (change - now) / after * after;
    if (ahead > 0)
        left = now + ahead < change ? policy_come_again((unsigned)after, d->id, now + ahead, change) : 0;
    come(s, device, s->now_us + (ahead + left) * SIM_S);
}

/* ---- who ---- */

/* In the order of their positions: the queue sorts them. */
static uint32_t places_of(struct sim *s, struct policy_place *places)
{
    struct sim_entry e;
    uint32_t n = 0;

    for (uint32_t i = 0; i < s->spec->count; i++)
        if (s->spec->device[i].in_target && !s->spec->device[i].retired)
            sim_queue_put(&s->queue, (int64_t)s->spec->device[i].position, i);
    while (sim_queue_take(&s->queue, &e))
        places[n++] = (struct policy_place){.position = (uint64_t)e.at,
                                            .group_bits = s->spec->device[e.device].group_bits};
    return n;
}

static void deal(struct sim *s, struct policy_place *places)
{
    struct policy_phase_share share[POLICY_PHASES_MAX];

    s->ret->targeted = places_of(s, places);
    policy_phases_deal(s->spec->plan, places, s->ret->targeted, share);
    for (unsigned i = 0; i < s->spec->plan->phase_count; i++) {
        s->upto[i] = share[i].upto;
        s->ret->of[i].devices = share[i].devices;
        s->ret->of[i].widened = share[i].widened;
    }
}

static void count_waiting(struct sim *s, uint32_t device)
{
    struct sim_part *p = &s->part[device];
    enum otter_status status;
    bool barred;

    p->waits = false;
    if (p->doing == SIM_AT_IT || p->doing == SIM_FINISHED || p->boxed)
        return;
    status = sim_as_if_open(s, device);
    p->waits = status == OTTER_OK || !policy_refusal_lasts(status);
    barred = !p->waits && policy_refusal_bars(status);
    s->barred[p->phase] += barred && !p->barred;
    p->barred = p->barred || barred;
    s->waiting[p->phase] += p->waits;
}

void sim_devices_begin(struct sim *s, struct policy_place *places)
{
    deal(s, places);
    for (uint32_t i = 0; i < s->spec->count; i++) {
        const struct sim_device *d = &s->spec->device[i];
        int64_t every = rhythm(s, i);

        s->part[i] = (struct sim_part){
            .phase = (uint8_t)policy_phase_of(s->spec->plan, s->upto, d->group_bits, d->position),
            .rhythm_s = (uint32_t)every,
            .polled_us =
                s->now_us - (int64_t)sim_chance(s, i, 0, SIM_OF_FIRST_POLL, (uint64_t)(every * SIM_S))};
        count_waiting(s, i);
    }
}

void sim_devices_recount(struct sim *s)
{
    for (unsigned i = 0; i <= POLICY_PHASES_MAX; i++)
        s->waiting[i] = 0;
    for (uint32_t i = 0; i < s->spec->count; i++)
        count_waiting(s, i);
}

void sim_devices_wake(struct sim *s)
{
    for (uint32_t i = 0; i < s->spec->count; i++) {
        if (s->part[i].doing != SIM_PARKED || s->part[i].phase > s->phase)
            continue;
        if (s->part[i].waits && !s->spec->device[i].away)
            come_in_rhythm(s, i, s->now_us);
        else if (!s->part[i].waits)
            s->part[i].doing = SIM_FINISHED;
    }
}

static bool boxed_outstanding(const struct sim *s)
{
    struct sim *asking = (struct sim *)(uintptr_t)s; /* facts are scratch */

    for (uint32_t i = 0; i < s->spec->count; i++)
        if (s->part[i].boxed && s->part[i].phase <= s->phase && sim_still_may(asking, i))
            return true;
    return false;
}

bool sim_outstanding(const struct sim *s)
{
    if (s->active > 0)
        return true;
    for (unsigned i = 1; i <= s->phase; i++)
        if (s->waiting[i] > 0)
            return true;
    return s->boxed > 0 && boxed_outstanding(s);
}

/* ---- polls ---- */

void sim_device_done(struct sim *s, uint32_t device)
{
    struct sim_part *p = &s->part[device];

    s->waiting[p->phase] -= p->waits;
    s->boxed -= p->boxed;
    p->waits = p->boxed = false;
    p->doing = SIM_FINISHED;
}

static void grant(struct sim *s, uint32_t device)
{
    sim_device_done(s, device); /* it waits no more */
    sim_attempt_begin(s, device);
}

/* When what refuses it passes; 0: nobody knows. Of the many polls that meters refuse no text is made. */
static int64_t change_at(const struct sim *s, enum otter_status refusal)
{
    struct policy_told told;

    switch (refusal) {
    case OTTER_CAP_REACHED:
        return 0;
    case OTTER_RATE_REACHED:
        return s->facts.rate_due;
    case OTTER_BANDWIDTH_REACHED:
        return s->facts.bytes_due;
    case OTTER_SITE_BANDWIDTH_REACHED:
        return s->facts.site_due;
    default:
        if (!policy_refusal_passes(refusal))
            return 0;
        (void)policy_explain(&s->facts, &told);
        return told.next_change_at;
    }
}

static void poll(struct sim *s, uint32_t device)
{
    enum otter_status status;

    s->ret->polls++;
    s->part[device].polled_us = s->now_us;
    sim_facts(s, device);
    status = policy_decide(&s->facts);
    if (status == OTTER_OK) {
        grant(s, device);
        return;
    }
    s->ret->refused[status]++;
    sim_tell(s, &(struct sim_note){.kind = SIM_POLL, .device = device, .status = status});
    if (policy_refusal_lasts(status) && !policy_refusal_passes(status))
        sim_device_done(s, device);
    else if (status == OTTER_NOT_IN_PHASE)
        s->part[device].doing = SIM_PARKED;
    else
        come_after(s, device, change_at(s, status));
}

void sim_device_lost(struct sim *s, uint32_t device)
{
    struct sim_part *p = &s->part[device];

    p->boxed = p->losses >= POLICY_PENALTY_LOSSES &&
               policy_retry_at(s->spec->plan, (enum otter_status)p->reason, p->losses, p->lost_at) != 0;
    s->boxed += p->boxed;
    p->doing = SIM_GONE;
    count_waiting(s, device);
}

void sim_device_comes(struct sim *s, uint32_t device)
{
    if (s->part[device].waits || s->part[device].boxed)
        come(s, device, s->now_us + SIM_S); /* it has just booted */
    else
        s->part[device].doing = SIM_FINISHED;
}

void sim_device_turn(struct sim *s, uint32_t device)
{
    if (s->part[device].doing != SIM_POLLS)
        sim_attempt_turn(s, device);
    else if (s->state == POLICY_ROLLOUT_RUNNING)
        poll(s, device);
}

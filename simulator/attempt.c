/* Attempts: how long each takes, how it ends, and when the server gives it up. */
#include "simulator/internal.h"

#define LOOK_S 5 /* the server looks at open attempts so often */

static struct sim_tally *tally_of(struct sim *s, uint32_t device)
{
    return &s->ret->of[s->part[device].phase - 1].tally;
}

static uint64_t *counter(struct sim_tally *t, enum otter_update_state state)
{
    switch (state) {
    case OTTER_UPDATE_SUCCEEDED:
        return &t->succeeded;
    case OTTER_UPDATE_FAILED:
        return &t->failed;
    case OTTER_UPDATE_REVERTED:
        return &t->reverted;
    default:
        return &t->timed_out;
    }
}

static void count(struct sim *s, uint32_t device, int by)
{
    enum otter_update_state state = (enum otter_update_state)s->part[device].state;
    uint32_t *sum = state == OTTER_UPDATE_SUCCEEDED ? &s->ret->updated : &s->ret->lost;

    *counter(tally_of(s, device), state) += (uint64_t)by;
    *sum += (uint32_t)by;
}

static void take_meters(struct sim *s, uint32_t device)
{
    const struct sim_device *d = &s->spec->device[device];
    const struct policy_plan *plan = s->spec->plan;
    int image = policy_free_slot_image(s->spec->manifest, d->running->slot);
    uint64_t bytes = image < 0 ? 0 : s->spec->manifest->image[image].size;
    uint32_t rate = policy_ramp(plan, sim_now_s(s) - s->ramp_since);

    if (rate != UINT32_MAX)
        policy_meter_take(&s->grants, s->now_us, 60, (uint64_t)rate * 1000);
    policy_meter_take(&s->bytes, s->now_us, bytes, plan->bytes_per_s * 1000);
    if (d->site < SIM_SITES)
        policy_meter_take(&s->site[d->site], s->now_us, bytes, plan->site_bytes_per_s * 1000);
}

/* The first look of the server that finds it over. */
static int64_t at_a_look(int64_t at_us)
{
    return (at_us + LOOK_S * SIM_S - 1) / (LOOK_S * SIM_S) * (LOOK_S * SIM_S);
}

struct fate {
    enum otter_update_state outcome;
    enum otter_status why;
    int64_t installs_us; /* from then on it may fall silent */
    int64_t ends_us;     /* INT64_MAX: is not heard of again */
};

static struct fate fate_of(const struct sim *s, uint32_t device)
{
    const struct sim_model *m = &s->spec->model;
    unsigned turn = s->part[device].tries;
    int64_t download = sim_about(s, device, turn, SIM_OF_DOWNLOAD, m->download_s);
    struct fate f = {OTTER_UPDATE_SUCCEEDED, OTTER_OK, s->now_us + download, 0};

    f.ends_us = f.installs_us + sim_about(s, device, turn, SIM_OF_INSTALL, m->install_s);
    if (sim_hit(s, device, turn, SIM_OF_FLAKE, m->flaky)) {
        f.ends_us = s->now_us + (int64_t)sim_chance(s, device, turn, SIM_OF_FLAKE_TIME, (uint64_t)download);
        f.outcome = OTTER_UPDATE_FAILED;
        f.why = m->flaky_reason;
    } else if (sim_hit(s, device, 0, SIM_OF_BAD, m->bad)) {
        f.outcome = OTTER_UPDATE_REVERTED;
        f.why = m->bad_reason;
    } else if (sim_hit(s, device, 0, SIM_OF_SILENCE, m->silent)) {
        f.ends_us = INT64_MAX;
    }
    return f;
}

/* When the server gives it up if it is not heard of before; INT64_MAX: never. */
static int64_t given_up(const struct sim *s, uint32_t device, const struct fate *f,
                        enum otter_status *ret_why)
{
    int64_t silence = policy_silence(s->spec->plan, s->spec->device[device].interval_s) * SIM_S;
    int64_t deadline = s->spec->plan->deadline_s * SIM_S, at = INT64_MAX;

    if (deadline > 0)
        at = s->now_us + deadline;
    *ret_why = OTTER_DEADLINE;
    if (silence > 0 && f->installs_us < f->ends_us && f->installs_us + silence < at) {
        at = f->installs_us + silence;
        *ret_why = OTTER_SILENT;
    }
    return at == INT64_MAX ? at : at_a_look(at);
}

static void plan_end(struct sim *s, uint32_t device)
{
    struct sim_part *p = &s->part[device];
    struct fate f = fate_of(s, device);
    enum otter_status why;
    int64_t until = given_up(s, device, &f, &why);

    p->ends_us = f.ends_us;
    p->outcome = (uint8_t)f.outcome;
    p->why = (uint16_t)f.why;
    p->state = OTTER_UPDATE_OFFERED;
    if (until < f.ends_us) {
        p->state = OTTER_UPDATE_TIMED_OUT; /* it will be */
        p->reason = (uint16_t)why;
    }
    if (until < f.ends_us || f.ends_us < INT64_MAX)
        sim_queue_put(&s->queue, until < f.ends_us ? until : f.ends_us, device);
}

void sim_attempt_begin(struct sim *s, uint32_t device)
{
    struct sim_part *p = &s->part[device];

    if (p->ended)
        count(s, device, -1); /* repeated by the plan: what was lost before counts no more */
    else
        s->ret->of[p->phase - 1].granted++;
    s->ret->granted += !p->ended;
    s->ret->grants++;
    p->ended = false;
    p->doing = SIM_AT_IT;
    p->tries++;
    s->active++;
    if (s->active > s->ret->most_active)
        s->ret->most_active = s->active;
    take_meters(s, device);
    plan_end(s, device);
    sim_tell(s, &(struct sim_note){.kind = SIM_GRANT, .device = device, .phase = p->phase});
}

static void lost(struct sim *s, uint32_t device, enum otter_update_state state, enum otter_status why)
{
    struct sim_part *p = &s->part[device];

    p->state = (uint8_t)state;
    p->reason = (uint16_t)why;
    p->losses++;
    p->lost_at = sim_now_s(s);
    s->ret->tries_lost++;
    count(s, device, 1);
}

static void end(struct sim *s, uint32_t device, enum otter_update_state state, enum otter_status why)
{
    struct sim_part *p = &s->part[device];

    s->active--;
    s->ret->ended = sim_now_s(s);
    p->ended = true;
    p->doing = SIM_FINISHED;
    if (state == OTTER_UPDATE_SUCCEEDED) {
        p->state = (uint8_t)state;
        p->losses = 0;
        count(s, device, 1);
    } else {
        lost(s, device, state, why);
    }
    sim_tell(s, &(struct sim_note){
                    .kind = SIM_END, .device = device, .phase = p->phase, .state = state, .status = why});
}

/* It had been given up, and comes after all. */
static void come_late(struct sim *s, uint32_t device)
{
    struct sim_part *p = &s->part[device];

    if (p->outcome != OTTER_UPDATE_SUCCEEDED) {
        sim_device_comes(s, device);
        return;
    }
    count(s, device, -1);
    p->state = OTTER_UPDATE_SUCCEEDED;
    sim_device_done(s, device);
    p->losses = 0;
    count(s, device, 1);
    s->ret->ended = sim_now_s(s);
    sim_tell(s, &(struct sim_note){
                    .kind = SIM_END, .device = device, .phase = p->phase, .state = OTTER_UPDATE_SUCCEEDED});
}

void sim_attempt_turn(struct sim *s, uint32_t device)
{
    struct sim_part *p = &s->part[device];

    if (p->doing == SIM_LATE) {
        come_late(s, device);
    } else if (p->state == OTTER_UPDATE_TIMED_OUT) {
        end(s, device, OTTER_UPDATE_TIMED_OUT, (enum otter_status)p->reason);
        sim_device_lost(s, device);
        if (p->ends_us < INT64_MAX) {
            p->doing = SIM_LATE;
            sim_queue_put(&s->queue, p->ends_us, device);
        }
    } else {
        end(s, device, (enum otter_update_state)p->outcome, (enum otter_status)p->why);
        if (p->state != OTTER_UPDATE_SUCCEEDED) {
            sim_device_lost(s, device);
            sim_device_comes(s, device);
        }
    }
    sim_curve(s, false);
    sim_gate(s);
}

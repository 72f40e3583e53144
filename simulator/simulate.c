/* The run: whatever comes next, the gate's own moments and devices in the order of time. */
#include "simulator/internal.h"

#define SHARE_MAX  SIM_SHARE
#define LENGTH_MAX 31536000u /* a year */

static const char *const names[SIM_OUTCOME_COUNT] = {
    [SIM_UNFINISHED] = "unfinished",     [SIM_COMPLETE] = "complete",       [SIM_HALTED] = "halted",
    [SIM_TOO_FEW] = "too-few-succeeded", [SIM_ROLLED_BACK] = "rolled-back",
};

const char *sim_outcome_name(enum sim_outcome outcome)
{
    return (unsigned)outcome < SIM_OUTCOME_COUNT ? names[outcome] : "?";
}

bool sim_model_valid(const struct sim_model *m, const char **ret_what)
{
    const struct {
        uint32_t have, most;
        const char *what;
    } rules[] = {
        {m->bad, SHARE_MAX, "bad: 100 percent at the most"},
        {m->flaky, SHARE_MAX, "flaky: 100 percent at the most"},
        {m->silent, SHARE_MAX, "silent: 100 percent at the most"},
        {m->sleepers, SHARE_MAX, "sleepers: 100 percent at the most"},
        {m->jitter_s, LENGTH_MAX, "jitter: a year at the most"},
        {m->download_s, LENGTH_MAX, "download: a year at the most"},
        {m->install_s, LENGTH_MAX, "install: a year at the most"},
        {m->operator_s, LENGTH_MAX, "operator: a year at the most"},
    };

    for (unsigned i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rules[i].have > rules[i].most) {
            *ret_what = rules[i].what;
            return false;
        }
    }
    return true;
}

void sim_tell(struct sim *s, const struct sim_note *note)
{
    struct sim_note told = *note;

    if (!s->spec->watch)
        return;
    told.at_us = s->now_us;
    s->spec->watch->note(s->spec->watch, &told);
}

static void begin(struct sim *s, const struct sim_spec *spec, const struct sim_room *room,
                  struct sim_result *ret)
{
    *ret = (struct sim_result){.outcome = SIM_UNFINISHED};
    *s = (struct sim){
        .spec = spec,
        .part = room->part,
        .queue.entry = room->entry,
        .ret = ret,
        .now_us = spec->start * SIM_S,
        .tick_us = INT64_MAX,
        .over = {spec->plan->not_after ? spec->plan->not_after : INT64_MAX, spec->manifest->expires},
        .state = POLICY_ROLLOUT_DRAFT,
        .facts = {
            .manifest = spec->manifest, .plan = spec->plan, .member = true, .root_epoch = spec->root_epoch}};
}

/* The next moment that nothing of a device makes; INT64_MAX: none. */
static int64_t next_moment(const struct sim *s)
{
    int64_t at = s->tick_us;

    for (unsigned i = 0; i < 2; i++)
        if (s->over[i] < INT64_MAX / SIM_S && s->over[i] * SIM_S < at)
            at = s->over[i] * SIM_S;
    return at;
}

static void moment(struct sim *s)
{
    if (s->tick_us <= s->now_us)
        s->tick_us = INT64_MAX;
    for (unsigned i = 0; i < 2; i++) {
        if (s->over[i] > sim_now_s(s))
            continue;
        s->over[i] = INT64_MAX;
        sim_devices_recount(s);
    }
    sim_gate(s);
}

/* With nobody at it, what else may come changes nothing of a rollout that has ended. */
static bool is_over(const struct sim *s)
{
    return s->active == 0 && (s->state != POLICY_ROLLOUT_RUNNING || s->ret->outcome == SIM_TOO_FEW);
}

static bool step(struct sim *s)
{
    int64_t at = s->state == POLICY_ROLLOUT_RUNNING ? next_moment(s) : INT64_MAX;
    struct sim_entry e = {.at = INT64_MAX};
    bool device = s->queue.count > 0 && s->queue.entry[0].at < at;

    if (device)
        at = s->queue.entry[0].at;
    if (is_over(s) || at >= s->spec->until * SIM_S)
        return false;
    s->now_us = at > s->now_us ? at : s->now_us;
    if (device && sim_queue_take(&s->queue, &e))
        sim_device_turn(s, e.device);
    else
        moment(s);
    return true;
}

static void sum_up(struct sim *s)
{
    for (uint32_t i = 0; i < s->spec->count; i++) {
        const struct sim_part *p = &s->part[i];
        bool out = p->phase <= s->phase && (p->doing == SIM_AT_IT || p->waits || p->boxed);

        s->ret->outstanding += out;
        s->ret->away += out && s->spec->device[i].away;
    }
    sim_curve(s, true);
}

void sim_run(const struct sim_spec *spec, const struct sim_room *room, struct sim_result *ret)
{
    struct sim s;

    begin(&s, spec, room, ret);
    sim_devices_begin(&s, room->place);
    sim_open_phase(&s);
    sim_curve(&s, false);
    sim_gate(&s);
    while (step(&s))
        continue;
    if (ret->decided == 0)
        ret->decided = spec->until < sim_now_s(&s) ? spec->until : sim_now_s(&s);
    sum_up(&s);
}

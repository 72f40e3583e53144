#include "world.h"

static int64_t now_s(const struct world *w)
{
    return w->now.at_us / WORLD_S;
}

static bool lost(enum otter_update_state state)
{
    return state == OTTER_UPDATE_FAILED || state == OTTER_UPDATE_REVERTED || state == OTTER_UPDATE_TIMED_OUT;
}

static uint64_t *counter(struct world_counts *c, enum otter_update_state state)
{
    switch (state) {
    case OTTER_UPDATE_SUCCEEDED:
        return &c->succeeded;
    case OTTER_UPDATE_FAILED:
        return &c->failed;
    case OTTER_UPDATE_REVERTED:
        return &c->reverted;
    default:
        return &c->timed_out;
    }
}

static uint64_t losses_of(const struct world_counts *c)
{
    return c->failed + c->reverted + c->timed_out;
}

static void apply_grant(const struct world *w, struct world_state *s, const struct world_event *e)
{
    const struct world_rollout *r = &w->rollout[e->rollout];
    const struct world_device *d = &w->device[e->device];
    struct world_part *p = &s->of[e->rollout].part[e->device];
    uint32_t rate = policy_ramp(&r->plan, e->at_us / WORLD_S - s->of[e->rollout].ramp_since);

    p->tried = p->open = true;
    p->ended = false;
    p->phase =
        policy_phase_of(&r->plan, r->upto, d->place[e->rollout].group_bits, d->place[e->rollout].position);
    p->state = OTTER_UPDATE_OFFERED;
    s->of[e->rollout].active++;
    if (rate != UINT32_MAX)
        policy_meter_take(&s->of[e->rollout].grants, e->at_us, 60, (uint64_t)rate * 1000);
    policy_meter_take(&s->of[e->rollout].bytes, e->at_us, WORLD_BYTES, r->plan.bytes_per_s * 1000);
    if (d->site < WORLD_SITES)
        policy_meter_take(&s->of[e->rollout].site[d->site], e->at_us, WORLD_BYTES,
                          r->plan.site_bytes_per_s * 1000);
}

static bool apply_end(struct world_state *s, const struct world_event *e)
{
    struct world_part *p = &s->of[e->rollout].part[e->device];
    bool late = !p->open;
    enum otter_update_by by = e->state == OTTER_UPDATE_SUCCEEDED || e->state == OTTER_UPDATE_TIMED_OUT
                                  ? OTTER_BY_SERVER
                                  : OTTER_BY_DEVICE;

    if (!p->tried || !otter_update_may(p->state, e->state, by))
        return false;
    if (late)
        --*counter(&s->of[e->rollout].count[p->phase - 1], p->state);
    else
        s->of[e->rollout].active--;
    ++*counter(&s->of[e->rollout].count[p->phase - 1], e->state);
    p->open = false;
    p->ended = true;
    p->state = e->state;
    p->reason = e->reason;
    p->losses = lost(e->state) ? p->losses + 1 : 0;
    p->lost_at = e->at_us / WORLD_S;
    s->device[e->device].losses_in_a_row = lost(e->state) ? s->device[e->device].losses_in_a_row + 1 : 0;
    s->device[e->device].last_lost_at = e->at_us / WORLD_S;
    if (e->state == OTTER_UPDATE_SUCCEEDED)
        s->device[e->device].runs = e->rollout + 1;
    return true;
}

static void open_phase(struct world_state *s, const struct world_event *e)
{
    s->of[e->rollout].state = POLICY_ROLLOUT_RUNNING;
    s->of[e->rollout].phase++;
    s->of[e->rollout].acknowledged = 0;
    s->of[e->rollout].through_at = 0;
    s->of[e->rollout].ramp_since = e->at_us / WORLD_S;
    s->of[e->rollout].warned = s->of[e->rollout].approved = false;
}

static void resume(struct world_state *s, const struct world_event *e)
{
    if (s->of[e->rollout].state == POLICY_ROLLOUT_HALTED)
        s->of[e->rollout].acknowledged = losses_of(&s->of[e->rollout].count[s->of[e->rollout].phase - 1]);
    s->of[e->rollout].state = POLICY_ROLLOUT_RUNNING;
    s->of[e->rollout].ramp_since = e->at_us / WORLD_S;
}

bool world_apply(const struct world *w, struct world_state *s, const struct world_event *e)
{
    static const enum policy_rollout_state becomes[] = {[WORLD_COMPLETE] = POLICY_ROLLOUT_COMPLETE,
                                                        [WORLD_HALT] = POLICY_ROLLOUT_HALTED,
                                                        [WORLD_ROLL_BACK] = POLICY_ROLLOUT_ROLLED_BACK,
                                                        [WORLD_PAUSE] = POLICY_ROLLOUT_PAUSED};

    s->at_us = e->at_us;
    switch (e->kind) {
    case WORLD_START:
    case WORLD_ADVANCE:
        open_phase(s, e);
        return true;
    case WORLD_GRANT:
        apply_grant(w, s, e);
        return true;
    case WORLD_END:
        return apply_end(s, e);
    case WORLD_THROUGH:
        s->of[e->rollout].through_at = e->at_us / WORLD_S;
        return true;
    case WORLD_APPROVE:
        s->of[e->rollout].approved = true;
        return true;
    case WORLD_WARN:
        s->of[e->rollout].warned = true;
        return true;
    case WORLD_RESUME:
        resume(s, e);
        return true;
    case WORLD_HOLD:
        s->device[e->device].held = !s->device[e->device].held;
        return true;
    case WORLD_RETRY:
        s->of[e->rollout].part[e->device].ended = false;
        s->of[e->rollout].part[e->device].losses = 0;
        return true;
    default:
        s->of[e->rollout].state = becomes[e->kind];
        return true;
    }
}

static bool happens(struct world *w, struct world_event e)
{
    if (w->event_count == WORLD_EVENTS)
        return false;
    e.at_us = w->now.at_us;
    if (!world_apply(w, &w->now, &e)) {
        w->refused_reports++;
        return false;
    }
    w->event[w->event_count++] = e;
    return true;
}

void world_facts(const struct world *w, unsigned rollout, unsigned device, struct otter_running *running,
                 struct policy_facts *ret)
{
    static const char *const sites[] = {"site:a", "site:b", "site:c"};
    const struct world_rollout *r = &w->rollout[rollout];
    const struct world_device *d = &w->device[device];
    const struct world_part *p = &w->now.of[rollout].part[device], *other = &w->now.of[!rollout].part[device];
    unsigned runs = w->now.device[device].runs;
    const struct otter_manifest *m = runs ? &w->rollout[runs - 1].manifest : NULL;
    int64_t at = now_s(w);

    *running = (struct otter_running){.version = {.major = 1}, .slot = OTTER_SLOT_A, .confirmed = true};
    if (m) {
        running->version = m->version;
        running->sha256 = m->image[0].sha256;
        running->slot = m->image[0].slot;
    }
    *ret = (struct policy_facts){
        .product = "p",
        .hardware = "h",
        .running = running,
        .epoch = 1,
        .sequence = m ? m->sequence : 1,
        .manifest = &r->manifest,
        .plan = &r->plan,
        .state = w->now.of[rollout].state,
        .device_phase =
            policy_phase_of(&r->plan, r->upto, d->place[rollout].group_bits, d->place[rollout].position),
        .open_phase = w->now.of[rollout].phase,
        .in_target = d->in_target[rollout] && at >= d->appears_s,
        .member = d->member[rollout],
        .held = w->now.device[device].held,
        .attempt_ended = p->ended,
        .attempt_elsewhere = other->open,
        .losses_here = p->losses,
        .last_reason = p->reason,
        .lost_at = p->lost_at,
        .losses_in_a_row = w->now.device[device].losses_in_a_row,
        .last_lost_at = w->now.device[device].last_lost_at,
        .active = w->now.of[rollout].active,
        .granted_rate_per_minute = policy_ramp(&r->plan, at - w->now.of[rollout].ramp_since),
        .rate_due = policy_meter_due_s(&w->now.of[rollout].grants, w->now.at_us, at),
        .bytes_due = policy_meter_due_s(&w->now.of[rollout].bytes, w->now.at_us, at),
        .site_due = d->site < WORLD_SITES
                        ? policy_meter_due_s(&w->now.of[rollout].site[d->site], w->now.at_us, at)
                        : 0,
        .site = d->site < WORLD_SITES ? sites[d->site] : NULL,
        .zone = d->zone,
        .root_epoch = 1,
        .now = (uint64_t)at,
    };
}

/* Is the device at it, or may it still be? */
static bool is_outstanding(const struct world *w, unsigned rollout, unsigned device)
{
    struct otter_running running;
    struct policy_facts facts;
    enum otter_status status;

    world_facts(w, rollout, device, &running, &facts);
    if (w->now.of[rollout].part[device].open)
        return true;
    facts.state = POLICY_ROLLOUT_RUNNING;
    status = policy_decide(&facts);
    return facts.device_phase <= facts.open_phase && (status == OTTER_OK || !policy_refusal_lasts(status));
}

struct policy_gate_result world_gate(const struct world *w, unsigned rollout)
{
    const struct world_rollout *r = &w->rollout[rollout];
    unsigned phase = w->now.of[rollout].phase;
    const struct world_counts *c = &w->now.of[rollout].count[phase - 1];
    struct policy_gate_facts f = {
        .running = w->now.of[rollout].state == POLICY_ROLLOUT_RUNNING,
        .last_phase = phase == r->plan.phase_count,
        .spec = &r->plan.phase[phase - 1],
        .on_failure = r->plan.on_failure,
        .succeeded = c->succeeded,
        .failed = c->failed,
        .reverted = c->reverted,
        .timed_out = c->timed_out,
        .acknowledged = w->now.of[rollout].acknowledged,
        .devices = r->devices[phase - 1],
        .warned = w->now.of[rollout].warned,
        .approved = w->now.of[rollout].approved,
        .through_at = w->now.of[rollout].through_at,
        .now = now_s(w),
    };

    for (unsigned i = 0; i < WORLD_DEVICES; i++)
        f.outstanding += is_outstanding(w, rollout, i);
    return policy_gate(&f);
}

/* Does what the gate says, until it says nothing new; an operator is there now and then. */
static void mind_the_gate(struct world *w, unsigned r)
{
    static const enum world_kind acts[POLICY_VERDICT_COUNT] = {[POLICY_GATE_ADVANCE] = WORLD_ADVANCE,
                                                               [POLICY_GATE_COMPLETE] = WORLD_COMPLETE,
                                                               [POLICY_GATE_WARN] = WORLD_WARN,
                                                               [POLICY_GATE_HALT] = WORLD_HALT,
                                                               [POLICY_GATE_ROLLBACK] = WORLD_ROLL_BACK};

    for (unsigned guard = 0; guard < 3 * POLICY_PHASES_MAX && w->now.of[r].phase > 0; guard++) {
        struct policy_gate_result g = world_gate(w, r);
        struct world_event e = {.kind = acts[g.verdict], .rollout = r};

        if (g.through && w->now.of[r].through_at == 0)
            (void)happens(w, (struct world_event){.kind = WORLD_THROUGH, .rollout = r});
        if (e.kind == WORLD_START && one_in(&w->dice, 50) &&
            (g.verdict == POLICY_GATE_MANUAL || g.verdict == POLICY_GATE_APPROVAL))
            e.kind = g.verdict == POLICY_GATE_MANUAL ? WORLD_ADVANCE : WORLD_APPROVE;
        if (e.kind == WORLD_START || !happens(w, e))
            return;
    }
}

/* How an attempt ends: by its device, or by its silence. */
static void attempt_ends(struct world *w, unsigned device)
{
    static const enum otter_status reasons[] = {OTTER_NET_LOST, OTTER_SELF_TEST, OTTER_IMAGE_DIGEST};
    unsigned rollout = w->ending[device];
    struct world_event e = {
        .kind = WORLD_END, .rollout = rollout, .device = device, .state = OTTER_UPDATE_SUCCEEDED};
    struct world_part *p = &w->now.of[rollout].part[device];

    w->end_us[device] = 0;
    if (!p->open) {
        (void)happens(w, e); /* late */
        return;
    }
    if (below(&w->dice, 100) < w->device[device].bad) {
        e.state = (enum otter_update_state)(OTTER_UPDATE_FAILED + below(&w->dice, 3));
        e.reason = e.state == OTTER_UPDATE_TIMED_OUT ? OTTER_DEADLINE : reasons[below(&w->dice, 3)];
    }
    (void)happens(w, e);
    while (one_in(&w->dice, 3)) { /* again, or out of order */
        e.state = (enum otter_update_state)below(&w->dice, OTTER_UPDATE_TIMED_OUT);
        if (e.state != OTTER_UPDATE_SUCCEEDED)
            (void)happens(w, e);
    }
    if (p->state == OTTER_UPDATE_TIMED_OUT && one_in(&w->dice, 3))
        w->end_us[device] = w->now.at_us + (1 + below(&w->dice, 7200)) * WORLD_S;
}

static void begin_attempt(struct world *w, unsigned rollout, unsigned device)
{
    if (!happens(w, (struct world_event){.kind = WORLD_GRANT, .rollout = rollout, .device = device}))
        return;
    w->ending[device] = rollout;
    w->end_us[device] = w->now.at_us + (20 + below(&w->dice, 1200)) * WORLD_S;
}

/* Which of two rollouts comes first. */
static unsigned first_of(const struct world *w)
{
    return policy_precedence(w->rollout[0].priority, 0, w->rollout[1].priority, 1) > 0 ? 0 : 1;
}

static void poll(struct world *w, unsigned device,
                 void (*look)(const struct world *w, const struct policy_facts *f, enum otter_status answer))
{
    int64_t after = policy_poll_after(w->device[device].interval, w->device[device].id), ahead = -1;

    for (unsigned k = 0; k < WORLD_ROLLOUTS; k++) {
        unsigned rollout = k == 0 ? first_of(w) : !first_of(w);
        struct otter_running running;
        struct policy_facts facts;
        struct policy_told told;
        enum otter_status answer;

        if (w->now.of[rollout].part[device].open)
            continue; /* it is offered the same once more */
        world_facts(w, rollout, device, &running, &facts);
        facts.superseded = ahead >= 0;
        facts.superseded_by = (uint64_t)(ahead + 1);
        answer = policy_explain(&facts, &told);
        look(w, &facts, answer);
        if (answer == OTTER_OK) {
            begin_attempt(w, rollout, device);
            break;
        }
        if (!policy_refusal_lasts(answer) && facts.state == POLICY_ROLLOUT_RUNNING)
            ahead = rollout;
        if (policy_refusal_passes(answer) && told.next_change_at && told.next_change_at - now_s(w) < after)
            after = told.next_change_at - now_s(w);
    }
    w->poll_us[device] = w->now.at_us + (after < WORLD_MIN_POLL ? WORLD_MIN_POLL : after) * WORLD_S +
                         (int64_t)below(&w->dice, (unsigned)WORLD_S);
}

/* What operators do on some days. */
static void meddle(struct world *w)
{
    unsigned r = below(&w->dice, WORLD_ROLLOUTS), d = below(&w->dice, WORLD_DEVICES);
    enum policy_rollout_state state = w->now.of[r].state;
    const struct world_part *p = &w->now.of[r].part[d];

    if (state == POLICY_ROLLOUT_DRAFT)
        (void)happens(w, (struct world_event){.kind = WORLD_START, .rollout = r});
    else if (state == POLICY_ROLLOUT_RUNNING && one_in(&w->dice, 8))
        (void)happens(w, (struct world_event){.kind = WORLD_PAUSE, .rollout = r});
    else if (state == POLICY_ROLLOUT_PAUSED || (state == POLICY_ROLLOUT_HALTED && one_in(&w->dice, 8)))
        (void)happens(w, (struct world_event){.kind = WORLD_RESUME, .rollout = r});
    if (one_in(&w->dice, 20))
        (void)happens(w, (struct world_event){.kind = WORLD_HOLD, .device = d});
    if (p->ended && lost(p->state) && one_in(&w->dice, 4))
        (void)happens(w, (struct world_event){.kind = WORLD_RETRY, .rollout = r, .device = d});
}

/* The next thing that happens to a device, by its time. */
static unsigned next_of(const struct world *w, int64_t *ret_at)
{
    unsigned device = 0;

    *ret_at = INT64_MAX;
    for (unsigned i = 0; i < WORLD_DEVICES; i++) {
        int64_t at = w->end_us[i] && w->end_us[i] < w->poll_us[i] ? w->end_us[i] : w->poll_us[i];

        if (at < *ret_at) {
            *ret_at = at;
            device = i;
        }
    }
    return device;
}

void world_run(struct world *w, void (*look)(const struct world *w, const struct policy_facts *facts,
                                             enum otter_status answer))
{
    int64_t tick = w->begin_s * WORLD_S, at;

    while (w->now.at_us < w->end_s * WORLD_S) {
        unsigned device = next_of(w, &at);

        if (tick <= at) {
            w->now.at_us = tick;
            tick += 300 * WORLD_S;
            if (one_in(&w->dice, 6))
                meddle(w);
            for (unsigned r = 0; r < WORLD_ROLLOUTS; r++)
                mind_the_gate(w, r);
            continue;
        }
        w->now.at_us = at;
        if (w->end_us[device] == at) {
            attempt_ends(w, device);
            mind_the_gate(w, w->ending[device]);
        } else {
            poll(w, device, look);
        }
    }
}

/* Phases and what stands between them: the gate of server/policy, and operators who come after a while. */
#include "simulator/internal.h"

static struct sim_phase *newest(struct sim *s)
{
    return &s->ret->of[s->phase - 1];
}

void sim_open_phase(struct sim *s)
{
    s->state = POLICY_ROLLOUT_RUNNING;
    s->phase++;
    s->ret->phase = s->phase;
    s->ramp_since = sim_now_s(s);
    s->through_at = s->hand_at = 0;
    s->approved = false;
    newest(s)->opened = sim_now_s(s);
    sim_tell(s, &(struct sim_note){.kind = SIM_OPENED, .phase = s->phase});
    sim_devices_wake(s);
}

static struct policy_gate_facts facts_of_phase(const struct sim *s, unsigned i)
{
    const struct sim_phase *p = &s->ret->of[i];

    return (struct policy_gate_facts){
        .running = s->state == POLICY_ROLLOUT_RUNNING,
        .last_phase = i + 1 == s->spec->plan->phase_count,
        .spec = &s->spec->plan->phase[i],
        .on_failure = s->spec->plan->on_failure,
        .succeeded = p->tally.succeeded,
        .failed = p->tally.failed,
        .reverted = p->tally.reverted,
        .timed_out = p->tally.timed_out,
        .devices = p->devices,
        .barred = s->barred[i + 1],
        .warned = s->warned >> i & 1,
        .approved = s->approved,
        .through_at = s->through_at,
        .now = sim_now_s(s),
    };
}

/* *ret_phase: whose verdict it is. */
static struct policy_gate_result look(const struct sim *s, unsigned *ret_phase)
{
    struct policy_gate_facts f[POLICY_PHASES_MAX];
    struct policy_gate_result g;

    for (unsigned i = 0; i < s->phase; i++)
        f[i] = facts_of_phase(s, i);
    f[s->phase - 1].outstanding = sim_outstanding(s);
    g = policy_gates(f, s->phase, ret_phase);
    ++*ret_phase;
    return g;
}

static void decide(struct sim *s, const struct policy_gate_result *g, enum sim_outcome outcome)
{
    s->ret->outcome = outcome;
    s->ret->decided = sim_now_s(s);
    s->ret->gate = *g;
    s->ret->at.granted = s->ret->granted;
    s->ret->at.updated = s->ret->updated;
    s->ret->at.lost = s->ret->lost;
    s->ret->at.active = s->active;
    sim_curve(s, true);
}

static bool too_few(struct sim *s, const struct policy_gate_result *g)
{
    if (s->ret->outcome != SIM_TOO_FEW)
        decide(s, g, SIM_TOO_FEW);
    return false;
}

static bool soak(struct sim *s, const struct policy_gate_result *g)
{
    s->tick_us = g->until * SIM_S;
    return false;
}

/* Has the operator come who is waited for? */
static bool operator_came(struct sim *s)
{
    int64_t now = sim_now_s(s);

    s->ret->by_hand = true;
    if (s->hand_at == 0)
        s->hand_at = now + s->spec->model.operator_s;
    s->tick_us = s->hand_at * SIM_S;
    if (now < s->hand_at)
        return false;
    s->hand_at = 0;
    s->tick_us = INT64_MAX;
    return true;
}

static bool approve(struct sim *s, const struct policy_gate_result *g)
{
    (void)g;
    s->approved = operator_came(s);
    return s->approved;
}

static bool advance(struct sim *s, const struct policy_gate_result *g)
{
    (void)g;
    sim_open_phase(s);
    return true;
}

static bool by_hand(struct sim *s, const struct policy_gate_result *g)
{
    return operator_came(s) && advance(s, g);
}

static bool complete(struct sim *s, const struct policy_gate_result *g)
{
    decide(s, g, SIM_COMPLETE);
    s->state = POLICY_ROLLOUT_COMPLETE;
    return false;
}

static bool warn(struct sim *s, const struct policy_gate_result *g)
{
    (void)g;
    s->warned |= 1u << (s->judged - 1);
    s->ret->of[s->judged - 1].warned = sim_now_s(s);
    return true;
}

static bool halt(struct sim *s, const struct policy_gate_result *g)
{
    decide(s, g, SIM_HALTED);
    s->state = POLICY_ROLLOUT_HALTED;
    return false;
}

static bool roll_back(struct sim *s, const struct policy_gate_result *g)
{
    decide(s, g, SIM_ROLLED_BACK);
    s->state = POLICY_ROLLOUT_ROLLED_BACK;
    return false;
}

/* What follows; true: look again. Of the others nothing does. */
static bool (*const acts[POLICY_VERDICT_COUNT])(struct sim *s, const struct policy_gate_result *g) = {
    [POLICY_GATE_SUCCESS] = too_few, [POLICY_GATE_SOAK] = soak,       [POLICY_GATE_APPROVAL] = approve,
    [POLICY_GATE_MANUAL] = by_hand,  [POLICY_GATE_ADVANCE] = advance, [POLICY_GATE_COMPLETE] = complete,
    [POLICY_GATE_WARN] = warn,       [POLICY_GATE_HALT] = halt,       [POLICY_GATE_ROLLBACK] = roll_back,
};

void sim_gate(struct sim *s)
{
    struct policy_gate_result g;

    do {
        g = look(s, &s->judged);
        if (g.through && s->through_at == 0) {
            s->through_at = sim_now_s(s);
            newest(s)->through = s->through_at;
            sim_curve(s, true);
            sim_tell(s, &(struct sim_note){.kind = SIM_THROUGH, .phase = s->phase});
        }
        if (g.verdict != POLICY_GATE_REST && g.verdict != POLICY_GATE_OUTSTANDING)
            sim_tell(s, &(struct sim_note){.kind = SIM_VERDICT, .phase = s->judged, .verdict = g.verdict});
    } while (acts[g.verdict] && acts[g.verdict](s, &g));
}

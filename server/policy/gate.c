#include "policy/gate.h"

#define SHARE_ALL 10000u

static const char *const names[POLICY_VERDICT_COUNT] = {
    [POLICY_GATE_OUTSTANDING] = "outstanding",
    [POLICY_GATE_SUCCESS] = "too-few-succeeded",
    [POLICY_GATE_SOAK] = "soaking",
    [POLICY_GATE_APPROVAL] = "approval",
    [POLICY_GATE_MANUAL] = "manual",
    [POLICY_GATE_FROZEN] = "frozen",
    [POLICY_GATE_ADVANCE] = "advance",
    [POLICY_GATE_COMPLETE] = "complete",
    [POLICY_GATE_WARN] = "warn",
    [POLICY_GATE_HALT] = "halt",
    [POLICY_GATE_ROLLBACK] = "roll-back",
    [POLICY_GATE_REST] = "rest",
};

const char *policy_verdict_name(enum policy_verdict verdict)
{
    return (unsigned)verdict < POLICY_VERDICT_COUNT ? names[verdict] : "?";
}

uint32_t policy_min_sample(uint32_t configured, uint64_t devices)
{
    uint64_t sample = configured < devices ? configured : devices;

    return sample > 0 ? (uint32_t)sample : 1;
}

/* What the facts come to. */
struct sum {
    const struct policy_gate_facts *f;
    uint64_t lost, finished; /* less what was acknowledged */
    uint32_t sample;
    int64_t soaked_at;
};

static struct sum sum_up(const struct policy_gate_facts *f)
{
    uint64_t lost = f->failed + f->reverted + f->timed_out;
    struct sum s = {.f = f, .lost = lost > f->acknowledged ? lost - f->acknowledged : 0};

    s.finished = f->succeeded + s.lost;
    s.sample = policy_min_sample(f->spec->min_sample, f->devices);
    s.soaked_at = (f->through_at ? f->through_at : f->now) + f->spec->soak_s;
    return s;
}

static bool rests(const struct sum *s)
{
    return !s->f->running;
}

/* Counts are of attempts, far below 2^50: the products do not wrap. */
static bool over_threshold(const struct sum *s)
{
    return s->finished >= s->sample && s->lost * SHARE_ALL > s->finished * s->f->spec->failure_share;
}

static bool halts(const struct sum *s)
{
    return over_threshold(s) && s->f->on_failure == POLICY_FAILURE_HALT;
}

static bool rolls_back(const struct sum *s)
{
    return over_threshold(s) && s->f->on_failure == POLICY_FAILURE_ROLLBACK;
}

static bool warns(const struct sum *s)
{
    return over_threshold(s) && s->f->on_failure == POLICY_FAILURE_WARN && !s->f->warned;
}

static bool is_outstanding(const struct sum *s)
{
    return s->f->outstanding > 0;
}

static bool is_complete(const struct sum *s)
{
    return s->f->last_phase; /* also with losses: nothing is left to do */
}

/* A phase that nobody could take part in has proven nothing. */
static bool too_few(const struct sum *s)
{
    if (s->finished == 0 && s->f->barred > 0)
        return true;
    return s->f->succeeded * SHARE_ALL < s->finished * s->f->spec->success_share;
}

static bool soaks(const struct sum *s)
{
    return s->f->now < s->soaked_at;
}

static bool wants_approval(const struct sum *s)
{
    return s->f->spec->approval && !s->f->approved;
}

static bool by_hand(const struct sum *s)
{
    return !s->f->spec->automatic;
}

static bool stands_still(const struct sum *s)
{
    return s->f->frozen;
}

static bool otherwise(const struct sum *s)
{
    (void)s;
    return true;
}

/* The first row that holds is the verdict: the order is the meaning. `through`: the phase is. */
static const struct {
    bool (*holds)(const struct sum *s);
    enum policy_verdict verdict;
    bool through;
} table[] = {
    {rests, POLICY_GATE_REST, false},
    {halts, POLICY_GATE_HALT, false},
    {rolls_back, POLICY_GATE_ROLLBACK, false},
    {warns, POLICY_GATE_WARN, false},
    {is_outstanding, POLICY_GATE_OUTSTANDING, false},
    {is_complete, POLICY_GATE_COMPLETE, true},
    {too_few, POLICY_GATE_SUCCESS, false},
    {soaks, POLICY_GATE_SOAK, true},
    {wants_approval, POLICY_GATE_APPROVAL, true},
    {by_hand, POLICY_GATE_MANUAL, true},
    {stands_still, POLICY_GATE_FROZEN, true},
    {otherwise, POLICY_GATE_ADVANCE, true},
};

static bool stops(enum policy_verdict verdict)
{
    return verdict == POLICY_GATE_HALT || verdict == POLICY_GATE_ROLLBACK || verdict == POLICY_GATE_WARN;
}

struct policy_gate_result policy_gates(const struct policy_gate_facts *phases, unsigned count,
                                       unsigned *ret_index)
{
    struct policy_gate_result result;

    for (*ret_index = 0;; ++*ret_index) {
        result = policy_gate(&phases[*ret_index]);
        if (*ret_index + 1 == count || stops(result.verdict))
            return result;
    }
}

struct policy_gate_result policy_gate(const struct policy_gate_facts *facts)
{
    struct sum s = sum_up(facts);
    unsigned i = 0;

    while (!table[i].holds(&s))
        i++; /* the last row holds */
    return (struct policy_gate_result){
        .verdict = table[i].verdict,
        .until = table[i].verdict == POLICY_GATE_SOAK ? s.soaked_at : 0,
        .lost = s.lost,
        .finished = s.finished,
        .sample = s.sample,
        .lost_share = (uint16_t)(s.finished ? s.lost * SHARE_ALL / s.finished : 0),
        .through = table[i].through,
    };
}

/* The gates of a rollout's open phases: facts from the store's counts, and the verdict of policy_gates. */
#include "service/rollout_fleet.h"

#include "core/bytes.h"

struct tally {
    struct store_count_visitor visitor;
    uint64_t n[STORE_PHASES_MAX][OTTER_UPDATE_STATE_COUNT];
};

static bool take_count(struct store_count_visitor *self, const struct store_count *row)
{
    struct tally *t = OTTER_CONTAINER_OF(self, struct tally, visitor);

    if (row->phase >= 1 && row->phase <= STORE_PHASES_MAX && (unsigned)row->state < OTTER_UPDATE_STATE_COUNT)
        t->n[row->phase - 1][row->state] += row->n;
    return true;
}

static struct policy_gate_facts facts_of_phase(struct svc *svc, const struct catalog_rollout *r,
                                               const struct store_rollout *row, unsigned i,
                                               const uint64_t n[OTTER_UPDATE_STATE_COUNT])
{
    return (struct policy_gate_facts){
        .running = policy_rollout_state_find(row->state) == POLICY_ROLLOUT_RUNNING,
        .last_phase = i + 1 == row->phase_count,
        .spec = &r->plan.phase[i],
        .on_failure = r->plan.on_failure,
        .succeeded = n[OTTER_UPDATE_SUCCEEDED],
        .failed = n[OTTER_UPDATE_FAILED],
        .reverted = n[OTTER_UPDATE_REVERTED],
        .timed_out = n[OTTER_UPDATE_TIMED_OUT],
        .acknowledged = row->phases[i].acknowledged,
        .devices = row->phases[i].devices,
        .frozen = svc->catalog->freeze.since != 0,
        .warned = row->phases[i].warned,
        .approved = row->approved_phase > i,
        .through_at = clockwatch_noted(row->through_at, svc_steady(svc)), /* or it soaks anew */
        .now = svc_steady(svc), /* a clock set ahead must not shorten a soak */
    };
}

enum otter_status gate_look(struct svc *svc, const struct catalog_rollout *r, const struct store_rollout *row,
                            const struct gate_out *out, struct gate_view *ret)
{
    struct tally t = {.visitor.row = take_count};
    enum otter_status status = svc->writer->ops->counts(svc->writer, row->id, &t.visitor);

    if (status != OTTER_OK)
        return status;
    for (unsigned i = 0; i < row->phase; i++) {
        ret->facts[i] = facts_of_phase(svc, r, row, i, t.n[i]);
        ret->facts[i].outstanding = out->outstanding;
    }
    ret->facts[row->phase - 1].barred = out->barred;
    ret->result = policy_gates(ret->facts, row->phase, &ret->index);
    return OTTER_OK;
}

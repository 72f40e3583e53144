/* What came of a simulation, as JSON: all formats show this. */
#include "simulate.h"

#include "core/bytes.h"

static json_t *time_or_null(int64_t t)
{
    return t ? json_integer(t) : json_null();
}

static json_t *of_phase(const struct cli_sim *sim, const struct sim_result *r, unsigned i)
{
    const struct sim_phase *p = &r->of[i];
    uint64_t lost = p->tally.failed + p->tally.reverted + p->tally.timed_out;
    int64_t ended = i + 1 < r->phase ? r->of[i + 1].opened : 0;

    (void)sim;
    return json_pack("{s:i, s:I, s:b, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "phase", (int)i + 1,
                     "devices", (json_int_t)p->devices, "widened", (int)p->widened, "opened",
                     time_or_null(p->opened), "through", time_or_null(p->through), "next_opened",
                     time_or_null(ended), "warned", time_or_null(p->warned), "granted",
                     (json_int_t)p->granted, "updated", (json_int_t)p->tally.succeeded, "lost",
                     (json_int_t)lost, "failed", (json_int_t)p->tally.failed, "reverted",
                     (json_int_t)p->tally.reverted, "timed_out", (json_int_t)p->tally.timed_out);
}

static json_t *of_phases(const struct cli_sim *sim, const struct sim_result *r)
{
    json_t *phases = json_array();

    for (unsigned i = 0; i < sim->plan.phase_count; i++)
        (void)json_array_append_new(phases, of_phase(sim, r, i));
    return phases;
}

static json_t *of_curve(const struct sim_result *r)
{
    json_t *curve = json_array();

    for (unsigned i = 0; i < r->points; i++)
        (void)json_array_append_new(
            curve, json_pack("{s:I, s:I, s:I, s:I, s:I}", "at", (json_int_t)r->point[i].at, "granted",
                             (json_int_t)r->point[i].granted, "updated", (json_int_t)r->point[i].updated,
                             "lost", (json_int_t)r->point[i].lost, "active", (json_int_t)r->point[i].active));
    return curve;
}

static json_t *of_refusals(const struct sim_result *r)
{
    json_t *refused = json_object();

    for (unsigned i = 0; i < OTTER_STATUS_COUNT; i++)
        if (r->refused[i] > 0)
            (void)json_object_set_new(refused, otter_status_name((enum otter_status)i),
                                      json_integer((json_int_t)r->refused[i]));
    return refused;
}

static json_t *of_model(const struct cli_sim *sim)
{
    const struct sim_model *m = &sim->model;

    return json_pack("{s:I, s:f, s:s, s:f, s:s, s:f, s:f, s:I, s:I, s:I, s:I, s:I}", "seed",
                     (json_int_t)m->seed, "bad", m->bad / 100.0, "bad_reason",
                     otter_status_name(m->bad_reason), "flaky", m->flaky / 100.0, "flaky_reason",
                     otter_status_name(m->flaky_reason), "silent", m->silent / 100.0, "sleepers",
                     m->sleepers / 100.0, "poll", (json_int_t)sim->interval_s, "jitter",
                     (json_int_t)m->jitter_s, "download", (json_int_t)m->download_s, "install",
                     (json_int_t)m->install_s, "operator", (json_int_t)m->operator_s);
}

/* How it was when the outcome came about. */
static json_t *of_outcome(const struct cli_sim *sim, const struct sim_result *r)
{
    bool decided = r->outcome != SIM_UNFINISHED;

    return json_pack(
        "{s:s, s:i, s:I, s:I, s:I, s:I, s:I, s:I}", "outcome", sim_outcome_name(r->outcome), "phase",
        (int)r->phase, "at", (json_int_t)r->decided, "after", (json_int_t)(r->decided - sim->start),
        "granted", (json_int_t)(decided ? r->at.granted : r->granted), "updated",
        (json_int_t)(decided ? r->at.updated : r->updated), "lost",
        (json_int_t)(decided ? r->at.lost : r->lost), "under_way", (json_int_t)(decided ? r->at.active : 0));
}

json_t *cli_sim_whatif_json(const struct cli_sim *sim, uint16_t bad, const struct sim_result *result)
{
    json_t *json = of_outcome(sim, result);

    (void)json_object_set_new(json, "bad", json_real(bad / 100.0));
    (void)json_object_set_new(json, "lost_at_last", json_integer((json_int_t)result->lost));
    (void)json_object_set_new(json, "warned", json_boolean(result->of[0].warned != 0));
    for (unsigned i = 1; i < result->phase; i++)
        if (result->of[i].warned)
            (void)json_object_set_new(json, "warned", json_true());
    return json;
}

json_t *cli_sim_json(const struct cli_sim *sim, const struct sim_result *r)
{
    json_t *json = of_outcome(sim, r);

    if (json == NULL)
        return NULL;
    (void)json_object_update_new(
        json,
        json_pack("{s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:b, s:I, s:I}", "start",
                  (json_int_t)sim->start, "until", (json_int_t)sim->until, "devices", (json_int_t)r->targeted,
                  "ended", time_or_null(r->ended), "updated_at_last", (json_int_t)r->updated, "lost_at_last",
                  (json_int_t)r->lost, "most_active", (json_int_t)r->most_active, "outstanding",
                  (json_int_t)r->outstanding, "away", (json_int_t)r->away, "by_hand", (int)r->by_hand,
                  "polls", (json_int_t)r->polls, "attempts", (json_int_t)r->grants));
    (void)json_object_set_new(json, "model", of_model(sim));
    (void)json_object_set_new(json, "phases", of_phases(sim, r));
    (void)json_object_set_new(json, "refused", of_refusals(r));
    (void)json_object_set_new(json, "curve", of_curve(r));
    return json;
}

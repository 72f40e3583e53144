/*
 * Why a device is offered what it is offered, or nothing: each rollout of its product, by the very table that
 * polls are decided by, over the very facts. Asked in the writer thread, where the grants are: what is
 * answered is what a poll in its place would have been told.
 */
#include "service/explain.h"

#include "core/bytes.h"
#include "policy/moment.h"

#include <string.h>

static json_t *json_facts(const struct policy_told *told)
{
    json_t *facts = json_object();

    for (unsigned i = 0; i < told->count; i++)
        (void)json_object_set_new(
            facts, told->fact[i].name,
            json_pack("{s:s, s:s}", "have", told->fact[i].have, "need", told->fact[i].need));
    return facts;
}

static json_t *json_explained(const struct catalog_rollout *r, const struct explained *e, bool under_way)
{
    const char *decision = under_way ? "under-way" : e->rule == OTTER_OK ? "offer" : "refuse";
    char version[OTTER_VERSION_STR];

    otter_version_format(&r->release->manifest.version, version);
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:b, s:I, s:o, s:o}", "id", (json_int_t)r->row.id,
                     "name", r->row.name, "state", r->row.state, "version", version, "decision", decision,
                     "rule", under_way ? "under-way" : otter_status_name(e->rule), "lasts",
                     (int)(!under_way && policy_refusal_lasts(e->rule)), "phase", (json_int_t)e->device_phase,
                     "facts", json_facts(&e->told), "next_change_at", json_time(e->told.next_change_at));
}

/* The device's product is that of the rollout, by what it is enrolled as: others are none of its business. */
static bool concerns(const struct catalog_rollout *r, const struct fleet_device *d)
{
    return strcmp(d->kind->product, r->release->manifest.product) == 0;
}

void explain_device(struct svc *svc, const struct catalog *c, const struct catalog_rollout *r, uint32_t index,
                    int64_t at, struct explained *ret)
{
    const struct fleet_device *d = fleet_lock(svc->fleet, index);
    struct otter_running running;
    struct policy_facts facts;

    facts_from_memory(c, r, d, &running, &facts);
    facts.now = (uint64_t)at;
    fleet_unlock(svc->fleet, index);
    ret->rule = policy_explain(&facts, &ret->told);
    ret->device_phase = facts.device_phase;
}

static json_t *json_all(struct svc *svc, const struct catalog *c, uint32_t index, int64_t at)
{
    json_t *list = json_array();

    for (size_t i = 0; i < c->rollout_count; i++) {
        const struct catalog_rollout *r = &c->rollouts[i];
        const struct fleet_device *d = fleet_lock(svc->fleet, index);
        bool wanted = concerns(r, d);
        bool under_way = device_attempt_open(d) && d->attempt_rollout == (uint32_t)r->row.id;
        struct explained e;

        fleet_unlock(svc->fleet, index);
        if (!wanted)
            continue;
        explain_device(svc, c, r, index, at, &e);
        (void)json_array_append_new(list, json_explained(r, &e, under_way));
    }
    return list;
}

/* Unix seconds, or RFC 3339; absent: now. */
static bool read_time(const struct svc *svc, const char *text, int64_t *ret)
{
    uint64_t n;

    *ret = svc_now(svc);
    if (!text || policy_moment_parse(text, strlen(text), ret))
        return true;
    if (!otter_parse_uint(text, strlen(text), OTTER_INT_MAX, &n))
        return false;
    *ret = (int64_t)n;
    return true;
}

enum otter_status op_rollout_explain(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    uint32_t index;
    int64_t at;

    if (!call->in.id)
        return svc_refuse(call, OTTER_MISSING_MEMBER, "device: its id belongs in the query, as ?device=ID");
    index = device_find(svc, call);
    if (index == FLEET_NONE)
        return OTTER_NOT_FOUND;
    if (!read_time(svc, call->in.at, &at))
        return svc_refuse(call, OTTER_BAD_VALUE, "at: Unix seconds, or a time such as 2026-11-23T22:00:00Z");
    call->out.json = json_pack("{s:s, s:I, s:o}", "device", fleet_peek(svc->fleet, index)->id, "at",
                               (json_int_t)at, "rollouts", json_all(svc, c, index, at));
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

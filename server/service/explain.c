/*
 * Why a device is offered what it is offered, or nothing: each rollout of its product, by the very round that
 * polls are decided in (facts.h, weigh), over the very facts.
 */
#include "service/explain.h"

#include "core/bytes.h"
#include "policy/moment.h"
#include "service/facts.h"

#include <stdio.h>
#include <stdlib.h>
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

struct answers {
    struct weigher weigher;
    int64_t open; /* rollout of the device's open attempt; 0: none */
    json_t **by_place;
    struct svc *svc;
    const struct catalog *c;
    uint32_t index; /* of the device */
};

struct membership {
    struct store_members_visitor visitor;
    uint32_t index;
    bool member;
};

static bool take_members(struct store_members_visitor *self, const struct store_members *row)
{
    struct membership *m = OTTER_CONTAINER_OF(self, struct membership, visitor);

    m->member = m->index / 8 < row->len && (row->bits[m->index / 8] >> (m->index % 8) & 1) != 0;
    return true;
}

/* By the store: the catalog has no lists of members of what has ended. */
static bool was_member(const struct answers *a, const struct catalog_rollout *r)
{
    struct membership m = {.visitor.row = take_members, .index = a->index};

    return !r->plan.join &&
           a->svc->reader->ops->members_get(a->svc->reader, r->row.id, &m.visitor) == OTTER_OK && m.member;
}

/* Of a rollout that has ended, the end is what speaks against everybody: what else speaks against the device?
 * As if it ran, with all its phases open. */
static json_t *json_besides(const struct answers *a, const struct catalog_rollout *r,
                            const struct policy_facts *facts, enum otter_status rule)
{
    struct policy_facts f = *facts;
    struct policy_told told;

    if (rule != OTTER_ROLLOUT_COMPLETE && rule != OTTER_ABORTED && rule != OTTER_ROLLED_BACK)
        return json_null();
    f.state = POLICY_ROLLOUT_RUNNING;
    f.open_phase = r->plan.phase_count;
    f.superseded = false;
    f.member = f.member || was_member(a, r);
    (void)policy_explain(&f, &told);
    return json_pack("{s:s, s:o}", "rule", told.rule, "facts", json_facts(&told));
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

static bool take(struct weigher *self, const struct catalog_rollout *r, struct device_facts *facts,
                 enum otter_status decision)
{
    struct answers *a = OTTER_CONTAINER_OF(self, struct answers, weigher);
    struct explained e = {.rule = decision, .device_phase = facts->f.device_phase};
    json_t *json;

    (void)policy_explain(&facts->f, &e.told);
    json = json_explained(r, &e, r->row.id == a->open);
    if (json)
        (void)json_object_set_new(json, "besides", json_besides(a, r, &facts->f, decision));
    a->by_place[r - a->c->rollouts] = json;
    return true;
}

/* In the order of the rollouts' numbers. */
static json_t *json_all(const struct answers *a)
{
    json_t *list = json_array();

    for (size_t i = 0; i < a->c->rollout_count; i++)
        if (a->by_place[i])
            (void)json_array_append_new(list, a->by_place[i]);
    return list;
}

bool explain_assume(const struct catalog *c, const struct fleet_device *d, struct otter_poll *ret)
{
    if (d->flags & FLEET_SEEN)
        return false;
    *ret = (struct otter_poll){.running = {.slot = OTTER_SLOT_A, .confirmed = true},
                               .epoch = c->root.sequence_epoch};
    (void)snprintf(ret->product, sizeof(ret->product), "%s", d->kind->product);
    (void)snprintf(ret->hardware, sizeof(ret->hardware), "%s", d->kind->hardware);
    return true;
}

/* What the device's poll would first make of its newest attempt; d is locked. */
static void settle(const struct catalog *c, const struct fleet_device *d, const struct otter_running *running,
                   struct store_attempt *newest, struct weigh_from *from)
{
    const struct catalog_rollout *r = d->attempt ? catalog_rollout_by_id(c, d->attempt_rollout) : NULL;

    if (!r)
        return;
    *newest = (struct store_attempt){.reason = OTTER_OK};
    from->settled = poll_settles(&(struct poll_says){running, &r->release->manifest, r->state,
                                                     (enum otter_slot)d->attempt_slot,
                                                     (enum otter_update_state)d->attempt_state},
                                 &newest->state, &newest->reason);
    from->proven = from->settled && newest->state == OTTER_UPDATE_SUCCEEDED;
    from->newest = from->settled ? newest : NULL;
}

static enum otter_status explain(struct svc *svc, struct svc_call *call, const struct catalog *c,
                                 uint32_t index, int64_t at)
{
    struct weigh_from from = {
        .index = index, .store = svc->reader, .at = at, .ahead = at - svc_now(svc), .thorough = true};
    const struct fleet_device *d = fleet_lock(svc->fleet, index);
    auto_free json_t **by_place = calloc(c->rollout_count + 1, sizeof(*by_place));
    struct answers a = {.weigher.each = take, .by_place = by_place, .svc = svc, .c = c, .index = index};
    struct store_attempt newest;
    struct otter_running running;
    struct otter_poll poll;
    enum otter_status status;

    facts_of_running(d, &running);
    settle(c, d, &running, &newest, &from);
    a.open = device_attempt_open(d) && !from.settled ? (int64_t)d->attempt_rollout : 0;
    from.poll = explain_assume(c, d, &poll) ? &poll : NULL;
    fleet_unlock(svc->fleet, index);
    if (!by_place)
        return OTTER_INTERNAL;
    status = weigh(svc, c, &from, &a.weigher);
    call->out.json = json_pack("{s:s, s:I, s:o}", "device", fleet_peek(svc->fleet, index)->id, "at",
                               (json_int_t)at, "rollouts", json_all(&a));
    if (status != OTTER_OK)
        return svc_stored(call, status);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

/* Unix seconds, or RFC 3339; absent: now. */
static bool read_time(const struct svc *svc, const char *text, int64_t *ret)
{
    uint64_t n;

    *ret = svc_now(svc);
    if (!text || policy_moment_parse(text, strlen(text), ret))
        return true;
    if (!otter_parse_uint(text, strlen(text), POLICY_MOMENT_MAX, &n))
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
        return svc_refuse(call, OTTER_BAD_VALUE,
                          "at: Unix seconds up to the year 9999, or a time such as 2026-11-23T22:00:00Z");
    return explain(svc, call, c, index, at);
}

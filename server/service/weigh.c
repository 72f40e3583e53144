/* All rollouts against one device: the round that polls, grants and explanations have in common. */
#include "service/facts.h"

#include <string.h>

bool weigh_claims(enum otter_status decision)
{
    return decision == OTTER_OK || (decision != OTTER_NOT_YET && policy_refusal_passes(decision));
}

/* As if the device's newest attempt had ended. */
static void settle(struct device_facts *facts, bool proven)
{
    facts->settled = facts->took_part;
    facts->proven = proven;
    facts->f.attempt_elsewhere = false;
    facts->f.attempt_ended = facts->f.attempt_ended || facts->took_part;
}

/* Memory has the newest attempt as it was before the poll; rules and targets go by how the poll leaves it. */
static const struct fleet_device *as_left(const struct weigh_from *from, const struct fleet_device *d,
                                          struct fleet_device *ret)
{
    if (!from->newest)
        return d;
    *ret = *d;
    ret->attempt_state = (unsigned)from->newest->state & 0xf;
    ret->attempt_reason = (uint8_t)from->newest->reason;
    fleet_set_retry(ret, from->newest->retry);
    return ret;
}

/* Who explains tells what the device's next poll would be told: which takes down first that it polled, and
 * ends its newest attempt. */
static void as_it_polls(const struct weigh_from *from, const struct fleet_device *d, struct policy_subject *s)
{
    uint32_t at = from->at < 0 ? 0 : from->at > UINT32_MAX ? UINT32_MAX : (uint32_t)from->at;

    s->seen = "yes";
    s->last_seen = at;
    if (s->first_seen == 0)
        s->first_seen = at;
    if (from->poll) {
        s->has_version = true;
        s->version = from->poll->running.version;
    }
    if (d->attempt == 0 && !(d->marks & FLEET_RETIRED))
        s->state = "idle";
}

static void look(struct svc *svc, const struct catalog *c, const struct weigh_from *from,
                 const struct fleet_device *d, struct facts_view *ret)
{
    facts_look(svc, c, d, from->index, from->at, ret);
    ret->poll = from->poll;
    if (from->thorough)
        as_it_polls(from, d, &ret->subject);
}

/* Most rollouts have an end with most devices by what is cheap to know: only who explains wants all. */
static enum otter_status first(const struct facts_view *view, const struct catalog_rollout *r,
                               const struct weigh_from *from, struct device_facts *facts)
{
    enum otter_status refusal;

    facts_first(view, r, facts);
    if (from->granting && !facts->f.in_target)
        return OTTER_NOT_IN_TARGET;
    refusal = from->thorough ? OTTER_OK : policy_decide_before(OTTER_NOT_IN_PHASE, &facts->f);
    if (refusal == OTTER_OK)
        facts_rest(view, r, facts);
    return refusal;
}

/* The refusal by cheap facts alone, else OK: then there are all. */
static enum otter_status from_memory(const struct facts_view *view, const struct catalog_rollout *r,
                                     const struct weigh_from *from, struct device_facts *facts)
{
    struct svc *svc = view->svc;
    struct facts_view own;
    struct fleet_device left;
    enum otter_status refusal;

    if (!from->d) {
        look(svc, view->c, from, as_left(from, fleet_lock(svc->fleet, from->index), &left), &own);
        view = &own;
    }
    refusal = first(view, r, from, facts);
    if (!from->d)
        fleet_unlock(svc->fleet, from->index);
    if (from->settled)
        settle(facts, from->proven);
    if (from->ahead == 0 || !facts->f.in_target)
        return refusal;
    facts->pace.now_us += from->ahead * 1000000;
    pace_facts(&svc->paces, &facts->pace, &facts->f);
    return refusal;
}

/* The store is asked only for those that memory has nothing against. */
static enum otter_status decide(struct svc *svc, const struct catalog_rollout *r,
                                const struct weigh_from *from, struct device_facts *facts,
                                enum otter_status *ret)
{
    enum otter_status status = OTTER_OK;

    *ret = policy_decide(&facts->f);
    if (*ret != OTTER_OK || !from->store)
        return OTTER_OK;
    status = facts_of_past(from->store, r, from->index, facts);
    if (status == OTTER_OK && from->store == svc->writer)
        status = facts_of_transaction(svc, r, from->index, facts);
    if (status == OTTER_OK)
        *ret = policy_decide(&facts->f);
    return status;
}

/* A refusal stays one: but it may be another, more lasting one. */
static enum otter_status look_closer(const struct catalog_rollout *r, const struct weigh_from *from,
                                     struct device_facts *facts, enum otter_status *decision)
{
    enum otter_status status, closer;

    if (*decision == OTTER_OK || !from->store || !from->thorough)
        return OTTER_OK;
    status = facts_of_past(from->store, r, from->index, facts);
    if (status != OTTER_OK)
        return status;
    closer = policy_decide(&facts->f);
    if (closer != OTTER_OK)
        *decision = closer;
    return OTTER_OK;
}

static bool concerns(const struct catalog_rollout *r, const struct weigh_from *from, const char *product)
{
    return strcmp(product, r->release->manifest.product) == 0 &&
           (!from->running_only || r->state == POLICY_ROLLOUT_RUNNING);
}

enum otter_status weigh(struct svc *svc, const struct catalog *c, const struct weigh_from *from,
                        struct weigher *weigher)
{
    const char *product = fleet_peek(svc->fleet, from->index)->kind->product;
    struct facts_view view = {.svc = svc, .c = c};
    uint64_t claimed_by = 0;

    if (from->d)
        look(svc, c, from, from->d, &view);
    for (size_t i = 0; i < c->rollout_count; i++) {
        const struct catalog_rollout *r = c->order[i];
        struct device_facts facts;
        enum otter_status decision, status;

        if (!concerns(r, from, product))
            continue;
        decision = from_memory(&view, r, from, &facts);
        facts.f.superseded = claimed_by != 0;
        facts.f.superseded_by = claimed_by;
        status = facts.whole ? decide(svc, r, from, &facts, &decision) : OTTER_OK;
        if (status != OTTER_OK)
            return status;
        if (claimed_by == 0 && facts.whole && weigh_claims(decision))
            claimed_by = (uint64_t)r->row.id;
        status = look_closer(r, from, &facts, &decision);
        if (status != OTTER_OK)
            return status;
        if (!weigher->each(weigher, r, &facts, decision))
            break;
    }
    return OTTER_OK;
}

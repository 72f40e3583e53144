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

static void from_memory(struct svc *svc, const struct catalog *c, const struct catalog_rollout *r,
                        const struct weigh_from *from, struct device_facts *facts)
{
    const struct fleet_device *d = from->d ? from->d : fleet_lock(svc->fleet, from->index);

    facts_of_device(svc, c, r, d, from->index, from->at, facts);
    if (!from->d)
        fleet_unlock(svc->fleet, from->index);
    if (from->poll)
        facts_of_poll(from->poll, facts);
    if (from->settled)
        settle(facts, from->proven);
    if (from->ahead == 0)
        return;
    facts->pace.now_us += from->ahead * 1000000;
    pace_facts(&svc->paces, &facts->pace, &facts->f);
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
    uint64_t claimed_by = 0;

    for (size_t i = 0; i < c->rollout_count; i++) {
        const struct catalog_rollout *r = c->order[i];
        struct device_facts facts;
        enum otter_status decision, status;

        if (!concerns(r, from, product))
            continue;
        from_memory(svc, c, r, from, &facts);
        facts.f.superseded = claimed_by != 0;
        facts.f.superseded_by = claimed_by;
        status = decide(svc, r, from, &facts, &decision);
        if (status != OTTER_OK)
            return status;
        if (claimed_by == 0 && weigh_claims(decision))
            claimed_by = (uint64_t)r->row.id;
        status = look_closer(r, from, &facts, &decision);
        if (status != OTTER_OK)
            return status;
        if (!weigher->each(weigher, r, &facts, decision))
            break;
    }
    return OTTER_OK;
}

/* Which rollout a device is offered: candidates from memory, checked and granted in one transaction of the
 * writer. */
#include "service/facts.h"

#include "core/bytes.h"

#include <string.h>

bool device_attempt_open(const struct fleet_device *d)
{
    return d->attempt != 0 && !otter_update_finished((enum otter_update_state)d->attempt_state);
}

/* An attempt that the server itself spoiled may be granted again. */
static bool ended_for_good(enum otter_update_state state, enum otter_status reason)
{
    return otter_update_finished(state) && !(state == OTTER_UPDATE_CANCELLED && reason == OTTER_SERVER_DOWN);
}

bool attempt_is_over(const struct store_attempt *row)
{
    return !(row->retry && !row->retry_by_plan) && ended_for_good(row->state, row->reason);
}

bool device_attempt_over(const struct fleet_device *d)
{
    return d->attempt != 0 && !(d->marks & FLEET_RETRY) &&
           ended_for_good((enum otter_update_state)d->attempt_state, (enum otter_status)d->attempt_reason);
}

static void soonest(int64_t *until, int64_t at)
{
    if (at > 0 && (*until == 0 || at < *until))
        *until = at;
}

/* For how long the answer of a rollout holds by itself. */
static void note_wait(struct grant_wait *wait, const struct device_facts *facts, enum otter_status decision)
{
    struct policy_told told;

    soonest(&wait->until, facts->target_until);
    if (!facts->whole || !policy_refusal_passes(decision)) /* none before the phase passes by itself */
        return;
    (void)policy_explain(&facts->f, &told);
    wait->moving = wait->moving || told.next_change_at == 0; /* a place under a cap: at any time */
    soonest(&wait->until, told.next_change_at);
    soonest(&wait->again, told.next_change_at);
}

struct look {
    struct weigher weigher;
    struct grant_wait *wait;
    bool possible;
};

static bool look_at(struct weigher *self, const struct catalog_rollout *r, struct device_facts *facts,
                    enum otter_status decision)
{
    struct look *look = OTTER_CONTAINER_OF(self, struct look, weigher);

    (void)r;
    note_wait(look->wait, facts, decision);
    look->possible = decision == OTTER_OK;
    return !look->possible;
}

bool grant_possible(struct svc *svc, const struct catalog *c, const struct fleet_device *d, uint32_t index,
                    const struct otter_poll *poll, struct grant_wait *ret_wait)
{
    const struct weigh_from from = {
        .index = index, .d = d, .poll = poll, .at = svc_now(svc), .running_only = true, .granting = true};
    struct look look = {.weigher.each = look_at, .wait = ret_wait};

    *ret_wait = (struct grant_wait){0};
    return weigh(svc, c, &from, &look.weigher) == OTTER_OK && look.possible;
}

void grant_settle(struct fleet_device *d, uint32_t generation, int64_t now, const struct grant_wait *wait)
{
    if (wait->moving)
        fleet_unsettle(d);
    else
        fleet_settle(d, generation, now, wait->until);
}

struct granting {
    struct weigher weigher;
    struct svc *svc;
    struct svc_call *call;
    uint32_t index;
    struct store_attempt *row;
    struct grant_wait wait;
    enum otter_status status;
};

/* The plan lets the device try again: what was lost before counts no more. */
static enum otter_status retire_lost(struct granting *g, const struct catalog_rollout *r,
                                     const struct device_facts *facts)
{
    struct store_attempt before;
    enum otter_status status;

    if (!facts->f.attempt_ended)
        return OTTER_OK;
    status = g->svc->writer->ops->attempt_in(g->svc->writer, (int64_t)g->index + 1, r->row.id, &before);
    return status == OTTER_OK ? attempt_retry_by_plan(g->svc, g->call, &before) : status;
}

static enum otter_status write_grant(struct svc *svc, struct svc_call *call, uint32_t index,
                                     struct store_attempt *row)
{
    struct store *store = svc->writer;
    struct store_count key = {.phase = row->phase, .state = row->state, .reason = OTTER_OK};
    struct store_event event = {.at = row->created, .state = row->state, .reason = OTTER_OK};
    enum otter_status status = store->ops->attempt_add(store, row, &row->id);

    event.attempt = row->id;
    if (status == OTTER_OK)
        status = store->ops->event_add(store, &event);
    if (status == OTTER_OK)
        status = store->ops->count_add(store, row->rollout, &key, 1);
    if (status != OTTER_OK)
        return svc_stored(call, status);
    if (!effects_attempt(call, index, row))
        return OTTER_INTERNAL;
    call->effects->granted = true;
    return OTTER_OK;
}

static enum otter_status grant_by(struct granting *g, const struct catalog_rollout *r,
                                  const struct device_facts *facts)
{
    int64_t served = svc_served(g->svc);
    enum otter_status status = retire_lost(g, r, facts);

    *g->row = (struct store_attempt){
        .device = (int64_t)g->index + 1,
        .rollout = r->row.id,
        .phase = facts->f.device_phase,
        .state = OTTER_UPDATE_OFFERED,
        .reason = OTTER_OK,
        .slot = facts->f.manifest->image[facts->image].slot,
        .created = (int64_t)facts->f.now,
        .updated = (int64_t)facts->f.now,
        .served = served,
        .served_updated = served,
    };
    if (status == OTTER_OK)
        status = write_grant(g->svc, g->call, g->index, g->row);
    if (status != OTTER_OK)
        return status;
    g->call->effects->paces = &g->svc->paces;
    return pace_take(&g->svc->paces, &facts->pace, &g->call->effects->taken) ? OTTER_OK : OTTER_INTERNAL;
}

/* The last word, by what the transaction sees: check and grant are one, so no two polls pass a bound. */
static bool grant_or_go_on(struct weigher *self, const struct catalog_rollout *r, struct device_facts *facts,
                           enum otter_status decision)
{
    struct granting *g = OTTER_CONTAINER_OF(self, struct granting, weigher);

    if (decision == OTTER_OK) {
        g->status = grant_by(g, r, facts);
        return false;
    }
    note_wait(&g->wait, facts, decision);
    return true;
}

enum otter_status grant(struct svc *svc, struct svc_call *call, uint32_t index, struct store_attempt *ret)
{
    const struct store_attempt newest = *ret;
    const struct catalog *c = svc->catalog; /* only this thread replaces it */
    const struct weigh_from from = {.index = index,
                                    .poll = &call->in.poll,
                                    .store = svc->writer,
                                    .newest = newest.id ? &newest : NULL,
                                    .at = svc_now(svc),
                                    .running_only = true,
                                    .granting = true};
    struct granting g = {.weigher.each = grant_or_go_on,
                         .svc = svc,
                         .call = call,
                         .index = index,
                         .row = ret,
                         .status = OTTER_OK};
    struct fleet_device *d;
    enum otter_status status;

    ret->id = 0;
    status = weigh(svc, c, &from, &g.weigher);
    if (status != OTTER_OK || g.status != OTTER_OK || ret->id != 0)
        return svc_stored(call, status != OTTER_OK ? status : g.status);
    /* Nothing for it for now: its next polls are answered from memory. */
    d = fleet_lock(svc->fleet, index);
    grant_settle(d, c->generation, from.at, &g.wait);
    fleet_unlock(svc->fleet, index);
    poll_come_again(call, from.at, &g.wait);
    return OTTER_OK;
}

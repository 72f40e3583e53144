/* A release that is not to be rolled out any more. Its manifest, images and history stay. */
#include "service/rights.h"
#include "service/rollout_fleet.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

struct wish {
    const char *reason;
    bool abort_rollouts;
};

static enum otter_status read_wish(struct svc_call *call, struct wish *w)
{
    static const char *const members[] = {"*reason", "abort_rollouts", NULL};
    struct host_error *err = &call->out.error;
    enum otter_status status = svc_shape(call->in.json, members, err);

    if (status != OTTER_OK)
        return status;
    if (!host_json_get_bool(call->in.json, "abort_rollouts", HOST_JSON_OPTIONAL, &w->abort_rollouts, err))
        return svc_refuse_host(call);
    return reason_need(call, &w->reason);
}

/* What this transaction sees: rollouts and pins made just before it count. */
struct rollouts {
    struct store_rollout_visitor visitor;
    int64_t release;
    unsigned count;
    int64_t first;
    int64_t after; /* the next one above this id */
    struct store_rollout next;
    bool found;
};

static bool take_rollout(struct store_rollout_visitor *self, const struct store_rollout *row)
{
    struct rollouts *r = OTTER_CONTAINER_OF(self, struct rollouts, visitor);

    if (row->release != r->release || !rollout_is_live(policy_rollout_state_find(row->state)))
        return true;
    if (r->count++ == 0)
        r->first = row->id;
    if (!r->found && row->id > r->after) {
        r->next = *row;
        r->found = true;
    }
    return true;
}

struct pins {
    struct store_marks_visitor visitor;
    int64_t release;
    unsigned count;
};

static bool take_pin(struct store_marks_visitor *self, const struct store_marks *row)
{
    struct pins *p = OTTER_CONTAINER_OF(self, struct pins, visitor);

    p->count += row->pinned != 0 && row->pin == p->release;
    return true;
}

static enum otter_status abort_all(struct svc *svc, struct svc_call *call, struct rollouts *r)
{
    struct store *store = svc->writer;
    enum otter_status status = OTTER_OK;

    while (status == OTTER_OK && r->found) {
        enum policy_rollout_state before = policy_rollout_state_find(r->next.state);

        rollout_enter(svc, &r->next, POLICY_ROLLOUT_ABORTED, otter_status_name(OTTER_RELEASE_WITHDRAWN));
        r->next.finished = r->next.state_at;
        status = store->ops->rollout_update(store, &r->next);
        if (status == OTTER_OK)
            status = rollout_event(svc, r->next.id, "aborted", rollout_who(call),
                                   json_pack("{s:s}", "reason", r->next.state_reason));
        if (!events_rollout_aborted(svc, call, &r->next, before, "since its release was withdrawn"))
            return OTTER_INTERNAL;
        r->after = r->next.id;
        r->found = false;
        if (status == OTTER_OK)
            status = store->ops->rollouts(store, &r->visitor);
    }
    return svc_stored(call, status);
}

static enum otter_status clear_the_way(struct svc *svc, struct svc_call *call, int64_t release,
                                       const struct wish *w)
{
    struct store *store = svc->writer;
    struct rollouts rollouts = {.visitor.row = take_rollout, .release = release};
    struct pins pins = {.visitor.row = take_pin, .release = release};
    enum otter_status status = store->ops->marks(store, &pins.visitor);

    if (status == OTTER_OK)
        status = store->ops->rollouts(store, &rollouts.visitor);
    if (status != OTTER_OK)
        return svc_stored(call, status);
    if (pins.count > 0)
        return svc_refuse(call, OTTER_RELEASE_IN_USE, "%u devices are pinned to it: otter device unpin",
                          pins.count);
    if (rollouts.count > 0 && !w->abort_rollouts)
        return svc_refuse(call, OTTER_RELEASE_IN_USE,
                          "%u rollouts of it have not ended (%lld is the first): abort them, or withdraw"
                          " with abort_rollouts",
                          rollouts.count, (long long)rollouts.first);
    return abort_all(svc, call, &rollouts);
}

enum otter_status op_release_withdraw(struct svc *svc, struct svc_call *call)
{
    const struct catalog_release *known = release_find(svc->catalog, call);
    struct svc_effects *effects = effects_of(call);
    struct catalog_release now;
    struct wish w = {.reason = NULL};
    enum otter_status status;

    if (!known || !effects)
        return known ? OTTER_INTERNAL : OTTER_NOT_FOUND;
    status = rights_need(call, known->manifest.product);
    if (status == OTTER_OK)
        status = read_wish(call, &w);
    if (status == OTTER_OK && w.abort_rollouts)
        status = rights_need_also(call, POLICY_OPERATE, known->manifest.product);
    if (status == OTTER_OK)
        status = svc_stored(call, release_now(svc, known, &now));
    if (status == OTTER_OK && now.withdrawn) { /* the first reason stays */
        call->out.json = json_release(&now);
        return call->out.json ? OTTER_OK : OTTER_INTERNAL;
    }
    if (status == OTTER_OK)
        status = clear_the_way(svc, call, known->num, &w);
    if (status != OTTER_OK)
        return status;
    now.withdrawn = svc_now(svc);
    (void)snprintf(now.withdrawn_reason, sizeof(now.withdrawn_reason), "%s", w.reason);
    status = svc_stored(call, release_put(svc, &now));
    effects->catalog = true;
    if (status == OTTER_OK)
        call->out.json = json_release(&now);
    return status == OTTER_OK && !call->out.json ? OTTER_INTERNAL : status;
}

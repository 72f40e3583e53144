/* Facts that are read from the store: a device's past, and what a transaction sees. */
#include "service/facts.h"

#include "core/bytes.h"

static enum otter_status losses_here(struct store *store, const struct catalog_rollout *r, int64_t device,
                                     struct policy_facts *f)
{
    struct store_losses losses;
    enum otter_status status = store->ops->losses_in(store, device, r->row.id, &losses);

    if (status != OTTER_OK)
        return status;
    f->losses_here = losses.count;
    f->last_reason = losses.last_reason;
    f->lost_at = clockwatch_noted(losses.last_at, (int64_t)f->now);
    return OTTER_OK;
}

static enum otter_status losses_in_a_row(struct store *store, int64_t device, struct policy_facts *f)
{
    struct store_losses losses;
    enum otter_status status = store->ops->losses(store, device, &losses);

    if (status != OTTER_OK)
        return status;
    f->losses_in_a_row = losses.count;
    f->last_lost_at = clockwatch_noted(losses.last_at, (int64_t)f->now);
    return OTTER_OK;
}

enum otter_status facts_of_past(struct store *store, const struct catalog_rollout *r, uint32_t index,
                                struct device_facts *facts)
{
    int64_t device = (int64_t)index + 1;
    struct policy_facts *f = &facts->f;
    struct store_attempt before;
    enum otter_status status = store->ops->attempt_in(store, device, r->row.id, &before);

    if (status != OTTER_OK && status != OTTER_NOT_FOUND)
        return status;
    f->attempt_ended = facts->settled || (status == OTTER_OK && attempt_is_over(&before));
    f->losses_here = 0;
    if (f->attempt_ended && !facts->settled && events_is_lost(before.state)) {
        status = losses_here(store, r, device, f);
        if (status != OTTER_OK)
            return status;
    }
    if (!facts->proven)
        return losses_in_a_row(store, device, f);
    f->losses_in_a_row = 0;
    return OTTER_OK;
}

struct open_count {
    struct store_count_visitor visitor;
    uint64_t n;
};

static bool count_open(struct store_count_visitor *self, const struct store_count *row)
{
    if (!otter_update_finished(row->state))
        OTTER_CONTAINER_OF(self, struct open_count, visitor)->n += row->n;
    return true;
}

static enum otter_status of_marks(struct store *store, const struct catalog_rollout *r, uint32_t index,
                                  struct policy_facts *f)
{
    struct store_freeze freeze;
    struct store_marks marks = {0};
    enum otter_status status = store->ops->freeze_get(store, &freeze);

    if (status != OTTER_OK)
        return status;
    status = store->ops->marks_get(store, (int64_t)index + 1, &marks);
    if (status != OTTER_OK && status != OTTER_NOT_FOUND)
        return status;
    f->frozen = freeze.since != 0;
    f->retired = marks.retired != 0;
    f->held = marks.held != 0;
    f->pinned_elsewhere = marks.pinned != 0 && marks.pin != r->release->num;
    return OTTER_OK;
}

enum otter_status facts_of_transaction(struct svc *svc, const struct catalog_rollout *r, uint32_t index,
                                       struct device_facts *facts)
{
    struct store *store = svc->writer;
    struct open_count open = {.visitor.row = count_open};
    struct store_rollout now;
    enum otter_status status = store->ops->rollout_get(store, r->row.id, &now);

    if (status != OTTER_OK)
        return status;
    facts->f.state = policy_rollout_state_find(now.state);
    facts_of_row(svc, &now, facts);
    if (r->plan.max_active > 0)
        status = store->ops->counts(store, r->row.id, &open.visitor);
    if (status != OTTER_OK)
        return status;
    facts->f.active = open.n > UINT32_MAX ? UINT32_MAX : (uint32_t)open.n;
    return of_marks(store, r, index, &facts->f);
}

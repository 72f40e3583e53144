/* At start: each running rollout's meters as its attempts have left them. */
#include "service/facts.h"

#include "core/bytes.h"

struct reader {
    struct store_attempt_visitor visitor;
    struct svc *svc;
    const struct catalog_rollout *r;
    bool ok;
};

static uint64_t bytes_of(const struct otter_manifest *m, enum otter_slot slot)
{
    for (unsigned i = 0; i < m->image_count; i++)
        if (m->image[i].slot == slot)
            return m->image[i].size;
    return 0;
}

static bool take_again(struct store_attempt_visitor *self, const struct store_attempt *row)
{
    struct reader *l = OTTER_CONTAINER_OF(self, struct reader, visitor);
    int64_t since = facts_ramp_since(&l->r->row);
    struct pace_taken taken;
    /* Granted before the ramp began anew: by then it may have been at its top. */
    struct pace_ask ask = {.rollout = row->rollout,
                           .plan = &l->r->plan,
                           .since = row->created < since ? 0 : since,
                           .bytes = bytes_of(&l->r->release->manifest, row->slot),
                           .now_us = row->created * 1000000};
    char site[OTTER_NAME_BUF];
    uint32_t index = (uint32_t)(row->device - 1);

    if (index >= fleet_count(l->svc->fleet) || ask.now_us > svc_pace_now_us(l->svc))
        return true; /* granted before the clock was set back: it is owed nothing */
    facts_site(&l->r->plan, fleet_lock(l->svc->fleet, index), site);
    fleet_unlock(l->svc->fleet, index);
    ask.site = site[0] ? site : NULL;
    l->ok = pace_take(&l->svc->paces, &ask, &taken);
    return l->ok;
}

static bool has_meters(const struct policy_plan *plan)
{
    return plan->per_minute > 0 || plan->bytes_per_s > 0 || plan->site_bytes_per_s > 0;
}

enum otter_status pace_load(struct svc *svc)
{
    enum otter_status status = OTTER_OK;

    for (size_t i = 0; i < svc->catalog->rollout_count && status == OTTER_OK; i++) {
        struct reader l = {
            .visitor.row = take_again, .svc = svc, .r = &svc->catalog->rollouts[i], .ok = true};

        if (l.r->state == POLICY_ROLLOUT_ABORTED || l.r->state == POLICY_ROLLOUT_COMPLETE ||
            !has_meters(&l.r->plan))
            continue;
        status = svc->writer->ops->attempts(svc->writer, l.r->row.id, 0, 0, &l.visitor);
        if (!l.ok)
            status = OTTER_INTERNAL;
    }
    return status;
}

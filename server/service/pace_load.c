/* At start: each running rollout's meters as its attempts have left them: the newest, since nothing begins
 * before what began before it is paid for. */
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

static int64_t paid_in_s(uint64_t cells, uint64_t per_s_milli)
{
    struct policy_meter meter = {0};

    policy_meter_take(&meter, 0, cells, per_s_milli);
    return meter.paid_at_us / 1000000 + 1;
}

/* Seconds after which an attempt of the rollout is paid for on every meter. */
static int64_t longest(const struct catalog_rollout *r)
{
    const struct policy_plan *plan = &r->plan;
    const struct otter_manifest *m = &r->release->manifest;
    uint64_t size = 0;
    int64_t ret, other;

    for (unsigned i = 0; i < m->image_count; i++)
        size = m->image[i].size > size ? m->image[i].size : size;
    ret = plan->per_minute > 0 ? paid_in_s(60, (uint64_t)policy_ramp(plan, 0) * 1000) : 0;
    other = paid_in_s(size, plan->bytes_per_s * 1000);
    ret = other > ret ? other : ret;
    other = paid_in_s(size, plan->site_bytes_per_s * 1000);
    return other > ret ? other : ret;
}

static enum otter_status load_one(struct svc *svc, struct reader *l)
{
    int64_t now = svc_pace_now_us(svc) / 1000000, since = now - longest(l->r);

    return svc->writer->ops->attempts_since(svc->writer, l->r->row.id, since, &l->visitor);
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
        status = load_one(svc, &l);
        if (!l.ok)
            status = OTTER_INTERNAL;
    }
    return status;
}

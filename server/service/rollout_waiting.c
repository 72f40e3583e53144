/* What the devices that a running rollout has not been offered to yet wait for, by what their polls would be
 * told now. */
#include "service/explain.h"
#include "service/rights.h"

#include "core/bytes.h"
#include "service/facts.h"

/* Of a larger fleet this many are looked at, evenly over it: who watches a rollout asks every other second.
 */
#define LOOK_MAX 20000u

struct waiting {
    struct weigher weigher;
    const struct catalog_rollout *r;
    uint32_t looked_at, devices;
    uint32_t rules[OTTER_STATUS_COUNT];
};

/* Is somebody who is told so waiting for the rollout? Those whom it is not for are not, nor who has it. */
static bool waits(enum otter_status rule)
{
    return rollout_concerns(rule) && rule != OTTER_UP_TO_DATE;
}

static bool weighed(struct weigher *self, const struct catalog_rollout *r, struct device_facts *facts,
                    enum otter_status decision)
{
    struct waiting *w = OTTER_CONTAINER_OF(self, struct waiting, weigher);

    if (r->row.id != w->r->row.id)
        return true;
    if (!facts->took_part && waits(decision)) {
        w->devices++;
        w->rules[decision]++;
    }
    return false;
}

static json_t *json_rules(const struct waiting *w)
{
    json_t *rules = json_object();

    for (unsigned i = 0; i < OTTER_STATUS_COUNT; i++)
        if (w->rules[i] > 0)
            (void)json_object_set_new(rules, otter_status_name((enum otter_status)i),
                                      json_integer((json_int_t)w->rules[i]));
    return rules;
}

/* What the fleet is for who asks. */
static uint32_t visible(struct svc *svc, const struct svc_call *call, uint32_t fleet)
{
    uint32_t n = 0;

    if (rights_see_all(call))
        return fleet;
    for (uint32_t i = 0; i < fleet; i++)
        n += rights_see_device(svc, call, i);
    return n;
}

json_t *json_waiting(struct svc *svc, const struct svc_call *call, const struct catalog *c,
                     const struct catalog_rollout *r)
{
    struct waiting w = {.weigher.each = weighed, .r = r};
    uint32_t fleet = fleet_count(svc->fleet), step = fleet / LOOK_MAX + 1;
    struct weigh_from from = {.at = svc_now(svc), .running_only = true};
    struct otter_poll poll;

    if (r->state != POLICY_ROLLOUT_RUNNING)
        return json_null();
    for (uint64_t i = 0; i < fleet; i += step) {
        const struct fleet_device *d;

        if (!rights_see_device(svc, call, (uint32_t)i))
            continue;
        d = fleet_lock(svc->fleet, (uint32_t)i);

        from.poll = explain_assume(c, d, &poll) ? &poll : NULL; /* of one that has never polled */
        fleet_unlock(svc->fleet, (uint32_t)i);
        from.index = (uint32_t)i;
        w.looked_at++;
        (void)weigh(svc, c, &from, &w.weigher); /* by memory alone: the store is not asked */
    }
    return json_pack("{s:I, s:I, s:I, s:o}", "fleet", (json_int_t)visible(svc, call, fleet), "looked_at",
                     (json_int_t)w.looked_at, "devices", (json_int_t)w.devices, "rules", json_rules(&w));
}

/*
 * Who a rollout would reach. Each device is asked of as a poll would be, but for what only the hour decides:
 * were the rollout running, all its phases open, nothing in its way by windows and pace. What then still
 * refuses is a refusal to be shown before anything is started.
 */
#include "service/preview.h"

#include "core/bytes.h"
#include "service/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void count(struct preview_some *some, uint32_t index)
{
    if (some->devices < PREVIEW_IDS)
        some->first[some->devices] = index;
    some->devices++;
}

static void count_kind(struct preview_kinds *kinds, const char *name)
{
    unsigned i = 0;

    while (i < kinds->count && strcmp(kinds->kind[i].name, name) != 0)
        i++;
    if (i == PREVIEW_KINDS) {
        kinds->others++;
        return;
    }
    if (i == kinds->count)
        (void)snprintf(kinds->kind[kinds->count++].name, OTTER_NAME_BUF, "%s", name);
    kinds->kind[i].devices++;
}

/* The plan without what only the hour decides. */
static struct policy_plan timeless(const struct policy_plan *plan)
{
    struct policy_plan ret = *plan;

    ret.window_count = 0;
    ret.not_before = ret.not_after = 0;
    ret.max_active = ret.per_minute = 0;
    ret.bytes_per_s = ret.site_bytes_per_s = 0;
    return ret;
}

/* Devices with an attempt here, but for those that are to repeat it: memory knows a device's newest alone. */
struct granted {
    struct store_part_visitor visitor;
    struct preview *p;
};

static bool take_granted(struct store_part_visitor *self, int64_t device, bool retry)
{
    struct preview *p = OTTER_CONTAINER_OF(self, struct granted, visitor)->p;
    uint64_t index = (uint64_t)device - 1;

    if (device < 1 || index >= p->devices)
        return true;
    if (retry)
        p->took[index / 8] &= (uint8_t) ~(1u << index % 8);
    else
        p->took[index / 8] |= (uint8_t)(1u << index % 8);
    return true;
}

static bool took_part(const struct preview *p, uint32_t index)
{
    return (p->took[index / 8] >> index % 8 & 1u) != 0;
}

/* Not one of those that it is about at all. */
static bool foreign(const struct policy_facts *f, enum otter_status rule)
{
    return rule == OTTER_WRONG_PRODUCT || rule == OTTER_DEVICE_RETIRED || !f->in_target;
}

static void put_in_phase(struct preview *p, uint32_t index, const struct device_facts *facts, bool granted)
{
    struct preview_phase *phase = &p->phase[facts->f.device_phase - 1];
    char version[OTTER_VERSION_STR];

    otter_version_format(&facts->running.version, version);
    count(&phase->all, index);
    count_kind(&phase->hardware, facts->f.hardware);
    count_kind(&phase->versions, version);
    if (granted)
        phase->granted++;
    else
        phase->bytes += facts->pace.bytes;
}

static void look_at(struct svc *svc, const struct catalog *c, struct preview *p,
                    const struct policy_plan *plan, uint32_t index)
{
    const struct fleet_device *d = fleet_lock(svc->fleet, index);
    struct device_facts facts;
    struct facts_view view;
    struct otter_poll poll;
    enum otter_status rule;
    bool took = took_part(p, index);

    facts_look(svc, c, d, index, p->at, &view);
    view.poll = explain_assume(c, d, &poll) ? &poll : NULL;
    view.took_part = took; /* then it has a phase, whatever the target says by now */
    facts_first(&view, p->r, &facts);
    facts_rest(&view, p->r, &facts);
    fleet_unlock(svc->fleet, index);
    facts.f.plan = plan;
    facts.f.state = POLICY_ROLLOUT_RUNNING;
    facts.f.open_phase = plan->phase_count;
    facts.f.frozen = false;
    facts.f.rate_due = facts.f.bytes_due = facts.f.site_due = 0;
    rule = policy_decide(&facts.f);
    if (!took && foreign(&facts.f, rule))
        return;
    if (took || rule == OTTER_OK || !policy_refusal_lasts(rule))
        put_in_phase(p, index, &facts, took);
    if (rule != OTTER_OK && !took)
        count(&p->refused[rule], index);
}

enum otter_status preview_look(struct svc *svc, const struct catalog *c, struct preview *p)
{
    const struct policy_plan plan = timeless(&p->r->plan);
    struct granted granted = {.visitor.part = take_granted, .p = p};
    enum otter_status status = OTTER_OK;

    p->devices = fleet_count(svc->fleet);
    p->took = calloc(p->devices / 8 + 1u, 1);
    if (!p->took)
        return OTTER_INTERNAL;
    if (p->r->row.id != 0)
        status = svc->reader->ops->parts(svc->reader, p->r->row.id, &granted.visitor);
    for (uint32_t i = 0; status == OTTER_OK && i < p->devices; i++)
        look_at(svc, c, p, &plan, i);
    return status;
}

static bool ended(enum policy_rollout_state state)
{
    return state == POLICY_ROLLOUT_ABORTED || state == POLICY_ROLLOUT_COMPLETE ||
           state == POLICY_ROLLOUT_ROLLED_BACK;
}

void preview_forecast(const struct preview *p, struct policy_forecast *ret)
{
    const struct store_rollout *row = &p->r->row;
    struct zone_view room;
    struct policy_forecast_facts facts = {.plan = &p->r->plan,
                                          .zone = zone_choose(&room, &p->r->plan, NULL),
                                          .now = p->at,
                                          .first = row->phase > 0 ? row->phase - 1 : 0,
                                          .opened = facts_ramp_since(row),
                                          .attempt_s = POLICY_FORECAST_ATTEMPT_S};

    memset(ret, 0, sizeof(*ret));
    if (ended(p->r->state))
        return;
    for (unsigned i = 0; i < p->r->plan.phase_count; i++) {
        unsigned at = i < facts.first ? facts.first : i; /* what is left of earlier phases goes with it */

        facts.phase[at].devices += p->phase[i].all.devices - p->phase[i].granted;
        facts.phase[at].bytes += p->phase[i].bytes;
    }
    policy_forecast(&facts, ret);
}

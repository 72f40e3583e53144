/* What came of a rollout's devices: how many ended in which state and why, with a few of each by name. */
#include "service/explain.h"

#include "core/bytes.h"
#include "service/events.h"

#include <stdlib.h>
#include <string.h>

#define REASON_IDS 10u /* devices named of each group */

struct reason_group {
    enum otter_update_state state;
    enum otter_status reason;
    uint32_t devices;
    uint32_t first[REASON_IDS]; /* indexes */
};

/* How the newest attempt of a device stands; state OTTER_UPDATE_STATE_COUNT: it has none here. */
struct newest {
    uint8_t state;
    uint16_t reason;
};

struct gather {
    struct store_attempt_visitor visitor;
    struct newest *newest;
    uint32_t devices;
};

/* Attempts come in the order of their numbers: the last one of a device stays. One that is to be repeated
 * counts no more. */
static bool take(struct store_attempt_visitor *self, const struct store_attempt *row)
{
    struct gather *g = OTTER_CONTAINER_OF(self, struct gather, visitor);

    if (row->device >= 1 && row->device <= (int64_t)g->devices)
        g->newest[row->device - 1] =
            (struct newest){.state = row->retry ? OTTER_UPDATE_STATE_COUNT : (uint8_t)row->state,
                            .reason = (uint16_t)row->reason};
    return true;
}

static void count(struct reason_group *group, uint32_t index)
{
    if (group->devices < REASON_IDS)
        group->first[group->devices] = index;
    group->devices++;
}

/* Lost ones first, then the largest; equal ones by name, so that two answers are alike. */
static int order(const void *a, const void *b)
{
    const struct reason_group *x = a, *y = b;
    bool x_lost = events_is_lost(x->state), y_lost = events_is_lost(y->state);

    if (x_lost != y_lost)
        return x_lost ? -1 : 1;
    if (x->devices != y->devices)
        return x->devices < y->devices ? 1 : -1;
    if (x->state != y->state)
        return x->state < y->state ? -1 : 1;
    return strcmp(otter_status_name(x->reason), otter_status_name(y->reason));
}

static json_t *json_group(struct svc *svc, const struct reason_group *group)
{
    json_t *ids = json_array();

    for (unsigned i = 0; i < group->devices && i < REASON_IDS; i++)
        (void)json_array_append_new(ids, json_string(fleet_peek(svc->fleet, group->first[i])->id));
    return json_pack("{s:s, s:o, s:I, s:o}", "state", otter_update_state_name(group->state), "reason",
                     json_reason(group->reason), "devices", (json_int_t)group->devices, "ids", ids);
}

static json_t *json_groups(struct svc *svc, const struct gather *g)
{
    size_t n = (size_t)OTTER_UPDATE_STATE_COUNT * OTTER_STATUS_COUNT;
    auto_free struct reason_group *groups = calloc(n, sizeof(*groups));
    json_t *list = groups ? json_array() : NULL;

    for (size_t i = 0; groups && i < n; i++) {
        groups[i].state = (enum otter_update_state)(i / OTTER_STATUS_COUNT);
        groups[i].reason = (enum otter_status)(i % OTTER_STATUS_COUNT);
    }
    for (uint32_t i = 0; groups && i < g->devices; i++)
        if (g->newest[i].state < OTTER_UPDATE_STATE_COUNT && g->newest[i].reason < OTTER_STATUS_COUNT)
            count(&groups[(size_t)g->newest[i].state * OTTER_STATUS_COUNT + g->newest[i].reason], i);
    if (groups)
        qsort(groups, n, sizeof(*groups), order);
    for (size_t i = 0; groups && i < n; i++)
        if (groups[i].devices > 0)
            (void)json_array_append_new(list, json_group(svc, &groups[i]));
    return list;
}

enum otter_status op_rollout_reasons(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    const struct catalog_rollout *r = rollout_find(c, call);
    struct gather g = {.visitor.row = take, .devices = fleet_count(svc->fleet)};
    auto_free struct newest *newest = calloc(g.devices + (size_t)1, sizeof(*newest));
    enum otter_status status;
    json_t *items;

    if (!r)
        return OTTER_NOT_FOUND;
    if (!newest)
        return OTTER_INTERNAL;
    for (uint32_t i = 0; i < g.devices; i++)
        newest[i].state = OTTER_UPDATE_STATE_COUNT;
    g.newest = newest;
    status = svc->reader->ops->attempts(svc->reader, r->row.id, 0, 0, &g.visitor);
    if (status != OTTER_OK)
        return svc_stored(call, status);
    items = json_groups(svc, &g);
    call->out.json =
        json_pack("{s:I, s:s, s:o}", "rollout", (json_int_t)r->row.id, "state", r->row.state, "items", items);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

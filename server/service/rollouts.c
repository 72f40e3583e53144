/* Rollouts as they are asked for. */
#include "service/explain.h"
#include "service/rights.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_waiting(struct svc *svc, const struct svc_call *call, const struct catalog *c, int64_t id,
                        json_t *json)
{
    const struct catalog_rollout *r = catalog_rollout_by_id(c, id);

    if (json && r)
        (void)json_object_set_new(json, "waiting", json_waiting(svc, call, c, r));
}

enum otter_status op_rollout_get(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    const struct catalog_rollout *known = rollout_find(c, call);
    struct store_rollout row;
    enum otter_status status = OTTER_NOT_FOUND;

    if (known)
        status = svc->reader->ops->rollout_get(svc->reader, known->row.id, &row);
    if (status == OTTER_NOT_FOUND)
        return status; /* in rollout_find's words */
    if (status == OTTER_OK)
        call->out.json = json_rollout(svc->reader, c, &row, &status);
    if (call->in.waiting)
        add_waiting(svc, call, c, row.id, call->out.json);
    return svc_stored(call, status);
}

static bool wanted(const struct list_page *page, const struct catalog_rollout *r)
{
    char id[24];
    struct policy_subject s = {.product = r->release->manifest.product,
                               .id = id,
                               .state = r->row.state,
                               .has_version = true,
                               .version = r->release->manifest.version};

    (void)snprintf(id, sizeof(id), "%lld", (long long)r->row.id);
    return rights_see(page->call, s.product) && list_wants(page, &s);
}

struct maker {
    struct list_maker maker;
    struct svc *svc;
    const struct catalog *c;
    enum otter_status status;
};

static json_t *make(struct list_maker *self, uint64_t position)
{
    struct maker *m = OTTER_CONTAINER_OF(self, struct maker, maker);
    const struct catalog_rollout *r = catalog_rollout_by_id(m->c, (int64_t)position);
    enum otter_status status = OTTER_OK;
    json_t *json = r ? json_rollout(m->svc->reader, m->c, &r->row, &status) : NULL;

    if (status != OTTER_OK)
        m->status = status;
    return json;
}

static struct list_key key_of(const struct catalog_rollout *r, const char *column)
{
    struct list_key key = {.text = "", .position = (uint64_t)r->row.id};

    if (strcmp(column, "state") == 0)
        key.text = r->row.state;
    else if (strcmp(column, "name") == 0)
        key.text = r->row.name;
    else if (strcmp(column, "priority") == 0)
        key.number = (uint64_t)(r->row.priority + 1000); /* -1000 at least */
    else if (strcmp(column, "created") == 0)
        key.number = (uint64_t)r->row.created;
    else if (strcmp(column, "started") == 0)
        key.number = (uint64_t)r->row.started;
    else if (strcmp(column, "finished") == 0)
        key.number = (uint64_t)r->row.finished;
    return key;
}

static enum otter_status gather(const struct catalog *c, struct list_page *page)
{
    for (size_t i = 0; i < c->rollout_count; i++) {
        struct list_key key;

        if (!wanted(page, &c->rollouts[i]))
            continue;
        key = key_of(&c->rollouts[i], page->column);
        if (!list_key(page, &key))
            return OTTER_INTERNAL;
    }
    return OTTER_OK;
}

/* In the order of the ids. */
static void fill(const struct catalog *c, struct list_page *page, struct maker *m)
{
    for (size_t i = 0; i < c->rollout_count; i++) {
        const struct catalog_rollout *r = &c->rollouts[i];

        if ((uint64_t)r->row.id <= page->after || !wanted(page, r))
            continue;
        if (json_array_size(page->items) == page->limit) {
            page->more = true;
            break;
        }
        (void)list_add(page, make(&m->maker, (uint64_t)r->row.id), (uint64_t)r->row.id);
    }
}

enum otter_status op_rollout_list(struct svc *svc, struct svc_call *call)
{
    static const char *const sorts[] = {"id",       "priority", "created", "started",
                                        "finished", "state",    "name",    NULL};
    auto_catalog struct catalog *c = catalog_get(svc);
    struct maker m = {.maker.make = make, .svc = svc, .c = c, .status = OTTER_OK};
    struct list_page page;
    enum otter_status status = list_begin(&page, call, sorts);

    if (status != OTTER_OK)
        return status;
    if (page.column)
        status = gather(c, &page);
    else
        fill(c, &page, &m);
    if (status != OTTER_OK)
        return list_drop(&page, status);
    status = list_end(&page, &m.maker);
    return status == OTTER_OK ? svc_stored(call, m.status) : status;
}

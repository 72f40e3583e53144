/* What the catalog holds of a rollout beside its row: the plan, who belongs to it, and which comes first. */
#include "service/internal.h"

#include "core/bytes.h"
#include "service/plan_json.h"

#include <stdlib.h>
#include <string.h>

/* From before there were plans: all its gates are as they were then. */
static void plan_of_old(const struct store_rollout *row, struct policy_plan *ret)
{
    struct policy_phase_spec spec;

    policy_plan_default(ret);
    spec = ret->phase[0];
    spec.success_share = 10000;
    spec.failure_share = 10000; /* no loss halts it */
    spec.automatic = row->auto_advance;
    ret->phase_count = row->phase_count;
    for (unsigned i = 0; i < row->phase_count; i++) {
        spec.width = POLICY_WIDTH_PERCENT;
        spec.value = row->phases[i].percent;
        ret->phase[i] = spec;
    }
}

bool catalog_plan(const struct store_rollout *row, struct policy_plan *ret)
{
    struct host_error err;
    json_t *json;
    bool ok;

    if (!row->plan[0]) {
        plan_of_old(row, ret);
        return true;
    }
    json = json_loads(row->plan, 0, NULL);
    ok = json && plan_read(json, ret, &err);
    json_decref(json);
    return ok;
}

struct members {
    struct store_members_visitor visitor;
    struct catalog_rollout *r;
    bool ok;
};

static bool keep_members(struct store_members_visitor *self, const struct store_members *row)
{
    struct members *m = OTTER_CONTAINER_OF(self, struct members, visitor);

    free(m->r->members);
    m->r->members = malloc(row->len + 1);
    m->ok = m->r->members != NULL;
    if (m->ok && row->len)
        memcpy(m->r->members, row->bits, row->len);
    m->r->members_len = row->len;
    return m->ok;
}

/* Only of one that may still grant: the others' lists are large and nobody asks for them. */
static enum otter_status load_members(struct catalog_rollout *r, struct store *store)
{
    struct members m = {.visitor.row = keep_members, .r = r, .ok = true};
    enum otter_status status;

    if (r->plan.join || r->state == POLICY_ROLLOUT_ABORTED || r->state == POLICY_ROLLOUT_COMPLETE)
        return OTTER_OK;
    status = store->ops->members_get(store, r->row.id, &m.visitor);
    if (status == OTTER_NOT_FOUND)
        return OTTER_OK;
    return m.ok ? status : OTTER_INTERNAL;
}

enum otter_status catalog_rollout_load(struct catalog_rollout *r, struct store *store)
{
    r->members = NULL;
    r->members_len = 0;
    return catalog_plan(&r->row, &r->plan) ? load_members(r, store) : OTTER_INTERNAL;
}

void catalog_rollout_free(struct catalog_rollout *r)
{
    free(r->members);
}

/* A list that is not there holds nobody, once the rollout was started. */
bool catalog_is_member(const struct catalog_rollout *r, uint32_t index)
{
    return r->plan.join || r->row.phase == 0 ||
           (index / 8 < r->members_len && (r->members[index / 8] >> (index % 8) & 1) != 0);
}

static int by_precedence(const void *a, const void *b)
{
    const struct store_rollout *x = &(*(const struct catalog_rollout *const *)a)->row;
    const struct store_rollout *y = &(*(const struct catalog_rollout *const *)b)->row;

    return -policy_precedence(x->priority, (uint64_t)x->id, y->priority, (uint64_t)y->id);
}

bool catalog_order(struct catalog *c)
{
    if (c->rollout_count == 0)
        return true;
    c->order = malloc(c->rollout_count * sizeof(const struct catalog_rollout *));
    if (!c->order)
        return false;
    for (size_t i = 0; i < c->rollout_count; i++)
        c->order[i] = &c->rollouts[i];
    qsort(c->order, c->rollout_count, sizeof(const struct catalog_rollout *), by_precedence);
    return true;
}

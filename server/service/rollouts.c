#include "service/internal.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rollout_open_next(struct svc *svc, const struct catalog_rollout *r, struct store_rollout *row,
                       int64_t now)
{
    auto_free uint32_t *census = calloc(POLICY_COHORTS, sizeof(*census));
    unsigned from = catalog_open_cohorts(row);
    struct store_phase *p = &row->phases[row->phase];
    struct policy_phase_plan plan;

    if (census) { /* without memory for a fresh census the plan of the creation stands */
        (void)rollout_census(svc, r->release, &r->target, row->seed, census);
        plan = policy_phase_plan(p->percent, from, census);
        p->upto = (uint64_t)plan.upto << 32;
        p->devices = plan.devices;
        p->widened = plan.widened;
    }
    if (p->upto < (uint64_t)from << 32)
        p->upto = (uint64_t)from << 32;
    p->opened = now;
    row->phase++;
}

static void set_state(struct store_rollout *row, enum policy_rollout_state state)
{
    (void)snprintf(row->state, sizeof(row->state), "%s", policy_rollout_state_name(state));
}

struct action {
    struct svc *svc;
    const struct catalog_rollout *r;
    struct store_rollout row;
    bool opened;
    bool aborted;
};

static void do_start(struct action *a)
{
    a->row.started = svc_now(a->svc);
    rollout_open_next(a->svc, a->r, &a->row, a->row.started);
    set_state(&a->row, POLICY_ROLLOUT_RUNNING);
    a->opened = true;
}

static void do_advance(struct action *a)
{
    rollout_open_next(a->svc, a->r, &a->row, svc_now(a->svc));
    a->opened = true;
}

static void do_pause(struct action *a)
{
    set_state(&a->row, POLICY_ROLLOUT_PAUSED);
}

static void do_resume(struct action *a)
{
    set_state(&a->row, POLICY_ROLLOUT_RUNNING);
    a->opened = true; /* what ended meanwhile may move it on */
}

static void do_abort(struct action *a)
{
    a->aborted = true;
    set_state(&a->row, POLICY_ROLLOUT_ABORTED);
    a->row.finished = svc_now(a->svc);
}

#define IN(state) (1u << POLICY_ROLLOUT_##state)

static const struct {
    const char *name;
    unsigned from; /* bit set of states */
    void (*act)(struct action *a);
} actions[] = {
    {"start", IN(DRAFT), do_start},
    {"advance", IN(RUNNING), do_advance},
    {"pause", IN(RUNNING), do_pause},
    {"resume", IN(PAUSED), do_resume},
    {"abort", IN(DRAFT) | IN(RUNNING) | IN(PAUSED), do_abort},
};

static enum otter_status act(struct svc_call *call, struct action *a)
{
    enum policy_rollout_state state = policy_rollout_state_find(a->row.state);
    const char *name = call->in.id ? call->in.id : "";

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(actions); i++) {
        if (strcmp(actions[i].name, name) != 0)
            continue;
        if (!(actions[i].from >> (unsigned)state & 1u))
            return svc_refuse(call, OTTER_CONFLICT, "rollout %lld is %s: it cannot %s", (long long)a->row.id,
                              a->row.state, name);
        if (actions[i].act == do_advance && a->row.phase == a->row.phase_count)
            return svc_refuse(call, OTTER_CONFLICT, "rollout %lld is in its last phase already",
                              (long long)a->row.id);
        actions[i].act(a);
        return OTTER_OK;
    }
    return svc_refuse(call, OTTER_NOT_FOUND, "no such action: start, advance, pause, resume or abort");
}

static enum otter_status no_rollout(struct svc_call *call)
{
    return svc_refuse(call, OTTER_NOT_FOUND, "there is no rollout %llu", (unsigned long long)call->in.number);
}

enum otter_status op_rollout_action(struct svc *svc, struct svc_call *call)
{
    struct svc_effects *effects = effects_of(call);
    struct action a = {.svc = svc};
    enum otter_status status;

    if (!effects)
        return OTTER_INTERNAL;
    a.r = call->in.number > OTTER_INT_MAX ? NULL
                                          : catalog_rollout_by_id(svc->catalog, (int64_t)call->in.number);
    if (!a.r)
        return no_rollout(call);
    status = svc_stored(call, svc->writer->ops->rollout_get(svc->writer, a.r->row.id, &a.row));
    if (status == OTTER_OK)
        status = act(call, &a);
    if (status == OTTER_OK)
        status = svc_stored(call, svc->writer->ops->rollout_update(svc->writer, &a.row));
    if (status != OTTER_OK)
        return status;
    if (a.aborted && !events_rollout_aborted(svc, call, &a.row, a.r->state, "by an operator"))
        return OTTER_INTERNAL;
    effects->catalog = true;
    effects->opened = a.opened;
    call->out.json = json_rollout(svc->writer, svc->catalog, &a.row, &status);
    return status;
}

enum otter_status op_rollout_get(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    struct store_rollout row;
    enum otter_status status = OTTER_NOT_FOUND;

    if (call->in.number <= OTTER_INT_MAX)
        status = svc->reader->ops->rollout_get(svc->reader, (int64_t)call->in.number, &row);
    if (status == OTTER_NOT_FOUND)
        return no_rollout(call);
    if (status == OTTER_OK)
        call->out.json = json_rollout(svc->reader, c, &row, &status);
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
    return list_wants(page, &s);
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

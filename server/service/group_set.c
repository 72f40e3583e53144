/* Saved groups in the catalog: read with it, found by name, asked about devices. */
#include "service/groups.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

const struct catalog_group *group_find(const struct catalog *c, const char *name)
{
    for (size_t low = 0, high = c->group_count; low < high;) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(c->groups[mid].row.name, name);

        if (order == 0)
            return &c->groups[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

static const char *find_text(const struct policy_groups *self, const char *name)
{
    const struct group_finder *f = OTTER_CONTAINER_OF_CONST(self, struct group_finder, groups);
    const struct catalog_group *g;

    if (f->instead && strcmp(f->instead->name, name) == 0)
        return f->instead->target[0] ? f->instead->target : NULL;
    g = group_find(f->c, name);
    return g ? g->row.target : NULL;
}

struct group_finder group_finder(const struct catalog *c)
{
    return (struct group_finder){.groups.find = find_text, .c = c};
}

bool target_compile(const struct catalog *c, const char *text, struct policy_target *ret,
                    struct policy_target_error *ret_error)
{
    struct group_finder finder = group_finder(c);

    return policy_target_compile_in(text, strlen(text), &finder.groups, ret, ret_error);
}

enum otter_status target_refuse(struct svc_call *call, const char *member,
                                const struct policy_target_error *error)
{
    return svc_refuse_at(call, OTTER_BAD_TARGET, error->at, "%s, at %zu: %s%s%s", member, error->at,
                         error->what, error->group[0] ? ": group " : "", error->group);
}

enum otter_status target_read(struct svc_call *call, const struct catalog *c, const char *member,
                              const char *text, struct policy_target *ret)
{
    struct policy_target_error error;

    return target_compile(c, text, ret, &error) ? OTTER_OK : target_refuse(call, member, &error);
}

struct reader {
    struct store_group_visitor visitor;
    struct catalog *c;
    size_t room;
    bool short_of_memory;
};

static bool keep(struct store_group_visitor *self, const struct store_group *row)
{
    struct reader *r = OTTER_CONTAINER_OF(self, struct reader, visitor);

    if (r->c->group_count == r->room) {
        size_t room = r->room ? r->room * 2 : 8;
        struct catalog_group *more = realloc(r->c->groups, room * sizeof(*more));

        r->short_of_memory = !more;
        if (!more)
            return false; /* ends the visit, which is no failure of the store's */
        r->c->groups = more;
        r->room = room;
    }
    r->c->groups[r->c->group_count++].row = *row;
    return true;
}

/* Does it change with a poll or with time, rather than with what is set or said? */
static bool moves(const struct policy_target *target)
{
    return (target->fields & (1u << POLICY_FIELD_FIRST_SEEN | 1u << POLICY_FIELD_LAST_SEEN)) != 0;
}

static int by_interval(const void *a, const void *b)
{
    const struct catalog_group *x = *(const struct catalog_group *const *)a;
    const struct catalog_group *y = *(const struct catalog_group *const *)b;

    return (x->row.poll_interval > y->row.poll_interval) - (x->row.poll_interval < y->row.poll_interval);
}

/* Those with an interval of their own, the shortest first. */
static bool set_pace(struct catalog *c)
{
    c->paced = calloc(c->group_count, sizeof(const struct catalog_group *));
    if (!c->paced)
        return false;
    for (size_t i = 0; i < c->group_count; i++) {
        if (c->groups[i].row.poll_interval == 0)
            continue;
        c->paced[c->paced_count++] = &c->groups[i];
        c->pace_moves = c->pace_moves || moves(&c->groups[i].target);
    }
    qsort(c->paced, c->paced_count, sizeof(const struct catalog_group *), by_interval);
    return true;
}

enum otter_status groups_read(struct catalog *c, struct store *store)
{
    struct reader r = {.visitor.row = keep, .c = c};
    struct policy_target_error error;
    enum otter_status status = store->ops->groups(store, &r.visitor);

    if (r.short_of_memory)
        return OTTER_INTERNAL;
    if (status != OTTER_OK || c->group_count == 0)
        return status;
    for (size_t i = 0; i < c->group_count; i++)
        if (!target_compile(c, c->groups[i].row.target, &c->groups[i].target, &error))
            return OTTER_INTERNAL;
    return set_pace(c) ? OTTER_OK : OTTER_INTERNAL;
}

uint32_t groups_phase_bits(const struct catalog *c, const struct policy_plan *plan,
                           const struct policy_subject *subject)
{
    uint32_t bits = 0;

    for (unsigned i = 0; i < plan->phase_count; i++) {
        const struct catalog_group *g =
            plan->phase[i].width == POLICY_WIDTH_GROUP ? group_find(c, plan->phase[i].group) : NULL;

        if (g && policy_target_matches(&g->target, subject))
            bits |= UINT32_C(1) << i;
    }
    return bits;
}

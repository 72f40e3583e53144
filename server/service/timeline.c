/* All that happened to a device, by time: enrolment, attempts, what operators did. */
#include "service/internal.h"

#include "core/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct lister {
    struct store_moment_visitor visitor;
    const struct catalog *c;
    struct list_page *page;
    struct store_moment_key last;
};

/* "AT-SOURCE-NUMBER" of the item that ended the page before: later ones come behind it, whatever happens. */
static bool parse_cursor(const char *cursor, struct store_moment_key *ret)
{
    const char *source = strchr(cursor, '-'), *number = source ? strchr(source + 1, '-') : NULL;
    uint64_t n[3];

    if (!number || !otter_parse_uint(cursor, (size_t)(source - cursor), OTTER_INT_MAX, &n[0]) ||
        !otter_parse_uint(source + 1, (size_t)(number - source - 1), OTTER_INT_MAX, &n[1]) ||
        !otter_parse_uint(number + 1, strlen(number + 1), OTTER_INT_MAX, &n[2]))
        return false;
    *ret = (struct store_moment_key){(int64_t)n[0], (int64_t)n[1], (int64_t)n[2]};
    return true;
}

static void add_step(json_t *json, const struct catalog *c, const struct store_moment *row)
{
    const struct catalog_rollout *r = catalog_rollout_by_id(c, row->rollout);

    (void)json_object_set_new(json, "attempt", json_integer((json_int_t)row->step.attempt));
    (void)json_object_set_new(json, "rollout", json_integer((json_int_t)row->rollout));
    (void)json_object_set_new(json, "release", r ? json_digest(&r->release->id) : json_null());
    (void)json_object_set_new(json, "state", json_string(otter_update_state_name(row->step.state)));
    (void)json_object_set_new(json, "reason", json_reason(row->step.reason));
    (void)json_object_set_new(json, "step",
                              row->step.step ? json_integer((json_int_t)row->step.step) : json_null());
}

static bool take(struct store_moment_visitor *self, const struct store_moment *row)
{
    struct lister *l = OTTER_CONTAINER_OF(self, struct lister, visitor);
    json_t *json;

    if (json_array_size(l->page->items) == l->page->limit) {
        (void)snprintf(l->page->next, sizeof(l->page->next), "%" PRId64 "-%" PRId64 "-%" PRId64, l->last.at,
                       l->last.source, l->last.number);
        return false;
    }
    json =
        json_pack("{s:I, s:s, s:s}", "at", (json_int_t)row->key.at, "kind", row->kind, "detail", row->detail);
    if (json && row->key.source == STORE_FROM_ATTEMPT)
        add_step(json, l->c, row);
    l->last = row->key;
    return list_add(l->page, json, 0);
}

static int64_t first_seen(struct svc *svc, uint32_t index)
{
    int64_t at = fleet_lock(svc->fleet, index)->first_seen;

    fleet_unlock(svc->fleet, index);
    return at;
}

enum otter_status op_device_timeline(struct svc *svc, struct svc_call *call)
{
    static const char *const sorts[] = {NULL};
    auto_catalog struct catalog *c = catalog_get(svc);
    const char *cursor = call->in.page.cursor;
    struct store_moment_key after = {.at = -1};
    struct list_page page;
    struct lister l = {.visitor.row = take, .c = c, .page = &page};
    uint32_t index = device_find(svc, call);
    enum otter_status status;

    if (index == FLEET_NONE)
        return OTTER_NOT_FOUND;
    if (cursor && *cursor && !parse_cursor(cursor, &after))
        return svc_refuse(call, OTTER_BAD_VALUE, "cursor is not one that this server gave");
    if (call->in.page.filter && *call->in.page.filter)
        return svc_refuse(call, OTTER_BAD_VALUE, "a timeline cannot be filtered");
    call->in.page.cursor = NULL; /* not a number, as list_begin would have it */
    status = list_begin(&page, call, sorts);
    if (status != OTTER_OK)
        return status;
    status = svc->reader->ops->timeline(svc->reader, (int64_t)index + 1, first_seen(svc, index), &after,
                                        &l.visitor);
    return status == OTTER_OK ? list_end(&page, NULL) : list_drop(&page, svc_stored(call, status));
}

/* What happened to a rollout, by itself or by an operator's word, in its order. */
#include "service/explain.h"

#include "core/bytes.h"

#include <string.h>

struct lister {
    struct store_rollout_event_visitor visitor;
    struct list_page *page;
};

/* Written as JSON by otterd itself; an empty one is an empty object. */
static json_t *json_detail(const char *text)
{
    json_t *detail = *text ? host_json_load(text, strlen(text), "detail", NULL) : NULL;

    return detail ? detail : json_object();
}

static bool take(struct store_rollout_event_visitor *self, const struct store_rollout_event *row)
{
    struct lister *l = OTTER_CONTAINER_OF(self, struct lister, visitor);

    return list_add(l->page,
                    json_pack("{s:I, s:I, s:s, s:o, s:o}", "id", (json_int_t)row->num, "at",
                              (json_int_t)row->at, "kind", row->kind, "who",
                              *row->who ? json_string(row->who) : json_null(), "detail",
                              json_detail(row->detail)),
                    (uint64_t)row->num);
}

enum otter_status op_rollout_events(struct svc *svc, struct svc_call *call)
{
    static const char *const sorts[] = {NULL};
    auto_catalog struct catalog *c = catalog_get(svc);
    const struct catalog_rollout *r = rollout_find(c, call);
    struct list_page page;
    struct lister l = {.visitor.row = take, .page = &page};
    enum otter_status status;

    if (!r)
        return OTTER_NOT_FOUND;
    if (call->in.page.filter && *call->in.page.filter)
        return svc_refuse(call, OTTER_BAD_VALUE, "a rollout's events cannot be filtered");
    status = list_begin(&page, call, sorts);
    if (status != OTTER_OK)
        return status;
    status = svc->reader->ops->rollout_events(svc->reader, r->row.id, (int64_t)page.after, &l.visitor);
    return status == OTTER_OK ? list_end(&page, NULL) : list_drop(&page, svc_stored(call, status));
}

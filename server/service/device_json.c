/* Devices and their attempts, as operators see them. */
#include "service/internal.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A copy of what the lock guards, labels included: JSON is made without it. */
struct view {
    struct fleet_device d;  /* its `said` is not to be followed */
    struct fleet_said said; /* but this one */
    json_t *tags;
    json_t *attributes;
};

static void add_pairs(json_t *to, const char *pack)
{
    for (const char *p = fleet_pack_next(pack, NULL); p;) {
        const char *value = p + strlen(p) + 1;

        (void)json_object_set_new(to, p, json_string(value));
        p = fleet_pack_next(pack, value);
    }
}

static void look(struct svc *svc, uint32_t index, struct view *v)
{
    const struct fleet_device *d = fleet_lock(svc->fleet, index);
    const char *tags = fleet_tags(d);

    v->d = *d;
    v->said = *d->said;
    v->tags = json_array();
    v->attributes = json_object();
    for (const char *p = fleet_pack_next(tags, NULL); p; p = fleet_pack_next(tags, p))
        (void)json_array_append_new(v->tags, json_string(p));
    add_pairs(v->attributes, fleet_own_attrs(d));
    add_pairs(v->attributes, fleet_operator_attrs(d)); /* they win */
    fleet_unlock(svc->fleet, index);
}

static json_t *json_running(const struct fleet_device *d, const struct fleet_said *said)
{
    char version[OTTER_VERSION_STR];

    if (!(d->flags & FLEET_SEEN))
        return json_null();
    otter_version_format(&said->version, version);
    return json_pack("{s:s, s:o, s:s, s:b}", "version", version, "sha256", json_digest(&said->sha256), "slot",
                     otter_slot_name((enum otter_slot)d->slot), "confirmed",
                     (d->flags & FLEET_CONFIRMED) != 0);
}

static json_t *json_reason(enum otter_status reason)
{
    return reason == OTTER_OK ? json_null() : json_string(otter_status_name(reason));
}

json_t *json_attempt(struct svc *svc, const struct catalog *c, const struct store_attempt *row)
{
    const struct catalog_rollout *r = catalog_rollout_by_id(c, row->rollout);
    const char *device = row->device >= 1 && row->device <= (int64_t)fleet_count(svc->fleet)
                             ? fleet_peek(svc->fleet, (uint32_t)(row->device - 1))->id
                             : "";

    return json_pack("{s:I, s:s, s:I, s:o, s:s, s:o, s:s, s:I, s:I, s:o, s:o, s:o}", "id",
                     (json_int_t)row->id, "device", device, "rollout", (json_int_t)row->rollout, "release",
                     r ? json_digest(&r->release->id) : json_null(), "state",
                     otter_update_state_name(row->state), "reason", json_reason(row->reason), "detail",
                     row->detail, "phase", (json_int_t)row->phase, "bytes", (json_int_t)row->bytes, "created",
                     json_time(row->created), "updated", json_time(row->updated), "finished",
                     json_time(row->finished));
}

static json_t *newest_attempt(struct svc *svc, struct store *store, const struct catalog *c, uint64_t id)
{
    struct store_attempt row;

    if (id == 0 || store->ops->attempt_get(store, id, &row) != OTTER_OK)
        return json_null();
    return json_attempt(svc, c, &row);
}

json_t *json_device(struct svc *svc, struct store *store, const struct catalog *c, uint32_t index)
{
    struct view v;
    enum otter_status reason;

    look(svc, index, &v);
    reason = v.d.attempt ? (enum otter_status)v.d.attempt_reason : OTTER_OK;
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:o, s:b, s:o, s:s, s:o, s:o}", "id",
                     v.d.id, "product", v.d.kind->product, "hardware", v.d.kind->hardware, "tags", v.tags,
                     "attributes", v.attributes, "running", json_running(&v.d, &v.said), "epoch",
                     (json_int_t)v.said.epoch, "sequence", (json_int_t)v.said.sequence, "root",
                     (json_int_t)v.said.root, "first_seen", json_time(v.d.first_seen), "last_seen",
                     json_time(v.d.last_seen), "stale", (v.d.flags & FLEET_STALE) != 0, "last_refusal",
                     json_reason((enum otter_status)v.d.refused), "state", device_state_name(&v.d), "reason",
                     json_reason(reason), "attempt", newest_attempt(svc, store, c, v.d.attempt));
}

static bool wanted(struct svc *svc, const struct list_page *page, uint32_t index)
{
    struct policy_subject subject;
    bool wants;

    grant_subject(fleet_lock(svc->fleet, index), &subject);
    wants = list_wants(page, &subject);
    fleet_unlock(svc->fleet, index);
    return wants;
}

/* Sorted lists: only keys and numbers are gathered for the whole fleet, JSON is made for the page. */
struct sort_key {
    char text[OTTER_NAME_BUF];
    uint64_t number;
    uint32_t index;
};

static uint64_t version_number(const struct otter_version *v)
{
    return (uint64_t)v->major << 56 | (uint64_t)v->minor << 48 | (uint64_t)v->revision << 32 | v->build;
}

static void key_of(struct svc *svc, const char *column, uint32_t index, struct sort_key *ret)
{
    const struct fleet_device *d = fleet_lock(svc->fleet, index);
    const char *text = "";

    *ret = (struct sort_key){.index = index};
    if (strcmp(column, "id") == 0)
        text = d->id;
    else if (strcmp(column, "product") == 0)
        text = d->kind->product;
    else if (strcmp(column, "hardware") == 0)
        text = d->kind->hardware;
    else if (strcmp(column, "state") == 0)
        text = device_state_name(d);
    else if (strcmp(column, "version") == 0)
        ret->number = version_number(&d->said->version);
    else if (strcmp(column, "first_seen") == 0)
        ret->number = d->first_seen;
    else
        ret->number = d->last_seen;
    (void)snprintf(ret->text, sizeof(ret->text), "%s", text);
    fleet_unlock(svc->fleet, index);
}

/* Equal keys stay in the order of enrolment, so that pages do not overlap. */
static int compare_keys(const void *a, const void *b)
{
    const struct sort_key *x = a, *y = b;
    int order = strcmp(x->text, y->text);

    if (order == 0)
        order = (x->number > y->number) - (x->number < y->number);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static enum otter_status sorted_page(struct svc *svc, const struct catalog *c, struct list_page *page)
{
    const char *sort = page->page->sort;
    bool falling = *sort == '-';
    uint32_t count = fleet_count(svc->fleet);
    auto_free struct sort_key *keys = calloc((size_t)count + 1, sizeof(*keys));
    size_t n = 0;

    if (!keys)
        return OTTER_INTERNAL;
    for (uint32_t i = 0; i < count; i++)
        if (wanted(svc, page, i))
            key_of(svc, sort + falling, i, &keys[n++]);
    qsort(keys, n, sizeof(*keys), compare_keys);
    for (size_t i = (size_t)page->after; i < n; i++)
        if (!list_add(page, json_device(svc, svc->reader, c, keys[falling ? n - 1 - i : i].index), i + 1))
            break;
    return OTTER_OK;
}

enum otter_status op_device_list(struct svc *svc, struct svc_call *call)
{
    static const char *const sorts[] = {"id",      "product",    "hardware",  "state",
                                        "version", "first_seen", "last_seen", NULL};
    auto_catalog struct catalog *c = catalog_get(svc);
    uint32_t count = fleet_count(svc->fleet);
    struct list_page page;
    enum otter_status status = list_begin(&page, call, sorts);

    if (status != OTTER_OK)
        return status;
    if (call->in.page.sort && *call->in.page.sort) {
        status = sorted_page(svc, c, &page);
        page.page = &(const struct svc_page){0}; /* the items are the page already */
        if (status != OTTER_OK)
            return (json_decref(page.items), status);
        return list_end(&page);
    }
    for (uint32_t i = page.after > count ? count : (uint32_t)page.after; i < count; i++)
        if (wanted(svc, &page, i) && !list_add(&page, json_device(svc, svc->reader, c, i), (uint64_t)i + 1))
            break;
    return list_end(&page);
}

static uint32_t find(struct svc *svc, struct svc_call *call)
{
    uint32_t index = call->in.id ? fleet_find(svc->fleet, call->in.id) : FLEET_NONE;

    if (index == FLEET_NONE)
        (void)svc_refuse(call, OTTER_NOT_FOUND, "there is no device \"%.64s\"",
                         call->in.id ? call->in.id : "");
    return index;
}

enum otter_status op_device_get(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    uint32_t index = find(svc, call);

    if (index == FLEET_NONE)
        return OTTER_NOT_FOUND;
    call->out.json = json_device(svc, svc->reader, c, index);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

struct event_lister {
    struct store_event_visitor visitor;
    json_t *events;
};

static bool list_event(struct store_event_visitor *self, const struct store_event *row)
{
    json_t *events = OTTER_CONTAINER_OF(self, struct event_lister, visitor)->events;

    (void)json_array_append_new(events, json_pack("{s:I, s:s, s:o, s:s, s:o}", "at", (json_int_t)row->at,
                                                  "state", otter_update_state_name(row->state), "reason",
                                                  json_reason(row->reason), "detail", row->detail, "step",
                                                  row->step ? json_integer(row->step) : json_null()));
    return true;
}

struct lister {
    struct store_attempt_visitor visitor;
    struct svc *svc;
    const struct catalog *c;
    struct list_page *page;
};

static bool list_attempt(struct store_attempt_visitor *self, const struct store_attempt *row)
{
    struct lister *l = OTTER_CONTAINER_OF(self, struct lister, visitor);
    struct policy_subject s = {.state = otter_update_state_name(row->state)};
    struct event_lister events = {.visitor.row = list_event};
    json_t *json;

    if (!list_wants(l->page, &s))
        return true;
    json = json_attempt(l->svc, l->c, row);
    events.events = json_array();
    (void)l->svc->reader->ops->events(l->svc->reader, row->id, &events.visitor);
    (void)json_object_set_new(json, "events", events.events);
    return list_add(l->page, json, row->id);
}

enum otter_status op_device_attempts(struct svc *svc, struct svc_call *call)
{
    static const char *const sorts[] = {NULL};
    auto_catalog struct catalog *c = catalog_get(svc);
    struct list_page page;
    struct lister l = {.visitor.row = list_attempt, .svc = svc, .c = c, .page = &page};
    uint32_t index = find(svc, call);
    enum otter_status status;

    if (index == FLEET_NONE)
        return OTTER_NOT_FOUND;
    status = list_begin(&page, call, sorts);
    if (status != OTTER_OK)
        return status;
    status = svc->reader->ops->attempts(svc->reader, 0, (int64_t)index + 1, page.after, &l.visitor);
    if (status == OTTER_OK)
        return list_end(&page);
    json_decref(page.items);
    return svc_stored(call, status);
}

/* Attempts as lists: of a rollout, and of a device with their events. */
#include "service/explain.h"

#include "core/bytes.h"

#include <string.h>

struct lister {
    struct store_attempt_visitor visitor;
    struct list_maker maker;
    struct svc *svc;
    const struct catalog *c;
    struct list_page *page;
    bool events; /* add them */
    enum otter_status status;
};

static const char *const sorts[] = {"id",      "device",  "state",    "reason", "phase",
                                    "created", "updated", "finished", NULL};

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

static json_t *make_row(struct lister *l, const struct store_attempt *row)
{
    struct event_lister events = {.visitor.row = list_event};
    json_t *json = json_attempt(l->svc, l->c, row);

    if (!l->events || !json)
        return json;
    events.events = json_array();
    (void)l->svc->reader->ops->events(l->svc->reader, row->id, &events.visitor);
    (void)json_object_set_new(json, "events", events.events);
    return json;
}

static json_t *make(struct list_maker *self, uint64_t position)
{
    struct lister *l = OTTER_CONTAINER_OF(self, struct lister, maker);
    struct store_attempt row;

    if (l->svc->reader->ops->attempt_get(l->svc->reader, position, &row) != OTTER_OK)
        return NULL;
    return make_row(l, &row);
}

/* load_all and the store see to it that there is such a device. */
static const char *device_of(struct svc *svc, const struct store_attempt *row)
{
    return row->device >= 1 && row->device <= (int64_t)fleet_count(svc->fleet)
               ? fleet_peek(svc->fleet, (uint32_t)(row->device - 1))->id
               : "";
}

/* The device's columns, but state and reason of this attempt. */
static bool wanted(struct lister *l, const struct store_attempt *row)
{
    uint32_t index = (uint32_t)(row->device - 1);
    struct policy_subject s;
    bool wants;

    if (!l->page->has_filter)
        return true;
    if (*device_of(l->svc, row) == '\0')
        return false;
    device_subject(fleet_lock(l->svc->fleet, index), l->page->now, &s);
    s.state = otter_update_state_name(row->state);
    s.reason = row->reason == OTTER_OK ? NULL : otter_status_name(row->reason);
    wants = list_wants(l->page, &s);
    fleet_unlock(l->svc->fleet, index);
    return wants;
}

static void by_nothing(const struct lister *l, const struct store_attempt *row, struct list_key *key)
{
    (void)l;
    (void)row;
    (void)key;
}

static void by_device(const struct lister *l, const struct store_attempt *row, struct list_key *key)
{
    key->text = device_of(l->svc, row);
}

static void by_state(const struct lister *l, const struct store_attempt *row, struct list_key *key)
{
    (void)l;
    key->text = otter_update_state_name(row->state);
}

static void by_reason(const struct lister *l, const struct store_attempt *row, struct list_key *key)
{
    (void)l;
    key->text = row->reason == OTTER_OK ? "" : otter_status_name(row->reason);
}

static void by_phase(const struct lister *l, const struct store_attempt *row, struct list_key *key)
{
    (void)l;
    key->number = row->phase;
}

static void by_created(const struct lister *l, const struct store_attempt *row, struct list_key *key)
{
    (void)l;
    key->number = (uint64_t)row->created;
}

static void by_updated(const struct lister *l, const struct store_attempt *row, struct list_key *key)
{
    (void)l;
    key->number = (uint64_t)row->updated;
}

static void by_finished(const struct lister *l, const struct store_attempt *row, struct list_key *key)
{
    (void)l;
    key->number = (uint64_t)row->finished;
}

static const struct {
    const char *column;
    void (*fill)(const struct lister *l, const struct store_attempt *row, struct list_key *key);
} keys[] = {{"id", by_nothing},  {"device", by_device},   {"state", by_state},     {"reason", by_reason},
            {"phase", by_phase}, {"created", by_created}, {"updated", by_updated}, {"finished", by_finished}};

static bool add_key(struct lister *l, const struct store_attempt *row)
{
    struct list_key key = {.text = "", .position = row->id};

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(keys); i++)
        if (strcmp(keys[i].column, l->page->column) == 0)
            keys[i].fill(l, row, &key);
    if (list_key(l->page, &key))
        return true;
    l->status = OTTER_INTERNAL;
    return false;
}

static bool take(struct store_attempt_visitor *self, const struct store_attempt *row)
{
    struct lister *l = OTTER_CONTAINER_OF(self, struct lister, visitor);

    if (!wanted(l, row))
        return true;
    if (l->page->column)
        return add_key(l, row);
    if (json_array_size(l->page->items) == l->page->limit) {
        l->page->more = true;
        return false;
    }
    return list_add(l->page, make_row(l, row), row->id);
}

/* Of the rollout or the device; the other is 0. */
static enum otter_status list(struct svc *svc, struct svc_call *call, int64_t rollout, int64_t device)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    struct list_page page;
    struct lister l = {.visitor.row = take,
                       .maker.make = make,
                       .svc = svc,
                       .c = c,
                       .page = &page,
                       .events = device != 0,
                       .status = OTTER_OK};
    enum otter_status status = list_begin_devices(&page, svc, call, sorts);

    if (status != OTTER_OK)
        return status;
    status = svc->reader->ops->attempts(svc->reader, rollout, device, page.after, &l.visitor);
    if (status == OTTER_OK)
        status = l.status;
    return status == OTTER_OK ? list_end(&page, &l.maker) : list_drop(&page, svc_stored(call, status));
}

enum otter_status op_device_attempts(struct svc *svc, struct svc_call *call)
{
    uint32_t index = device_find(svc, call);

    return index == FLEET_NONE ? OTTER_NOT_FOUND : list(svc, call, 0, (int64_t)index + 1);
}

enum otter_status op_rollout_attempts(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);

    if (!rollout_find(c, call))
        return OTTER_NOT_FOUND;
    return list(svc, call, (int64_t)call->in.number, 0);
}

/* A device as operators see it. */
#include "service/facts.h"
#include "service/rights.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

/* A copy of what the lock guards, labels included: JSON is made without it. */
struct view {
    struct fleet_device d;  /* its `said` and `extra` are not to be followed */
    struct fleet_said said; /* but this one */
    json_t *tags;
    json_t *attributes;
    json_t *operators;
    json_t *polls_as;
};

static json_t *json_pose(const struct fleet_device *d)
{
    const struct fleet_kind *pose = fleet_pose_of(d);

    if (pose == d->kind)
        return json_null();
    return json_pack("{s:s, s:s}", "product", pose->product, "hardware", pose->hardware);
}

static void look(struct svc *svc, uint32_t index, struct view *v)
{
    const struct fleet_device *d = fleet_lock(svc->fleet, index);

    v->d = *d;
    v->said = *d->said;
    v->tags = labels_json_tags(fleet_tags(d));
    v->attributes = labels_json_merged(fleet_own_attrs(d), fleet_operator_attrs(d));
    v->operators = labels_json_attrs(fleet_operator_attrs(d));
    v->polls_as = json_pose(d);
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

json_t *json_reason(enum otter_status reason)
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

static json_t *json_mark(int64_t at, const char *reason)
{
    return at ? json_pack("{s:s, s:I}", "reason", reason, "at", (json_int_t)at) : json_null();
}

static json_t *json_pin(const struct catalog *c, const struct store_marks *marks)
{
    const struct catalog_release *r = marks->pinned ? catalog_release_by_num(c, marks->pin) : NULL;

    return r ? json_pack("{s:o, s:I}", "release", json_digest(&r->id), "at", (json_int_t)marks->pinned)
             : json_null();
}

/* Reasons and times are in the store alone: few devices are marked. */
static void add_marks(json_t *to, struct store *store, const struct catalog *c, uint32_t index,
                      const struct fleet_device *d)
{
    struct store_marks marks;

    if (!(d->marks & (FLEET_HELD | FLEET_PINNED | FLEET_RETIRED | FLEET_REVOKED)) ||
        store->ops->marks_get(store, (int64_t)index + 1, &marks) != OTTER_OK)
        marks = (struct store_marks){0};
    (void)json_object_set_new(to, "held", json_mark(marks.held, marks.held_reason));
    (void)json_object_set_new(to, "pinned", json_pin(c, &marks));
    (void)json_object_set_new(to, "retired", json_mark(marks.retired, marks.retired_reason));
    (void)json_object_set_new(to, "revoked", json_time(marks.revoked));
    (void)json_object_set_new(to, "rotating", json_boolean((d->marks & FLEET_ROTATE) != 0));
}

/* After a clock was set back, none was seen later than now. */
static json_t *json_seen(const struct svc *svc, int64_t at)
{
    int64_t now = svc_now(svc);

    return json_time(at < now ? at : now);
}

json_t *json_device(struct svc *svc, struct store *store, const struct catalog *c, uint32_t index)
{
    struct view v;
    enum otter_status reason;
    json_t *json;

    look(svc, index, &v);
    reason = v.d.attempt ? (enum otter_status)v.d.attempt_reason : OTTER_OK;
    json = json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:o, s:b, s:o, s:s, s:o, s:o}", "id",
        v.d.id, "product", v.d.kind->product, "hardware", v.d.kind->hardware, "polls_as", v.polls_as, "tags",
        v.tags, "attributes", v.attributes, "operator_attributes", v.operators, "running",
        json_running(&v.d, &v.said), "epoch", (json_int_t)v.said.epoch, "sequence",
        (json_int_t)v.said.sequence, "root", (json_int_t)v.said.root, "first_seen",
        json_seen(svc, v.d.first_seen), "last_seen", json_seen(svc, v.d.last_seen), "stale",
        (v.d.flags & FLEET_STALE) != 0, "last_refusal", json_reason((enum otter_status)v.d.refused), "state",
        device_state_name(&v.d), "reason", json_reason(reason), "attempt",
        newest_attempt(svc, store, c, v.d.attempt));
    if (json)
        add_marks(json, store, c, index, &v.d);
    return json;
}

struct decisions {
    struct weigher weigher;
    const struct catalog *c;
    const char **by_place;
};

static bool take_decision(struct weigher *self, const struct catalog_rollout *r, struct device_facts *facts,
                          enum otter_status decision)
{
    struct decisions *d = OTTER_CONTAINER_OF(self, struct decisions, weigher);

    (void)facts;
    if (rollout_is_live(r->state))
        d->by_place[r - d->c->rollouts] = otter_status_name(decision);
    return true;
}

/* What each rollout that could still reach the device says to it now, as a poll would be told. */
static json_t *json_decisions(struct svc *svc, struct store *store, const struct catalog *c, uint32_t index)
{
    const struct weigh_from from = {.index = index, .store = store, .at = svc_now(svc)};
    auto_free const char **by_place = calloc(c->rollout_count + 1, sizeof(*by_place));
    struct decisions d = {.weigher.each = take_decision, .c = c, .by_place = by_place};
    json_t *list = json_array();

    if (!by_place || weigh(svc, c, &from, &d.weigher) != OTTER_OK) {
        json_decref(list);
        return NULL;
    }
    for (size_t i = 0; i < c->rollout_count; i++)
        if (by_place[i])
            (void)json_array_append_new(
                list,
                json_pack("{s:I, s:s}", "rollout", (json_int_t)c->rollouts[i].row.id, "answer", by_place[i]));
    return list;
}

uint32_t device_find(struct svc *svc, struct svc_call *call)
{
    uint32_t index = call->in.id ? fleet_find(svc->fleet, call->in.id) : FLEET_NONE;

    if (index != FLEET_NONE && !rights_see_device(svc, call, index))
        index = FLEET_NONE;
    if (index == FLEET_NONE)
        (void)svc_refuse(call, OTTER_NOT_FOUND, "there is no device \"%.64s\"",
                         call->in.id ? call->in.id : "");
    return index;
}

enum otter_status op_device_get(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    uint32_t index = device_find(svc, call);

    if (index == FLEET_NONE)
        return OTTER_NOT_FOUND;
    call->out.json = json_device(svc, svc->reader, c, index);
    if (!call->out.json)
        return OTTER_INTERNAL;
    (void)json_object_set_new(call->out.json, "frozen", json_freeze(&c->freeze));
    (void)json_object_set_new(call->out.json, "decisions", json_decisions(svc, svc->reader, c, index));
    return OTTER_OK;
}

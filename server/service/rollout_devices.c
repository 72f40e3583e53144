/*
 * All devices of a rollout, a line each: first those with an attempt, by the attempt's number, then those
 * that belong to it and were not offered anything yet, each with what speaks against it now.
 */
#include "service/explain.h"
#include "service/rights.h"

#include "core/bytes.h"
#include "service/facts.h"

#include <string.h>

/* Cursors above this one are places in the fleet; attempts' numbers stay below. */
#define WAITING (FLEET_ATTEMPT_MAX + 1)

struct lister {
    struct store_attempt_visitor visitor;
    struct svc *svc;
    const struct catalog *c;
    const struct catalog_rollout *r;
    struct list_page *page;
    enum otter_status status;
};

const struct catalog_rollout *rollout_find(const struct catalog *c, struct svc_call *call)
{
    const struct catalog_rollout *r =
        call->in.number > OTTER_INT_MAX ? NULL : catalog_rollout_by_id(c, (int64_t)call->in.number);

    if (r && !rights_see(call, r->release->manifest.product))
        r = NULL;
    if (!r)
        (void)svc_refuse(call, OTTER_NOT_FOUND, "there is no rollout %llu",
                         (unsigned long long)call->in.number);
    return r;
}

static json_t *line(const struct fleet_device *d, const char *state, enum otter_status reason)
{
    const struct fleet_kind *pose = fleet_pose_of(d);
    char version[OTTER_VERSION_STR];

    otter_version_format(&d->said->version, version);
    return json_pack("{s:s, s:s, s:o, s:s, s:o}", "device", d->id, "hardware", pose->hardware, "version",
                     d->flags & FLEET_SEEN ? json_string(version) : json_null(), "state", state, "reason",
                     json_reason(reason));
}

/* As the device said; of one that said nothing of them and was updated, those of its image. */
static uint64_t bytes_of(const struct catalog_rollout *r, const struct store_attempt *row)
{
    const struct otter_manifest *m = &r->release->manifest;

    if (row->bytes > 0 || row->state != OTTER_UPDATE_SUCCEEDED)
        return row->bytes;
    for (unsigned i = 0; i < m->image_count; i++)
        if (m->image[i].slot == row->slot)
            return m->image[i].size;
    return 0;
}

static void add(const struct catalog_rollout *r, json_t *json, const struct store_attempt *row,
                unsigned phase)
{
    (void)json_object_set_new(json, "phase", json_integer((json_int_t)phase));
    (void)json_object_set_new(json, "attempt", row->id ? json_integer((json_int_t)row->id) : json_null());
    (void)json_object_set_new(json, "detail", json_string(row->detail));
    (void)json_object_set_new(json, "bytes", json_integer((json_int_t)bytes_of(r, row)));
    (void)json_object_set_new(json, "offered", json_time(row->created));
    (void)json_object_set_new(json, "updated", json_time(row->updated));
    (void)json_object_set_new(json, "finished", json_time(row->finished));
}

/* Is the attempt the device's newest in the rollout, and not one that is to be repeated? */
static bool is_newest(struct lister *l, const struct store_attempt *row)
{
    struct store_attempt newest;

    l->status = l->svc->reader->ops->attempt_in(l->svc->reader, row->device, row->rollout, &newest);
    return l->status == OTTER_OK && newest.id == row->id && !row->retry;
}

/* False: the page is full. */
static bool put(struct lister *l, json_t *json, const struct policy_subject *subject, uint64_t position)
{
    if (list_wants(l->page, subject))
        return list_add(l->page, json, position);
    json_decref(json);
    return true;
}

static bool take(struct store_attempt_visitor *self, const struct store_attempt *row)
{
    struct lister *l = OTTER_CONTAINER_OF(self, struct lister, visitor);
    struct policy_subject subject;
    const struct fleet_device *d;
    uint32_t index = (uint32_t)(row->device - 1);
    bool more;
    json_t *json;

    if (row->device < 1 || row->device > (int64_t)fleet_count(l->svc->fleet) || !is_newest(l, row))
        return l->status == OTTER_OK;
    d = fleet_lock(l->svc->fleet, index);
    device_subject(d, l->page->now, &subject);
    subject.state = otter_update_state_name(row->state);
    subject.reason = row->reason == OTTER_OK ? NULL : otter_status_name(row->reason);
    json = line(d, subject.state, row->reason);
    add(l->r, json, row, row->phase);
    more = put(l, json, &subject, row->id);
    fleet_unlock(l->svc->fleet, index);
    return more;
}

bool rollout_concerns(enum otter_status rule)
{
    static const enum otter_status foreign[] = {OTTER_WRONG_PRODUCT, OTTER_WRONG_HARDWARE,
                                                OTTER_NOT_IN_TARGET, OTTER_DEVICE_RETIRED};

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(foreign); i++)
        if (foreign[i] == rule)
            return false;
    return true;
}

/* Has it an attempt here that counts? *ret_status is the store's. */
static bool attempted(struct lister *l, uint32_t index)
{
    struct store_attempt row;

    l->status = l->svc->reader->ops->attempt_in(l->svc->reader, (int64_t)index + 1, l->r->row.id, &row);
    if (l->status != OTTER_NOT_FOUND)
        return l->status != OTTER_OK || !row.retry;
    l->status = OTTER_OK;
    return false;
}

/* False: the page is full, or the store failed. */
static bool take_waiting(struct lister *l, uint32_t index)
{
    static const struct store_attempt none = {0};
    struct policy_subject subject;
    const struct fleet_device *d = fleet_lock(l->svc->fleet, index);
    struct otter_poll poll;
    bool unseen = explain_assume(l->c, d, &poll), more;
    struct device_facts facts;
    enum otter_status rule;
    json_t *json;

    facts_of_device(l->svc, l->c, l->r, d, index, svc_now(l->svc), &facts);
    fleet_unlock(l->svc->fleet, index);
    if (unseen)
        facts_of_poll(&poll, &facts);
    rule = policy_decide(&facts.f);
    /* The rule of an ended rollout is that it has ended, for all of the product. */
    if (!rollout_concerns(rule) || !facts.f.in_target || attempted(l, index))
        return l->status == OTTER_OK;
    d = fleet_lock(l->svc->fleet, index);
    device_subject(d, l->page->now, &subject);
    subject.state = "waiting";
    subject.reason = rule == OTTER_OK ? NULL : otter_status_name(rule);
    json = line(d, subject.state, rule);
    add(l->r, json, &none, facts.f.device_phase);
    more = put(l, json, &subject, WAITING + index + 1);
    fleet_unlock(l->svc->fleet, index);
    return more;
}

static void list_waiting(struct lister *l)
{
    uint32_t count = fleet_count(l->svc->fleet);
    uint64_t first = l->page->after > WAITING ? l->page->after - WAITING : 0;

    for (uint64_t i = first; i < count; i++)
        if (!take_waiting(l, (uint32_t)i))
            return;
}

enum otter_status op_rollout_devices(struct svc *svc, struct svc_call *call)
{
    static const char *const sorts[] = {NULL};
    auto_catalog struct catalog *c = catalog_get(svc);
    struct list_page page;
    struct lister l = {.visitor.row = take, .svc = svc, .c = c, .page = &page, .status = OTTER_OK};
    enum otter_status status;

    l.r = rollout_find(c, call);
    if (!l.r)
        return OTTER_NOT_FOUND;
    status = list_begin_devices(&page, svc, call, sorts);
    if (status != OTTER_OK)
        return status;
    if (page.after <= WAITING)
        status = svc->reader->ops->attempts(svc->reader, l.r->row.id, 0, page.after, &l.visitor);
    if (status == OTTER_OK && l.status == OTTER_OK && !page.more)
        list_waiting(&l);
    if (status == OTTER_OK)
        status = l.status;
    return status == OTTER_OK ? list_end(&page, NULL) : list_drop(&page, svc_stored(call, status));
}

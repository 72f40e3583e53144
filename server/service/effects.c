#include "service/credentials.h"
#include "service/deadlines.h"
#include "service/internal.h"

#include "host/log.h"

#include <stdlib.h>
#include <string.h>

struct svc_effects *effects_of(struct svc_call *call)
{
    if (!call->effects) {
        call->effects = calloc(1, sizeof(*call->effects));
        if (call->effects)
            call->effects->last = &call->effects->first;
    }
    return call->effects;
}

static struct effect *add(struct svc_call *call, enum effect_kind kind, uint32_t index)
{
    struct svc_effects *all = effects_of(call);
    struct effect *e = all ? calloc(1, sizeof(*e)) : NULL;

    if (!e)
        return NULL;
    e->kind = kind;
    e->index = index;
    *all->last = e;
    all->last = &e->next;
    return e;
}

static bool copy_labels(struct effect *e, const struct store_device *row)
{
    size_t total = row->tags.len + row->own_attrs.len + row->operator_attrs.len;
    char *at;

    e->tags_len = row->tags.len;
    e->own_len = row->own_attrs.len;
    e->operator_len = row->operator_attrs.len;
    e->labels = at = malloc(total + 1);
    if (!at)
        return false;
    if (e->tags_len)
        at = (char *)memcpy(at, row->tags.data, e->tags_len) + e->tags_len;
    if (e->own_len)
        at = (char *)memcpy(at, row->own_attrs.data, e->own_len) + e->own_len;
    if (e->operator_len)
        memcpy(at, row->operator_attrs.data, e->operator_len);
    return true;
}

static void copy_name(char to[OTTER_NAME_BUF], const char *from)
{
    size_t n = strnlen(from, OTTER_NAME_MAX);

    memcpy(to, from, n);
    to[n] = '\0';
}

bool effects_device(struct svc_call *call, const struct store_device *row)
{
    struct effect *e = add(call, EFFECT_DEVICE, (uint32_t)(row->num - 1));
    struct effect_device *d = e ? calloc(1, sizeof(*d)) : NULL;

    if (!d)
        return false;
    e->device = d;
    copy_name(d->id, row->id);
    copy_name(d->product, row->product);
    copy_name(d->hardware, row->hardware);
    d->token_hash = row->token_hash;
    memcpy(d->sealed, row->sealed, sizeof(d->sealed));
    return copy_labels(e, row);
}

bool effects_labels(struct svc_call *call, uint32_t index, const struct store_device *row)
{
    struct effect *e = add(call, EFFECT_LABELS, index);

    return e && copy_labels(e, row);
}

bool effects_attempt(struct svc_call *call, uint32_t index, const struct store_attempt *row)
{
    struct effect *e = add(call, EFFECT_ATTEMPT, index);

    if (!e)
        return false;
    e->attempt = row->id;
    e->rollout = row->rollout;
    e->step = row->step;
    e->state = row->state;
    e->reason = row->reason;
    e->slot = row->slot;
    e->retry = row->retry;
    e->served = row->served;
    return true;
}

uint8_t marks_in_memory(const struct store_marks *row)
{
    return (uint8_t)((row->held ? FLEET_HELD : 0) | (row->pinned ? FLEET_PINNED : 0) |
                     (row->retired ? FLEET_RETIRED : 0) | (row->revoked ? FLEET_REVOKED : 0));
}

bool effects_marks(struct svc_call *call, uint32_t index, const struct store_marks *row)
{
    struct effect *e = add(call, EFFECT_MARKS, index);

    if (!e)
        return false;
    e->marks = marks_in_memory(row);
    e->pin = row->pinned ? (uint32_t)row->pin : 0;
    return true;
}

static bool add_token(struct svc_call *call, enum effect_kind kind, uint32_t index,
                      const struct store_token_row *row)
{
    struct effect *e = add(call, kind, index);

    if (!e)
        return false;
    e->token = malloc(sizeof(*row));
    if (e->token)
        *e->token = *row;
    return e->token != NULL;
}

bool effects_token(struct svc_call *call, uint32_t index, const struct store_token_row *row)
{
    return add_token(call, EFFECT_TOKEN, index, row);
}

bool effects_second(struct svc_call *call, uint32_t index, const struct store_token_row *row)
{
    return add_token(call, EFFECT_SECOND, index, row);
}

bool effects_rotate(struct svc_call *call, uint32_t index, bool rotate)
{
    struct effect *e = add(call, EFFECT_ROTATE, index);

    if (e)
        e->rotate = rotate;
    return e != NULL;
}

bool effects_request(struct svc_call *call, const struct store_request *row, bool there)
{
    struct effect *e = add(call, there ? EFFECT_REQUEST : EFFECT_REQUEST_GONE, 0);

    if (!e)
        return false;
    e->request = malloc(sizeof(*row));
    if (e->request)
        *e->request = *row;
    return e->request != NULL;
}

static bool publish_request(struct svc *svc, const struct effect *e)
{
    requests_forget(svc, e->request->last - REQUEST_KEPT_S);
    return requests_put(svc, e->request);
}

static bool publish_request_gone(struct svc *svc, const struct effect *e)
{
    requests_drop(svc, e->request->id, e->request->product);
    return true;
}

static bool publish_labels(struct svc *svc, const struct effect *e)
{
    struct fleet_device *d = fleet_lock(svc->fleet, e->index);
    bool ok = fleet_set_labels(d, e->labels, e->tags_len, e->labels + e->tags_len, e->own_len,
                               e->labels + e->tags_len + e->own_len, e->operator_len);

    device_changed(svc, d, e->index);
    fleet_unlock(svc->fleet, e->index);
    return ok;
}

static bool publish_device(struct svc *svc, const struct effect *e)
{
    const struct effect_device *d = e->device;
    bool ok = fleet_add(svc->fleet, d->id, d->product, d->hardware, &d->token_hash) == e->index &&
              publish_labels(svc, e);

    if (!ok)
        return false;
    ok = auth_hold_secret(svc, fleet_lock(svc->fleet, e->index), d->sealed);
    fleet_unlock(svc->fleet, e->index);
    return ok;
}

static bool publish_attempt(struct svc *svc, const struct effect *e)
{
    const struct store_attempt row = {
        .id = e->attempt, .rollout = e->rollout, .state = e->state, .served = e->served};
    struct fleet_device *d = fleet_lock(svc->fleet, e->index);

    /* An older attempt may turn late; the newest is what polls ask for. */
    if (e->attempt >= d->attempt) {
        d->attempt = e->attempt & FLEET_ATTEMPT_MAX; /* load_all lets none above begin */
        d->attempt_rollout = (uint32_t)e->rollout;
        d->attempt_step = e->step;
        d->attempt_state = (unsigned)e->state & 0xf;
        d->attempt_reason = (uint8_t)e->reason;
        d->attempt_slot = (unsigned)e->slot & 0xf;
        fleet_set_retry(d, e->retry);
    }
    device_changed(svc, d, e->index);
    fleet_unlock(svc->fleet, e->index);
    return deadlines_note(svc, e->index, &row);
}

static bool publish_marks(struct svc *svc, const struct effect *e)
{
    struct fleet_device *d = fleet_lock(svc->fleet, e->index);
    bool ok = fleet_set_marks(svc->fleet, e->index, d, e->marks, e->pin);

    device_changed(svc, d, e->index);
    fleet_unlock(svc->fleet, e->index);
    return ok;
}

void effects_publish(struct svc *svc, struct svc_call *call)
{
    static bool (*const publish[])(struct svc *, const struct effect *) = {
        [EFFECT_DEVICE] = publish_device,
        [EFFECT_LABELS] = publish_labels,
        [EFFECT_ATTEMPT] = publish_attempt,
        [EFFECT_MARKS] = publish_marks,
        [EFFECT_TOKEN] = credentials_publish_token,
        [EFFECT_SECOND] = credentials_publish_second,
        [EFFECT_ROTATE] = credentials_publish_rotate,
        [EFFECT_REQUEST] = publish_request,
        [EFFECT_REQUEST_GONE] = publish_request_gone,
    };

    for (const struct effect *e = call->effects ? call->effects->first : NULL; e; e = e->next) {
        if (publish[e->kind](svc, e))
            continue;
        /* The store is ahead of memory: going on would answer from what is not so. A restart reads it anew.
         */
        host_log(HOST_LOG_ERROR, "out-of-memory", HOST_LOG_STR("where", "publishing a committed change"));
        abort();
    }
    if (call->effects) {
        call->effects->taken = (struct pace_taken){0}; /* it stays */
        count_effects(svc, call->effects);
        events_publish(svc, call->effects);
    }
    effects_drop(call);
}

void effects_drop(struct svc_call *call)
{
    struct effect *e = call->effects ? call->effects->first : NULL;

    while (e) {
        struct effect *next = e->next;

        free(e->labels);
        free(e->device);
        free(e->token);
        free(e->request);
        free(e);
        e = next;
    }
    if (call->effects) {
        gc_plan_free(call->effects->gc);
        if (call->effects->paces)
            pace_put_back(call->effects->paces, &call->effects->taken);
        events_drop(call->effects->events);
    }
    free(call->effects);
    call->effects = NULL;
}

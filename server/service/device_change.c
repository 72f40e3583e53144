/* One change to many devices, named by id or selected by an expression: all in one transaction. */
#include "service/internal.h"
#include "service/rights.h"

#include "core/bytes.h"

#include <string.h>

#define IDS_MAX    1000u
#define ERRORS_MAX 100u /* listed; the rest is in the numbers */

struct tally {
    uint64_t matched, changed;
    json_t *errors;
};

static enum otter_status read_label(struct device_change *c, const json_t *body, struct host_error *err)
{
    struct fleet_pack probe = {.len = 0};

    if (!host_json_get_array(body, "add_tags", HOST_JSON_OPTIONAL, LABEL_TAGS_MAX, &c->add_tags, err) ||
        !host_json_get_array(body, "remove_tags", HOST_JSON_OPTIONAL, LABEL_TAGS_MAX, &c->remove_tags, err) ||
        !host_json_get_object(body, "attributes", HOST_JSON_OPTIONAL, &c->attributes, err))
        return svc_refuse_host(c->call);
    if (json_array_size(c->add_tags) + json_array_size(c->remove_tags) + json_object_size(c->attributes) == 0)
        return svc_refuse(c->call, OTTER_MISSING_MEMBER,
                          "nothing to change: add_tags, remove_tags or attributes");
    /* What no device could take is refused at once; the pack is full of nothing. */
    if (!labels_add_tags(c->add_tags, &probe, err) || !labels_remove_tags(c->remove_tags, &probe, err))
        return OTTER_BAD_VALUE;
    probe.len = 0;
    if (!labels_set_attrs(c->attributes, &probe, err))
        return OTTER_BAD_VALUE;
    labels_note(c->add_tags, c->remove_tags, c->attributes, c->note);
    return OTTER_OK;
}

static enum otter_status read_reason(struct device_change *c, const json_t *body, struct host_error *err)
{
    (void)body;
    (void)err;
    c->reason = "";
    return reason_read(c->call, &c->reason);
}

static enum otter_status need_reason(struct device_change *c, const json_t *body, struct host_error *err)
{
    (void)body;
    (void)err;
    return reason_need(c->call, &c->reason);
}

static enum otter_status read_release(struct device_change *c, const json_t *body, struct host_error *err)
{
    const struct catalog_release *r = NULL;
    struct otter_digest id;
    const char *hex;

    if (!host_json_get_string(body, "release", HOST_JSON_REQUIRED, OTTER_DIGEST_HEX, &hex, err))
        return svc_refuse_host(c->call);
    if (otter_hex_decode(hex, strlen(hex), id.b, OTTER_DIGEST_LEN))
        r = catalog_release_by_id(c->svc->catalog, &id);
    if (!r || !rights_see(c->call, r->manifest.product))
        return svc_refuse(c->call, OTTER_NOT_FOUND, "there is no release \"%s\": otter release list", hex);
    c->release = r->num;
    otter_hex_encode(id.b, OTTER_DIGEST_LEN, c->release_hex);
    return svc_stored(c->call, release_usable(c->svc, err, r));
}

static enum otter_status read_rollout(struct device_change *c, const json_t *body, struct host_error *err)
{
    const struct catalog_rollout *r;
    uint64_t rollout = 0;

    if (!host_json_get_uint(body, "rollout", HOST_JSON_OPTIONAL, 1, OTTER_INT_MAX, &rollout, err))
        return svc_refuse_host(c->call);
    c->rollout = (int64_t)rollout;
    r = catalog_rollout_by_id(c->svc->catalog, c->rollout);
    if (rollout && (!r || !rights_see(c->call, r->release->manifest.product)))
        return svc_refuse(c->call, OTTER_NOT_FOUND, "there is no rollout %llu", (unsigned long long)rollout);
    return OTTER_OK;
}

static enum otter_status read_nothing(struct device_change *c, const json_t *body, struct host_error *err)
{
    (void)c;
    (void)body;
    (void)err;
    return OTTER_OK;
}

static const char *const label_members[] = {"ids", "target", "add_tags", "remove_tags", "attributes", NULL};
static const char *const reason_members[] = {"ids", "target", "reason", NULL};
static const char *const reasoned_members[] = {"ids", "target", "*reason", NULL};
static const char *const pin_members[] = {"ids", "target", "*release", NULL};
static const char *const retry_members[] = {"ids", "target", "rollout", NULL};
static const char *const plain_members[] = {"ids", "target", NULL};

static const struct verb {
    const char *name;
    const char *const *members;
    enum otter_status (*read)(struct device_change *c, const json_t *body, struct host_error *err);
    device_act *act;
} verbs[] = {
    {"label", label_members, read_label, act_label},
    {"hold", reason_members, read_reason, act_hold},
    {"unhold", plain_members, read_nothing, act_unhold},
    {"pin", pin_members, read_release, act_pin},
    {"unpin", plain_members, read_nothing, act_unpin},
    {"retry", retry_members, read_rollout, act_retry},
    {"retire", reasoned_members, need_reason, act_retire},
    {"reinstate", plain_members, read_nothing, act_reinstate},
    {"rotate", plain_members, read_nothing, act_rotate},
    {"revoke", reason_members, read_reason, act_revoke},
};

static const struct verb *verb_of(const struct svc_call *call)
{
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(verbs); i++)
        if (call->in.id && strcmp(verbs[i].name, call->in.id) == 0)
            return &verbs[i];
    return NULL;
}

static void complain(struct tally *t, const char *id, enum otter_status status, const char *detail)
{
    if (json_array_size(t->errors) < ERRORS_MAX)
        (void)json_array_append_new(t->errors, json_pack("{s:s, s:s, s:s}", "id", id, "code",
                                                         otter_status_name(status), "detail", detail));
}

/* A device's own refusal is an entry of errors; only trouble of the store ends the change. */
static enum otter_status change_one(struct device_change *c, const struct verb *verb, uint32_t index,
                                    struct tally *t)
{
    struct host_error err = {0};
    bool changed = false;
    enum otter_status status = rights_need_or(c->call, fleet_peek(c->svc->fleet, index)->kind->product, &err);

    if (status == OTTER_OK)
        status = verb->act(c, index, &changed, &err);

    if (change_broken(status))
        return status;
    t->matched++;
    t->changed += changed;
    if (status != OTTER_OK)
        complain(t, fleet_peek(c->svc->fleet, index)->id, status, err.message);
    return OTTER_OK;
}

static enum otter_status change_ids(struct device_change *c, const struct verb *verb, const json_t *ids,
                                    struct tally *t)
{
    enum otter_status status = OTTER_OK;

    for (size_t i = 0; i < json_array_size(ids) && status == OTTER_OK; i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        uint32_t index;

        if (!id || !otter_device_id_valid(id, strlen(id)))
            return svc_refuse(c->call, OTTER_BAD_VALUE, "ids, number %zu: [A-Za-z0-9._:-]{1,64}", i + 1);
        index = fleet_find(c->svc->fleet, id);
        if (index == FLEET_NONE || !rights_see_device(c->svc, c->call, index))
            complain(t, id, OTTER_NOT_FOUND, "there is no such device");
        else
            status = change_one(c, verb, index, t);
    }
    return status;
}

static bool selects(struct svc *svc, const struct policy_target *target, bool retired, uint32_t index)
{
    struct policy_subject subject;
    bool selected;

    if (!retired && fleet_is_retired(svc->fleet, index))
        return false;
    device_subject(fleet_lock(svc->fleet, index), svc_now(svc), &subject);
    selected = policy_target_matches(target, &subject);
    fleet_unlock(svc->fleet, index);
    return selected;
}

/* Memory changes only after the commit: the selection is that of the beginning. */
static enum otter_status change_target(struct device_change *c, const struct verb *verb, const char *text,
                                       struct tally *t)
{
    uint32_t count = fleet_count(c->svc->fleet);
    enum otter_status status = OTTER_OK;
    struct policy_target target;
    bool retired;

    status = target_read(c->call, c->svc->catalog, "target", text, &target);
    if (status != OTTER_OK)
        return status;
    retired = policy_target_names(&target, POLICY_FIELD_STATE, "retired");
    for (uint32_t i = 0; i < count && status == OTTER_OK; i++)
        if (rights_see_device(c->svc, c->call, i) && selects(c->svc, &target, retired, i))
            status = change_one(c, verb, i, t);
    return status;
}

static enum otter_status change_all(struct device_change *c, const struct verb *verb, const json_t *body,
                                    struct tally *t)
{
    struct host_error *err = &c->call->out.error;
    const char *target = NULL;
    json_t *ids = NULL;

    if (!host_json_get_array(body, "ids", HOST_JSON_OPTIONAL, IDS_MAX, &ids, err) ||
        !host_json_get_string(body, "target", HOST_JSON_OPTIONAL, POLICY_TARGET_MAX, &target, err))
        return svc_refuse_host(c->call);
    if (!ids == !target)
        return svc_refuse(c->call, ids ? OTTER_BAD_VALUE : OTTER_MISSING_MEMBER,
                          "name the devices by either ids or target");
    return ids ? change_ids(c, verb, ids, t) : change_target(c, verb, target, t);
}

enum otter_status op_device_change(struct svc *svc, struct svc_call *call)
{
    const struct verb *verb = verb_of(call);
    struct device_change c = {.svc = svc, .call = call, .verb = verb ? verb->name : ""};
    struct svc_effects *effects = effects_of(call);
    auto_json json_t *errors = json_array();
    struct tally t = {.errors = errors};
    enum otter_status status;

    if (!verb || !effects || !errors)
        return verb ? OTTER_INTERNAL : svc_refuse(call, OTTER_NOT_FOUND, "no such change");
    status = svc_shape(call->in.json, verb->members, &call->out.error);
    if (status == OTTER_OK)
        status = verb->read(&c, call->in.json, &call->out.error);
    if (status == OTTER_OK)
        status = change_all(&c, verb, call->in.json, &t);
    if (status != OTTER_OK)
        return status;
    effects->opened = t.changed > 0; /* phases may wait for fewer devices now, or for more */
    call->out.json = json_pack("{s:I, s:I, s:O}", "matched", (json_int_t)t.matched, "changed",
                               (json_int_t)t.changed, "errors", errors);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

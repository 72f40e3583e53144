/* What operators' calls are called in the audit log, and what is taken down of them: one table. */
#include "service/audit.h"

#include "service/internal.h"

#include "core/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SUBJECT_ROOM ((size_t)AUDIT_SUBJECT_MAX * 2) /* before it is cut */

#define MEMBER_MAX 512u /* bytes of a member as JSON; a longer one is known by its digest */

enum subject {
    FIXED,    /* word */
    ID,       /* in.id */
    NUMBER,   /* word and in.number */
    DIGEST,   /* in.digest */
    ASKED,    /* a member of the body */
    ANSWERED, /* word, if there is one, and a member of the answer */
    DEVICES   /* target, or ids, of the body */
};

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

struct act {
    const char *name; /* '*' at its end stands for in.id */
    enum subject subject;
    const char *word, *member;
    const char *const *asked;    /* members of the body that are taken down */
    const char *const *answered; /* of the answer */
};

static const struct act acts[SVC_OP_COUNT] = {
    [SVC_ROOT_PUBLISH] = {"root-publish", ANSWERED, "root", "version", NULL,
                          LIST("sequence_epoch", "expires")},
    [SVC_UPLOAD_CREATE] = {"upload", DIGEST},
    [SVC_RELEASE_PUBLISH] = {"release-publish", ANSWERED, NULL, "id", NULL,
                             LIST("product", "version", "epoch", "sequence")},
    [SVC_RELEASE_WITHDRAW] = {"release-withdraw", ID, NULL, NULL, LIST("reason", "abort_rollouts")},
    [SVC_IMAGE_KEY_ADD] = {"image-key-add", ANSWERED, NULL, "kid", LIST("product")},
    [SVC_ROLLOUT_CREATE] = {"rollout-create", ANSWERED, "rollout", "id",
                            LIST("name", "release", "target", "phases", "plan", "gate", "priority")},
    [SVC_ROLLOUT_ACTION] = {"rollout-*", NUMBER, "rollout", NULL, NULL, LIST("phase", "child")},
    [SVC_DEVICE_CREATE] = {"device-create", ASKED, NULL, "id", LIST("product", "hardware")},
    [SVC_DEVICE_BATCH] = {"device-batch", FIXED, "devices", NULL, NULL, LIST("created", "unchanged")},
    [SVC_DEVICE_IMPORT] = {"device-import", FIXED, "devices", NULL, NULL,
                           LIST("created", "updated", "unchanged")},
    [SVC_DEVICE_PATCH] = {"device-patch", ID, NULL, NULL, LIST("tags", "attributes")},
    [SVC_DEVICE_CHANGE] = {"device-*", DEVICES, NULL, NULL,
                           LIST("ids", "add_tags", "remove_tags", "attributes", "reason", "release",
                                "rollout"),
                           LIST("matched", "changed")},
    [SVC_REQUEST_ACCEPT] = {"device-accept", FIXED, "devices", NULL, LIST("items"),
                            LIST("matched", "changed")},
    [SVC_REQUEST_REJECT] = {"device-reject", FIXED, "devices", NULL, LIST("items"),
                            LIST("matched", "changed")},
    [SVC_FLEET_KEY_ADD] = {"fleet-key-add", ANSWERED, NULL, "id", LIST("product")},
    [SVC_FLEET_KEY_REMOVE] = {"fleet-key-remove", DIGEST},
    [SVC_GROUP_PUT] = {"group-set", ID, NULL, NULL, LIST("target", "poll_interval")},
    [SVC_GROUP_DELETE] = {"group-delete", ID},
    [SVC_GC] = {"gc", FIXED, "server", NULL, LIST("keep", "orphans_older_than"),
                LIST("blobs", "bytes", "uploads")},
    [SVC_FREEZE] = {"*", FIXED, "server", NULL, LIST("reason")},
    [SVC_OPERATOR_ADD] = {"operator-add", ASKED, NULL, "name", LIST("grants", "label", "expires_in")},
    [SVC_OPERATOR_CHANGE] = {"operator-change", ID, NULL, NULL, LIST("grant", "revoke", "disabled")},
    [SVC_TOKEN_NEW] = {"token-new", ANSWERED, "token", "id", LIST("operator", "label", "expires_in")},
    [SVC_TOKEN_REVOKE] = {"token-revoke", NUMBER, "token"},
    [SVC_OPERATOR_REMOVE] = {"operator-remove", ID},
    [SVC_AUDIT_PRUNE] = {AUDIT_ACT_PRUNE, FIXED, "log", NULL, NULL, LIST("through", "hash", "spki")},
    [SVC_BACKUP] = {"backup", FIXED, "server", NULL, LIST("dir")},
};

static const struct act *act_of(const struct svc_call *call)
{
    const struct act *act = (unsigned)call->op < SVC_OP_COUNT ? &acts[call->op] : NULL;

    return act && act->name ? act : NULL;
}

static void name_act(const struct act *act, const struct svc_call *call, char out[AUDIT_ACT_MAX + 1])
{
    size_t n = strcspn(act->name, "*");

    (void)snprintf(out, AUDIT_ACT_MAX + 1, "%.*s%s", (int)n, act->name,
                   act->name[n] && call->in.id ? call->in.id : "");
}

/* A member, or what it is known by; a new reference. */
static json_t *brief(json_t *value)
{
    auto_free char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    char hex[OTTER_DIGEST_HEX + 1];
    struct otter_digest digest;
    size_t len = text ? strlen(text) : 0;

    if (len <= MEMBER_MAX)
        return json_incref(value);
    otter_sha256_of(&otter_crypto_openssl, text, len, &digest);
    otter_hex_encode(digest.b, OTTER_DIGEST_LEN, hex);
    return json_pack("{s:s, s:I}", "sha256", hex, "bytes", (json_int_t)len);
}

static void take_members(json_t *to, const json_t *from, const char *const *members)
{
    for (; members && *members; members++) {
        json_t *value = json_object_get(from, *members);

        if (value && !json_is_null(value))
            (void)json_object_set_new(to, *members, brief(value));
    }
}

/* The value as text, behind the word. */
static void put_value(const char *word, const json_t *value, char out[SUBJECT_ROOM])
{
    const char *text = json_string_value(value), *space = word && value ? " " : "";

    if (json_is_integer(value))
        (void)snprintf(out, SUBJECT_ROOM, "%s%s%" JSON_INTEGER_FORMAT, word ? word : "", space,
                       json_integer_value(value));
    else
        (void)snprintf(out, SUBJECT_ROOM, "%s%s%s", word ? word : "", space, text ? text : "");
}

static void put_devices(const json_t *body, char out[SUBJECT_ROOM])
{
    const json_t *ids = json_object_get(body, "ids");

    if (json_array_size(ids) == 1)
        put_value(NULL, json_array_get(ids, 0), out);
    else if (json_is_array(ids))
        (void)snprintf(out, SUBJECT_ROOM, "%zu devices", json_array_size(ids));
    else
        put_value("devices where", json_object_get(body, "target"), out);
}

static void put_subject(const struct act *act, const struct svc_call *call, char out[SUBJECT_ROOM])
{
    char hex[OTTER_DIGEST_HEX + 1];

    out[0] = '\0';
    switch (act->subject) {
    case FIXED:
        (void)snprintf(out, SUBJECT_ROOM, "%s", act->word);
        break;
    case ID:
        (void)snprintf(out, SUBJECT_ROOM, "%s", call->in.id ? call->in.id : "");
        break;
    case NUMBER:
        (void)snprintf(out, SUBJECT_ROOM, "%s %" PRIu64, act->word, call->in.number);
        break;
    case DIGEST:
        otter_hex_encode(call->in.digest.b, OTTER_DIGEST_LEN, hex);
        (void)snprintf(out, SUBJECT_ROOM, "%s", hex);
        break;
    case ASKED:
        put_value(act->word, json_object_get(call->in.json, act->member), out);
        break;
    case ANSWERED:
        put_value(act->word, json_object_get(call->out.json, act->member), out);
        break;
    case DEVICES:
        put_devices(call->in.json, out);
        break;
    }
}

static const char *who_of(const struct svc_call *call)
{
    return call->in.who ? call->in.who : "";
}

static enum otter_status write_act(struct svc *svc, const struct act *act, struct svc_call *call,
                                   json_t *detail)
{
    char name[AUDIT_ACT_MAX + 1], subject[SUBJECT_ROOM];

    name_act(act, call, name);
    put_subject(act, call, subject);
    return svc_stored(call, audit_note(svc, who_of(call), name, subject, detail));
}

enum otter_status audit_done(struct svc *svc, struct svc_call *call)
{
    const struct act *act = act_of(call);
    json_t *detail;

    if (!act && call->in.who)
        return svc_refuse(call, OTTER_INTERNAL,
                          "the audit log has no name for this operation (audit_acts.c)");
    if (!act || (call->op == SVC_UPLOAD_CREATE && call->out.held)) /* which changed nothing */
        return OTTER_OK;
    detail = json_object();
    take_members(detail, call->in.json, act->asked);
    take_members(detail, call->out.json, act->answered);
    return write_act(svc, act, call, detail);
}

bool audit_wants_refusal(const struct svc_call *call)
{
    return act_of(call) && call->in.who && !call->in.dry_run &&
           (call->out.status == OTTER_FORBIDDEN || call->unapproved);
}

enum otter_status audit_refused(struct svc *svc, struct svc_call *call)
{
    const struct act *act = act_of(call);
    json_t *why = json_string(call->out.error.message); /* NULL: cut within a character */
    json_t *detail = json_pack("{s:s, s:o}", "refused", otter_status_name(call->out.status), "why",
                               why ? why : json_string(otter_status_meaning(call->out.status)));

    if (detail)
        take_members(detail, call->in.json, act->asked);
    return write_act(svc, act, call, detail);
}

enum otter_status audit_alone(struct svc *svc, struct svc_call *call)
{
    struct store *store = svc->writer;
    bool said = false;
    enum otter_status status = store->ops->begin(store, true);

    if (status == OTTER_OK)
        status = audit_begin(svc, &said);
    if (status == OTTER_OK)
        status = call->out.status == OTTER_OK ? audit_done(svc, call) : audit_refused(svc, call);
    if (status == OTTER_OK)
        status = store->ops->commit(store);
    else
        store->ops->rollback(store);
    svc->audit.announced = svc->audit.announced || (said && status == OTTER_OK);
    return status;
}

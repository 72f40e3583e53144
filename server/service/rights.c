/*
 * What each operation needs, one table; and the questions that operations ask about one product. Who holds
 * which rights is policy's (policy/rights.h).
 */
#include "service/rights.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

#define OPEN                                                                                                 \
    {                                                                                                        \
        SVC_SCOPE_OPEN, 0                                                                                    \
    }
#define ANYONE                                                                                               \
    {                                                                                                        \
        SVC_SCOPE_ANYONE, 0                                                                                  \
    }
#define PRODUCT(what)                                                                                        \
    {                                                                                                        \
        SVC_SCOPE_PRODUCT, POLICY_##what                                                                     \
    }
#define SERVER(what)                                                                                         \
    {                                                                                                        \
        SVC_SCOPE_SERVER, POLICY_##what                                                                      \
    }

/* What is not in here is refused. */
static const struct svc_need needs[SVC_OP_COUNT] = {
    [SVC_POLL] = OPEN,
    [SVC_REPORT] = OPEN,
    [SVC_ATTRIBUTES] = OPEN,
    [SVC_DEVICE_TOKEN] = OPEN,
    [SVC_DEVICE_ENROL] = OPEN,
    [SVC_DEVICE_ASK] = OPEN,
    [SVC_ROOT_GET] = OPEN,
    [SVC_ALIVE] = OPEN,
    [SVC_READY] = OPEN,
    [SVC_BLOB_GET] = OPEN, /* devices', too: svc_may_fetch() judges operators */

    [SVC_WHOAMI] = ANYONE,
    [SVC_TOKEN_NEW] = ANYONE,
    [SVC_TOKEN_LIST] = ANYONE,
    [SVC_TOKEN_REVOKE] = ANYONE,
    [SVC_OPERATOR_GET] = ANYONE,

    [SVC_STATUS] = PRODUCT(SEE),
    [SVC_ROOT_LIST] = PRODUCT(SEE),
    [SVC_RELEASE_LIST] = PRODUCT(SEE),
    [SVC_RELEASE_GET] = PRODUCT(SEE),
    [SVC_RELEASE_MANIFEST] = PRODUCT(SEE),
    [SVC_RELEASE_DEPS] = PRODUCT(SEE),
    [SVC_IMAGE_KEY_LIST] = PRODUCT(SEE),
    [SVC_ROLLOUT_LIST] = PRODUCT(SEE),
    [SVC_ROLLOUT_GET] = PRODUCT(SEE),
    [SVC_ROLLOUT_ATTEMPTS] = PRODUCT(SEE),
    [SVC_ROLLOUT_DEVICES] = PRODUCT(SEE),
    [SVC_ROLLOUT_REASONS] = PRODUCT(SEE),
    [SVC_ROLLOUT_EVENTS] = PRODUCT(SEE),
    [SVC_ROLLOUT_PREVIEW] = PRODUCT(SEE),
    [SVC_PLAN_PREVIEW] = PRODUCT(SEE),
    [SVC_ROLLOUT_EXPLAIN] = PRODUCT(SEE),
    [SVC_DEVICE_LIST] = PRODUCT(SEE),
    [SVC_DEVICE_GET] = PRODUCT(SEE),
    [SVC_DEVICE_ATTEMPTS] = PRODUCT(SEE),
    [SVC_DEVICE_TIMELINE] = PRODUCT(SEE),
    [SVC_FLEET_SUMMARY] = PRODUCT(SEE),
    [SVC_REQUEST_LIST] = PRODUCT(SEE),
    [SVC_METRICS] = SERVER(SEE),
    [SVC_AUDIT_LIST] = SERVER(SEE),
    [SVC_AUDIT_HEAD] = SERVER(SEE),
    [SVC_AUDIT_EXPORT] = SERVER(SEE),
    [SVC_AUDIT_PRUNE] = SERVER(ADMINISTER),
    [SVC_GROUP_GET] = SERVER(SEE), /* a group's target may name anything */
    [SVC_GROUP_LIST] = SERVER(SEE),

    [SVC_ROLLOUT_CREATE] = PRODUCT(OPERATE),
    [SVC_ROLLOUT_ACTION] = PRODUCT(OPERATE), /* but for approve */
    [SVC_DEVICE_CREATE] = PRODUCT(OPERATE),
    [SVC_DEVICE_BATCH] = PRODUCT(OPERATE),
    [SVC_DEVICE_IMPORT] = PRODUCT(OPERATE),
    [SVC_DEVICE_PATCH] = PRODUCT(OPERATE),
    [SVC_DEVICE_CHANGE] = PRODUCT(OPERATE),
    [SVC_REQUEST_ACCEPT] = PRODUCT(OPERATE),
    [SVC_REQUEST_REJECT] = PRODUCT(OPERATE),
    [SVC_GROUP_PUT] = SERVER(OPERATE),
    [SVC_GROUP_DELETE] = SERVER(OPERATE),
    [SVC_FREEZE] = SERVER(OPERATE),
    [SVC_GC] = SERVER(OPERATE),
    [SVC_BACKUP] = SERVER(OPERATE),

    [SVC_UPLOAD_CREATE] = PRODUCT(PUBLISH),
    [SVC_UPLOAD_STAT] = PRODUCT(PUBLISH),
    [SVC_UPLOAD_APPEND] = PRODUCT(PUBLISH),
    [SVC_RELEASE_PUBLISH] = PRODUCT(PUBLISH),
    [SVC_RELEASE_WITHDRAW] = PRODUCT(PUBLISH),
    [SVC_IMAGE_KEY_ADD] = PRODUCT(PUBLISH),
    [SVC_ROOT_PUBLISH] = SERVER(PUBLISH),

    [SVC_FLEET_KEY_LIST] = PRODUCT(ADMINISTER), /* a credential of a whole product */
    [SVC_FLEET_KEY_ADD] = PRODUCT(ADMINISTER),
    [SVC_FLEET_KEY_REMOVE] = PRODUCT(ADMINISTER),

    [SVC_OPERATOR_ADD] = SERVER(ADMINISTER),
    [SVC_OPERATOR_CHANGE] = SERVER(ADMINISTER),
    [SVC_OPERATOR_REMOVE] = SERVER(ADMINISTER),
    [SVC_OPERATOR_LIST] = SERVER(ADMINISTER),
};

/* Rows of an operation that needs something else for one word. */
static const struct {
    enum svc_op op;
    const char *id;
    struct svc_need need;
} exceptions[] = {{SVC_ROLLOUT_ACTION, "approve", PRODUCT(APPROVE)}};

struct svc_need svc_need_of(enum svc_op op, const char *id)
{
    for (unsigned i = 0; id && i < OTTER_ARRAY_LEN(exceptions); i++)
        if (exceptions[i].op == op && strcmp(exceptions[i].id, id) == 0)
            return exceptions[i].need;
    return (unsigned)op < SVC_OP_COUNT ? needs[op] : (struct svc_need){SVC_SCOPE_UNSET, 0};
}

static bool has(const struct svc_asker *asker, struct svc_need need)
{
    switch (need.scope) {
    case SVC_SCOPE_OPEN:
        return true;
    case SVC_SCOPE_ANYONE:
        return asker != NULL;
    case SVC_SCOPE_PRODUCT:
        return asker && policy_may_anywhere(&asker->rights, need.right);
    case SVC_SCOPE_SERVER:
        return asker && policy_may(&asker->rights, need.right, NULL);
    case SVC_SCOPE_UNSET:
        break;
    }
    return false;
}

/* what, product: "product " and its name, or other words and "". */
static enum otter_status lacks(struct host_error *err, const struct svc_asker *asker, enum policy_right right,
                               const char *what, const char *product)
{
    err->kind = HOST_ERROR_FORMAT;
    (void)snprintf(err->message, sizeof(err->message),
                   "operator %s lacks the right to %s for %s%s: an admin grants roles (otter operator grant)",
                   asker ? asker->name : "nobody", policy_right_name(right), what, product);
    return OTTER_FORBIDDEN;
}

static enum otter_status lacks_for(struct host_error *err, const struct svc_asker *asker,
                                   enum policy_right right, const char *product)
{
    return product ? lacks(err, asker, right, "product ", product)
                   : lacks(err, asker, right, "the whole server", "");
}

enum otter_status svc_permitted(const struct svc_asker *asker, enum svc_op op, const char *id,
                                struct host_error *err)
{
    struct svc_need need = svc_need_of(op, id);

    if (has(asker, need))
        return OTTER_OK;
    if (need.scope == SVC_SCOPE_PRODUCT)
        return lacks(err, asker, need.right, "any product", "");
    return lacks_for(err, asker, need.right, NULL);
}

enum otter_status rights_check(struct svc *svc, struct svc_call *call)
{
    enum otter_status status = auth_again(svc, call);

    if (status != OTTER_OK)
        return status;
    return svc_permitted(call->in.asker, call->op, call->in.id, &call->out.error);
}

bool rights_may(const struct svc_call *call, enum policy_right right, const char *product)
{
    return call->in.asker && policy_may(&call->in.asker->rights, right, product);
}

bool rights_see(const struct svc_call *call, const char *product)
{
    return rights_may(call, POLICY_SEE, product);
}

bool rights_see_all(const struct svc_call *call)
{
    return rights_see(call, NULL);
}

bool rights_see_device(struct svc *svc, const struct svc_call *call, uint32_t index)
{
    return rights_see(call, fleet_peek(svc->fleet, index)->kind->product);
}

enum otter_status rights_need_or(const struct svc_call *call, const char *product, struct host_error *err)
{
    enum policy_right right = svc_need_of(call->op, call->in.id).right;

    if (rights_may(call, right, product))
        return OTTER_OK;
    return lacks_for(err, call->in.asker, right, product);
}

enum otter_status rights_need(struct svc_call *call, const char *product)
{
    return rights_need_or(call, product, &call->out.error);
}

enum otter_status rights_need_also(struct svc_call *call, enum policy_right right, const char *product)
{
    if (rights_may(call, right, product))
        return OTTER_OK;
    return lacks_for(&call->out.error, call->in.asker, right, product);
}

static bool release_has(const struct catalog_release *r, const struct otter_digest *digest)
{
    const struct otter_manifest *m = &r->manifest;

    if (memcmp(r->id.b, digest->b, OTTER_DIGEST_LEN) == 0 ||
        (m->has_sbom && memcmp(m->sbom.b, digest->b, OTTER_DIGEST_LEN) == 0) ||
        (m->has_notes && memcmp(m->notes.b, digest->b, OTTER_DIGEST_LEN) == 0))
        return true;
    for (unsigned i = 0; i < r->manifest.image_count; i++)
        if (memcmp(r->manifest.image[i].sha256.b, digest->b, OTTER_DIGEST_LEN) == 0)
            return true;
    return false;
}

bool svc_may_fetch(struct svc *svc, const struct svc_asker *asker, const struct otter_digest *digest)
{
    auto_catalog struct catalog *c = NULL;

    if (!asker)
        return false;
    if (policy_may(&asker->rights, POLICY_SEE, NULL))
        return true;
    c = catalog_get(svc);
    for (size_t i = 0; c && i < c->release_count; i++)
        if (policy_may(&asker->rights, POLICY_SEE, c->releases[i].manifest.product) &&
            release_has(&c->releases[i], digest))
            return true;
    return false;
}

#include "service/internal.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

/* Compares the bytes of a stored root with those of the call. */
struct same {
    struct store_root_visitor visitor;
    const struct svc_call *call;
    bool same;
};

static bool compare(struct store_root_visitor *self, const struct store_root *row)
{
    struct same *s = OTTER_CONTAINER_OF(self, struct same, visitor);

    s->same = row->len == s->call->in.body_len && memcmp(row->envelope, s->call->in.body, row->len) == 0;
    return false;
}

static enum otter_status refuse_chain(struct svc_call *call, enum otter_status status,
                                      const struct catalog *c)
{
    if (!c->has_root)
        return svc_refuse(call, status, "not a valid first root: %s", otter_status_meaning(status));
    return svc_refuse(call, status, "not the successor of root %llu: %s", (unsigned long long)c->root.version,
                      otter_status_meaning(status));
}

static enum otter_status verify(struct svc *svc, struct svc_call *call, struct otter_root *ret)
{
    const struct catalog *c = svc->catalog;
    const struct otter_crypto *crypto = &otter_crypto_openssl;
    enum otter_status status;
    struct otter_jws jws;

    if (c->has_root)
        status = otter_verify_root_next(crypto, &c->root, call->in.body, call->in.body_len, &jws, ret);
    else
        status = otter_verify_root_first(crypto, call->in.body, call->in.body_len, &jws, ret);
    if (status != OTTER_OK)
        return refuse_chain(call, status, c);
    if (!c->has_root && ret->version != 1)
        return svc_refuse(
            call, OTTER_ROOT_VERSION,
            "this server is empty: begin with root version 1, then publish its successors in order");
    if (ret->created > (uint64_t)svc_now(svc))
        return svc_refuse(call, OTTER_CREATED_IN_FUTURE,
                          "created at %llu, this server's clock says %lld: check both clocks",
                          (unsigned long long)ret->created, (long long)svc_now(svc));
    if (!offer_keys_named(&svc->offer_keys, ret))
        return svc_refuse(
            call, OTTER_ROOT_ROLES,
            "the offer role names no offer key of this server's: neither its offer.pub, nor an offer.next.key"
            " that it was told of by SIGHUP");
    return OTTER_OK;
}

/* The version that the envelope claims, unverified: only to find the same bytes again. 0: none. */
static uint64_t claimed_version(const struct svc_call *call)
{
    struct otter_root root;
    struct otter_jws jws;

    if (otter_jws_decode(call->in.body, call->in.body_len, &jws) != OTTER_OK ||
        otter_root_decode(&otter_crypto_openssl, jws.payload, jws.payload_len, &root) != OTTER_OK)
        return 0;
    return root.version;
}

static bool is_published(struct svc *svc, const struct svc_call *call)
{
    struct same s = {.visitor.row = compare, .call = call};
    uint64_t version = claimed_version(call);

    return version > 0 && svc->writer->ops->root_get(svc->writer, version, &s.visitor) == OTTER_OK && s.same;
}

static enum otter_status answer_published(struct svc_call *call)
{
    struct otter_root root;
    struct otter_jws jws;

    if (otter_jws_decode(call->in.body, call->in.body_len, &jws) != OTTER_OK ||
        otter_root_decode(&otter_crypto_openssl, jws.payload, jws.payload_len, &root) != OTTER_OK)
        return OTTER_INTERNAL;
    call->out.json = json_root(&root);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

enum otter_status op_root_publish(struct svc *svc, struct svc_call *call)
{
    struct svc_effects *effects = effects_of(call);
    struct store_root row = {.envelope = call->in.body, .len = call->in.body_len, .published = svc_now(svc)};
    enum otter_status status;
    struct otter_root root;

    if (is_published(svc, call))
        return answer_published(call);
    status = verify(svc, call, &root);
    if (status != OTTER_OK)
        return status;
    row.version = root.version;
    status = svc->writer->ops->root_add(svc->writer, &row);
    /* Another of the same batch was quicker: the catalog does not show it yet. */
    if (status == OTTER_ALREADY_EXISTS)
        return svc_refuse(call, OTTER_ROOT_VERSION, "root %llu has just been published",
                          (unsigned long long)root.version);
    if (status == OTTER_OK)
        status = release_trust_changes(svc, call, &root);
    if (status != OTTER_OK || !effects)
        return svc_stored(call, effects ? status : OTTER_INTERNAL);
    effects->catalog = true;
    call->out.created = true;
    call->out.json = json_root(&root);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

/* From memory: devices ask, and wait for no operator's list. Any thread. */
enum otter_status op_root_get(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    const struct catalog_root *root = catalog_root_by_version(c, call->in.number);

    if (!root)
        return svc_refuse(call, OTTER_NOT_FOUND, "there is no root %llu",
                          (unsigned long long)call->in.number);
    svc_answer_bytes(call, root->envelope, root->len);
    return call->out.body ? OTTER_OK : OTTER_INTERNAL;
}

static json_t *b64(const struct otter_digest *digest)
{
    char text[OTTER_B64_LEN(OTTER_DIGEST_LEN) + 1];

    otter_b64_encode(digest->b, OTTER_DIGEST_LEN, text);
    return json_string(text);
}

static json_t *json_role(const struct otter_root *root, const struct otter_root_role *role)
{
    json_t *keyids = json_array();

    for (unsigned i = 0; i < role->count; i++)
        (void)json_array_append_new(keyids, b64(&root->key[role->key[i]].kid));
    return json_pack("{s:o, s:i}", "keyids", keyids, "threshold", (int)role->threshold);
}

json_t *json_root(const struct otter_root *root)
{
    json_t *keys = json_array(), *roles = json_object(), *revoked = json_array();

    for (unsigned i = 0; i < root->key_count; i++)
        (void)json_array_append_new(keys, b64(&root->key[i].kid));
    for (unsigned i = 0; i < OTTER_ROLE_COUNT; i++)
        (void)json_object_set_new(roles, otter_role_name((enum otter_role)i),
                                  json_role(root, &root->role[i]));
    for (unsigned i = 0; i < root->revoked_count; i++)
        (void)json_array_append_new(revoked, b64(&root->revoked[i]));
    return json_pack("{s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "version", (json_int_t)root->version, "created",
                     (json_int_t)root->created, "expires", (json_int_t)root->expires, "sequence_epoch",
                     (json_int_t)root->sequence_epoch, "keys", keys, "roles", roles, "revoked_images",
                     revoked);
}

struct lister {
    struct store_root_visitor visitor;
    const struct list_page *page;
    json_t *items;
};

static bool list_one(struct store_root_visitor *self, const struct store_root *row)
{
    struct lister *l = OTTER_CONTAINER_OF(self, struct lister, visitor);
    const struct policy_subject nothing = {0}; /* a filter's fields are not a root's */
    struct otter_root root;
    struct otter_jws jws;

    if (!list_wants(l->page, &nothing))
        return true;
    if (otter_jws_decode(row->envelope, row->len, &jws) != OTTER_OK ||
        otter_root_decode(&otter_crypto_openssl, jws.payload, jws.payload_len, &root) != OTTER_OK)
        return true;
    return json_array_append_new(l->items, json_root(&root)) == 0;
}

enum otter_status op_root_list(struct svc *svc, struct svc_call *call)
{
    static const char *const sorts[] = {"version", "created", "expires", "sequence_epoch", NULL};
    auto_json json_t *items = json_array();
    struct list_page page;
    struct lister l = {.visitor.row = list_one, .page = &page, .items = items};
    enum otter_status status = list_begin(&page, call, sorts);

    if (status != OTTER_OK)
        return status;
    status = svc_stored(call, svc->reader->ops->roots(svc->reader, &l.visitor));
    return status == OTTER_OK ? list_end_small(&page, items) : list_drop(&page, status);
}

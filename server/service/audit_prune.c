/*
 * The oldest entries go, once somebody has them elsewhere: who asks names the last one and its hash, which
 * only those know who hold it. The act's own entry then says where the log begins, and by whose key its head
 * is signed; so what is left is checked as before, alone or behind the archive.
 */
#include "service/internal.h"

#include "core/bytes.h"

#include <string.h>

struct finder {
    struct store_audit_visitor visitor;
    uint64_t num;
    struct otter_digest hash;
};

static bool take(struct store_audit_visitor *self, const struct audit_entry *e)
{
    struct finder *f = OTTER_CONTAINER_OF(self, struct finder, visitor);

    f->num = e->num;
    f->hash = e->hash;
    return false;
}

static enum otter_status read_wish(struct svc_call *call, uint64_t *ret_through,
                                   struct otter_digest *ret_hash)
{
    static const char *const members[] = {"*through", "*hash", NULL};
    struct host_error *err = &call->out.error;
    enum otter_status status = svc_shape(call->in.json, members, err);
    const char *hex = NULL;

    if (status != OTTER_OK)
        return status;
    if (!host_json_get_uint(call->in.json, "through", HOST_JSON_REQUIRED, 1, OTTER_INT_MAX, ret_through,
                            err) ||
        !host_json_get_string(call->in.json, "hash", HOST_JSON_REQUIRED, OTTER_DIGEST_HEX, &hex, err))
        return svc_refuse_host(call);
    if (otter_hex_decode(hex, strlen(hex), ret_hash->b, OTTER_DIGEST_LEN))
        return OTTER_OK;
    return svc_refuse(call, OTTER_BAD_VALUE, "hash: 64 hex digits");
}

static enum otter_status check(struct svc *svc, struct svc_call *call, uint64_t through,
                               const struct otter_digest *hash)
{
    struct store *store = svc->writer;
    struct finder newest = {.visitor.row = take}, last = {.visitor.row = take};
    enum otter_status status = svc_stored(call, store->ops->audit_back(store, INT64_MAX, &newest.visitor));

    if (status != OTTER_OK)
        return status;
    if (through >= newest.num)
        return svc_refuse(call, OTTER_CONFLICT,
                          "the newest entry, %llu, stays: it is what the next one follows",
                          (unsigned long long)newest.num);
    status = store->ops->audit_get(store, through, &last.visitor);
    if (status == OTTER_NOT_FOUND)
        return svc_refuse(call, status, "entry %llu was archived before", (unsigned long long)through);
    if (status != OTTER_OK)
        return svc_stored(call, status);
    if (memcmp(last.hash.b, hash->b, OTTER_DIGEST_LEN) == 0)
        return OTTER_OK;
    return svc_refuse(call, OTTER_CONFLICT,
                      "hash is not that of entry %llu: what was archived is another log",
                      (unsigned long long)through);
}

enum otter_status op_audit_prune(struct svc *svc, struct svc_call *call)
{
    char b64[OTTER_B64_LEN(OTTER_SPKI_LEN) + 1];
    uint8_t spki[OTTER_SPKI_LEN];
    struct otter_digest hash;
    uint64_t through = 0;
    enum otter_status status = read_wish(call, &through, &hash);

    if (status == OTTER_OK)
        status = check(svc, call, through, &hash);
    if (status == OTTER_OK)
        status = svc_stored(call, svc->writer->ops->audit_prune(svc->writer, through));
    if (status != OTTER_OK)
        return status;
    otter_spki_from_point(host_key_point(svc->audit.key), spki);
    otter_b64_encode(spki, sizeof(spki), b64);
    call->out.json =
        json_pack("{s:I, s:o, s:s}", "through", (json_int_t)through, "hash", json_digest(&hash), "spki", b64);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

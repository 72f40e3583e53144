#include "service/internal.h"

#include "core/bytes.h"

json_t *json_time(int64_t t)
{
    return t ? json_integer(t) : json_null();
}

enum otter_status op_status(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    char kid[OTTER_B64_LEN(OTTER_DIGEST_LEN) + 1];
    json_t *root = json_null();

    otter_b64_encode(host_key_kid(svc->offer_key)->b, OTTER_DIGEST_LEN, kid);
    if (c->has_root)
        root = json_pack("{s:I, s:I, s:I}", "version", (json_int_t)c->root.version, "sequence_epoch",
                         (json_int_t)c->root.sequence_epoch, "expires", (json_int_t)c->root.expires);
    call->out.json =
        json_pack("{s:s, s:I, s:o, s:I, s:I, s:I, s:s, s:o}", "version", OTTER_VERSION, "time",
                  (json_int_t)svc_now(svc), "root", root, "devices", (json_int_t)fleet_in_service(svc->fleet),
                  "releases", (json_int_t)c->release_count, "rollouts", (json_int_t)c->rollout_count,
                  "offer_kid", kid, "frozen", json_freeze(&c->freeze));
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

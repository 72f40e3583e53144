#include "service/internal.h"
#include "service/rights.h"

#include "core/bytes.h"

json_t *json_time(int64_t t)
{
    return t ? json_integer(t) : json_null();
}

/* As many as who asks may see. */
struct seen {
    uint64_t devices, releases, rollouts;
};

static struct seen count(struct svc *svc, const struct svc_call *call, const struct catalog *c)
{
    struct seen n = {fleet_in_service(svc->fleet), c->release_count, c->rollout_count};

    if (rights_see_all(call))
        return n;
    n = (struct seen){0};
    for (uint32_t i = 0, end = fleet_count(svc->fleet); i < end; i++)
        n.devices += rights_see_device(svc, call, i) && !fleet_is_retired(svc->fleet, i);
    for (size_t i = 0; i < c->release_count; i++)
        n.releases += rights_see(call, c->releases[i].manifest.product);
    for (size_t i = 0; i < c->rollout_count; i++)
        n.rollouts += rights_see(call, c->rollouts[i].release->manifest.product);
    return n;
}

static json_t *json_kid(const struct host_key *key)
{
    char kid[OTTER_B64_LEN(OTTER_DIGEST_LEN) + 1];

    if (!key)
        return json_null();
    otter_b64_encode(host_key_kid(key)->b, OTTER_DIGEST_LEN, kid);
    return json_string(kid);
}

enum otter_status op_status(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    const struct seen n = count(svc, call, c);
    struct host_key *now = atomic_load(&svc->offer_keys.now), *next = atomic_load(&svc->offer_keys.next);
    json_t *root = json_null();

    if (c->has_root)
        root = json_pack("{s:I, s:I, s:I}", "version", (json_int_t)c->root.version, "sequence_epoch",
                         (json_int_t)c->root.sequence_epoch, "expires", (json_int_t)c->root.expires);
    call->out.json =
        json_pack("{s:s, s:I, s:o, s:I, s:I, s:I, s:o, s:o, s:b, s:o}", "version", OTTER_VERSION, "time",
                  (json_int_t)svc_now(svc), "root", root, "devices", (json_int_t)n.devices, "releases",
                  (json_int_t)n.releases, "rollouts", (json_int_t)n.rollouts, "offer_kid", json_kid(now),
                  "offer_next_kid", json_kid(next), "offer_named",
                  !c->has_root || offer_keys_names(&c->root, now), "frozen", json_freeze(&c->freeze));
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

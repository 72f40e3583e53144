/* Who needs a release: counted in one pass over the fleet, and shown. */
#include "service/internal.h"
#include "service/rights.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool rollout_is_live(enum policy_rollout_state state)
{
    return state == POLICY_ROLLOUT_DRAFT || state == POLICY_ROLLOUT_RUNNING ||
           state == POLICY_ROLLOUT_PAUSED || state == POLICY_ROLLOUT_HALTED;
}

bool rollout_recalls(enum policy_rollout_state state)
{
    return state == POLICY_ROLLOUT_ABORTED || state == POLICY_ROLLOUT_ROLLED_BACK;
}

/* What the count asks of a device, copied out of the lock. */
struct look {
    bool retired, seen;
    struct otter_digest running;
    uint32_t pin;
    int64_t rollout; /* of the open attempt; 0: none */
};

static void look_at(struct svc *svc, uint32_t index, struct look *ret)
{
    const struct fleet_device *d = fleet_lock(svc->fleet, index);

    *ret = (struct look){.retired = (d->marks & FLEET_RETIRED) != 0,
                         .seen = (d->flags & FLEET_SEEN) != 0,
                         .running = d->said->sha256,
                         .pin = d->marks & FLEET_PINNED ? fleet_pin(d) : 0,
                         .rollout = device_attempt_open(d) ? (int64_t)d->attempt_rollout : 0};
    fleet_unlock(svc->fleet, index);
}

/* A retired device needs nothing, but for its pin, which comes back with it. */
static void count_device(const struct catalog *c, const struct digest_map *map, const struct look *d,
                         struct release_use *uses)
{
    const struct catalog_rollout *r = d->rollout ? catalog_rollout_by_id(c, d->rollout) : NULL;
    const struct catalog_release *pin = d->pin ? catalog_release_by_num(c, d->pin) : NULL;

    if (pin)
        uses[pin - c->releases].pinned++;
    if (r)
        uses[r->release - c->releases].attempts++;
    if (d->retired || !d->seen)
        return;
    for (const struct digest_use *u = digest_map_find(map, &d->running); u; u = digest_map_next(map, u))
        uses[u->release].running++;
}

static void count_rollout(const struct catalog *c, const struct catalog_rollout *r, struct release_use *uses)
{
    int64_t num = r->plan.rollback_release;
    const struct catalog_release *back = num ? catalog_release_by_num(c, num) : NULL;

    if (!rollout_is_live(r->state))
        return;
    uses[r->release - c->releases].rollouts++;
    if (back)
        uses[back - c->releases].ways_back++;
}

struct release_use *release_uses(struct svc *svc, const struct catalog *c, const struct digest_map *map,
                                 const struct svc_call *call)
{
    struct release_use *uses = calloc(c->release_count + 1, sizeof(*uses));
    uint32_t count = fleet_count(svc->fleet);
    struct look d;

    if (!uses)
        return NULL;
    for (size_t i = 0; i < c->rollout_count; i++)
        count_rollout(c, &c->rollouts[i], uses);
    for (uint32_t i = 0; i < count; i++) {
        if (call && !rights_see_device(svc, call, i))
            continue;
        look_at(svc, i, &d);
        count_device(c, map, &d, uses);
    }
    return uses;
}

static json_t *json_rollouts(const struct catalog *c, const struct catalog_release *release)
{
    json_t *list = json_array();

    for (size_t i = 0; i < c->rollout_count; i++) {
        const struct catalog_rollout *r = &c->rollouts[i];

        if (r->release == release)
            (void)json_array_append_new(list, json_pack("{s:I, s:s, s:s}", "id", (json_int_t)r->row.id,
                                                        "name", r->row.name, "state", r->row.state));
    }
    return list;
}

static json_t *json_sharers(const struct svc_call *call, const struct catalog *c,
                            const struct digest_map *map, const struct otter_digest *sha256, size_t release)
{
    json_t *list = json_array();

    for (const struct digest_use *u = digest_map_find(map, sha256); u; u = digest_map_next(map, u))
        if (u->release != release && rights_see(call, c->releases[u->release].manifest.product))
            (void)json_array_append_new(list, json_digest(&c->releases[u->release].id));
    return list;
}

static json_t *json_images(struct svc *svc, const struct svc_call *call, const struct catalog *c,
                           const struct digest_map *map, const struct catalog_release *release)
{
    const struct otter_manifest *m = &release->manifest;
    json_t *list = json_array();
    uint64_t size;

    for (unsigned i = 0; i < m->image_count; i++) {
        bool held = svc->blobs->ops->held(svc->blobs, &m->image[i].sha256, &size);

        (void)json_array_append_new(
            list,
            json_pack("{s:o, s:I, s:s, s:b, s:o}", "sha256", json_digest(&m->image[i].sha256), "size",
                      (json_int_t)m->image[i].size, "slot", otter_slot_name(m->image[i].slot), "held",
                      (int)held, "shared_with",
                      json_sharers(call, c, map, &m->image[i].sha256, (size_t)(release - c->releases))));
    }
    return list;
}

/* Why it cannot be withdrawn, or null. */
static json_t *json_why(const struct catalog_release *r, const struct release_use *use)
{
    char text[160];

    if (r->withdrawn)
        return json_string("it was withdrawn already");
    if (use->rollouts == 0 && use->pinned == 0)
        return json_null();
    (void)snprintf(text, sizeof(text), "%llu rollouts that have not ended, %llu pins: %s",
                   (unsigned long long)use->rollouts, (unsigned long long)use->pinned,
                   use->pinned ? "unpin the devices" : "abort the rollouts, or withdraw with abort_rollouts");
    return json_string(text);
}

enum otter_status op_release_deps(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    const struct catalog_release *r = release_find(c, call);
    auto_digest_map struct digest_map map = {.count = 0};
    auto_free struct release_use *uses = NULL;
    const struct release_use *use;
    json_t *why;

    if (!r)
        return OTTER_NOT_FOUND;
    if (!digest_map_make(c, &map) || !(uses = release_uses(svc, c, &map, call)))
        return OTTER_INTERNAL;
    use = &uses[r - c->releases];
    why = json_why(r, use);
    call->out.json =
        json_pack("{s:o, s:o, s:I, s:I, s:I, s:o, s:b, s:o}", "release", json_digest(&r->id), "rollouts",
                  json_rollouts(c, r), "devices_running", (json_int_t)use->running, "devices_pinned",
                  (json_int_t)use->pinned, "attempts_open", (json_int_t)use->attempts, "images",
                  json_images(svc, call, c, &map, r), "withdrawable", (int)json_is_null(why), "why", why);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

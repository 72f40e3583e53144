/* A preview of a rollout that does not exist: by the body that would create it. */
#include "service/preview.h"

#include "core/bytes.h"
#include "service/explain.h"
#include "service/plan_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum otter_status read_release(struct svc_call *call, const struct catalog *c, const char *hex,
                                      struct catalog_rollout *r)
{
    struct otter_digest id;

    if (otter_hex_decode(hex, strlen(hex), id.b, OTTER_DIGEST_LEN))
        r->release = catalog_release_by_id(c, &id);
    if (!r->release)
        return svc_refuse(call, OTTER_NOT_FOUND, "there is no release \"%.64s\": otter release list", hex);
    r->row.release = r->release->num;
    return OTTER_OK;
}

/* As if it had been created now, with a seed of its own. */
static enum otter_status read_body(struct svc_call *call, const struct catalog *c, struct catalog_rollout *r)
{
    struct host_error *err = &call->out.error;
    const json_t *body = call->in.json;
    const char *release = NULL, *target = NULL;
    enum otter_status status;

    if (!json_is_object(body))
        return svc_refuse(call, OTTER_BAD_VALUE, "the body is no object");
    if (!json_object_get(body, "release") || !json_object_get(body, "target"))
        return svc_refuse(call, OTTER_MISSING_MEMBER, "%s is missing",
                          json_object_get(body, "release") ? "target" : "release");
    if (!host_json_get_string(body, "release", HOST_JSON_REQUIRED, OTTER_DIGEST_HEX, &release, err) ||
        !host_json_get_string(body, "target", HOST_JSON_REQUIRED, POLICY_TARGET_MAX, &target, err))
        return svc_refuse_host(call);
    status = plan_parse(body, &r->plan, err);
    if (status == OTTER_OK)
        status = read_release(call, c, release, r);
    if (status == OTTER_OK)
        status = target_read(call, c, "target", target, &r->target);
    if (status != OTTER_OK)
        return status;
    r->state = POLICY_ROLLOUT_DRAFT;
    r->row.phase_count = r->plan.phase_count;
    (void)snprintf(r->row.state, sizeof(r->row.state), "%s", policy_rollout_state_name(r->state));
    host_random(r->row.seed, sizeof(r->row.seed));
    return OTTER_OK;
}

static int by_position(const void *a, const void *b)
{
    const struct policy_place *x = a, *y = b;

    return (x->position > y->position) - (x->position < y->position);
}

/* A device's place, if it is one of those that phases are dealt to. */
static bool place_of(struct svc *svc, const struct catalog *c, const struct catalog_rollout *r,
                     uint32_t index, struct policy_place *ret)
{
    const struct fleet_device *d = fleet_lock(svc->fleet, index);
    struct device_facts facts;
    enum otter_status rule;

    facts_of_device(svc, c, r, d, index, svc_now(svc), &facts);
    fleet_unlock(svc->fleet, index);
    *ret = (struct policy_place){.position = facts.position, .group_bits = facts.group_bits};
    rule = policy_decide(&facts.f);
    return facts.f.in_target && rule != OTTER_DEVICE_RETIRED && rule != OTTER_WRONG_PRODUCT &&
           rule != OTTER_WRONG_HARDWARE;
}

static enum otter_status deal(struct svc *svc, struct svc_call *call, const struct catalog *c,
                              struct catalog_rollout *r)
{
    uint32_t devices = fleet_count(svc->fleet);
    auto_free struct policy_place *places = calloc(devices + (size_t)1, sizeof(*places));
    struct policy_phase_share share[POLICY_PHASES_MAX];
    size_t n = 0;

    if (!places)
        return OTTER_INTERNAL;
    for (uint32_t i = 0; i < devices; i++)
        n += place_of(svc, c, r, i, &places[n]);
    if (n == 0)
        return svc_refuse(call, OTTER_EMPTY_TARGET,
                          "the target selects no device of product %s on the release's hardware",
                          r->release->manifest.product);
    qsort(places, n, sizeof(*places), by_position);
    policy_phases_deal(&r->plan, places, n, share);
    for (unsigned i = 0; i < r->plan.phase_count; i++)
        r->row.phases[i].upto = share[i].upto;
    return OTTER_OK;
}

enum otter_status op_rollout_preview_plan(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    auto_free struct catalog_rollout *r = calloc(1, sizeof(*r));
    auto_free struct preview *p = calloc(1, sizeof(*p));
    enum otter_status status = r && p ? read_body(call, c, r) : OTTER_INTERNAL;

    if (status == OTTER_OK)
        status = deal(svc, call, c, r);
    if (status != OTTER_OK)
        return status;
    p->r = r;
    p->at = svc_now(svc);
    preview_look(svc, c, p);
    call->out.json = preview_json(svc, p);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

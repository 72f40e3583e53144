/*
 * The draft of a rollout: a plan is read, held against releases, zones, groups and the fleet, and refused by
 * what contradicts it. For whoever makes one, and for whoever asks what it would be.
 */
#include "service/rights.h"
#include "service/rollout_fleet.h"

#include "core/bytes.h"
#include "host/zone.h"
#include "service/groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wish {
    const char *release, *target, *name, *back;
    json_int_t priority;
    struct policy_plan plan;
};

static enum otter_status read_needed(struct svc_call *call)
{
    static const char *const needed[] = {"release", "target"};
    const json_t *body = call->in.json;

    if (!json_is_object(body))
        return svc_refuse(call, OTTER_BAD_VALUE, "a JSON object is expected");
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(needed); i++)
        if (!json_object_get(body, needed[i]) || json_is_null(json_object_get(body, needed[i])))
            return svc_refuse(call, OTTER_MISSING_MEMBER, "\"%s\" is missing", needed[i]);
    return OTTER_OK;
}

static enum otter_status read_wish(struct svc_call *call, struct wish *w)
{
    struct host_error *err = &call->out.error;
    const json_t *body = call->in.json, *priority = json_object_get(body, "priority");
    enum otter_status status = read_needed(call);

    if (status == OTTER_OK)
        status = plan_parse(body, &w->plan, err);
    if (status != OTTER_OK)
        return status;
    if (!host_json_get_string(body, "release", HOST_JSON_REQUIRED, OTTER_DIGEST_HEX, &w->release, err) ||
        !host_json_get_string(body, "target", HOST_JSON_REQUIRED, POLICY_TARGET_MAX, &w->target, err) ||
        !host_json_get_string(body, "name", HOST_JSON_OPTIONAL, OTTER_NAME_MAX, &w->name, err) ||
        !host_json_get_string(body, "rollback_release", HOST_JSON_OPTIONAL, OTTER_DIGEST_HEX, &w->back, err))
        return svc_refuse_host(call);
    w->priority = json_integer_value(priority);
    if (priority && (!json_is_integer(priority) || w->priority < -1000 || w->priority > 1000))
        return svc_refuse(call, OTTER_BAD_VALUE, "priority: an integer from -1000 to 1000");
    if (w->name && *w->name && !otter_name_valid(w->name, strlen(w->name)))
        return svc_refuse(call, OTTER_BAD_VALUE, "name: [A-Za-z0-9._+-]{1,64}");
    return OTTER_OK;
}

/* A release that a rollout may name, by its digest; NULL: none, and *ret_status says why. */
static const struct catalog_release *find_release(const struct rollout_drafting *d, const char *member,
                                                  const char *text, enum otter_status *ret_status)
{
    const struct catalog_release *release = NULL;
    struct host_error *err = &d->call->out.error;
    struct otter_digest id;
    enum otter_status status;

    if (otter_hex_decode(text, strlen(text), id.b, OTTER_DIGEST_LEN))
        release = catalog_release_by_id(d->c, &id);
    if (release && !rights_see(d->call, release->manifest.product))
        release = NULL;
    if (!release) {
        *ret_status = svc_refuse(d->call, OTTER_NOT_FOUND, "%sthere is no release \"%s\": otter release list",
                                 member, text);
        return NULL;
    }
    status = d->writing ? release_usable(d->svc, err, release) : release_refusal(release, err);
    if (status == OTTER_RELEASE_WITHDRAWN || status == OTTER_IMAGES_PRUNED)
        (void)host_error_prefix(err, "%s%.12s", member, text);
    *ret_status = svc_stored(d->call, status);
    return status == OTTER_OK ? release : NULL;
}

static enum otter_status check_back(const struct rollout_drafting *d, const struct catalog_release *release,
                                    struct wish *w)
{
    const struct catalog_release *back;
    enum otter_status status;

    if (!w->back)
        return OTTER_OK;
    back = find_release(d, "rollback_release: ", w->back, &status);
    if (!back)
        return status;
    status = rollback_fits(release, back, &d->call->out.error);
    if (status == OTTER_OK)
        w->plan.rollback_release = back->num;
    return status;
}

/* What policy_plan_valid cannot know. */
static enum otter_status check_names(const struct rollout_drafting *d, const struct policy_plan *plan)
{
    struct svc_call *call = d->call;

    if (plan->not_after && plan->not_after <= svc_now(d->svc))
        return svc_refuse(call, OTTER_BAD_VALUE,
                          "not_after: that time is over already, and nothing would be offered to anybody");
    if (plan->zone[0] && !host_zone_find(plan->zone))
        return svc_refuse(call, OTTER_BAD_VALUE, "tz: there is no zone \"%s\": as in Europe/Berlin",
                          plan->zone);
    for (unsigned i = 0; i < plan->phase_count; i++)
        if (plan->phase[i].width == POLICY_WIDTH_GROUP && !group_find(d->c, plan->phase[i].group))
            return svc_refuse(call, OTTER_BAD_PHASES,
                              "phases[%u].group: there is no group \"%s\": otter group list", i,
                              plan->phase[i].group);
    return OTTER_OK;
}

/* Whom the target selects, and whom it names in vain. */
static enum otter_status check_places(struct svc_call *call, const struct otter_manifest *m,
                                      const struct rollout_places *places)
{
    if (places->named)
        return svc_refuse(
            call, OTTER_WRONG_HARDWARE,
            "the target names hardware %s, of which it selects devices, and the release is not for it",
            places->other_hardware);
    if (places->count > 0)
        return OTTER_OK;
    if (places->others > 0)
        return svc_refuse(
            call, OTTER_WRONG_HARDWARE,
            "the target selects %llu devices, and the release is for none of them: one is of hardware %s",
            (unsigned long long)places->others, places->other_hardware);
    return svc_refuse(call, OTTER_EMPTY_TARGET, "no device of product %s is selected by \"%.200s\"",
                      m->product, json_string_value(json_object_get(call->in.json, "target")));
}

/* What the phases would be now; each is dealt again when it opens. */
static enum otter_status deal(const struct rollout_drafting *d, const struct catalog_release *release,
                              const struct policy_plan *plan, struct store_rollout *row)
{
    auto_free struct policy_target *target = calloc(1, sizeof(*target));
    struct rollout_scope scope = {.manifest = &release->manifest,
                                  .target = target,
                                  .plan = plan,
                                  .c = d->c,
                                  .now = svc_now(d->svc),
                                  .seed = row->seed};
    struct rollout_places places;
    enum otter_status status;

    if (!target)
        return OTTER_INTERNAL;
    status = target_read(d->call, d->c, "target", row->target, target);
    if (status != OTTER_OK)
        return status;
    if (!rollout_places(d->svc, &scope, &places))
        return OTTER_INTERNAL;
    status = check_places(d->call, &release->manifest, &places);
    if (status == OTTER_OK)
        rollout_deal(plan, &places, row);
    rollout_places_free(&places);
    return status;
}

static enum otter_status fill(const struct rollout_drafting *d, struct wish *w, struct store_rollout *row)
{
    enum otter_status status;
    const struct catalog_release *release = find_release(d, "", w->release, &status);

    if (!release)
        return status;
    status = rights_need(d->call, release->manifest.product);
    if (status == OTTER_OK)
        status = check_back(d, release, w);
    if (status == OTTER_OK)
        status = check_names(d, &w->plan);
    if (status != OTTER_OK)
        return status;
    row->release = release->num;
    row->priority = w->priority;
    row->created = svc_now(d->svc);
    (void)snprintf(row->name, sizeof(row->name), "%s", w->name ? w->name : "");
    (void)snprintf(row->target, sizeof(row->target), "%s", w->target);
    (void)snprintf(row->created_by, sizeof(row->created_by), "%s", rollout_who(d->call));
    rollout_enter(d->svc, row, POLICY_ROLLOUT_DRAFT, "");
    svc_shuffle(d->svc, row->seed, sizeof(row->seed));
    if (!plan_into_row(&w->plan, row))
        return OTTER_INTERNAL;
    return deal(d, release, &w->plan, row);
}

enum otter_status rollout_draft(const struct rollout_drafting *d, struct store_rollout *ret_row,
                                struct policy_plan *ret_plan)
{
    struct wish w = {.release = NULL};
    enum otter_status status = read_wish(d->call, &w);

    if (status == OTTER_OK)
        status = fill(d, &w, ret_row);
    *ret_plan = w.plan;
    return status;
}

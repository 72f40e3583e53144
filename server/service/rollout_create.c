#include "service/internal.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wish {
    const char *release, *target, *name;
    json_t *phases;
    bool auto_advance;
    json_int_t priority;
};

static enum otter_status read_wish(struct svc_call *call, struct wish *w)
{
    static const char *const members[] = {"*release", "*target", "*phases", "auto", "priority", "name", NULL};
    struct host_error *err = &call->out.error;
    const json_t *body = call->in.json, *priority = json_object_get(body, "priority");

    enum otter_status status = svc_shape(body, members, err);

    if (status != OTTER_OK)
        return status;
    if (!host_json_get_string(body, "release", HOST_JSON_REQUIRED, OTTER_DIGEST_HEX, &w->release, err) ||
        !host_json_get_string(body, "target", HOST_JSON_REQUIRED, POLICY_TARGET_MAX, &w->target, err) ||
        !host_json_get_string(body, "name", HOST_JSON_OPTIONAL, OTTER_NAME_MAX, &w->name, err) ||
        !host_json_get_array(body, "phases", HOST_JSON_REQUIRED, POLICY_PHASES_MAX, &w->phases, err) ||
        !host_json_get_bool(body, "auto", HOST_JSON_OPTIONAL, &w->auto_advance, err))
        return svc_refuse_host(call);
    w->priority = json_integer_value(priority);
    if (priority && (!json_is_integer(priority) || w->priority < -1000 || w->priority > 1000))
        return svc_refuse(call, OTTER_BAD_VALUE, "priority: an integer from -1000 to 1000");
    return OTTER_OK;
}

static enum otter_status read_phases(struct svc_call *call, const json_t *phases, struct store_rollout *row)
{
    unsigned percent[POLICY_PHASES_MAX];
    size_t n = json_array_size(phases);

    for (size_t i = 0; i < n; i++) {
        const json_t *p = json_array_get(phases, i);

        percent[i] = json_is_integer(p) && json_integer_value(p) >= 1 && json_integer_value(p) <= 100
                         ? (unsigned)json_integer_value(p)
                         : 0;
    }
    if (!policy_phases_valid(percent, (unsigned)n))
        return svc_refuse(call, OTTER_BAD_PHASES,
                          "phases: 1 to %u whole percentages that rise and end at 100, such as [5,25,100]",
                          POLICY_PHASES_MAX);
    row->phase_count = (unsigned)n;
    for (size_t i = 0; i < n; i++)
        row->phases[i].percent = percent[i];
    return OTTER_OK;
}

uint32_t rollout_census(struct svc *svc, const struct catalog_release *release,
                        const struct policy_target *target, const uint8_t seed[STORE_SEED_LEN],
                        uint32_t *census)
{
    const struct otter_manifest *m = &release->manifest;
    uint32_t total = 0, count = fleet_count(svc->fleet);
    int64_t now = svc_now(svc);
    struct policy_subject subject;

    memset(census, 0, POLICY_COHORTS * sizeof(*census));
    for (uint32_t i = 0; i < count; i++) {
        const struct fleet_device *d = fleet_lock(svc->fleet, i);
        bool in = strcmp(d->kind->product, m->product) == 0 && !(d->marks & FLEET_RETIRED);
        bool fits = false;

        for (unsigned h = 0; in && h < m->hardware_count; h++)
            fits = fits || strcmp(d->kind->hardware, m->hardware[h]) == 0;
        if (in && fits) {
            device_subject(d, now, &subject);
            fits = policy_target_matches(target, &subject);
        }
        fleet_unlock(svc->fleet, i);
        if (in && fits) {
            census[policy_cohort(&otter_crypto_openssl, seed, d->id)]++;
            total++;
        }
    }
    return total;
}

/* What the phases would be now; each is planned again when it opens. */
static enum otter_status plan(struct svc *svc, struct svc_call *call, const struct catalog_release *release,
                              struct store_rollout *row)
{
    enum otter_status status;
    auto_free uint32_t *census = calloc(POLICY_COHORTS, sizeof(*census));
    auto_free struct policy_target *target = calloc(1, sizeof(*target));
    unsigned from = 0;

    if (!census || !target)
        return OTTER_INTERNAL;
    status = target_read(call, svc->catalog, "target", row->target, target);
    if (status != OTTER_OK)
        return status;
    if (rollout_census(svc, release, target, row->seed, census) == 0)
        return svc_refuse(call, OTTER_EMPTY_TARGET,
                          "no device of product %s on the release's hardware is selected by \"%.200s\"",
                          release->manifest.product, row->target);
    for (unsigned i = 0; i < row->phase_count; i++) {
        struct policy_phase_plan p = policy_phase_plan(row->phases[i].percent, from, census);

        from = p.upto;
        row->phases[i].upto = (uint64_t)from << 32;
        row->phases[i].devices = p.devices;
        row->phases[i].widened = p.widened;
    }
    return OTTER_OK;
}

static enum otter_status fill(struct svc *svc, struct svc_call *call, const struct wish *w,
                              struct store_rollout *row)
{
    const struct catalog_release *release = NULL;
    struct otter_digest id;
    enum otter_status status;

    if (otter_hex_decode(w->release, strlen(w->release), id.b, OTTER_DIGEST_LEN))
        release = catalog_release_by_id(svc->catalog, &id);
    if (!release)
        return svc_refuse(call, OTTER_NOT_FOUND, "there is no release \"%s\": otter release list",
                          w->release);
    status = svc_stored(call, release_usable(svc, &call->out.error, release));
    if (status != OTTER_OK)
        return status;
    if (w->name && *w->name && !otter_name_valid(w->name, strlen(w->name)))
        return svc_refuse(call, OTTER_BAD_VALUE, "name: [A-Za-z0-9._+-]{1,64}");
    row->release = release->num;
    row->auto_advance = w->auto_advance;
    row->priority = w->priority;
    row->created = svc_now(svc);
    (void)snprintf(row->name, sizeof(row->name), "%s", w->name ? w->name : "");
    (void)snprintf(row->target, sizeof(row->target), "%s", w->target);
    (void)snprintf(row->state, sizeof(row->state), "%s", policy_rollout_state_name(POLICY_ROLLOUT_DRAFT));
    host_random(row->seed, sizeof(row->seed));
    status = read_phases(call, w->phases, row);
    return status == OTTER_OK ? plan(svc, call, release, row) : status;
}

enum otter_status op_rollout_create(struct svc *svc, struct svc_call *call)
{
    struct svc_effects *effects = effects_of(call);
    struct store_rollout row = {0};
    struct wish w = {0};
    enum otter_status status = read_wish(call, &w);

    if (status == OTTER_OK)
        status = fill(svc, call, &w, &row);
    if (status != OTTER_OK)
        return status;
    status = svc_stored(call, svc->writer->ops->rollout_add(svc->writer, &row, &row.id));
    if (status != OTTER_OK || !effects)
        return effects ? status : OTTER_INTERNAL;
    effects->catalog = true;
    call->out.created = true;
    call->out.json = json_rollout(svc->writer, svc->catalog, &row, &status);
    return status;
}

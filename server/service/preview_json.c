/* A preview as operators get it. */
#include "service/preview.h"

#include "core/bytes.h"
#include "service/explain.h"

#include <stdlib.h>

static json_t *json_ids(struct svc *svc, const struct preview_some *some)
{
    json_t *ids = json_array();

    for (uint64_t i = 0; i < some->devices && i < PREVIEW_IDS; i++)
        (void)json_array_append_new(ids, json_string(fleet_peek(svc->fleet, some->first[i])->id));
    return ids;
}

static json_t *json_kinds(const struct preview_kinds *kinds)
{
    json_t *json = json_object();

    for (unsigned i = 0; i < kinds->count; i++)
        (void)json_object_set_new(json, kinds->kind[i].name,
                                  json_integer((json_int_t)kinds->kind[i].devices));
    if (kinds->others > 0)
        (void)json_object_set_new(json, "others", json_integer((json_int_t)kinds->others));
    return json;
}

static json_t *json_phase(struct svc *svc, const struct preview *p, const struct policy_forecast *f,
                          unsigned i)
{
    const struct preview_phase *phase = &p->phase[i];

    return json_pack("{s:i, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:s}", "phase", (int)i + 1, "devices",
                     (json_int_t)phase->all.devices, "granted", (json_int_t)phase->granted, "bytes",
                     (json_int_t)phase->bytes, "ids", json_ids(svc, &phase->all), "hardware",
                     json_kinds(&phase->hardware), "versions", json_kinds(&phase->versions), "opens_at",
                     json_time(f->phase[i].opens_at), "ends_at", json_time(f->phase[i].ends_at), "bound",
                     policy_bound_name(f->phase[i].bound));
}

static json_t *json_refused(struct svc *svc, const struct preview *p)
{
    json_t *list = json_array();

    for (unsigned s = 0; s < PREVIEW_STATUS; s++)
        if (p->refused[s].devices > 0)
            (void)json_array_append_new(
                list, json_pack("{s:s, s:b, s:I, s:o}", "rule", otter_status_name((enum otter_status)s),
                                "lasts", (int)policy_refusal_lasts((enum otter_status)s), "devices",
                                (json_int_t)p->refused[s].devices, "ids", json_ids(svc, &p->refused[s])));
    return list;
}

json_t *preview_json(struct svc *svc, const struct preview *p)
{
    json_t *phases = json_array();
    uint64_t devices = 0, bytes = 0;
    struct policy_forecast f;

    preview_forecast(p, &f);
    for (unsigned i = 0; i < p->r->plan.phase_count; i++) {
        (void)json_array_append_new(phases, json_phase(svc, p, &f, i));
        devices += p->phase[i].all.devices;
        bytes += p->phase[i].bytes;
    }
    return json_pack("{s:I, s:s, s:I, s:I, s:o, s:o, s:o, s:b, s:i}", "at", (json_int_t)p->at, "state",
                     p->r->row.state, "devices", (json_int_t)devices, "bytes", (json_int_t)bytes, "phases",
                     phases, "refused", json_refused(svc, p), "earliest_end", json_time(f.ends_at), "by_hand",
                     (int)f.by_hand, "attempt_seconds", (int)POLICY_FORECAST_ATTEMPT_S);
}

enum otter_status preview(struct svc *svc, struct svc_call *call, const struct catalog *c,
                          const struct catalog_rollout *r)
{
    auto_free struct preview *p = calloc(1, sizeof(*p));
    enum otter_status status;

    if (!p)
        return OTTER_INTERNAL;
    p->r = r;
    p->at = svc_now(svc);
    status = preview_look(svc, c, p);
    if (status == OTTER_OK)
        call->out.json = preview_json(svc, p);
    free(p->took);
    if (status != OTTER_OK)
        return svc_stored(call, status);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

enum otter_status op_rollout_preview(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    const struct catalog_rollout *r = rollout_find(c, call);

    return r ? preview(svc, call, c, r) : OTTER_NOT_FOUND;
}

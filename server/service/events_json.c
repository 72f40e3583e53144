#include "service/events.h"

#include <string.h>

static json_t *json_counts(const struct svc_event *event)
{
    json_t *counts = json_object();

    for (unsigned s = 0; s < OTTER_UPDATE_STATE_COUNT; s++)
        if (event->counts[s] > 0)
            (void)json_object_set_new(counts, otter_update_state_name((enum otter_update_state)s),
                                      json_integer((json_int_t)event->counts[s]));
    return counts;
}

static json_t *json_reasons(const struct svc_event *event)
{
    json_t *reasons = json_object();

    for (unsigned i = 0; i < event->reason_count; i++)
        (void)json_object_set_new(reasons, otter_status_name(event->reasons[i].reason),
                                  json_integer((json_int_t)event->reasons[i].n));
    return reasons;
}

static void add_rollout(json_t *j, const struct svc_event *event)
{
    (void)json_object_set_new(j, "rollout", json_integer(event->rollout));
    (void)json_object_set_new(j, "name", json_string(event->name));
    if (event->phase > 0) {
        (void)json_object_set_new(j, "phase", json_integer((json_int_t)event->phase));
        (void)json_object_set_new(j, "phases", json_integer((json_int_t)event->phases));
    }
}

json_t *svc_event_json(const struct svc_event *event, const char *server)
{
    json_t *j = json_pack("{s:s, s:I, s:s}", "event", svc_event_name(event->kind), "time",
                          (json_int_t)event->at, "server", server);

    if (!j)
        return NULL;
    if (event->rollout)
        add_rollout(j, event);
    if (event->has_counts)
        (void)json_object_set_new(j, "counts", json_counts(event));
    if (event->reason_count > 0)
        (void)json_object_set_new(j, "reasons", json_reasons(event));
    (void)json_object_set_new(j, "detail", json_string(event->detail));
    return j;
}

/* From a commit to who wants to hear of it. */
#include "service/internal.h"

#include "host/log.h"

#include <stdio.h>
#include <stdlib.h>

bool events_add(struct svc_call *call, const struct svc_event *event)
{
    struct svc_effects *effects = effects_of(call);
    struct event_item *item = effects ? malloc(sizeof(*item)) : NULL;
    struct event_item **last;

    if (!item)
        return false;
    item->event = *event;
    item->next = NULL;
    for (last = &effects->events; *last; last = &(*last)->next)
        ;
    *last = item;
    return true;
}

void events_drop(struct event_item *first)
{
    while (first) {
        struct event_item *next = first->next;

        free(first);
        first = next;
    }
}

void events_tell(struct svc *svc, const struct svc_event *event)
{
    struct svc_event told = *event;

    if (told.at == 0)
        told.at = svc_now(svc);
    atomic_fetch_add_explicit(&svc->counts.told[told.kind], 1, memory_order_relaxed);
    host_log(HOST_LOG_WARNING, "told", HOST_LOG_STR("what", svc_event_name(told.kind)),
             HOST_LOG_INT("rollout", told.rollout), HOST_LOG_UINT("phase", told.phase),
             HOST_LOG_STR("detail", told.detail));
    watch_push(svc, &told);
}

/* A loss in this call: does it make a burst? */
static void lost_one(struct svc *svc, const struct svc_effects *effects)
{
    struct svc_event event = {.kind = SVC_EVENT_FAILURE_BURST, .at = svc_now(svc)};

    if (!events_burst_add(&svc->burst, event.at))
        return;
    (void)snprintf(
        event.detail, sizeof(event.detail),
        "%u updates failed, were reverted or timed out within %u seconds; the newest: device %s in "
        "rollout %lld, %s (%s)",
        svc->burst.size, svc->burst.window, fleet_peek(svc->fleet, effects->lost_device)->id,
        (long long)effects->lost, otter_update_state_name(effects->lost_state),
        effects->lost_reason == OTTER_OK ? "no reason" : otter_status_name(effects->lost_reason));
    events_tell(svc, &event);
}

void events_publish(struct svc *svc, const struct svc_effects *effects)
{
    for (const struct event_item *item = effects->events; item; item = item->next)
        events_tell(svc, &item->event);
    if (effects->lost)
        lost_one(svc, effects);
}

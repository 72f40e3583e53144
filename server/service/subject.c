/* A device as target expressions see it. */
#include "service/internal.h"

const char *device_state_name(const struct fleet_device *d)
{
    if (d->marks & FLEET_RETIRED)
        return "retired";
    if (d->attempt != 0)
        return otter_update_state_name((enum otter_update_state)d->attempt_state);
    return d->flags & FLEET_SEEN ? "idle" : "never-seen";
}

void device_subject(const struct fleet_device *d, int64_t now, struct policy_subject *ret)
{
    bool seen = (d->flags & FLEET_SEEN) != 0;

    *ret = (struct policy_subject){
        .product = d->kind->product,
        .hardware = d->kind->hardware,
        .id = d->id,
        .state = device_state_name(d),
        .reason = d->attempt && d->attempt_reason != OTTER_OK
                      ? otter_status_name((enum otter_status)d->attempt_reason)
                      : NULL,
        .held = d->marks & FLEET_HELD ? "yes" : "no",
        .pinned = d->marks & FLEET_PINNED ? "yes" : "no",
        .seen = seen ? "yes" : "no",
        .has_version = seen,
        .version = d->said->version,
        .first_seen = seen ? d->first_seen : 0,
        .last_seen = seen ? d->last_seen : 0,
        .now = now,
        .tags = fleet_tags(d),
        .attrs = {fleet_operator_attrs(d), fleet_own_attrs(d)},
    };
}

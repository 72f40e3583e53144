#include "service/zones.h"

#include "core/bytes.h"
#include "fleet/pack.h"

#include <string.h>

static int32_t offset(const struct policy_zone *self, int64_t t, int64_t *ret_until)
{
    const struct zone_view *view = (const struct zone_view *)(const void *)self; /* its first member */

    return host_zone_offset(view->host, t, ret_until);
}

_Static_assert(offsetof(struct zone_view, zone) == 0, "offset() takes one for the other");

const struct policy_zone *zone_choose(struct zone_view *room, const struct policy_plan *plan, const char *own)
{
    const struct host_zone *host = own ? host_zone_find(own) : NULL;

    if (!host && !plan->zone[0])
        return &policy_zone_utc;
    if (!host)
        host = host_zone_find(plan->zone);
    if (!host)
        return NULL;
    *room = (struct zone_view){.zone.offset = offset, .host = host};
    return &room->zone;
}

static const char *value_of(const char *attrs, const char *wanted)
{
    for (const char *name = fleet_pack_next(attrs, NULL); name;) {
        const char *value = fleet_pack_next(attrs, name);

        if (!value)
            return NULL;
        if (strcmp(name, wanted) == 0)
            return value;
        name = fleet_pack_next(attrs, value);
    }
    return NULL;
}

const char *zone_of_attributes(const char *operator_attrs, const char *own_attrs)
{
    const char *value = value_of(operator_attrs, "tz");

    return value ? value : value_of(own_attrs, "tz");
}

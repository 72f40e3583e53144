/* Which clock a device lives by: its attribute `tz`, else its rollout's zone, else UTC. */
#ifndef OTTER_SERVICE_ZONES_H
#define OTTER_SERVICE_ZONES_H

#include "host/zone.h"
#include "policy/plan.h"
#include "policy/window.h"

/* A zone of the machine as policy asks for it; holds no memory. */
struct zone_view {
    struct policy_zone zone;
    const struct host_zone *host;
};

/* own: the device's word, or NULL; one that tzdata does not know counts as none. The answer points into
 * *room. NULL: the plan's own zone, which there was when it was made, is not on this machine (any more). */
const struct policy_zone *zone_choose(struct zone_view *room, const struct policy_plan *plan,
                                      const char *own);

/* Value of a name in the packs of an operator's and a device's own attributes: the operator's wins. NULL:
 * none. */
const char *zone_of_attributes(const char *operator_attrs, const char *own_attrs);

#endif

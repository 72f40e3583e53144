/* Inside server/service only: what a gc has decided to remove, and who was told that a blob is held. */
#ifndef OTTER_SERVICE_GC_PLAN_H
#define OTTER_SERVICE_GC_PLAN_H

#include "service/internal.h"

struct gc_plan {
    size_t count, room;
    struct otter_digest *digest;
    int64_t before; /* uploads older than this go, too */
};

/* False when out of memory. */
bool gc_plan_add(struct gc_plan *plan, const struct otter_digest *digest);
/* Lately, by gc_announced()? */
bool gc_was_announced(const struct svc *svc, const struct otter_digest *digest);

#endif

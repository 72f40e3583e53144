/* A preview of a rollout that does not exist: of the draft that its body would make. */
#include "service/preview.h"

#include "core/bytes.h"
#include "service/explain.h"
#include "service/rollout_fleet.h"

#include <stdlib.h>

/* As if it had been created now, with a seed of its own. */
static enum otter_status draft(struct svc *svc, struct svc_call *call, const struct catalog *c,
                               struct catalog_rollout *r)
{
    const struct rollout_drafting d = {.svc = svc, .call = call, .c = c};
    enum otter_status status = rollout_draft(&d, &r->row, &r->plan);

    if (status != OTTER_OK)
        return status;
    r->state = POLICY_ROLLOUT_DRAFT;
    r->release = catalog_release_by_num(c, r->row.release);
    return target_read(call, c, "target", r->row.target, &r->target);
}

enum otter_status op_rollout_preview_plan(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    auto_free struct catalog_rollout *r = calloc(1, sizeof(*r));
    enum otter_status status = r ? draft(svc, call, c, r) : OTTER_INTERNAL;

    return status == OTTER_OK ? preview(svc, call, c, r) : status;
}

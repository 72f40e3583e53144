/* Making a rollout. */
#include "service/rollout_fleet.h"

#include "core/bytes.h"

#include <stdlib.h>

static enum otter_status add(struct svc *svc, struct svc_call *call, struct store_rollout *row)
{
    enum otter_status status = svc->writer->ops->rollout_add(svc->writer, row, &row->id);

    if (status == OTTER_OK)
        status = rollout_event(svc, row->id, "created", rollout_who(call),
                               json_pack("{s:o}", "phases", rollout_shares(row)));
    return svc_stored(call, status);
}

enum otter_status op_rollout_create(struct svc *svc, struct svc_call *call)
{
    struct svc_effects *effects = effects_of(call);
    auto_free struct store_rollout *row = calloc(1, sizeof(*row));
    const struct rollout_drafting d = {.svc = svc, .call = call, .c = svc->catalog, .writing = true};
    struct policy_plan plan;
    enum otter_status status;

    if (!effects || !row)
        return OTTER_INTERNAL;
    status = rollout_draft(&d, row, &plan);
    if (status == OTTER_OK)
        status = add(svc, call, row);
    if (status != OTTER_OK)
        return status;
    effects->catalog = true;
    call->out.created = true;
    call->out.json = json_rollout(svc->writer, svc->catalog, row, &status);
    return status;
}

/*
 * The freeze: no grant of any rollout, at once. It is stored, and the transaction of every grant reads it, so
 * that no poll behind its answer is granted anything; memory has it in the catalog, so that polls need not
 * ask. Attempts that are open go on.
 */
#include "service/internal.h"

#include <stdio.h>
#include <string.h>

json_t *json_freeze(const struct store_freeze *freeze)
{
    return freeze->since
               ? json_pack("{s:s, s:I}", "reason", freeze->reason, "since", (json_int_t)freeze->since)
               : json_null();
}

static enum otter_status read_freeze(struct svc *svc, struct svc_call *call, struct store_freeze *row)
{
    static const char *const members[] = {"*reason", NULL};
    enum otter_status status = svc_shape(call->in.json, members, &call->out.error);
    const char *reason = "";

    if (status == OTTER_OK)
        status = reason_need(call, &reason);
    if (status != OTTER_OK)
        return status;
    if (!row->since)
        row->since = svc_now(svc);
    (void)snprintf(row->reason, sizeof(row->reason), "%s", reason);
    return OTTER_OK;
}

static enum otter_status read_unfreeze(struct svc_call *call, struct store_freeze *row)
{
    static const char *const members[] = {NULL};

    *row = (struct store_freeze){0};
    return svc_shape(call->in.json, members, &call->out.error);
}

/* Another reason for the same freeze is none. */
static bool add_event(struct svc_call *call, const struct store_freeze *before,
                      const struct store_freeze *after)
{
    struct svc_event event = {.kind = after->since ? SVC_EVENT_FROZEN : SVC_EVENT_UNFROZEN};

    if (!before->since == !after->since)
        return true;
    (void)snprintf(event.detail, sizeof(event.detail), "%s%.200s",
                   after->since ? "" : "over: ", after->since ? after->reason : before->reason);
    return events_add(call, &event);
}

enum otter_status op_freeze(struct svc *svc, struct svc_call *call)
{
    bool freeze = call->in.id && strcmp(call->in.id, "freeze") == 0;
    struct svc_effects *effects = effects_of(call);
    struct store_freeze row, before = {0};
    enum otter_status status = svc_stored(call, svc->writer->ops->freeze_get(svc->writer, &before));

    row = before;
    if (status == OTTER_OK)
        status = freeze ? read_freeze(svc, call, &row) : read_unfreeze(call, &row);
    if (status == OTTER_OK)
        status = svc_stored(call, svc->writer->ops->freeze_put(svc->writer, &row));
    if (status == OTTER_OK && (!effects || !add_event(call, &before, &row)))
        return OTTER_INTERNAL;
    if (status != OTTER_OK)
        return status;
    effects->catalog = true; /* a new generation, too: settled devices look again after an unfreeze */
    call->out.json = json_pack("{s:o}", "frozen", json_freeze(&row));
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

#include "service/internal.h"

static bool rollout_aborted(struct svc *svc, int64_t id)
{
    struct store_rollout row;

    return svc->writer->ops->rollout_get(svc->writer, id, &row) == OTTER_OK &&
           rollout_recalls(policy_rollout_state_find(row.state));
}

/* What an abort means to the device that reports: stop, unless the image is installed already. */
static enum otter_status stop_if_aborted(struct svc *svc, struct svc_call *call, uint32_t index,
                                         struct store_attempt *row)
{
    call->out.go_on = true;
    if (!rollout_aborted(svc, row->rollout))
        return OTTER_OK;
    if (row->state == OTTER_UPDATE_CANCELLED)
        call->out.go_on = false;
    if (!attempt_stoppable(row->state))
        return OTTER_OK;
    call->out.go_on = false;
    return attempt_server_move(svc, call, index, row, OTTER_UPDATE_CANCELLED, OTTER_ABORTED);
}

enum otter_status op_report(struct svc *svc, struct svc_call *call)
{
    const struct otter_report *report = &call->in.report;
    uint32_t index = call->in.device ? fleet_find(svc->fleet, call->in.device) : FLEET_NONE;
    struct store_attempt row;
    enum otter_status status;

    if (index == FLEET_NONE || fleet_is_retired(svc->fleet, index))
        return svc_refuse(call, OTTER_UNKNOWN_DEVICE, "no such device");
    status = svc->writer->ops->attempt_get(svc->writer, report->attempt, &row);
    /* Another device's attempt does not exist, as far as this one may know. */
    if (status == OTTER_NOT_FOUND || (status == OTTER_OK && row.device != (int64_t)index + 1))
        return svc_refuse(call, OTTER_NOT_FOUND, "this device has no attempt %llu",
                          (unsigned long long)report->attempt);
    if (status == OTTER_OK)
        status = attempt_report(svc, call, index, &row, report);
    if (status != OTTER_OK)
        return svc_stored(call, status);
    atomic_fetch_add_explicit(&svc->reports, 1, memory_order_relaxed);
    return stop_if_aborted(svc, call, index, &row);
}

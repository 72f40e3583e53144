/* The reader thread: lists and single objects, from memory and its own connection. */
#include "service/credentials.h"
#include "service/explain.h"
#include "service/rights.h"

#include "host/memory.h"

static svc_handler *handler_of(enum svc_op op)
{
    static svc_handler *const table[SVC_OP_COUNT] = {
        [SVC_ROOT_GET] = op_root_get,
        [SVC_STATUS] = op_status,
        [SVC_METRICS] = op_metrics,
        [SVC_ROOT_LIST] = op_root_list,
        [SVC_RELEASE_LIST] = op_release_list,
        [SVC_RELEASE_GET] = op_release_get,
        [SVC_RELEASE_MANIFEST] = op_release_manifest,
        [SVC_IMAGE_KEY_LIST] = op_image_key_list,
        [SVC_ROLLOUT_LIST] = op_rollout_list,
        [SVC_ROLLOUT_GET] = op_rollout_get,
        [SVC_ROLLOUT_ATTEMPTS] = op_rollout_attempts,
        [SVC_ROLLOUT_EXPLAIN] = op_rollout_explain,
        [SVC_ROLLOUT_PREVIEW] = op_rollout_preview,
        [SVC_PLAN_PREVIEW] = op_rollout_preview_plan,
        [SVC_ROLLOUT_DEVICES] = op_rollout_devices,
        [SVC_ROLLOUT_REASONS] = op_rollout_reasons,
        [SVC_ROLLOUT_EVENTS] = op_rollout_events,
        [SVC_DEVICE_LIST] = op_device_list,
        [SVC_DEVICE_GET] = op_device_get,
        [SVC_DEVICE_ATTEMPTS] = op_device_attempts,
        [SVC_DEVICE_TIMELINE] = op_device_timeline,
        [SVC_FLEET_SUMMARY] = op_fleet_summary,
        [SVC_GROUP_GET] = op_group_get,
        [SVC_GROUP_LIST] = op_group_list,
        [SVC_RELEASE_DEPS] = op_release_deps,
        [SVC_OPERATOR_LIST] = op_operator_list,
        [SVC_OPERATOR_GET] = op_operator_get,
        [SVC_WHOAMI] = op_whoami,
        [SVC_TOKEN_LIST] = op_token_list,
        [SVC_AUDIT_LIST] = op_audit_list,
        [SVC_AUDIT_HEAD] = op_audit_head,
        [SVC_AUDIT_EXPORT] = op_audit_export,
        [SVC_REQUEST_LIST] = op_request_list,
        [SVC_FLEET_KEY_LIST] = op_fleet_key_list,
    };

    return (unsigned)op < SVC_OP_COUNT ? table[op] : NULL;
}

static void run(struct svc *svc, struct svc_call *call)
{
    svc_handler *handler = handler_of(call->op);

    (void)host_memory_was_refused();
    call->out.status = handler ? rights_check(svc, call) : OTTER_INTERNAL;
    if (call->out.status == OTTER_OK)
        call->out.status = handler(svc, call);
    if (host_memory_was_refused() && !trouble_is(call->out.status))
        call->out.status = svc_out_of_memory(call); /* else members would be absent */
    if (call->out.status != OTTER_OK)
        svc_call_clear(call);
    if (trouble_is(call->out.status))
        trouble_note(svc, call->out.status, 1);
    call->done(call);
}

void *reader_main(void *arg)
{
    struct svc *svc = arg;
    bool closed = false;

    while (!closed) {
        struct svc_call *call = queue_take(&svc->reads, 1, 60000, &closed);

        if (!call)
            continue;
        work_begins(&svc->reading);
        run(svc, call);
        work_ends(&svc->reading);
    }
    return NULL;
}

/* May a call wait for its thread? Else it is answered at once: what can come again is put off, spread. */
#include "service/internal.h"

#include "policy/admit.h"

static enum policy_asked asked_of(const struct svc_call *call)
{
    switch (call->op) {
    case SVC_POLL:
        return call->grant_only ? POLICY_ASKS_FOR_GRANT : POLICY_ASKS_TO_REPORT;
    case SVC_REPORT:
        return POLICY_ASKS_TO_REPORT;
    case SVC_ATTRIBUTES:
    case SVC_DEVICE_ENROL:
    case SVC_DEVICE_TOKEN:
    case SVC_DEVICE_ASK:
        return POLICY_ASKS_FOR_GRANT;
    default:
        return POLICY_ASKS_AS_OPERATOR;
    }
}

/*
 * A device that asks for a fresh word may be on trial, and would go back to its old image without one: it
 * gets what memory knows, signed. Its news stay with it until it comes again, which is soon.
 */
static void put_off_poll(struct svc *svc, struct svc_call *call, unsigned wait_s)
{
    if (call->in.poll.fresh)
        call->out.status = poll_unstored(svc, call);
    if (call->out.status != OTTER_OK || call->out.retry_after > wait_s)
        call->out.retry_after = wait_s;
    count_poll(svc, call);
}

bool svc_admit(struct svc *svc, struct svc_call *call, uint64_t connection, enum policy_asked *ret_asked)
{
    struct policy_load load = {.calls = queue_depth(queue_of(svc, call->op)),
                               .calls_max = svc->config.waiting};
    unsigned wait_s;

    *ret_asked = asked_of(call);
    if (policy_admit(*ret_asked, &load) == POLICY_SERVE)
        return true;
    wait_s = policy_defer_s(call->in.device ? call->in.device : "", connection);
    call->effects = NULL;
    call->out.status = OTTER_TOO_BUSY;
    if (call->op == SVC_POLL)
        put_off_poll(svc, call, wait_s);
    else
        call->out.retry_after = wait_s;
    return false;
}

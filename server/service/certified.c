/* A device that nobody has registered, and whose certificate the front has taken: it is the server's from now
 * on. */
#include "service/audit.h"
#include "service/credentials.h"

#include "core/bytes.h"
#include "policy/pace.h"

#include <string.h>

#define AGAIN_S 5u /* when it is to poll again: then it is known */

/* Of the token that came along, or of one that nobody is given. */
static bool read_secret(const struct svc_call *call, uint8_t secret[FLEET_SECRET])
{
    const char *token = call->in.bearer;

    if (!token) {
        host_random(secret, FLEET_SECRET);
        return true;
    }
    return otter_b64_decode(token, strlen(token), secret, FLEET_SECRET) == (int)FLEET_SECRET;
}

enum otter_status ask_certified(struct svc *svc, struct svc_call *call)
{
    const struct otter_poll *poll = &call->in.poll;
    struct enrolment e = {.id = poll->device, .product = poll->product, .hardware = poll->hardware};
    enum otter_status status = OTTER_INTERNAL;
    struct store_token_row made;

    if (!read_secret(call, e.secret)) {
        call->out.verdict = OTTER_UNKNOWN_DEVICE;
        return OTTER_OK;
    }
    if (credentials_make(svc, e.id, e.secret, &made)) {
        e.token_hash = made.hash;
        status = enrol(svc, call, &e, &call->out.created);
    }
    host_wipe(e.secret, sizeof(e.secret));
    if (status == OTTER_ALREADY_EXISTS) /* it polled twice at once */
        status = OTTER_OK;
    else if (status == OTTER_OK)
        status = request_settle(svc, call, e.id, NULL);
    if (status == OTTER_OK && call->out.created)
        status = audit_note(svc, "", "device-enrol", e.id,
                            json_pack("{s:s, s:s}", "product", e.product, "by", "certificate"));
    if (status != OTTER_OK)
        return svc_stored(call, status);
    call->out.retry_after = policy_poll_after(AGAIN_S, e.id);
    call->out.verdict =
        svc_refuse(call, OTTER_TOO_BUSY, "the device was taken by its certificate: poll again");
    return OTTER_OK;
}

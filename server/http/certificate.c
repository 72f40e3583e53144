/* Who shows a client certificate to a route of devices is that device, and no other. Other routes look at
 * none: it makes nobody an operator. */
#include "http/loop.h"
#include "http/request.h"
#include "http/tls_session.h"

#include <string.h>

enum otter_status http_certificate_head(struct http_request *r)
{
    const struct http_tls_client *client;

    if (!r->listener->tls || !r->seat)
        return OTTER_OK;
    client = http_tls_client_of(r->seat->tls, http_loop_now(r->loop));
    if (!client)
        return OTTER_OK;
    if (client->verdict != POLICY_CLIENT_GOOD) {
        http_refuse(r, OTTER_CERTIFICATE_REFUSED, "the client certificate is not taken: %s",
                    policy_client_text(client->verdict));
        return OTTER_CERTIFICATE_REFUSED;
    }
    r->certified = client->device;
    if (!r->authorization)
        r->credentials.scheme = HTTP_SCHEME_CERTIFICATE;
    return OTTER_OK;
}

enum otter_status http_certificate_body(struct http_request *r)
{
    if (!r->certified || strcmp(r->certified, r->device) == 0)
        return OTTER_OK;
    http_refuse(r, OTTER_UNKNOWN_DEVICE,
                "the client certificate is of device %s, not of the one that asks here", r->certified);
    return OTTER_UNKNOWN_DEVICE;
}

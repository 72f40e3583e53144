#include "http/ration.h"

#include "http/health.h"
#include "http/loop.h"
#include "http/shed.h"

/* Many devices may be behind an address: who is sent away together must not come again together. */
static unsigned spread(const struct http_request *r, unsigned wait_s)
{
    unsigned spread_s = http_shed_wait_s(r);

    return wait_s > spread_s ? wait_s : spread_s;
}

bool http_ration_address(struct http_request *r)
{
    struct http_rates *rates = r->loop->address_rates;
    char client[HTTP_CLIENT_STR];
    unsigned wait_s;
    uint64_t who;

    if (!rates)
        return true;
    http_client_of(r, client);
    if (!http_rates_address(rates, client, &who))
        return true;
    wait_s = http_rates_take(rates, who, http_loop_now(r->loop));
    if (wait_s == 0)
        return true;
    http_count_over(r->loop, HTTP_COUNT_OVER_ADDRESS);
    r->call.out.retry_after = spread(r, wait_s);
    r->allow = 0;
    http_refuse(r, OTTER_TOO_MANY_REQUESTS, NULL);
    return false;
}

enum otter_status http_ration_device(struct http_request *r)
{
    struct http_rates *rates = r->loop->device_rates;
    unsigned wait_s;

    if (!rates || r->number == 0)
        return OTTER_OK;
    wait_s = http_rates_take(rates, http_rates_device(r->number), http_loop_now(r->loop));
    if (wait_s == 0)
        return OTTER_OK;
    http_count_over(r->loop, HTTP_COUNT_OVER_DEVICE);
    r->call.out.retry_after = wait_s;
    return OTTER_TOO_MANY_REQUESTS;
}

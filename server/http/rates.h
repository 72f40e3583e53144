/*
 * Requests a minute, by device or by address: a table of a fixed size, beside whatever else is known of them.
 * It forgets whom it has no room for, who owes least first: a flood of names gets more served than it should,
 * and never has anybody else refused.
 */
#ifndef OTTER_HTTP_RATES_H
#define OTTER_HTTP_RATES_H

#include <stdbool.h>
#include <stdint.h>

/* Who is remembered: 32,768 of them, in 256 KiB. Who has asked once is, for as long as that is owed. */
#define HTTP_RATES_WAYS 8u
#define HTTP_RATES_SETS 4096u

struct http_rates;

/* So many requests a minute, at least one. NULL when out of memory. */
struct http_rates *http_rates_new(uint32_t per_minute);
void http_rates_free(struct http_rates *rates);

/*
 * A request. 0: it is served. Else so many seconds until one would be. now_ms: of a clock that does not step;
 * threads may differ a little. Any thread, without a lock.
 */
unsigned http_rates_take(struct http_rates *rates, uint64_t who, uint64_t now_ms);

/* Who it is. A device's number (fleet.h) or an address, as http_client_of() says; IPv6 by its /64. False: no
 * address of a network, which has no rate. */
uint64_t http_rates_device(uint32_t number);
bool http_rates_address(const struct http_rates *rates, const char *address, uint64_t *ret);

#endif

/*
 * Against guessing operators' tokens: an address that sends wrong ones is answered for a while without a look
 * at what it sends. A table of a fixed size, by address; the time is passed in. Devices' requests never ask
 * it, nor does who comes by a unix socket, which the file's mode guards.
 *
 *   wrong, wrong, .. LOCKOUT_FREE in a row   nothing happens
 *   one more                                 locked for LOCKOUT_FIRST_S; each further one after that: doubled
 *   a right one, or LOCKOUT_FORGET_S quiet   all is forgotten
 *
 * IPv6 addresses count by their /64, of which whoever has one has all.
 */
#ifndef OTTER_HTTP_LOCKOUT_H
#define OTTER_HTTP_LOCKOUT_H

#include <stdbool.h>
#include <stdint.h>

#define LOCKOUT_FREE     10u
#define LOCKOUT_FIRST_S  15u
#define LOCKOUT_MAX_S    3600u
#define LOCKOUT_FORGET_S 3600u

/* Addresses that are remembered. The fewest wrong tokens, and then the oldest, make room: who floods the
 * table with addresses of its own pushes out others that are not locked first. */
#define LOCKOUT_WAYS 8u
#define LOCKOUT_SETS 256u

struct http_lockout;

/* free: how many wrong tokens are free; 0: nobody is ever locked. NULL when out of memory. */
struct http_lockout *http_lockout_new(unsigned free);
void http_lockout_free(struct http_lockout *l);

/* Seconds for which the address is locked; 0: it is not. address: as http_client_of() says; now: seconds of a
 * clock that never steps. Any thread. */
unsigned http_lockout_left(struct http_lockout *l, const char *address, int64_t now);
/* It sent a wrong token. True: it is locked from now on. */
bool http_lockout_wrong(struct http_lockout *l, const char *address, int64_t now);
/* It sent a right one. */
void http_lockout_right(struct http_lockout *l, const char *address);

#endif

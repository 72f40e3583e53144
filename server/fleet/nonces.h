/*
 * The last nonces that a device has proved itself with (Otter-HMAC): each is taken once. A nonce is kept as
 * eight bytes of its random sixteen: a repeated one is always seen, and two different ones are taken for the
 * same once in 2^56 requests, which the device answers with a further nonce.
 */
#ifndef OTTER_FLEET_NONCES_H
#define OTTER_FLEET_NONCES_H

#include <stdbool.h>
#include <stdint.h>

#define FLEET_NONCES 256u

/* 2 KB; all zero is empty. */
struct fleet_nonces {
    uint16_t held;
    uint16_t next; /* the oldest, once all are in use */
    uint64_t seen[FLEET_NONCES];
};

/* True if the nonce is none of the last FLEET_NONCES; it is one of them now. */
bool fleet_nonce_take(struct fleet_nonces *nonces, uint64_t nonce);

#endif

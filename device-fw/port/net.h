/*
 * One byte stream to a server, non-blocking, at most one open at a time. TLS, where asked for, lies beneath
 * it: device-fw/crypto/tls.h makes a stream with TLS out of one without, on any port. Every return value is
 * defined, zero included. Not for interrupts.
 */
#ifndef OTTER_PORT_NET_H
#define OTTER_PORT_NET_H

#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum otter_net_result {
    OTTER_NET_AGAIN = 0, /* nothing now: connecting, or no data, or no room; call again after waiting */
    OTTER_NET_EOF = -1,  /* the peer closed in order (recv only) */
    OTTER_NET_ERROR = -2 /* refused, reset, name unknown, or a TLS failure: close() is all that is left */
};

/* What TLS goes by. All of it need be valid during open() alone. */
struct otter_net_tls {
    const char *name;    /* for SNI and the certificate's name */
    const uint8_t *ca;   /* the one CA to trust, DER */
    uint32_t ca_len;     /* 0 = none: no connection comes of it */
    uint64_t time_floor; /* Unix seconds that have certainly passed; 0 = not known */
};

struct otter_net {
    /*
     * Starts connecting; the result shows in send(): AGAIN until connected. False if it cannot even start.
     * tls != NULL asks for TLS; a stream that has none refuses, and never falls back. TCP_NODELAY is set.
     */
    bool (*open)(struct otter_net *self, const char *host, uint16_t port, const struct otter_net_tls *tls);
    /* > 0 bytes taken (maybe fewer than len), or AGAIN or ERROR. len > 0. */
    int32_t (*send)(struct otter_net *self, const void *buf, uint32_t len);
    /* > 0 bytes received, or AGAIN, EOF or ERROR. len > 0. */
    int32_t (*recv)(struct otter_net *self, void *buf, uint32_t len);
    /* Always succeeds; harmless when nothing is open. */
    void (*close)(struct otter_net *self);

    /* Two questions that only TLS has an answer to; NULL for a stream without. */

    /* Why the connection opened last fails, or would if it ended now: of group T; OK = as any stream may. */
    enum otter_status (*why)(const struct otter_net *self);
    /* After AGAIN: does it wait for room to send, whatever was called? A handshake sends to receive. */
    bool (*waits_to_send)(const struct otter_net *self);
};

#endif

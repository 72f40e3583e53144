/*
 * One byte stream to a server, non-blocking, at most one open at a time. TLS, where asked for, lies beneath
 * it. Every return value is defined, zero included. Not for interrupts.
 */
#ifndef OTTER_PORT_NET_H
#define OTTER_PORT_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum otter_net_result {
    OTTER_NET_AGAIN = 0, /* nothing now: connecting, or no data, or no room; call again after waiting */
    OTTER_NET_EOF = -1,  /* the peer closed in order (recv only) */
    OTTER_NET_ERROR = -2 /* refused, reset, name unknown, or a TLS failure: close() is all that is left */
};

struct otter_net {
    /*
     * Starts connecting; the result shows in send(): AGAIN until connected. False if it cannot even start.
     * tls_name != NULL asks for TLS with that name for SNI and the name check. TCP_NODELAY is set.
     */
    bool (*open)(struct otter_net *self, const char *host, uint16_t port, const char *tls_name);
    /* > 0 bytes taken (maybe fewer than len), or AGAIN or ERROR. len > 0. */
    int32_t (*send)(struct otter_net *self, const void *buf, uint32_t len);
    /* > 0 bytes received, or AGAIN, EOF or ERROR. len > 0. */
    int32_t (*recv)(struct otter_net *self, void *buf, uint32_t len);
    /* Always succeeds; harmless when nothing is open. */
    void (*close)(struct otter_net *self);
};

#endif

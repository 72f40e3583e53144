/*
 * The stream of port/net.h over lwIP's TCP. Works as the loop of stack.h turns: all that happens to it
 * happens in otter_stack_poll or in its own calls.
 *
 * open() takes a numeric IPv4 address or a name, and may be called before there is a link or an address: the
 * stream waits for both. Address, lookup and connection have OTTER_LWIP_CONNECT_MS together, then it fails.
 * What was received before a reset is still handed out before the ERROR.
 *
 * TLS is not part of it, and open() refuses to be asked for it: crypto/tls.h puts it over this stream.
 */
#ifndef OTTER_NET_LWIP_NET_H
#define OTTER_NET_LWIP_NET_H

#include "net/stack.h"
#include "port/net.h"

#include "core/names.h"

#define OTTER_LWIP_CONNECT_MS 20000u
#define OTTER_LWIP_WINDOW     5840u /* bytes that a peer may send ahead: TCP_WND of lwipopts.h */

struct tcp_pcb;

enum otter_lwip_state {
    OTTER_LWIP_CLOSED,
    OTTER_LWIP_WAITING, /* for link and address */
    OTTER_LWIP_ASKING,  /* DNS */
    OTTER_LWIP_CONNECTING,
    OTTER_LWIP_OPEN,
    OTTER_LWIP_FAILED
};

struct otter_lwip_net {
    struct otter_net net; /* what device code gets: &lwip->net */
    struct otter_stack *stack;
    struct tcp_pcb *pcb; /* NULL = none, or lwIP has taken it back */
    enum otter_lwip_state state;
    bool ended; /* the peer closed in order */
    uint16_t port;
    uint32_t losses; /* the stack's, when it was opened */
    uint64_t opened_ms;
    char host[OTTER_URL_MAX + 1];
    uint16_t at, held; /* of the ring: first byte not read yet, bytes held */
    uint8_t ring[OTTER_LWIP_WINDOW];
};

/* Nothing is opened. The stack must outlive it. */
void otter_lwip_net_init(struct otter_lwip_net *n, struct otter_stack *stack);

/* False only if a call in that direction would certainly say AGAIN. */
bool otter_lwip_net_ready(struct otter_lwip_net *n, bool write);

#endif

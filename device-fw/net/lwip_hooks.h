/* Where lwIP asks us on its way (LWIP_HOOK_FILENAME). For lwIP's eyes: nobody else includes this. */
#ifndef OTTER_NET_LWIP_HOOKS_H
#define OTTER_NET_LWIP_HOOKS_H

#include "lwip/netif.h"
#include "lwip/pbuf.h"

/*
 * A connection's first sequence number: random at each connection. A server, or a NAT, that still holds a
 * connection of before a reset would otherwise take our SYN for a part of it.
 */
#define LWIP_HOOK_TCP_ISN(local_ip, local_port, remote_ip, remote_port) otter_lwip_random()

/* 1 = the packet was refused, and freed. */
int otter_lwip_ip4_input(struct pbuf *p, struct netif *netif);
#define LWIP_HOOK_IP4_INPUT(p, netif) otter_lwip_ip4_input(p, netif)

#endif

/*
 * What of lwIP 2.1.3 the firmware has, and how much memory it may take: all of it static. For lwIP's eyes,
 * and for those who port the updater to an application that has an lwIP of its own.
 *
 * A received frame lies in one buffer of struct otter_stack, is dealt with at once, and what a stream gets of
 * it is copied into the stream's own ring (lwip_net.h). So there is no pool of receive buffers that a peer
 * could fill by tiny segments, by gaps, or by not being read.
 */
#ifndef OTTER_NET_LWIPOPTS_H
#define OTTER_NET_LWIPOPTS_H

#include <stdint.h>

/* One thread, the raw API, one interface. */
#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET          0
#define LWIP_NETCONN         0
#define LWIP_SINGLE_NETIF    1
#define LWIP_HAVE_LOOPIF     0
#define LWIP_STATS           0
#define LWIP_HOOK_FILENAME   "lwip_hooks.h"

/* IPv4 on Ethernet; fragments are dropped, and so are packets with IP options. */
#define LWIP_IPV4          1
#define LWIP_IPV6          0
#define LWIP_ARP           1
#define LWIP_RAW           0
#define LWIP_ICMP          1
#define LWIP_UDP           1
#define LWIP_TCP           1
#define LWIP_DHCP          1
#define LWIP_DNS           1
#define IP_REASSEMBLY      0
#define IP_FRAG            0
#define IP_OPTIONS_ALLOWED 0

/* Buffers. Two zero bytes before each frame align what is behind its Ethernet header. */
#if UINTPTR_MAX > UINT32_MAX
#define MEM_ALIGNMENT 8
#else
#define MEM_ALIGNMENT 4
#endif
#define ETH_PAD_SIZE             2
#define LWIP_SUPPORT_CUSTOM_PBUF 1
#define PBUF_POOL_SIZE           0
/* The heap holds what is sent: at most TCP_SND_BUF and its headers, a DHCP message, a query,
 * acknowledgements. */
#define MEM_SIZE 4096

#define MEMP_NUM_PBUF           2
#define MEMP_NUM_TCP_PCB        3 /* one open, one or two on their way to being closed */
#define MEMP_NUM_TCP_PCB_LISTEN 1 /* none is used; lwIP wants one */
#define MEMP_NUM_TCP_SEG        TCP_SND_QUEUELEN
#define MEMP_NUM_UDP_PCB        3 /* DHCP, and a port for each DNS query */
#define ARP_TABLE_SIZE          6
#define ARP_QUEUEING            0 /* one packet waits for an address */

/*
 * TCP. Segments out of order are dropped and come again: with this window that costs little, and no segment
 * can wait for one that never comes. RFC 1122's silly windows and Nagle's are lwIP's.
 */
#define TCP_MSS          1460
#define TCP_WND          (4 * TCP_MSS) /* = OTTER_LWIP_WINDOW */
#define TCP_SND_BUF      (2 * TCP_MSS)
#define TCP_SND_QUEUELEN 8
#define TCP_OVERSIZE     0 /* a TLS record of 40 bytes takes 40 bytes */
#define TCP_QUEUE_OOSEQ  0
#define TCP_MAXRTX       8

/*
 * DHCP. The address offered is not tried out by ARP first: it would cost a second at each start, and anyone
 * on the network could answer and so keep a device off it for good.
 */
#define DHCP_DOES_ARP_CHECK 0
#define LWIP_NETIF_HOSTNAME 1
#define DHCP_OPTIONS_LEN    108u /* room for a name of 63 */

/* DNS: one answer a name. Ids and ports are random, and a name is asked for once at a time (RFC 5452). */
#define DNS_TABLE_SIZE      2
#define DNS_MAX_NAME_LENGTH 129 /* OTTER_URL_MAX and its end */
#define DNS_MAX_SERVERS     2

#endif

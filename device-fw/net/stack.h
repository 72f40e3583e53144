/*
 * TCP/IP over an Ethernet controller: lwIP, with DHCP and DNS, for one interface. Static memory only; lwIP
 * keeps its own state, so there is one stack a program.
 *
 *   static struct otter_stack stack;
 *   static struct otter_lwip_net stream;
 *
 *   otter_stack_init(&stack, board_link(), mac, device_id, board_random());
 *   otter_lwip_net_init(&stream, &stack);                          lwip_net.h
 *   for (;;) {
 *       uint32_t idle_ms = otter_stack_poll(&stack, board_ms());
 *       ... step the updater, feed the watchdog ...
 *       board_idle(idle_ms);                                       if there is nothing else to do
 *   }
 *
 * Nothing blocks, and no call does more than a few frames' work. Not for interrupts. A loop that is away for
 * a while (an erase) is harmless; one that is away for minutes loses the age of its lease.
 */
#ifndef OTTER_NET_STACK_H
#define OTTER_NET_STACK_H

#include "port/link.h"
#include "port/system.h"

#define OTTER_HOSTNAME_MAX 63u
#define OTTER_ADDRESS_TEXT 16u /* "255.255.255.255" and its end */

/* A link that is down for so long ends what was open over it. */
#define OTTER_LINK_LOST_MS 5000u
/* So many connections in a row that did not come about, and DHCP is asked again: whoever gave us mask, router
 * and name server may have lied, or the network may be another one by now. */
#define OTTER_STACK_DOUBTS 4u

/* Two bytes before the frame, so that what is behind its Ethernet header is aligned. */
#define OTTER_FRAME_PAD 2u

struct otter_stack {
    struct otter_link *link;
    struct otter_random *random;
    uint64_t first_ms;               /* of the first poll: lwIP's clock is zero there, and has 32 bits */
    uint64_t now_ms;                 /* of the last */
    uint64_t asked_ms;               /* when the link was asked last */
    uint64_t link_ms;                /* since when it is as it is */
    uint32_t losses;                 /* times that it was down for OTTER_LINK_LOST_MS */
    uint32_t doubts;                 /* connections in a row that did not come about */
    uint32_t received, sent, unsent; /* frames */
    bool polled;
    bool started; /* the controller answers */
    bool asked;
    bool lost;
    bool holding; /* lwIP has the frame */
    uint8_t mac[6];
    char hostname[OTTER_HOSTNAME_MAX + 1];
    _Alignas(4) uint8_t frame[OTTER_FRAME_PAD + OTTER_FRAME_MAX];
};

/*
 * Once in a program. The name is what DHCP servers are told: cut to OTTER_HOSTNAME_MAX, with a hyphen in
 * place of each character that host names do not have; NULL or "" = none. False if the controller does not
 * answer: poll tries again each second.
 */
bool otter_stack_init(struct otter_stack *s, struct otter_link *link, const uint8_t mac[6], const char *name,
                      struct otter_random *random);

/*
 * Takes frames, and does what is due. The milliseconds until it has something to do if no frame comes; 0 = at
 * once, there may be more frames. now_ms must not fall.
 */
uint32_t otter_stack_poll(struct otter_stack *s, uint64_t now_ms);

/*
 * A connection came about, or did not: for want of a name's address, an answer, or as refused. Streams say
 * so; it is acted upon in the next poll, so it may be told from lwIP's callbacks.
 */
void otter_stack_connected(struct otter_stack *s, bool did);

/* There is a carrier. */
bool otter_stack_has_link(const struct otter_stack *s);

/* There is a link, and an address whose lease holds. */
bool otter_stack_is_up(const struct otter_stack *s);

/* The address, dotted; "" = none. */
void otter_stack_address(const struct otter_stack *s, char text[OTTER_ADDRESS_TEXT]);

#endif

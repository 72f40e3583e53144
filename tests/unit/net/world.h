/*
 * The firmware's TCP/IP stack on the host, at one end of a cable. At the other end is a router of user mode
 * (libslirp, QEMU's): its DHCP and ARP are real, its TCP ends in sockets of this process on the loopback
 * interface, which the device reaches as 10.0.2.2. It keeps what happens on the cable in the test's hands.
 *
 * One world a program, since lwIP is one: world_begin() puts it back into order before each test. Time goes
 * on by turns, not by the machine's clock, so that nothing fails for the machine's being slow.
 */
#ifndef OTTER_TESTS_NET_WORLD_H
#define OTTER_TESTS_NET_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/lwip_net.h"
#include "net/stack.h"

#define WORLD_HOST     "10.0.2.2" /* this machine's loopback */
#define WORLD_NAME     "otter.test"
#define WORLD_PATIENCE 60000u /* ms of the machine's time that any wait may take */
#define WORLD_QUEUE    64u
#define WORLD_FRAME    2048u

/* How the name server answers. */
enum world_dns {
    DNS_ANSWERS,
    DNS_ALIAS,
    DNS_NXDOMAIN,
    DNS_FAILS,
    DNS_SILENT,
    DNS_WRONG_ID,
    DNS_WRONG_NAME,
    DNS_SHORT
};

struct world_frame {
    uint32_t len;
    uint8_t bytes[WORLD_FRAME];
};

struct world {
    struct otter_stack stack;
    struct otter_lwip_net stream;

    /* The cable and what befalls it. */
    bool plugged;
    bool deaf;        /* nothing of the router's comes through */
    uint32_t deaf_to; /* nor anything for TCP ports up to this one */
    bool dhcp_gone;   /* no DHCP answer comes through */
    bool dhcp_lies;   /* its answers say that nobody is near, and name a router that there is not */
    bool send_fails;  /* the controller has no room */
    uint32_t lose;    /* every so-many-th frame is lost, both ways; 0 = none */
    bool absent;      /* the controller does not answer */
    enum world_dns dns;
    char dns_only; /* names that begin so are answered, others not; 0 = all */

    void (*tap)(const uint8_t *frame, uint32_t len); /* sees what the router sends; NULL = none */

    /* Seen. */
    uint32_t queries; /* DNS */
    uint32_t answers;
    char hostname[64];       /* of the last DHCP message */
    uint32_t port, sequence; /* of the last SYN */
    uint32_t pongs;
    uint32_t starts;

    /* Its own. */
    struct otter_link link;
    struct otter_random random;
    uint32_t seed, passed;
    uint64_t now; /* ms */
    struct world_frame queue[WORLD_QUEUE];
    uint32_t head, count;
};

extern struct world world;

/* Before each test: everything in order, an address, nothing open. The first call starts the stack. */
int world_begin(void **state);
/* After each: the stack still does what it is there for. */
int world_end(void **state);
/* Starts router and stack, no more. */
void world_start(const char *name);

/* One turn of the firmware's loop, and of the router's; waits a little for sockets if nothing moves. */
void world_turn(void);
/* The clock goes on, in steps that a firmware's loop could take; over hours of a second, over weeks of half a
 * minute. */
void world_skip(uint64_t ms);
uint64_t world_machine_ms(void);

/* A frame to the device, as if it came over the cable. */
void world_push(const void *frame, uint32_t len);

/* Looks at what the device sends; answers DNS. True: the router need not see it. (wire.c) */
bool world_look(const uint8_t *frame, uint32_t len);
/* A frame to the device with right lengths and checksums: Ethernet, IPv4, and `protocol` with this payload.
 */
uint32_t world_packet(uint8_t *out, uint8_t protocol, const void *payload, uint32_t len);
/* The like with a TCP segment, and its checksum put into it. */
uint32_t world_tcp(uint8_t *out, uint8_t *segment, uint32_t len);
/* The internet checksum of these bytes, of which two at `at` are zero, put there. */
void world_checksum(uint8_t *p, uint32_t len, uint32_t at);

/* Turns until it is so. */
#define UNTIL(condition)                                                                                     \
    do {                                                                                                     \
        uint64_t patience_ = world_machine_ms() + WORLD_PATIENCE;                                            \
        while (!(condition)) {                                                                               \
            world_turn();                                                                                    \
            assert_true(world_machine_ms() < patience_);                                                     \
        }                                                                                                    \
    } while (0)

#endif

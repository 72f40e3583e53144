/* The network that fuzz_frames speaks for: a router that is honest, or says what the input wants. */
#ifndef OTTER_TESTS_FUZZ_FRAMES_H
#define OTTER_TESTS_FUZZ_FRAMES_H

#include "port/link.h"

#include <stddef.h>
#include <stdint.h>

struct fuzz_input {
    const uint8_t *at, *end;
};

/* The next byte; 0 behind the end. */
uint8_t fuzz_byte(struct fuzz_input *in);

#define FUZZ_QUEUE 8u

struct fuzz_wire {
    struct otter_link link;
    bool honest; /* answers ARP, DHCP and TCP's first packet as a router does */
    bool down;   /* no carrier */
    /* What the device said last, to be answered by the letter. */
    uint8_t xid[4];
    uint8_t dns_port[2], dns[300];
    uint32_t dns_len;
    uint8_t port[2];
    uint32_t next, expects; /* its next sequence number, and the one that it expects */
    /* Frames on their way to it. */
    struct {
        uint32_t len;
        uint8_t bytes[OTTER_FRAME_MAX];
    } queue[FUZZ_QUEUE];
    uint32_t head, count;
};

void fuzz_wire_init(struct fuzz_wire *w);
/* A frame of the kind that op names, made of the input's next bytes. */
void fuzz_wire_say(struct fuzz_wire *w, uint8_t op, struct fuzz_input *in);

#endif

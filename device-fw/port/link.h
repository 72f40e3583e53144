/*
 * An Ethernet controller as the TCP/IP glue (device-fw/net) sees it: whole frames in and out, one at a time,
 * nothing blocks. A board provides one, embedded in its own struct. Not for interrupts; a driver may use them
 * inside.
 */
#ifndef OTTER_PORT_LINK_H
#define OTTER_PORT_LINK_H

#include <stdbool.h>
#include <stdint.h>

#define OTTER_FRAME_MAX 1514u /* Ethernet header and payload, without the frame check sequence */

/* A frame to send is gathered from pieces, in order. */
struct otter_frame_piece {
    const void *data;
    uint32_t len;
};

struct otter_link {
    /* Resets and starts the controller with this station address. False: it does not answer. */
    bool (*start)(struct otter_link *self, const uint8_t mac[6]);
    /* Is there a carrier? Asked every 100 ms or so. */
    bool (*is_up)(struct otter_link *self);
    /* The whole frame is copied before it returns. False: no room now, or too long; nothing was sent. */
    bool (*send)(struct otter_link *self, const struct otter_frame_piece *piece, uint32_t count);
    /*
     * The next frame received, without its check sequence, in buf: its length; 0 = none. One that is longer
     * than cap, or damaged, is dropped and counted in `dropped`.
     */
    uint32_t (*receive)(struct otter_link *self, void *buf, uint32_t cap);
    uint32_t dropped;
};

#endif

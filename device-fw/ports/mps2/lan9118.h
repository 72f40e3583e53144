/*
 * SMSC/Microchip LAN9118 in 32-bit mode, as the MPS2 boards and QEMU have it: port/link.h over its FIFOs.
 * Polled. Its interrupt line stays up for as long as a frame may wait, so that it ends a sleep (board_idle);
 * nobody handles it. Every wait is counted out: a controller that does not answer is one that start()
 * refuses.
 */
#ifndef OTTER_PORTS_MPS2_LAN9118_H
#define OTTER_PORTS_MPS2_LAN9118_H

#include "port/link.h"

struct lan9118 {
    struct otter_link link; /* what device-fw/net is given */
    volatile uint32_t *base;
};

/* Touches nothing yet. */
void lan9118_init(struct lan9118 *e, uintptr_t base);

#endif

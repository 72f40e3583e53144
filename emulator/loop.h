/*
 * The one thread that runs all devices: a queue of those that can go on, a heap of those that wait for a
 * time, one epoll set for those that wait for the network, and a queue of those that wait for their turn.
 *
 * At most --concurrency devices are awake, and so have a socket: one at rest that can go on waits, behind
 * those that came before it, until another one rests.
 */
#ifndef OTTER_EMU_LOOP_H
#define OTTER_EMU_LOOP_H

#include "device.h"

struct emu_queue {
    struct emu_device *first, *last;
};

struct emu_loop {
    struct emu_world *world;
    struct emu_heap timers;
    struct emu_queue ready;
    struct emu_queue turn; /* at rest */
    uint32_t awake_limit;
};

/* The world's epoll set must be open. False when out of memory. */
bool emu_loop_init(struct emu_loop *l, struct emu_world *world, uint32_t devices, uint32_t awake_limit);
void emu_loop_free(struct emu_loop *l);

/* Puts a device among those that can go on, or wait for their turn to. */
void emu_loop_wake(struct emu_loop *l, struct emu_device *d);

/* One round: passes of all that can go on, then waits for events, timers, or until_us at most. False if epoll
 * fails. */
bool emu_loop_round(struct emu_loop *l, uint64_t until_us);

#endif

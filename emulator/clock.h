/*
 * A device's clock: real time, at a rate that changes. It runs `--speed` times faster while the device waits
 * for time to pass, at real speed while it waits for the network (so that no speed can trip a time-out), and
 * stands still while the device queues for a socket. Starts at 0 at each restart, as a chip's does. Pure.
 */
#ifndef OTTER_EMU_CLOCK_H
#define OTTER_EMU_CLOCK_H

#include <stdint.h>

#define EMU_NEVER UINT64_MAX

struct emu_clock {
    uint64_t real_us;   /* when the rate was last set, */
    uint64_t device_us; /* and what the device's clock showed then */
    uint32_t rate;      /* device microseconds for each real one; 0 = stands still */
};

/* Restart: 0 at real_us. */
void emu_clock_start(struct emu_clock *c, uint64_t real_us, uint32_t rate);

/* From real_us on the clock runs at another rate; it does not jump. */
void emu_clock_set_rate(struct emu_clock *c, uint64_t real_us, uint32_t rate);

/* What the device's clock shows, in whole milliseconds. real_us before the last change counts as that change.
 */
uint64_t emu_clock_ms(const struct emu_clock *c, uint64_t real_us);

/* First real microsecond at which the device's clock shows device_ms; EMU_NEVER if that is EMU_NEVER or it
 * stands. */
uint64_t emu_clock_real_at(const struct emu_clock *c, uint64_t device_ms);

#endif

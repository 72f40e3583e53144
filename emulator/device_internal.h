/* What device.c and device_boot.c share. */
#ifndef OTTER_EMU_DEVICE_INTERNAL_H
#define OTTER_EMU_DEVICE_INTERNAL_H

#include "device.h"

/* A line of --log; NULL members are left out. */
void emu_device_say(const struct emu_device *d, const char *event, const char *state, const char *reason,
                    const char *text);

/* Until its own clock shows uptime_ms. */
struct emu_wait emu_device_wait(const struct emu_device *d, uint64_t uptime_ms);

/* The power failed in this or the last call: the device comes back by its bootloader. */
struct emu_wait emu_device_cut(struct emu_device *d);

/* It is off, and goes on with its bootloader. */
struct emu_wait emu_device_reset(struct emu_device *d, enum otter_reset_cause cause);

/* The bootloader, and the start of what it chose. */
struct emu_wait emu_device_restart(struct emu_device *d);

#endif

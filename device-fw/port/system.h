/* Randomness, and the hand-over from bootloader to application. */
#ifndef OTTER_PORT_SYSTEM_H
#define OTTER_PORT_SYSTEM_H

#include "core/names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct otter_random {
    /* Fills buf with bytes fit for nonces (unpredictable). Cannot fail: a board without entropy must not
     * start. */
    void (*fill)(struct otter_random *self, void *buf, size_t len);
};

/* A clock that keeps its time without power, where a board has one. */
struct otter_wall_clock {
    /* Unix seconds; 0 = it has not been set. */
    uint64_t (*now_s)(struct otter_wall_clock *self);
};

enum otter_reset_cause { OTTER_RESET_POWER, OTTER_RESET_SOFTWARE, OTTER_RESET_WATCHDOG };

/*
 * In noinit RAM, written by the bootloader before each jump (protocol.md, Boot).
 *   0 u32 magic | 4 u8 slot | 5 u8 trial | 6 u8 boots used | 7 u8 reset cause | 8 u32 CRC-32 of bytes 0..7
 */
#define OTTER_HANDOVER_MAGIC 0x4f54484fu
struct otter_handover {
    uint32_t magic;
    uint8_t slot;
    uint8_t trial;
    uint8_t boots_used;
    uint8_t reset_cause;
    uint32_t crc;
};
_Static_assert(sizeof(struct otter_handover) == 12, "hand-over is shared by two programs");

void otter_handover_seal(struct otter_handover *h);
bool otter_handover_valid(const struct otter_handover *h);

#endif

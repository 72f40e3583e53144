/*
 * The RAM of all devices: each has a place of its own for ever, so that pointers into it hold, but only those
 * that are awake have pages there. A device at rest keeps what differs from one of a few models (pack.h):
 * hundreds of bytes, where thousands of others wait in the same way.
 */
#ifndef OTTER_EMU_MEMORY_H
#define OTTER_EMU_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EMU_MODELS 16u

struct emu_memory {
    uint8_t *base; /* address space; pages come when they are touched */
    size_t stride, size;
    uint32_t count;
    uint8_t *model[EMU_MODELS]; /* [0] is zeros */
    uint32_t models;
    uint8_t *scratch;
};

/* One device's, at rest. Zeroed = it has never been awake, or was forgotten. */
struct emu_packed {
    uint8_t *bytes; /* owned */
    uint32_t len;
    uint32_t model;
};

/* `size` bytes for each of `count` devices, zeros. False when out of memory or address space. */
bool emu_memory_init(struct emu_memory *m, uint32_t count, size_t size);
void emu_memory_free(struct emu_memory *m);

/* Where device `index` has its RAM, awake or not. */
void *emu_memory_of(const struct emu_memory *m, uint32_t index);

/* Packs it and gives its pages back. False when out of memory: it stays as it is. */
bool emu_memory_rest(struct emu_memory *m, uint32_t index, struct emu_packed *p);

/* As it was when it went to rest; *p is empty then. */
void emu_memory_wake(struct emu_memory *m, uint32_t index, struct emu_packed *p);

/* Zeros, whether awake or at rest: a device that resets. */
void emu_memory_forget(struct emu_memory *m, uint32_t index, struct emu_packed *p);

#endif

/* Timers in a binary heap; each is embedded in what it wakes (OTTER_CONTAINER_OF gets back). Pure but for its
 * array. */
#ifndef OTTER_EMU_HEAP_H
#define OTTER_EMU_HEAP_H

#include <stdbool.h>
#include <stdint.h>

struct emu_timer {
    uint64_t due_us; /* on the loop's clock */
    uint32_t place;  /* index in the heap + 1; 0 = not set. Zeroed = not set */
};

struct emu_heap {
    struct emu_timer **item;
    uint32_t count;
    uint32_t cap;
};

/* Room for cap timers, the most that will ever be set at once. False when out of memory. */
bool emu_heap_init(struct emu_heap *h, uint32_t cap);
void emu_heap_free(struct emu_heap *h);

/* Sets or moves a timer. */
void emu_heap_set(struct emu_heap *h, struct emu_timer *t, uint64_t due_us);

/* Harmless when it is not set. */
void emu_heap_remove(struct emu_heap *h, struct emu_timer *t);

/* The earliest, still set; NULL when none is. */
struct emu_timer *emu_heap_first(const struct emu_heap *h);

#endif

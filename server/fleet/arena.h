/* What lives as long as the fleet, taken in a row from large pieces. Inside server/fleet only. */
#ifndef OTTER_FLEET_ARENA_H
#define OTTER_FLEET_ARENA_H

#include <stddef.h>

struct arena_piece;

/* All zero: empty. */
struct arena {
    struct arena_piece *newest;
};

/* Uninitialised; NULL when out of memory, or more than a piece holds. align: a power of two, up to that of
 * max_align_t. */
void *arena_take(struct arena *arena, size_t n, size_t align);
/* A copy of a string of at most OTTER_NAME_MAX; the like. */
const char *arena_keep(struct arena *arena, const char *s);
/* What was taken from the one belongs to the other now; the one is empty. */
void arena_merge(struct arena *into, struct arena *from);
void arena_free(struct arena *arena);

#endif

#include "fleet/arena.h"

#include "core/wire.h"

#include <stdlib.h>
#include <string.h>

#define PIECE 65536u

struct arena_piece {
    struct arena_piece *next;
    size_t used;
    _Alignas(max_align_t) char bytes[PIECE];
};

void *arena_take(struct arena *arena, size_t n, size_t align)
{
    struct arena_piece *p = arena->newest;
    size_t at = p ? (p->used + align - 1) & ~(align - 1) : PIECE;

    if (at > PIECE || n > PIECE - at) {
        p = n <= PIECE ? malloc(sizeof(*p)) : NULL;
        if (!p)
            return NULL;
        p->next = arena->newest;
        arena->newest = p;
        at = 0;
    }
    p->used = at + n;
    return p->bytes + at;
}

const char *arena_keep(struct arena *arena, const char *s)
{
    size_t n = strlen(s) + 1;
    char *out = n <= OTTER_NAME_BUF ? arena_take(arena, n, 1) : NULL; /* what is enrolled is no longer */

    if (out)
        memcpy(out, s, n);
    return out;
}

void arena_merge(struct arena *into, struct arena *from)
{
    struct arena_piece **end = &from->newest;

    while (*end)
        end = &(*end)->next;
    *end = into->newest;
    into->newest = from->newest;
    from->newest = NULL;
}

void arena_free(struct arena *arena)
{
    for (struct arena_piece *p = arena->newest, *next; p; p = next) {
        next = p->next;
        free(p);
    }
    arena->newest = NULL;
}

#include "heap.h"

#include <stddef.h>
#include <stdlib.h>

bool emu_heap_init(struct emu_heap *h, uint32_t cap)
{
    *h = (struct emu_heap){.item = calloc(cap > 0 ? cap : 1, sizeof(struct emu_timer *)), .cap = cap};
    return h->item != NULL;
}

void emu_heap_free(struct emu_heap *h)
{
    free(h->item);
    *h = (struct emu_heap){0};
}

static void put(struct emu_heap *h, uint32_t i, struct emu_timer *t)
{
    h->item[i] = t;
    t->place = i + 1;
}

static void rise(struct emu_heap *h, uint32_t i)
{
    struct emu_timer *t = h->item[i];

    for (; i > 0 && t->due_us < h->item[(i - 1) / 2]->due_us; i = (i - 1) / 2)
        put(h, i, h->item[(i - 1) / 2]);
    put(h, i, t);
}

static void sink(struct emu_heap *h, uint32_t i)
{
    struct emu_timer *t = h->item[i];

    for (;;) {
        uint32_t child = 2 * i + 1;

        if (child >= h->count)
            break;
        if (child + 1 < h->count && h->item[child + 1]->due_us < h->item[child]->due_us)
            child++;
        if (h->item[child]->due_us >= t->due_us)
            break;
        put(h, i, h->item[child]);
        i = child;
    }
    put(h, i, t);
}

void emu_heap_set(struct emu_heap *h, struct emu_timer *t, uint64_t due_us)
{
    uint32_t i;

    if (t->place == 0) {
        if (h->count >= h->cap)
            abort(); /* init was told fewer timers than there are: a defect of the caller */
        t->due_us = due_us;
        put(h, h->count, t);
        rise(h, h->count++);
        return;
    }
    i = t->place - 1;
    t->due_us = due_us;
    rise(h, i);
    sink(h, t->place - 1);
}

void emu_heap_remove(struct emu_heap *h, struct emu_timer *t)
{
    uint32_t i;
    struct emu_timer *last;

    if (t->place == 0)
        return;
    i = t->place - 1;
    last = h->item[--h->count];
    t->place = 0;
    if (last == t)
        return;
    put(h, i, last);
    rise(h, i);
    sink(h, last->place - 1);
}

struct emu_timer *emu_heap_first(const struct emu_heap *h)
{
    return h->count > 0 ? h->item[0] : NULL;
}

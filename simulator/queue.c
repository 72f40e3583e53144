#include "simulator/queue.h"

#define WAYS 4u /* children of an entry: fewer levels than two, and they share a cache line */

static bool before(const struct sim_entry *a, const struct sim_entry *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void sim_queue_put(struct sim_queue *q, int64_t at, uint32_t device)
{
    struct sim_entry e = {.at = at, .order = q->next_order++, .device = device};
    uint32_t i = q->count++;

    while (i > 0 && before(&e, &q->entry[(i - 1) / WAYS])) {
        q->entry[i] = q->entry[(i - 1) / WAYS];
        i = (i - 1) / WAYS;
    }
    q->entry[i] = e;
}

static uint32_t first_child(const struct sim_queue *q, uint32_t i)
{
    uint32_t best = i * WAYS + 1;

    for (uint32_t k = best + 1; k < q->count && k <= i * WAYS + WAYS; k++)
        if (before(&q->entry[k], &q->entry[best]))
            best = k;
    return best;
}

bool sim_queue_take(struct sim_queue *q, struct sim_entry *ret)
{
    struct sim_entry last;
    uint32_t i = 0;

    if (q->count == 0)
        return false;
    *ret = q->entry[0];
    last = q->entry[--q->count];
    while (i * WAYS + 1 < q->count) {
        uint32_t child = first_child(q, i);

        if (!before(&q->entry[child], &last))
            break;
        q->entry[i] = q->entry[child];
        i = child;
    }
    if (q->count > 0)
        q->entry[i] = last;
    return true;
}

#include "trace.h"

#include <stdlib.h>

void sim_trace_begin(struct sim_trace *t)
{
    t->count = 0;
    t->early = 0;
}

void sim_trace_add(struct sim_trace *t, const struct sim_device *d)
{
    if (t->count + 1 >= SIM_OPERATIONS)
        abort();
    t->live[t->count++] = d->judge.live;
    if (!d->judge.answered && t->early + 1 == t->count)
        t->early = t->count;
}

uint64_t sim_trace_next(const struct sim_trace *t, uint64_t n, const struct sim_device *d,
                        const struct sim_op *op)
{
    const struct otter_flash_map *map = d->flash.flash.map;

    if (op->addr - map->journal_base >= 2 * map->journal_half)
        return t->live[n - 1];
    for (uint64_t i = n; i <= t->count; i++)
        if (t->live[i] != t->live[n - 1])
            return t->live[i];
    return t->live[n - 1];
}

#include "metrics/counters.h"

#include <stdlib.h>
#include <string.h>

#define LANES 16u /* more threads than that share; counts stay right */
#define LINE  64u /* bytes of a cache line */

struct metrics_counters {
    unsigned stride; /* counters a lane, rounded up to whole cache lines */
    void *memory;    /* of n */
    _Atomic uint64_t *n;
};

struct metrics_counters *metrics_counters_new(unsigned count)
{
    const unsigned a_line = LINE / sizeof(_Atomic uint64_t);
    struct metrics_counters *c = calloc(1, sizeof(*c));
    size_t bytes;

    if (!c)
        return NULL;
    c->stride = (count + a_line - 1) / a_line * a_line;
    bytes = (size_t)c->stride * LANES * sizeof(*c->n);
    c->memory = aligned_alloc(LINE, bytes);
    if (!c->memory) {
        free(c);
        return NULL;
    }
    memset(c->memory, 0, bytes);
    c->n = c->memory;
    return c;
}

void metrics_counters_free(struct metrics_counters *c)
{
    if (!c)
        return;
    free(c->memory);
    free(c);
}

/* The lane of this thread, the same for all sets of counters. */
static unsigned lane(void)
{
    static atomic_uint threads;
    static _Thread_local unsigned mine; /* from 1; 0 = not yet taken */

    if (mine == 0)
        mine = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % LANES + 1;
    return mine - 1;
}

void metrics_add(struct metrics_counters *c, unsigned index, uint64_t n)
{
    atomic_fetch_add_explicit(&c->n[lane() * c->stride + index], n, memory_order_relaxed);
}

uint64_t metrics_sum(const struct metrics_counters *c, unsigned index)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < LANES; i++)
        sum += atomic_load_explicit(&c->n[i * c->stride + index], memory_order_relaxed);
    return sum;
}

void metrics_observe(struct metrics_observed *o, const uint64_t *bounds, unsigned bound_count, uint64_t value)
{
    unsigned i = 0;

    while (i < bound_count && value > bounds[i])
        i++;
    atomic_fetch_add_explicit(&o->counts[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&o->sum, value, memory_order_relaxed);
}

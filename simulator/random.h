/* Random numbers that a seed repeats (xorshift64*). */
#ifndef OTTER_SIMULATOR_RANDOM_H
#define OTTER_SIMULATOR_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state; /* not 0 */
};

static inline uint64_t throw(struct dice * d)
{
    d->state ^= d->state >> 12;
    d->state ^= d->state << 25;
    d->state ^= d->state >> 27;
    return d->state * UINT64_C(0x2545f4914f6cdd1d);
}

/* 0 <= it < n */
static inline unsigned below(struct dice *d, unsigned n)
{
    return (unsigned)((throw(d) >> 32) % n);
}

/* True in one of n cases. */
static inline bool one_in(struct dice *d, unsigned n)
{
    return below(d, n) == 0;
}

#endif

/*
 * Counters that many threads raise and a scrape reads. Each thread has a lane of its own, so that the common
 * poll touches no cache line that another core writes; a sum over the lanes is exact once the threads rest,
 * and never runs backwards.
 */
#ifndef OTTER_METRICS_COUNTERS_H
#define OTTER_METRICS_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

struct metrics_counters;

/* count of them, all 0. NULL when out of memory. */
struct metrics_counters *metrics_counters_new(unsigned count);
void metrics_counters_free(struct metrics_counters *c);

/* Any thread; index < count. */
void metrics_add(struct metrics_counters *c, unsigned index, uint64_t n);
uint64_t metrics_sum(const struct metrics_counters *c, unsigned index);

#define METRICS_BOUNDS_MAX 16u

/* A histogram that one thread fills; any thread reads. Zeroed = empty. */
struct metrics_observed {
    _Atomic uint64_t counts[METRICS_BOUNDS_MAX + 1];
    _Atomic uint64_t sum; /* in the unit of the values observed */
};

/* bounds rise, in the unit of value; a value on a bound is not above it. */
void metrics_observe(struct metrics_observed *o, const uint64_t *bounds, unsigned bound_count,
                     uint64_t value);

#endif

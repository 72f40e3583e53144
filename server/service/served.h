/*
 * Seconds in which otterd served: what deadlines and silence are measured in, so that neither its downtime
 * nor a step of the clock fails anybody. Counted by the clock that never steps, over all lives of a data
 * directory; time in which nothing could be stored, or in which the process stood still, does not count.
 * Pure; one thread counts, any thread reads.
 */
#ifndef OTTER_SERVICE_SERVED_H
#define OTTER_SERVICE_SERVED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SERVED_STEP_MS 5000 /* between two ticks at the most: more is a process that stood still */

struct served {
    _Atomic int64_t ms;
    int64_t last_ms; /* monotonic, of the last tick; -1: none yet */
};

/* seconds: of the lives before. */
void served_init(struct served *s, int64_t seconds);
/* works: could it store what it was told since the last tick? */
void served_tick(struct served *s, int64_t mono_ms, bool works);
/* Of all lives. */
int64_t served_seconds(const struct served *s);

#endif

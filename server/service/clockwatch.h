/*
 * Someone sets the machine's clock: a year ahead, back to 1970. Found by comparing it with the clock that
 * never steps. What cannot be taken back (a rollout that is complete since all that was left has expired, an
 * answer forgotten) goes by the steady clock, which takes a step over only after a day: long enough to set
 * the clock right. Pure; one thread.
 */
#ifndef OTTER_SERVICE_CLOCKWATCH_H
#define OTTER_SERVICE_CLOCKWATCH_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCKWATCH_STEP_S 30    /* less is taken for the clock's own pace */
#define CLOCKWATCH_HOLD_S 86400 /* of the clock that never steps */

struct clockwatch {
    bool known;
    int64_t offset;   /* wall minus monotonic seconds, at the last look */
    int64_t steady;   /* the like, with steps left out */
    int64_t since_ms; /* when steady and offset parted; 0: they have not */
};

/* A look at both clocks; by how many seconds the wall clock was set since the last one, 0 if it was not. */
int64_t clockwatch_look(struct clockwatch *w, int64_t wall, int64_t mono_ms);

/* The steady time at a moment of the clock that never steps; wall if none was looked at yet. */
int64_t clockwatch_steady(const struct clockwatch *w, int64_t wall, int64_t mono_ms);

/* A moment as it was noted; 0 if it is further ahead than a clock is set right by: it was noted before the
 * clock was set back, and nobody waits for it. */
int64_t clockwatch_noted(int64_t at, int64_t now);

#endif

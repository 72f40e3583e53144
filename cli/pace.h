/* How fast a watched rollout goes, by what was seen of it: pure, with the time passed in. */
#ifndef OTTER_CLI_PACE_H
#define OTTER_CLI_PACE_H

#include "host/json.h"

#include <stdbool.h>
#include <stdint.h>

#define CLI_SAMPLES 64u

struct cli_sample {
    uint64_t at_ms; /* of a clock that never steps */
    uint64_t granted, finished;
};

/* Zeroed: nothing was seen yet. */
struct cli_samples {
    struct cli_sample kept[CLI_SAMPLES]; /* 15 s apart at least: the last quarter of an hour */
    unsigned count;
    struct cli_sample newest;
    uint64_t phase; /* that all of them are of */
    bool running;
};

/*
 * Takes a rollout in as it was answered at a time. Another phase begins anew, and so does what runs again: a
 * rate is one of devices that were let, not of those that had to wait for an operator.
 */
void cli_samples_take(struct cli_samples *s, const json_t *rollout, uint64_t at_ms);

struct cli_speed {
    bool measured;            /* for long enough to be told */
    uint64_t seconds;         /* over which */
    double granted, finished; /* a minute */
};
/* Over what is kept; nothing is measured where it does not run, or has not for long enough. */
struct cli_speed cli_samples_speed(const struct cli_samples *s);

/* In how many seconds so many more devices will have finished, at this speed; 0: nobody knows, or none are
 * left. */
uint64_t cli_speed_left(const struct cli_speed *speed, uint64_t devices);

/* As "about" is told: whole minutes from two minutes on, whole hours from two hours on, and so on. */
uint64_t cli_span_round(uint64_t seconds);

#endif

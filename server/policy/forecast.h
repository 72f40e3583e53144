/*
 * When a rollout may be through at the earliest, by its plan: windows, start and end, caps, rates and soaks.
 * A bound from below, not a promise: devices are taken to poll as soon as they may begin, none is lost, and
 * whoever has to advance or approve does so at once. Pure.
 */
#ifndef OTTER_POLICY_FORECAST_H
#define OTTER_POLICY_FORECAST_H

#include "policy/window.h"

/* What an update takes at the least, where nothing else bounds it. */
#define POLICY_FORECAST_ATTEMPT_S 60u

struct policy_forecast_facts {
    const struct policy_plan *plan;
    const struct policy_zone *zone; /* whose windows count */
    int64_t now;
    unsigned first;     /* phases before it, from 0, are through */
    int64_t opened;     /* when `first` opened; 0: it does now */
    uint32_t attempt_s; /* what an update takes, at least 1 */
    struct {
        uint64_t devices; /* still to be granted */
        uint64_t bytes;   /* of their images together */
    } phase[POLICY_PHASES_MAX];
};

/* What made it last so long, the strongest of the phase that takes longest. */
enum policy_forecast_bound {
    POLICY_BOUND_NONE,
    POLICY_BOUND_ACTIVE,
    POLICY_BOUND_RATE,
    POLICY_BOUND_BYTES,
    POLICY_BOUND_COUNT
};

/* "none", "max_active", "per_minute", "bytes_per_second"; static. */
const char *policy_bound_name(enum policy_forecast_bound bound);

struct policy_forecast {
    struct {
        int64_t opens_at, ends_at; /* 0: not by this plan */
        enum policy_forecast_bound bound;
    } phase[POLICY_PHASES_MAX];
    int64_t ends_at; /* of the last phase; 0: never, since not_after or windows that never open end it */
    bool by_hand;    /* a gate on the way is opened by an operator */
};

/* From facts->first on; phases before it stay 0. */
void policy_forecast(const struct policy_forecast_facts *facts, struct policy_forecast *ret);

#endif

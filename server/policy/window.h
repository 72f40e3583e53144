/*
 * When a device may be granted: start, end, and maintenance windows in its own zone, right across midnight
 * and changes of daylight saving. Pure: what a zone's clock shows is asked of the caller's zone.
 *
 * A window is open at t if its beginning, by the local clock, was passed and its end was not. A local time
 * that does not exist is that of the offset before the change; one that comes twice is the first (RFC
 * 5545, 3.3.5).
 */
#ifndef OTTER_POLICY_WINDOW_H
#define OTTER_POLICY_WINDOW_H

#include "policy/plan.h"

/* An IANA zone. lib/host/zone.h has the machine's. */
struct policy_zone {
    /* Seconds east of UTC at the time t; *ret_until: the first second at which another offset may hold
     * (INT64_MAX: none is known). */
    int32_t (*offset)(const struct policy_zone *self, int64_t t, int64_t *ret_until);
};

extern const struct policy_zone policy_zone_utc;

struct policy_when {
    bool open;
    int64_t changes_at; /* when `open` changes next; 0: never */
};

/* Only whether one is open: what policy_decide asks, and faster. */
bool policy_windows_open(const struct policy_window_spec *windows, unsigned count,
                         const struct policy_zone *zone, int64_t t);

/* The windows alone. No window: open for ever. */
struct policy_when policy_windows_at(const struct policy_window_spec *windows, unsigned count,
                                     const struct policy_zone *zone, int64_t t);

#endif

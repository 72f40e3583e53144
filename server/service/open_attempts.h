/*
 * The attempts that are under way, one a device at the most: what deadlines and caps go by, without reading
 * the store. Open addressing by the device's index. The writer thread alone.
 */
#ifndef OTTER_SERVICE_OPEN_ATTEMPTS_H
#define OTTER_SERVICE_OPEN_ATTEMPTS_H

#include "core/update_state.h"

#include <stdint.h>

struct open_attempt {
    uint64_t attempt; /* 0: the place is free */
    int64_t rollout;
    uint32_t index;     /* of the device */
    uint32_t last_seen; /* of the device, as it was at the last look */
    enum otter_update_state state;
    bool down;      /* otterd was not serving while it was open, and has not heard of the device since */
    int64_t served; /* seconds served at the grant ... */
    int64_t heard;  /* ... and when the device was heard of last */
};

struct open_attempts {
    struct open_attempt *places;
    uint32_t size; /* a power of two, or 0 */
    uint32_t count;
    uint32_t looked; /* places that open_attempts_look has gone through; 0: none is under way */
};

/* Leaves an empty table. */
void open_attempts_free(struct open_attempts *t);
/* NULL: none. Valid until the next put or drop. */
struct open_attempt *open_attempts_find(const struct open_attempts *t, uint32_t index);
/* New, or in the place of the device's former one. False when out of memory. */
bool open_attempts_put(struct open_attempts *t, const struct open_attempt *a);
/* Looks through the table in turns: the next one behind those that were looked at, by going through no more
 * than *places, which it counts down. NULL: so many were gone through, or the table's end is reached. What
 * moves meanwhile is found by the next look. */
struct open_attempt *open_attempts_look(struct open_attempts *t, uint32_t *places);
/* The device has none any more; nothing happens if it had none. */
void open_attempts_drop(struct open_attempts *t, uint32_t index);

#endif

/*
 * Second tokens: of devices that have offered a new one and not used it yet. Few at a time, so they are
 * beside the records. A lock of its own guards them; whoever finds none at all takes no lock. Inside
 * server/fleet only.
 */
#ifndef OTTER_FLEET_SECOND_H
#define OTTER_FLEET_SECOND_H

#include "fleet/fleet.h"

#include <pthread.h>
#include <stdatomic.h>

struct second {
    struct second *next_by_index, *next_by_token, *next_used;
    uint32_t index;
    bool used, has_secret;
    uint8_t token[FLEET_TOKEN];
    uint8_t first[FLEET_TOKEN]; /* used: what the record held before */
    uint8_t secret[FLEET_SECRET];
};

struct second_table {
    pthread_mutex_t lock;
    _Atomic uint32_t count, used;
    uint32_t buckets; /* of each; a power of two, or 0 */
    struct second **by_index, **by_token;
    struct second *used_first; /* a list */
};

void second_init(struct second_table *t);
void second_destroy(struct second_table *t); /* secrets are wiped */

/* With the lock held: NULL, or the device's. */
struct second *second_of(const struct second_table *t, uint32_t index);
struct second *second_by_token(const struct second_table *t, const uint8_t token[FLEET_TOKEN]);
/* With the lock held: takes it over; the device has none. False when out of memory. */
bool second_add(struct second_table *t, struct second *s);
/* With the lock held: it was used. */
void second_use(struct second_table *t, struct second *s);
/* With the lock held: out of the table, and freed. */
void second_drop(struct second_table *t, struct second *s);

#endif

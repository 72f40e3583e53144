/*
 * What devices say they run, kept once for all that say the same: a fleet runs few releases. Inside
 * server/fleet only.
 *
 * At most SAID_SHARED different ones are shared; further ones belong to their device alone, so that a fleet
 * of many (or a device that makes them up) costs memory, never time. One that nobody says any more is freed
 * and makes room.
 */
#ifndef OTTER_FLEET_SAID_H
#define OTTER_FLEET_SAID_H

#include "fleet/fleet.h"

#include <pthread.h>

#define SAID_SHARED  1024u
#define SAID_BUCKETS 256u

struct said_entry {
    struct fleet_said said; /* never changes: whoever holds a reference reads it without lock */
    struct said_entry *next;
    uint32_t refs;
    bool shared;
};

struct said_table {
    pthread_mutex_t lock; /* taken inside a record's lock, never the other way round */
    uint32_t shared;
    struct said_entry *bucket[SAID_BUCKETS];
    struct fleet_said nothing; /* all zero: what a device has said that never polled; holds no reference */
};

void said_init(struct said_table *table);
/* When every reference has been put. */
void said_destroy(struct said_table *table);

/* So many references to an equal one; NULL when out of memory. Any thread. */
struct fleet_said *said_get(struct said_table *table, const struct fleet_said *said, uint32_t refs);
/* Gives so many back. */
void said_put(struct said_table *table, struct fleet_said *said, uint32_t refs);

#endif

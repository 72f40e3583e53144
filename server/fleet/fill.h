/*
 * At start a fleet is filled by several threads at once: each has a hand of its own, and puts devices into
 * places that no other hand takes. Nobody finds a device before fleet_filled().
 *
 * Threads: a hand is one thread's. fleet_filled() comes when all hands are gone.
 */
#ifndef OTTER_FLEET_FILL_H
#define OTTER_FLEET_FILL_H

#include "fleet/fleet.h"

struct fleet_hand;

/* For a fleet with room (fleet_reserve) that is empty. NULL when out of memory. */
struct fleet_hand *fleet_hand_new(struct fleet *fleet);
/* NULL is nothing to do. */
void fleet_hand_free(struct fleet_hand *hand);

/*
 * A new record at an index below those reserved, each of which is taken once: this hand's to change, without
 * a lock, until fleet_filled(). Strings are copied. NULL when out of memory.
 */
struct fleet_device *fleet_place(struct fleet_hand *hand, uint32_t index, const char *id, const char *product,
                                 const char *hardware, const struct otter_digest *token_hash);
/* The record that is there, if its place was taken; else NULL. */
struct fleet_device *fleet_placed(struct fleet_hand *hand, uint32_t index);
/* fleet_say of a record that this hand has placed, once. */
bool fleet_place_said(struct fleet_hand *hand, struct fleet_device *d, const struct fleet_said *said);

/* From now on they are found, by two threads' work. False if not all places below `devices`, and no others,
 * were taken. */
bool fleet_filled(struct fleet *fleet, uint32_t devices);

#endif

/*
 * A play: a small fleet, rollouts with random plans, and what happens to both. The same seed is the same
 * play: time passes by the play's own clock alone, and the service's seeds are the play's, too.
 */
#ifndef OTTER_TEST_SERVICE_PLAY_H
#define OTTER_TEST_SERVICE_PLAY_H

#include "world.h"

#include "core/update_state.h"

#define PLAY_DEVICES  12u
#define PLAY_LATE     4u /* more, that are enrolled on the way */
#define PLAY_RELEASES 6u
#define PLAY_ROLLOUTS 7u

/* What a device says in its polls. The first is what an explanation takes for granted of one never heard of.
 */
struct play_claims {
    struct otter_running running;
    const char *product, *hardware;
    uint64_t sequence;
    uint32_t step; /* of its reports */
};

struct play {
    struct world *w;
    struct play_claims device[PLAY_DEVICES + PLAY_LATE];
    struct otter_manifest release[PLAY_RELEASES];
    char release_id[PLAY_RELEASES][OTTER_DIGEST_HEX + 1];
    int64_t rollout[PLAY_ROLLOUTS + 1];
    unsigned rollouts, devices;
    int64_t rested_at; /* by the clock */
};

/* Opens a world and fills it. */
void play_begin(struct play *p, uint64_t seed);
void play_end(struct play *p);

/* Random, of this play. */
unsigned play_below(unsigned n);
bool play_one_in(unsigned n);

/* Something happens: to a device, a rollout, the clock, the server. */
void play_step(struct play *p);
/* What few fleets see: releases that are not what they were, a root of another epoch. */
void play_bad_day(struct play *p);

/* The device polls. */
enum otter_status play_poll(struct play *p, unsigned device, unsigned *ret_after);
/* An operator's change of a device; the body is stolen. */
void play_change(struct play *p, const char *verb, unsigned device, json_t *body);
void play_unfreeze(struct play *p);
/* Time passes. */
void play_wait_until(int64_t at);
/*
 * Rollouts move on right behind the reply that made them, or at a moment of the clock: when it returns, all
 * that was due has been done, and nothing goes on by itself until something else happens.
 */
void play_rest(struct play *p);

/* The newest attempt of a device: its number (0: none), its rollout, and whether it is open. */
struct play_newest {
    uint64_t id;
    int64_t rollout;
    bool open;
};
struct play_newest play_newest_of(struct play *p, unsigned device);

#endif

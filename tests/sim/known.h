/*
 * States that a life has gone through to a good end. Nothing but the state decides what follows, so a life
 * that comes to one of them again ends well, too: most cuts in a sector's data lead back to the same erased
 * sector.
 */
#ifndef OTTER_TESTS_SIM_KNOWN_H
#define OTTER_TESTS_SIM_KNOWN_H

#include "device.h"

#define SIM_KNOWN 65536u /* states remembered; a newer one takes an older one's place */
#define SIM_PATH  256u   /* of a life, at most */

struct sim_state {
    uint64_t a, b;
};

struct sim_known {
    struct sim_state good[SIM_KNOWN];
    struct sim_state path[SIM_PATH];
    unsigned steps;  /* of the path */
    uint64_t erases; /* at the last look */
    unsigned boots;
    bool is_over; /* the life has come to a good state */
};

/* A life begins. */
void sim_known_begin(struct sim_known *k);
/* Between two steps: true if this state is known; looks only behind a boot and an erase. */
bool sim_known_look(struct sim_known *k, struct sim_device *d);
/* It has ended well: so have all states on its path. */
void sim_known_end(struct sim_known *k);

#endif

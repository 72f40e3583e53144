/*
 * One phase on one geometry: its operations, each of them cut in each way, and what comes of it; then cut
 * again on the way back. A case begins in the very operation, from a snapshot, and lives on to the phase's
 * end.
 */
#ifndef OTTER_TESTS_SIM_RUN_H
#define OTTER_TESTS_SIM_RUN_H

#include "phases.h"

/* Bit variants of one operation that count as cases, at most. */
#define SIM_COUNTED 8u

struct sim_tally {
    uint64_t operations; /* that were cut so */
    uint64_t runs;       /* lives after such a cut */
    uint64_t cases;      /* of these, as they count */
    uint64_t failures;
};

struct sim_result {
    uint64_t operations; /* of the phase */
    uint64_t failures;   /* without any cut, too */
    struct sim_tally kind[SIM_KINDS];
};

struct sim_plan {
    unsigned part, parts; /* this process cuts the operations n with n % parts == part */
    uint32_t firsts;      /* first cuts: so many, spread; 0 = every operation in every way */
    uint32_t seconds;     /* pairs of cuts, spread */
    uint32_t dips;        /* spread */
    uint64_t only;        /* this operation alone; 0 = all */
    unsigned tell;        /* so many failures in words */
    bool stop_at_failure;
};

void sim_run(const struct sim_phase *phase, const struct sim_material *m, const struct sim_plan *plan,
             struct sim_result *ret);

#endif

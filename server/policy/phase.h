/* Phases of a rollout: how wide each is, and when the next may open. Pure. */
#ifndef OTTER_POLICY_PHASE_H
#define OTTER_POLICY_PHASE_H

#include "policy/cohort.h"

#define POLICY_PHASES_MAX 16u

/* Percentages rise, are 1..100, and end at 100; 1..16 of them. */
bool policy_phases_valid(const unsigned *percent, unsigned count);

struct policy_phase_plan {
    unsigned upto;    /* cohorts below this one are in the phase or an earlier one: 1..10,000 */
    uint32_t devices; /* selected by this phase and no earlier one */
    bool widened;     /* the percentage alone would have selected nobody */
};

/*
 * Plans one phase. from: cohorts below it belong to earlier phases. census: how many of the target's devices
 * each of the 10,000 cohorts holds. A phase that selects nobody takes in the next cohort that holds a device;
 * with no device left it stays empty.
 */
struct policy_phase_plan policy_phase_plan(unsigned percent, unsigned from,
                                           const uint32_t census[POLICY_COHORTS]);

enum policy_progress {
    POLICY_STAY,    /* wait: devices are still out, or an operator must decide */
    POLICY_ADVANCE, /* open the next phase */
    POLICY_COMPLETE /* the last phase is through */
};

struct policy_progress_facts {
    bool running; /* neither paused nor ended */
    bool auto_advance;
    bool last_phase;
    uint64_t outstanding; /* devices of the open phases that have not finished and still can */
    uint64_t lost;        /* attempts of the newest phase that failed, were reverted or timed out */
};

/* Called after each attempt that ends. The last phase completes also with losses: nothing is left to do. */
enum policy_progress policy_progress(const struct policy_progress_facts *facts);

#endif

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

struct policy_plan;

/*
 * A device's phase, from 1: the first that reaches beyond its position (`upto`: where each ends), or whose
 * group holds it (bit i of group_bits: it is in the group of phase[i], the plan's i-th from 0). The last
 * phase holds every device.
 */
unsigned policy_phase_of(const struct policy_plan *plan, const uint64_t upto[], uint32_t group_bits,
                         uint64_t position);

/* A device of the target, as phases are dealt. */
struct policy_place {
    uint64_t position;
    uint32_t group_bits;
};

struct policy_phase_share {
    uint64_t upto; /* positions below this one are in the phase or an earlier one; 1..POLICY_POSITION_END */
    uint32_t devices; /* selected by this phase and no earlier one */
    bool widened;     /* what it asks for would have selected nobody */
};

/*
 * Deals a target's devices, in the order of their positions, to the plan's phases. A phase that selects
 * nobody takes in the next device; with no device left it stays empty.
 */
void policy_phases_deal(const struct policy_plan *plan, const struct policy_place *places, size_t count,
                        struct policy_phase_share ret[POLICY_PHASES_MAX]);

/* The plan's phase i (from 0) alone, when it opens: the phases before it end at `from`. */
struct policy_phase_share policy_phase_deal(const struct policy_plan *plan, unsigned i, uint64_t from,
                                            const struct policy_place *places, size_t count);

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

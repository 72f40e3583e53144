/* Phases of a rollout: whom each holds. Pure. */
#ifndef OTTER_POLICY_PHASE_H
#define OTTER_POLICY_PHASE_H

#include "policy/cohort.h"

#define POLICY_PHASES_MAX 16u

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

#endif

/* What becomes of a rollout's open phases: facts and time in, one verdict and its reason out. Pure. */
#ifndef OTTER_POLICY_GATE_H
#define OTTER_POLICY_GATE_H

#include "policy/plan.h"

enum policy_verdict {
    POLICY_GATE_OUTSTANDING, /* devices of the phase are still out */
    POLICY_GATE_SUCCESS,     /* all finished, too few succeeded: an operator decides */
    POLICY_GATE_SOAK,        /* through; waits until `until` */
    POLICY_GATE_APPROVAL,    /* through and soaked; a second operator has to approve */
    POLICY_GATE_MANUAL,      /* through and soaked; an operator advances */
    POLICY_GATE_FROZEN,      /* nothing else is against it, but all rollouts stand still */
    POLICY_GATE_ADVANCE,
    POLICY_GATE_COMPLETE,
    POLICY_GATE_WARN, /* over the failure threshold: told once, and on it goes */
    POLICY_GATE_HALT,
    POLICY_GATE_ROLLBACK,
    POLICY_GATE_REST, /* the rollout does not run: nothing is decided */
    POLICY_VERDICT_COUNT
};

/* "outstanding", "too-few-succeeded", "soaking", "approval", "manual", "frozen", "advance", "complete",
 * "warn", "halt", "roll-back", "rest"; static. */
const char *policy_verdict_name(enum policy_verdict verdict);

struct policy_gate_facts {
    bool running;
    bool last_phase;
    const struct policy_phase_spec *spec;
    enum policy_on_failure on_failure;
    /* of the phase: attempts by how they ended; what an operator acknowledged at a resume counts no
     * more */
    uint64_t succeeded, failed, reverted, timed_out;
    uint64_t acknowledged; /* losses */
    uint64_t devices;      /* that the phase selected */
    uint64_t outstanding;  /* of all open phases: may still be granted, or are at it */
    uint64_t barred; /* of the phase, if it is the newest: held, pinned or otherwise kept from it, for now */
    bool warned;     /* of this phase, before */
    bool approved;
    bool frozen;
    int64_t through_at; /* when nothing was outstanding any more and enough had succeeded; 0: not yet */
    int64_t now;
};

struct policy_gate_result {
    enum policy_verdict verdict;
    int64_t until; /* SOAK */
    uint64_t lost, finished;
    uint32_t sample;     /* the minimum that applied */
    uint16_t lost_share; /* hundredths of a percent of the finished; 0 with none finished */
    bool through;        /* the caller notes through_at = now if it has none */
};

/* Failure first: no soak, gate or last phase hides a threshold that is passed. */
struct policy_gate_result policy_gate(const struct policy_gate_facts *facts);

/*
 * Of all open phases in their order, the newest last; count >= 1. A phase that was passed still counts its
 * losses, of stragglers and newcomers: the first that is over its failure threshold has the say, else the
 * newest. *ret_index: whose verdict it is.
 */
struct policy_gate_result policy_gates(const struct policy_gate_facts *phases, unsigned count,
                                       unsigned *ret_index);

/* min(configured, devices in the phase), at least 1. */
uint32_t policy_min_sample(uint32_t configured, uint64_t devices);

#endif

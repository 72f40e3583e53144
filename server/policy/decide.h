/* May this device be offered this rollout's release now? Facts in, OK or a named refusal out: pure. */
#ifndef OTTER_POLICY_DECIDE_H
#define OTTER_POLICY_DECIDE_H

#include "core/documents.h"
#include "core/wire.h"

enum policy_rollout_state {
    POLICY_ROLLOUT_DRAFT,
    POLICY_ROLLOUT_RUNNING,
    POLICY_ROLLOUT_PAUSED,
    POLICY_ROLLOUT_ABORTED,
    POLICY_ROLLOUT_COMPLETE,
    POLICY_ROLLOUT_STATE_COUNT
};

/* "draft", "running", ...; static. */
const char *policy_rollout_state_name(enum policy_rollout_state state);
/* POLICY_ROLLOUT_STATE_COUNT if there is none. */
enum policy_rollout_state policy_rollout_state_find(const char *name);

struct policy_facts {
    /* the device, as it says itself */
    const char *product;
    const char *hardware;
    const struct otter_running *running;
    uint64_t epoch;
    uint64_t sequence;
    /* the rollout */
    const struct otter_manifest *manifest;
    enum policy_rollout_state state;
    unsigned open_cohorts; /* cohorts below this one are in a phase that is open */
    unsigned cohort;
    bool in_target;
    bool withdrawn; /* the release was */
    bool pruned;    /* the release's images are not on the server any more */
    /* what operators set */
    bool frozen; /* all rollouts */
    bool retired;
    bool held;
    bool pinned_elsewhere; /* to another release */
    /* what was before */
    bool attempt_ended;     /* an attempt of this device in this rollout has ended, and may not be repeated */
    bool attempt_elsewhere; /* an attempt in another rollout is open */
    /* the server */
    uint64_t root_epoch;
    uint64_t now;
};

/* The first row of the table in decide.c that speaks against it, else OK. */
enum otter_status policy_decide(const struct policy_facts *facts);

/* Is it an answer of policy_decide other than OK? */
bool policy_refuses(enum otter_status status);

/* Will this refusal last, whatever phase opens next? Then a phase does not wait for the device. What an
 * operator has set aside (retired, held, pinned elsewhere) does not hold up the others. */
bool policy_refusal_lasts(enum otter_status status);

/* Index of the manifest's image for the slot that is free, or -1. A device that swaps says that it runs
 * "any". */
int policy_free_slot_image(const struct otter_manifest *manifest, enum otter_slot running);

/* Is the digest that of one of the manifest's images? */
bool policy_manifest_has(const struct otter_manifest *manifest, const struct otter_digest *sha256);

/* Two rollouts would offer: > 0 if a comes first (higher priority, then higher sequence number of the
 * rollout). */
int policy_precedence(int64_t a_priority, uint64_t a_sequence, int64_t b_priority, uint64_t b_sequence);

#endif

/* May this device be offered this rollout's release now, and why not? Facts in, OK or a named refusal out:
 * pure. */
#ifndef OTTER_POLICY_DECIDE_H
#define OTTER_POLICY_DECIDE_H

#include "core/documents.h"
#include "core/wire.h"

#include "policy/plan.h"
#include "policy/window.h"

enum policy_rollout_state {
    POLICY_ROLLOUT_DRAFT,
    POLICY_ROLLOUT_RUNNING,
    POLICY_ROLLOUT_PAUSED,
    POLICY_ROLLOUT_ABORTED,
    POLICY_ROLLOUT_COMPLETE,
    POLICY_ROLLOUT_HALTED,      /* by its failure threshold; an operator resumes it */
    POLICY_ROLLOUT_ROLLED_BACK, /* for good: another rollout takes its devices back */
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
    const struct policy_plan *plan;
    enum policy_rollout_state state;
    unsigned device_phase; /* from 1: policy_phase_of */
    unsigned open_phase;   /* phases up to this one are open; 0: none */
    bool in_target;
    bool member;    /* belonged to it when it was started; asked of a plan that nobody may join */
    bool withdrawn; /* the release was */
    bool pruned;    /* the release's images are not on the server any more */
    /* what operators set */
    bool frozen; /* all rollouts */
    bool retired;
    bool held;
    bool pinned_elsewhere; /* to another release */
    /* what was before */
    bool attempt_ended;     /* an attempt of this device in this rollout has ended, and no operator has it
                               repeated */
    bool attempt_elsewhere; /* an attempt in another rollout is open */
    bool superseded;        /* another rollout comes first for this device */
    uint64_t superseded_by;
    /* Losses (failed, reverted, timed out): in this rollout since an operator's retry, 0 if its newest
     * attempt here was not lost; the newest one's reason and time. */
    unsigned losses_here;
    enum otter_status last_reason;
    int64_t lost_at;
    /* The device's newest attempts that were all lost, in whatever rollout, and when the last was. */
    unsigned losses_in_a_row;
    int64_t last_lost_at;
    /* the rollout's pace */
    uint32_t active;                  /* its open attempts */
    uint32_t granted_rate_per_minute; /* grants a minute that its ramp allows by now */
    /* The second from which the meters of grants, of the rollout's and the site's bytes let one more begin
     * (policy_meter_due_s); 0: now. */
    int64_t rate_due, bytes_due, site_due;
    const char *site; /* the device's, for the explanation; NULL: none */
    /* the server */
    const struct policy_zone *zone; /* the device's; NULL: UTC */
    bool no_zone;                   /* the plan's is not known on this machine: no window is open */
    uint64_t root_epoch;
    uint64_t now;
};

/* The first row of the table in decide.c that speaks against it, else OK. */
enum otter_status policy_decide(const struct policy_facts *facts);

/* The like by the rows before that of `refusal` alone: for facts of which no more is known yet. */
enum otter_status policy_decide_before(enum otter_status refusal, const struct policy_facts *facts);

#define POLICY_TOLD_FACTS 4u
#define POLICY_TOLD_TEXT  72u

struct policy_told_fact {
    const char *name; /* static */
    char have[POLICY_TOLD_TEXT], need[POLICY_TOLD_TEXT];
};

/* Why: what is so (have), and what would have to be so (need). */
struct policy_told {
    const char *rule; /* the refusal's name, or "ok"; static */
    unsigned count;
    struct policy_told_fact fact[POLICY_TOLD_FACTS];
    int64_t
        next_change_at; /* from when this rule answers otherwise, with nothing else changed; 0: not known */
};

/* policy_decide by the same table, which also tells why. Of OK there is no fact to tell; its next change is
 * when the window closes or the rollout ends. */
enum otter_status policy_explain(const struct policy_facts *facts, struct policy_told *ret);

/* The i-th refusal in the table's order, which is the order of the decision; OK behind the last. */
enum otter_status policy_refusal_at(unsigned i);

/* Is it an answer of policy_decide other than OK? */
bool policy_refuses(enum otter_status status);

/* Will this refusal last, whatever phase opens next? Then a phase does not wait for the device. Who was
 * set aside by an operator (retired, held, pinned elsewhere) or by its own losses (the penalty box) does not
 * hold up the others. */
bool policy_refusal_lasts(enum otter_status status);

/* Of a refusal that lasts: does it bar a device that could have shown what the release is worth? Not if it is
 * none of the rollout's, or has shown it. */
bool policy_refusal_bars(enum otter_status status);

/* Does the refusal pass by itself, so that polling again is all that a device has to do? */
bool policy_refusal_passes(enum otter_status status);

/* Index of the manifest's image for the slot that is free, or -1. A device that swaps says that it runs
 * "any". */
int policy_free_slot_image(const struct otter_manifest *manifest, enum otter_slot running);

/* Is the digest that of one of the manifest's images? */
bool policy_manifest_has(const struct otter_manifest *manifest, const struct otter_digest *sha256);

/* Two rollouts would offer: > 0 if a comes first (higher priority, then higher sequence number of the
 * rollout). */
int policy_precedence(int64_t a_priority, uint64_t a_sequence, int64_t b_priority, uint64_t b_sequence);

#endif

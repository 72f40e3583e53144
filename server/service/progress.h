/*
 * Who is out of the phases of the rollouts that run, for their gates: found in turns of the writer, each of
 * which looks at so many places of the fleet at most, however large that is and however many rollouts there
 * are.
 *
 * Of each open phase one device that it waits for is watched. As long as that one is out the phase is not
 * through, and nobody else need be looked at. When it is not, the fleet is gone through from where the search
 * stood last: to the next device that is out, which is watched from then on, or once all round, which shows
 * that there is none. What changes behind the search (told) is looked at again before it is believed. Writer
 * thread, but for progress_tell.
 */
#ifndef OTTER_SERVICE_PROGRESS_H
#define OTTER_SERVICE_PROGRESS_H

#include "policy/gate.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct svc;
struct catalog_rollout;

#define PROGRESS_PLACES      2048u /* looked at in a turn of the writer, of all rollouts together: a few ms */
#define PROGRESS_GATE_PLACES 32u   /* what it costs to ask a gate, in places */
#define PROGRESS_TOLD        4096u /* changes that are kept; should more come in a turn, searches begin anew */

struct progress_phase {
    uint32_t watched; /* a device that is out; FLEET_NONE: none is known */
    uint32_t left;    /* places to look at before it is known that there is none */
};

/* Of a rollout that runs. */
struct progress_note {
    int64_t rollout;
    struct progress_phase phase[STORE_PHASES_MAX];
    uint32_t at, fleet;          /* the search's place, and how many devices it knows of */
    uint64_t heard;              /* of what was told */
    uint64_t barred;             /* of the newest phase: kept from it for now, in this search or the last */
    enum policy_verdict verdict; /* the last one */
    bool verify;                 /* who is watched may be out no more */
    bool look;                   /* the gate is to be asked anew */
    bool searching;              /* it is, as soon as it is known who is out */
    bool hurry;                  /* and something would follow if nobody was */
    bool lost;                   /* an attempt was, and the gate has not been asked since */
};

/* Devices that changed while somebody searched, the oldest first; any thread. */
struct progress_told {
    pthread_mutex_t lock;
    atomic_bool wanted; /* somebody searches */
    uint64_t count;
    uint32_t device[PROGRESS_TOLD];
};

struct progress {
    struct progress_note *notes; /* of the rollouts that run, by id */
    size_t count;
    uint32_t generation; /* of the catalog that they are of; 0: of none */
    int64_t first;       /* the rollout that the next turn searches for first */
    int64_t acted;       /* an operator did something to this one, and is answered when it was asked; or 0 */
    uint64_t slow_at_us; /* when searches that do not hurry go on; monotonic */
    bool wanted;         /* there is something to do */
    bool slow;           /* a search that does not hurry is under way */
    struct progress_told told;
    atomic_bool pending; /* there was more to do than a turn may take */
    atomic_uint most;    /* places that a turn has looked at, at most */
};

void progress_init(struct svc *svc);
void progress_free(struct svc *svc);

/* After attempts ended or phases opened, and now and then: completes and advances, in transactions of its
 * own. One turn: what is left is done in the next. */
void progress_run(struct svc *svc);
/* For how long the writer may wait for calls, at most `most`. */
unsigned progress_wait_ms(struct svc *svc, unsigned most);
/* Of this rollout an attempt ended, or was lost. */
void progress_finished(struct svc *svc, int64_t rollout);
void progress_lost(struct svc *svc, int64_t rollout);
/* All gates are to be asked anew; that of the rollout that an operator acted upon (0: of none) first. */
void progress_forget(struct svc *svc, int64_t acted);
/* The device, which is locked, is about to be other than it was. Any thread. */
void progress_tell(struct svc *svc, uint32_t index);

/* ---- progress_walk.c ---- */

/* What is left of a turn. */
struct progress_turn {
    struct svc *svc;
    uint32_t places;
    uint32_t looked;          /* places looked at */
    enum otter_status status; /* of the store, where it was asked */
};

/* Takes `places` of a turn, as far as it has them. */
void progress_spend(struct progress_turn *turn, size_t places);
/* Are those who are watched out still? Else others are to be searched for. */
bool progress_verify(struct progress_turn *turn, const struct catalog_rollout *r, struct progress_note *note);
/* Each open phase that nobody is watched of is to be searched through, all of it. */
void progress_begin(struct svc *svc, const struct catalog_rollout *r, struct progress_note *note);
/* Searches as far as the turn goes. Is it known now who is out, as far as the gate asks? */
bool progress_search(struct progress_turn *turn, const struct catalog_rollout *r, struct progress_note *note);
/* The like, without searching. */
bool progress_known(const struct catalog_rollout *r, const struct progress_note *note);
/* Is somebody of a phase (from 0), of any open phase watched? */
bool progress_out_of(const struct progress_note *note, unsigned phase);
bool progress_out(const struct catalog_rollout *r, const struct progress_note *note);

/* ---- progress_gate.c ---- */

/* One rollout in its own transaction, by who is known to be out or, unless that is `known`, by losses alone.
 */
enum otter_status progress_decide(struct progress_turn *turn, const struct catalog_rollout *r,
                                  struct progress_note *note, bool known, bool *ret_changed);
/* Would the gate say something else if nobody was out? Then the search is worth all the time there is. */
bool progress_hurries(struct progress_turn *turn, const struct catalog_rollout *r,
                      const struct progress_note *note);

#endif

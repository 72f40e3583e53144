/* Inside server/service only: whom a rollout is for, counted over the fleet. Writer thread, but for drafts.
 */
#ifndef OTTER_SERVICE_ROLLOUT_FLEET_H
#define OTTER_SERVICE_ROLLOUT_FLEET_H

#include "policy/gate.h"
#include "service/internal.h"
#include "service/plan_json.h"

/* What says whether a device belongs to a rollout. Everything is borrowed. */
struct rollout_scope {
    const struct otter_manifest *manifest;
    const struct policy_target *target;
    const struct policy_plan *plan;
    const struct catalog *c; /* its groups */
    int64_t now;             /* what ages in the target are counted from */
    const uint8_t *seed;
    bool closed; /* members alone belong to it */
    const uint8_t *members;
    size_t members_len;
};

/* Of a rollout of the catalog, at this time. */
struct rollout_scope rollout_scope_of(const struct svc *svc, const struct catalog_rollout *r);

struct rollout_places {
    size_t count;
    struct policy_place *place; /* by position */
    /* selected by the target, of hardware that the release is not for */
    uint64_t others;
    const char *other_hardware; /* of one of them; NULL: there is none */
    bool named;                 /* the target names such a hardware */
};

/* False when out of memory. */
bool rollout_places(struct svc *svc, const struct rollout_scope *scope, struct rollout_places *ret);
void rollout_places_free(struct rollout_places *places);
/* Of the device in its lock. */
bool rollout_selects(const struct rollout_scope *scope, const struct fleet_device *d);

/* Takes down who belongs to a rollout that nobody may join: those that the chooser takes, each in its lock.
 */
struct rollout_chooser {
    bool (*chooses)(const struct rollout_chooser *self, const struct fleet_device *d, uint32_t index);
};
enum otter_status rollout_members_take(struct svc *svc, int64_t rollout, const struct rollout_chooser *who);

/* Whose wish for a rollout is read, and what it is held against. */
struct rollout_drafting {
    struct svc *svc;
    struct svc_call *call; /* its body is that of POST /rollouts */
    const struct catalog *c;
    bool writing; /* in the writer's transaction, whose releases count */
};
/* The row as it would be added, its phases dealt, and its plan; or the refusal. Adds nothing. */
enum otter_status rollout_draft(const struct rollout_drafting *d, struct store_rollout *ret_row,
                                struct policy_plan *ret_plan);

/* What happens to a rollout, into its list of events. who: an operator, "" = otterd itself. detail is stolen;
 * NULL = out of memory. */
enum otter_status rollout_event(struct svc *svc, int64_t rollout, const char *kind, const char *who,
                                json_t *detail);

/* [{upto, devices, widened}], a phase each, for the event of its creation. */
json_t *rollout_shares(const struct store_rollout *row);

/* Opens the next phase of a row: its devices are counted now. who as above. */
enum otter_status rollout_open_next(struct svc *svc, const struct catalog_rollout *r,
                                    struct store_rollout *row, const char *who);
/* How wide the phases of a row that is being made would be now. */
void rollout_deal(const struct policy_plan *plan, const struct rollout_places *places,
                  struct store_rollout *row);
/* State, reason and time. `why` is cut to what the store keeps. */
void rollout_enter(struct svc *svc, struct store_rollout *row, enum policy_rollout_state state,
                   const char *why);

/* May a rollout name the release, as it is given? RELEASE_WITHDRAWN, IMAGES_PRUNED with *err. Any thread. */
enum otter_status release_refusal(const struct catalog_release *release, struct host_error *err);
/* Why a release cannot take the place of another one that went wrong; OK with nothing said, else *err. */
enum otter_status rollback_fits(const struct catalog_release *bad, const struct catalog_release *back,
                                struct host_error *err);
/*
 * Ends a rollout as rolled-back, and makes and starts the one that takes its devices to the plan's
 * rollback_release. *row is brought up to date and not yet written. RELEASE_WITHDRAWN, IMAGES_PRUNED,
 * CONFLICT (the plan names none) with *err, and nothing is changed.
 */
enum otter_status rollback_begin(struct svc *svc, const struct catalog_rollout *r, struct store_rollout *row,
                                 const char *who, const char *why, struct host_error *err);

/* Is it one of those refusals? */
bool rollback_refused(enum otter_status status);

/* Devices as a search of the fleet found them. */
struct gate_out {
    uint64_t outstanding; /* of all open phases: 1 stands for however many */
    uint64_t barred;      /* of the newest: kept from it for now */
};

/* The open phases as their gates see them, and what these say. */
struct gate_view {
    struct policy_gate_facts facts[STORE_PHASES_MAX];
    struct policy_gate_result result;
    unsigned index; /* of the phase whose verdict it is */
};
/* By the store's counts. */
enum otter_status gate_look(struct svc *svc, const struct catalog_rollout *r, const struct store_rollout *row,
                            const struct gate_out *out, struct gate_view *ret);
/* What the gate did, for those who are told after the commit. */
struct gate_done {
    bool changed;  /* the row was */
    bool again;    /* another verdict may follow at once */
    bool told;     /* event is to be told */
    int64_t until; /* when soaking ends; 0: nothing soaks */
    enum policy_verdict verdict;
    struct svc_event event;
};
/* Decides and acts, in the writer's transaction; *row is brought up to date and not yet written. */
enum otter_status gate_run(struct svc *svc, const struct catalog_rollout *r, struct store_rollout *row,
                           const struct gate_out *out, struct gate_done *ret);

#endif

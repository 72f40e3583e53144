/*
 * A rollout in virtual time: a fleet polls, installs, fails and falls silent by models, and the real policy
 * (server/policy) decides each poll and each gate. Pure: no I/O, no clock, no memory of its own; chance is
 * drawn from a seed, so that the same is the same again.
 */
#ifndef OTTER_SIMULATOR_SIMULATOR_H
#define OTTER_SIMULATOR_SIMULATOR_H

#include "core/update_state.h"
#include "policy/decide.h"
#include "policy/gate.h"
#include "policy/pace.h"

#include "simulator/queue.h"

#define SIM_S       INT64_C(1000000) /* a second of virtual time */
#define SIM_SHARE   10000u           /* shares are in hundredths of a percent */
#define SIM_SITES   1024u
#define SIM_NO_SITE SIM_SITES
#define SIM_POINTS  512u

/* What a poll would say of a device, and what an operator set. Strings and zones are the caller's. */
struct sim_device {
    const char *id;
    const char *product;
    const char *hardware;
    const struct otter_running *running;
    const struct policy_zone *zone; /* NULL: UTC */
    uint64_t epoch, sequence;
    uint64_t position;   /* in the rollout */
    uint32_t group_bits; /* bit i: the group of the plan's i-th phase holds it */
    uint32_t interval_s; /* from poll to poll, as the server asks for */
    uint16_t site;       /* below SIM_SITES, or SIM_NO_SITE */
    bool in_target, retired, held, pinned_elsewhere;
    bool away; /* does not poll at all */
};

/* What befalls devices. A device that is bad with a share of 1 % is also with 5 %: one seed, one order. */
struct sim_model {
    uint64_t seed;
    uint16_t bad; /* devices that revert the release, each time they try it */
    enum otter_status bad_reason;
    uint16_t flaky; /* attempts that fail while they download; another try may succeed */
    enum otter_status flaky_reason;
    uint16_t silent;     /* devices that are not heard of any more once they install it */
    uint16_t sleepers;   /* devices that poll once a day, whatever they are told */
    uint32_t jitter_s;   /* up to so late comes a poll */
    uint32_t download_s; /* half to one and a half of it */
    uint32_t install_s;  /* the like: installing, rebooting, testing */
    uint32_t operator_s; /* until somebody opens or approves what is opened by hand */
};

/* How large and long a model may be; false: *ret_what is wrong, static. */
bool sim_model_valid(const struct sim_model *model, const char **ret_what);

enum sim_kind {
    SIM_POLL,  /* refused: status */
    SIM_GRANT, /* the attempt began */
    SIM_END,   /* state, and status as its reason */
    SIM_OPENED,
    SIM_THROUGH,
    SIM_VERDICT /* of the gate: warned, halted, ... */
};

struct sim_note {
    int64_t at_us;
    enum sim_kind kind;
    uint32_t device;
    unsigned phase; /* of the device, or the newest */
    enum otter_update_state state;
    enum otter_status status;
    enum policy_verdict verdict;
};

/* Is shown everything that happens, in order. */
struct sim_watch {
    void (*note)(struct sim_watch *self, const struct sim_note *note);
};

struct sim_spec {
    const struct policy_plan *plan; /* one that policy_plan_valid holds for */
    const struct otter_manifest *manifest;
    uint64_t root_epoch;
    const struct sim_device *device;
    uint32_t count;
    int64_t start, until; /* Unix seconds */
    struct sim_model model;
    struct sim_watch *watch; /* or NULL */
};

/* What the simulation keeps of a device. */
struct sim_part {
    int64_t polled_us; /* or would have */
    int64_t ends_us;   /* when what it does is done */
    int64_t lost_at;
    uint32_t rhythm_s; /* from poll to poll */
    uint8_t phase;
    uint8_t doing; /* enum in device.c */
    uint8_t state; /* enum otter_update_state of its newest attempt */
    uint8_t outcome;
    uint16_t reason, why; /* statuses: of the newest loss; of what comes */
    uint16_t losses, tries;
    bool ended, waits, boxed, barred;
};

/* The caller's memory, `count` elements each. */
struct sim_room {
    struct sim_part *part;
    struct sim_entry *entry;
    struct policy_place *place;
};

enum sim_outcome {
    SIM_UNFINISHED, /* at `until`, or nothing happens any more */
    SIM_COMPLETE,
    SIM_TOO_FEW, /* a phase is through, too few succeeded: an operator has to decide */
    SIM_HALTED,
    SIM_ROLLED_BACK,
    SIM_OUTCOME_COUNT
};

/* "unfinished", "complete", "too-few-succeeded", "halted", "rolled-back"; static. */
const char *sim_outcome_name(enum sim_outcome outcome);

struct sim_tally {
    uint64_t succeeded, failed, reverted, timed_out;
};

struct sim_phase {
    uint32_t devices;
    bool widened;
    int64_t opened, through; /* Unix seconds; 0: not */
    int64_t warned;          /* over the failure threshold; 0: not */
    uint32_t granted;        /* devices */
    struct sim_tally tally;
};

struct sim_point {
    int64_t at;
    uint32_t granted, updated, lost, active;
};

struct sim_result {
    enum sim_outcome outcome;
    unsigned phase;  /* the newest */
    int64_t decided; /* when the outcome came about, Unix seconds */
    int64_t ended;   /* when the last attempt was over */
    struct {
        uint32_t granted, updated, lost, active; /* devices at that moment */
    } at;
    struct policy_gate_result gate; /* what it was by */
    struct sim_phase of[POLICY_PHASES_MAX];
    uint32_t targeted; /* devices that phases were dealt to */
    uint32_t granted, updated, lost;
    uint32_t most_active;
    uint32_t outstanding; /* still to come, when it ended: of the open phases */
    uint32_t away;        /* of them, devices that do not poll */
    bool by_hand;         /* an operator opened or approved a phase */
    uint64_t polls, grants, tries_lost;
    uint64_t refused[OTTER_STATUS_COUNT]; /* polls, by reason */
    unsigned points;
    struct sim_point point[SIM_POINTS];
};

/* Runs it to its end. spec->count >= 1, intervals >= 1. */
void sim_run(const struct sim_spec *spec, const struct sim_room *room, struct sim_result *ret);

#endif

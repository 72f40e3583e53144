/*
 * Events: what an operator wants to be woken for. Told after the commit that made them so, never for what was
 * rolled back, and once: docs/operations.md has the rules. Whoever is told (today the program of events.exec,
 * log and metrics) gets a `struct svc_event`; a later export takes the same.
 */
#ifndef OTTER_SERVICE_EVENTS_H
#define OTTER_SERVICE_EVENTS_H

#include "core/status.h"
#include "core/update_state.h"
#include "host/json.h"
#include "policy/phase.h"
#include "store/store.h"

#include <stdatomic.h>
#include <sys/types.h>

/* X(SYMBOL, "name", "meaning"): the names are those of the program's argument, JSON, log and metrics. */
#define SVC_EVENT_TABLE(X)                                                                                   \
    X(ROLLOUT_HALTED, "rollout-halted", "a rollout does not go on: updates failed, or it was aborted")       \
    X(ROLLOUT_WARNED, "rollout-warned", "more updates failed than the plan allows, and the rollout goes on") \
    X(ROLLED_BACK, "rollout-rolled-back", "a rollout of the release to go back to took its place")           \
    X(PHASE_OPENED, "phase-opened", "a rollout opened its next phase by itself")                             \
    X(GATE_WAITING, "gate-waiting", "a phase is through and an operator must open the next")                 \
    X(ROLLOUT_COMPLETE, "rollout-complete", "a rollout's last phase is through")                             \
    X(FAILURE_BURST, "failure-burst", "many updates were lost in a short time")                              \
    X(DISK_LOW, "disk-low", "less than [store] disk_low is free")                                            \
    X(FROZEN, "frozen", "an operator froze all rollouts")                                                    \
    X(UNFROZEN, "unfrozen", "rollouts may grant again")                                                      \
    X(CERTIFICATE_EXPIRES, "certificate-expires", "the server's certificate expires soon, or has expired")   \
    X(AUDIT_BEHIND, "audit-behind", "the audit log cannot be copied to [audit] file, or syslog")

enum svc_event_kind {
#define SVC_EVENT_ENUM(symbol, name, meaning) SVC_EVENT_##symbol,
    SVC_EVENT_TABLE(SVC_EVENT_ENUM)
#undef SVC_EVENT_ENUM
        SVC_EVENT_KIND_COUNT
};

#define EVENT_REASONS_MAX 8u
#define EVENT_DETAIL_MAX  256u

struct svc_event {
    enum svc_event_kind kind;
    int64_t at;                /* Unix seconds; 0: when it is told */
    int64_t rollout;           /* 0: of none */
    unsigned phase, phases;    /* of the rollout; 0: not of one */
    char name[OTTER_NAME_BUF]; /* the rollout's */
    bool has_counts;
    uint64_t counts[OTTER_UPDATE_STATE_COUNT]; /* attempts by state */
    unsigned reason_count;
    struct {
        enum otter_status reason;
        uint64_t n;
    } reasons[EVENT_REASONS_MAX];  /* the most frequent first */
    char detail[EVENT_DETAIL_MAX]; /* a sentence for people */
};

/* As hooks are told: "rollout-complete" and the like. Static. */
const char *svc_event_name(enum svc_event_kind kind);

/* {event, time, server, rollout?, name?, phase?, phases?, counts?, reasons?, detail}; NULL when out of
 * memory.
 */
json_t *svc_event_json(const struct svc_event *event, const char *server);

/* ---- rules: pure ---- */

/* Did the device lose the update? */
bool events_is_lost(enum otter_update_state state);

/* The times of the newest losses, as many as make a burst. */
struct events_burst {
    unsigned size;   /* losses that make a burst */
    uint32_t window; /* seconds */
    int64_t *at;     /* ring of size */
    unsigned next, held;
    int64_t told; /* 0: never */
};
/* Another loss. True: a burst, and the first one told of within a window. A clock that went back starts anew.
 */
bool events_burst_add(struct events_burst *b, int64_t now);

/* A warning that comes once when a value falls below a limit, and again only after it has recovered by an
 * eighth. */
bool events_fell(bool *is_low, uint64_t value, uint64_t limit);

/*
 * Seconds until a certificate's end, as a level: 0 while there is time, then rising (14 days, 3 days, over).
 */
unsigned events_certificate_level(int64_t left);

/* ---- the program of events.exec ---- */

#define EVENTS_AT_ONCE 4u     /* programs that run side by side */
#define EVENTS_RUN_MS  30000u /* then SIGTERM to its process group */
#define EVENTS_KILL_MS 2000u  /* after that SIGKILL */

struct events_running {
    pid_t pid; /* also its process group; 0: none */
    enum svc_event_kind kind;
    uint64_t started_ms;
    uint64_t termed_ms; /* 0: not yet asked to end */
};

struct events_programs {
    const char *path;
    struct events_running running[EVENTS_AT_ONCE];
    _Atomic uint64_t succeeded, failed, overdue, not_started;
};

/* Could the program be run? A start and otterd --check-config ask; false with *err. */
bool events_program_check(const char *path, struct host_error *err);
/* Is there place for one more? */
bool events_programs_place(const struct events_programs *p);
/* Runs path with the event's name as argument and json as standard input; there must be place. */
void events_program_start(struct events_programs *p, enum svc_event_kind kind, const char *json, size_t len,
                          uint64_t now_ms);
/* Takes in those that ended and ends those that are overdue. How many still run. */
unsigned events_programs_look(struct events_programs *p, uint64_t now_ms);
/* Asks all that run to end: those that do not are killed by later looks. */
void events_programs_end(struct events_programs *p, uint64_t now_ms);

#endif

/*
 * What the services count and watch of themselves, inside server/service: numbers for /metrics, ages for
 * /readyz, and the thread that samples the disk and runs the program of events.exec.
 */
#ifndef OTTER_SERVICE_HEALTH_H
#define OTTER_SERVICE_HEALTH_H

#include "metrics/counters.h"
#include "metrics/text.h"
#include "policy/decide.h"
#include "service/events.h"

#include <pthread.h>
#include <stdatomic.h>

struct svc;
struct svc_queue;
struct svc_call;
struct svc_effects;
struct store_rollout;

/* ---- counting ---- */

enum svc_counter {
    COUNT_POLL_NONE,    /* 204 */
    COUNT_POLL_EMPTY,   /* the signed 'nothing' */
    COUNT_POLL_OFFER,   /* a signed offer of an attempt */
    COUNT_POLL_REFUSED, /* a problem */
    SVC_COUNTERS
};

struct svc_counts {
    struct metrics_counters *lanes; /* by enum svc_counter: raised by the loops' threads */
    /* raised by the writer thread alone */
    _Atomic uint64_t reports[OTTER_UPDATE_STATE_COUNT][OTTER_STATUS_COUNT];
    _Atomic uint64_t reports_repeated, granted, commits_failed;
    struct metrics_observed commit_us, commit_calls;
    _Atomic uint64_t told[SVC_EVENT_KIND_COUNT];
};

#define HEALTH_COMMIT_BOUNDS 14u
#define HEALTH_CALLS_BOUNDS  10u
extern const uint64_t health_commit_bounds_us[HEALTH_COMMIT_BOUNDS];
extern const uint64_t health_calls_bounds[HEALTH_CALLS_BOUNDS];

/* False when out of memory. */
bool counts_init(struct svc *svc);
uint64_t count_polls(const struct svc *svc);
/* A poll was answered: by memory, or by the writer after its commit. */
void count_poll(struct svc *svc, const struct svc_call *call);
/* A group's commit that began at started_us, of so many calls. */
void count_commit(struct svc *svc, uint64_t started_us, uint64_t calls);
/* What a committed call did to attempts. */
void count_effects(struct svc *svc, const struct svc_effects *effects);

/* ---- is a thread at work, and since when? ---- */

struct svc_work {
    _Atomic uint64_t since_ms; /* monotonic; 0: it waits for work */
};
void work_begins(struct svc_work *w);
void work_ends(struct svc_work *w);

/* ---- events ---- */

struct event_item {
    struct event_item *next;
    struct svc_event event;
};

/* Told when the call is committed; dropped with it otherwise. False when out of memory. */
bool events_add(struct svc_call *call, const struct svc_event *event);
void events_drop(struct event_item *first);
/* An event of a rollout, its attempts counted from the writer's transaction; phase 0: of all phases. */
void events_of_rollout(struct svc *svc, const struct store_rollout *row, enum svc_event_kind kind,
                       unsigned phase, struct svc_event *ret);
/* A rollout is aborted, of which the state was `before`: rollout-halted, once the call is committed. why: "by
 * an operator". False when out of memory. */
bool events_rollout_aborted(struct svc *svc, struct svc_call *call, const struct store_rollout *row,
                            enum policy_rollout_state before, const char *why);
/* The like of one that an operator had rolled back. */
bool events_rollout_halted(struct svc *svc, struct svc_call *call, const struct store_rollout *row,
                           const char *why);
bool events_rollout_rolled_back(struct svc *svc, struct svc_call *call, const struct store_rollout *row,
                                const char *why);
/* Publishes the events of a committed call, and what its lost attempts amount to. */
void events_publish(struct svc *svc, const struct svc_effects *effects);
/* Logs, counts, and hands the event to the watch. Any thread. */
void events_tell(struct svc *svc, const struct svc_event *event);

/* ---- the watch: a thread that may be slow without anybody waiting for it ---- */

#define WATCH_QUEUE_MAX 64u

struct svc_watch {
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
    bool may_start;                   /* programs */
    struct event_item *first, **last; /* told, not yet begun */
    unsigned queued;
    struct events_programs programs;
    char server[256]; /* host name, for JSON */
    bool disk_is_low;
    unsigned certificate_level;
    _Atomic uint64_t dropped; /* events for which the queue had no room */
    _Atomic uint64_t disk_free, disk_size, sampled_ms;
    _Atomic int64_t certificate_expires; /* 0: none */
};

void watch_init(struct svc_watch *w);
/* False with *err when the program cannot be run or a thread cannot be started. */
bool watch_start(struct svc *svc, struct host_error *err);
/* Lets what was told begin and end, within a bound; then ends it, and undoes watch_init. */
void watch_stop(struct svc *svc);
void watch_push(struct svc *svc, const struct svc_event *event);
/* The disk has answered lately. */
bool watch_sampled(const struct svc_watch *w, uint64_t now_ms);

/* ---- /metrics: its parts; reader thread ---- */

/* False: the reader may be asked. True: it does not get on, and nobody should queue behind it: refused. */
bool metrics_try(struct svc *svc, struct svc_call *call);
void metrics_put_catalog(struct svc *svc, struct metrics_text *t);
void metrics_put_rollouts(struct svc *svc, struct metrics_text *t);
void metrics_put_devices(struct svc *svc, struct metrics_text *t);
void metrics_put_process(struct svc *svc, struct metrics_text *t);

/* ---- /readyz ---- */

#define HEALTH_STUCK_MS 10000u /* a thread that is at the same thing so long does not live */

enum health_state { HEALTH_GOOD, HEALTH_WARNING, HEALTH_FAILED };

/* What /readyz judges by, all from memory. */
struct health_facts {
    enum otter_status trouble;     /* of the store; OK: none */
    uint64_t writer_ms, reader_ms; /* the oldest thing that they have not done yet */
    unsigned loops, loops_stuck;
    bool pressed;
    bool has_root, frozen;
    bool disk_answers;
    uint64_t disk_free, disk_low; /* disk_low 0: never */
};

struct health_verdict {
    const char *name;
    enum health_state state;
    char detail[EVENT_DETAIL_MAX];
};

#define HEALTH_CHECKS 7u

/* Pure. True: no check failed. */
bool health_judge(const struct health_facts *facts, struct health_verdict ret[HEALTH_CHECKS]);

/* How old is the oldest call that the thread has, or that waits for it? */
uint64_t health_age_ms(const struct svc_work *w, struct svc_queue *q, uint64_t now_ms);

#endif

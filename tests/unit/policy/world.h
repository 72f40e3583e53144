/*
 * A world without machines: a fleet, two rollouts over it and what befalls them, in virtual time, decided by
 * the real policy. Everything that happens is an event; the state is nothing but the events so far, one after
 * the other (world_apply). A seed makes a world.
 */
#ifndef OTTER_TEST_POLICY_WORLD_H
#define OTTER_TEST_POLICY_WORLD_H

#include "core/update_state.h"
#include "policy/decide.h"
#include "policy/gate.h"
#include "policy/pace.h"
#include "simulator/random.h"

#define WORLD_DEVICES  60u
#define WORLD_ROLLOUTS 2u
#define WORLD_SITES    3u
#define WORLD_EVENTS   4096u
#define WORLD_BYTES    300000u /* of an image */
#define WORLD_MIN_POLL 5u
#define WORLD_S        INT64_C(1000000)

enum world_kind {
    WORLD_START,
    WORLD_GRANT,   /* device */
    WORLD_END,     /* device, state, reason */
    WORLD_ADVANCE, /* and what else an operator or the gate does */
    WORLD_THROUGH,
    WORLD_APPROVE,
    WORLD_COMPLETE,
    WORLD_WARN,
    WORLD_HALT,
    WORLD_ROLL_BACK,
    WORLD_RESUME,
    WORLD_PAUSE,
    WORLD_HOLD, /* device; once more: not any longer */
    WORLD_RETRY /* device */
};

struct world_event {
    int64_t at_us;
    enum world_kind kind;
    unsigned rollout, device;
    enum otter_update_state state;
    enum otter_status reason;
};

struct world_device {
    const struct policy_zone *zone;
    unsigned site; /* WORLD_SITES: none */
    unsigned interval;
    int64_t appears_s;
    bool in_target[WORLD_ROLLOUTS], member[WORLD_ROLLOUTS];
    struct policy_place place[WORLD_ROLLOUTS];
    unsigned bad; /* percent of its attempts are lost */
    char id[16];
};

struct world_rollout {
    struct policy_plan plan;
    struct otter_manifest manifest;
    int64_t priority;
    uint64_t upto[POLICY_PHASES_MAX];
    uint32_t devices[POLICY_PHASES_MAX];
};

/* What events make of a device's part in a rollout. */
struct world_part {
    bool tried, ended, open;
    unsigned phase; /* of the attempt */
    enum otter_update_state state;
    enum otter_status reason;
    unsigned losses;
    int64_t lost_at;
};

struct world_counts {
    uint64_t succeeded, failed, reverted, timed_out;
};

struct world_state {
    int64_t at_us;
    struct {
        enum policy_rollout_state state;
        unsigned phase;
        struct world_counts count[POLICY_PHASES_MAX];
        uint64_t acknowledged; /* of the newest phase */
        uint32_t active;
        int64_t through_at, ramp_since;
        bool warned, approved;
        struct policy_meter grants, bytes, site[WORLD_SITES];
        struct world_part part[WORLD_DEVICES];
    } of[WORLD_ROLLOUTS];
    struct {
        bool held;
        unsigned losses_in_a_row;
        int64_t last_lost_at;
        unsigned runs; /* 0: what it came with, else rollout + 1 */
    } device[WORLD_DEVICES];
};

struct world {
    struct dice dice;
    int64_t begin_s, end_s;
    struct world_device device[WORLD_DEVICES];
    struct world_rollout rollout[WORLD_ROLLOUTS];
    struct world_state now;
    unsigned event_count, refused_reports;
    struct world_event event[WORLD_EVENTS];
    /* What is to come, which is no state: polls and the ends of attempts. 0: nothing. */
    int64_t poll_us[WORLD_DEVICES], end_us[WORLD_DEVICES];
    unsigned ending[WORLD_DEVICES]; /* the rollout */
};

/* Fills facts of a device and a rollout, at world->now.at_us; *running, *image as long as the facts are
 * used. */
void world_facts(const struct world *w, unsigned rollout, unsigned device, struct otter_running *running,
                 struct policy_facts *ret);

/* What an event makes of a state. False, and nothing changes: a report that may not be (again, or out of
 * order). */
bool world_apply(const struct world *w, struct world_state *state, const struct world_event *event);

/* The gate of a rollout's newest phase. */
struct policy_gate_result world_gate(const struct world *w, unsigned rollout);

void world_make(struct world *w, uint64_t seed);
/* Until its end; `look` is shown each decision of a poll. */
void world_run(struct world *w, void (*look)(const struct world *w, const struct policy_facts *facts,
                                             enum otter_status answer));

#endif

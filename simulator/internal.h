/* Between the files of the simulator. */
#ifndef OTTER_SIMULATOR_INTERNAL_H
#define OTTER_SIMULATOR_INTERNAL_H

#include "simulator/simulator.h"

/* What a device does, so what its entry in the queue means. */
enum sim_doing {
    SIM_PARKED,  /* not in the queue: its phase is not open */
    SIM_POLLS,   /* comes to poll */
    SIM_AT_IT,   /* its attempt ends, or is taken for lost */
    SIM_LATE,    /* taken for lost, and still at it */
    SIM_GONE,    /* taken for lost, and not heard of again */
    SIM_FINISHED /* nothing is for it any more */
};

struct sim {
    const struct sim_spec *spec;
    struct sim_part *part;
    struct sim_queue queue;
    struct sim_result *ret;
    struct policy_facts facts; /* of the rollout; a device's are filled in for each decision */
    int64_t now_us;
    int64_t tick_us; /* when the gate is looked at again by itself; INT64_MAX: only when something ends */
    int64_t over[2]; /* moments that end the waiting of many: not_after, the manifest's end */
    enum policy_rollout_state state;
    unsigned phase;
    unsigned judged; /* the phase whose gate had the say */
    uint64_t upto[POLICY_PHASES_MAX];
    uint32_t waiting[POLICY_PHASES_MAX + 1]; /* devices that may still be granted, by phase; less the boxed */
    uint32_t barred[POLICY_PHASES_MAX + 1];  /* held or otherwise kept from it, by phase */
    uint32_t boxed;                          /* may be in the penalty box: are asked one by one */
    uint32_t active;
    int64_t ramp_since, through_at, hand_at;
    uint32_t warned; /* bit i: of the losses of phase i + 1 */
    bool approved;
    int64_t next_point, point_step;
    struct policy_meter grants, bytes, site[SIM_SITES];
};

static inline int64_t sim_now_s(const struct sim *s)
{
    return s->now_us / SIM_S;
}

/* ---- chance.c: numbers that a device, a try and a purpose repeat ---- */

enum sim_purpose {
    SIM_OF_BAD,
    SIM_OF_SILENCE,
    SIM_OF_SLEEP,
    SIM_OF_FIRST_POLL,
    SIM_OF_POLL,
    SIM_OF_FLAKE,
    SIM_OF_FLAKE_TIME,
    SIM_OF_DOWNLOAD,
    SIM_OF_INSTALL
};

/* 0 <= it < n; n 0: 0 */
uint64_t sim_chance(const struct sim *s, uint32_t device, uint64_t turn, enum sim_purpose purpose,
                    uint64_t n);
/* Is the device, or its turn, one of the share? */
bool sim_hit(const struct sim *s, uint32_t device, uint64_t turn, enum sim_purpose purpose, uint16_t share);
/* Half to one and a half of `seconds`, in microseconds. */
int64_t sim_about(const struct sim *s, uint32_t device, uint64_t turn, enum sim_purpose purpose,
                  uint32_t seconds);

/* ---- device.c ---- */

/* All are parked; phases are dealt. */
void sim_devices_begin(struct sim *s, struct policy_place *places);
/* Those of the newest phase come to poll. */
void sim_devices_wake(struct sim *s);
/* What the queue said of a device happens now. */
void sim_device_turn(struct sim *s, uint32_t device);
/* Who still waits, anew: at a moment of s->over. */
void sim_devices_recount(struct sim *s);
/* Does anyone of the open phases still have to come, or is at it? */
bool sim_outstanding(const struct sim *s);

/* After a loss: does the rollout still wait for it? */
void sim_device_lost(struct sim *s, uint32_t device);
/* It polls again, if there is anything for it. */
void sim_device_comes(struct sim *s, uint32_t device);
/* Nobody waits for it any more. */
void sim_device_done(struct sim *s, uint32_t device);

/* ---- attempt.c ---- */

/* It was granted. */
void sim_attempt_begin(struct sim *s, uint32_t device);
/* The attempt, or what was taken for lost, comes to its end. */
void sim_attempt_turn(struct sim *s, uint32_t device);

/* ---- facts.c ---- */

/* A device's facts at this moment, in s->facts. */
void sim_facts(struct sim *s, uint32_t device);
/* Were the rollout running, its phases open: what would it be told? */
enum otter_status sim_as_if_open(struct sim *s, uint32_t device);
/* May it still be granted? */
bool sim_still_may(struct sim *s, uint32_t device);

/* ---- phases.c ---- */

/* The next one: who is in it may be granted from now on. */
void sim_open_phase(struct sim *s);
/* Does what the gate says until it says nothing new. */
void sim_gate(struct sim *s);

/* ---- curve.c ---- */

/* A point, if it is time for one; in any case where something turned. */
void sim_curve(struct sim *s, bool turned);

/* To the spec's watch, if it has one. */
void sim_tell(struct sim *s, const struct sim_note *note);

#endif

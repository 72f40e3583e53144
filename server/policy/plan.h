/*
 * What an operator asks of a rollout, as plain data: phases and gates, pace, times, retries. Read from JSON
 * by server/service, kept as it was written; everything that decides (decide.h, gate.h, pace.h, window.h,
 * simulation) reads it from here.
 */
#ifndef OTTER_POLICY_PLAN_H
#define OTTER_POLICY_PLAN_H

#include "core/documents.h"

#include "policy/phase.h"

#define POLICY_WINDOWS_MAX 8u
#define POLICY_RETRIES_MAX 8u
#define POLICY_ZONE_MAX    64u
#define POLICY_DAYS_ALL    0x7fu /* bit 0 is Monday */

/* How wide a phase is. A phase holds the devices of those before it; the last is always 100 percent. */
enum policy_width {
    POLICY_WIDTH_PERCENT, /* cohorts below value percent */
    POLICY_WIDTH_COUNT,   /* the first `value` devices of the target, in the order of their positions */
    POLICY_WIDTH_GROUP    /* in addition the devices of a saved group */
};

struct policy_phase_spec {
    enum policy_width width;
    uint32_t value; /* percent or devices, rising among phases of a kind */
    char group[OTTER_NAME_BUF];
    /* The gate behind it. Shares are in hundredths of a percent, of the attempts that finished (succeeded,
     * failed, reverted, timed out) in the phase. */
    uint16_t success_share; /* at least so many succeeded; 10,000 = all of them */
    uint16_t failure_share; /* more than so many lost: the rollout is warned of, halted or rolled back */
    uint32_t min_sample;    /* finished attempts before failure_share is looked at; see policy_min_sample */
    uint32_t soak_s;        /* from when the phase was through to when the next may open */
    bool automatic;         /* else an operator advances */
    bool approval;          /* a second operator has to approve first */
};

enum policy_on_failure { POLICY_FAILURE_WARN, POLICY_FAILURE_HALT, POLICY_FAILURE_ROLLBACK };

/* Local times of a day in minutes, from 0 to 1440; `to` <= `from`: it ends on the day after. */
struct policy_window_spec {
    uint8_t days; /* on which it begins; POLICY_DAYS_ALL */
    uint16_t from, to;
};

/* How often a device's attempt may be repeated after it was lost for this reason, and after which wait, which
 * doubles with each time. reason OTTER_OK: any other. */
struct policy_retry {
    enum otter_status reason;
    uint8_t tries;
    uint32_t wait_s;
};

struct policy_plan {
    unsigned phase_count;
    struct policy_phase_spec phase[POLICY_PHASES_MAX];
    enum policy_on_failure on_failure;
    int64_t rollback_release; /* num; 0: none */
    bool join;                /* devices that come to match while it runs belong to it */
    bool allow_downgrade;     /* to a version below the one that runs */
    /* pace; 0: no bound */
    uint32_t max_active;  /* open attempts of the rollout */
    uint32_t per_minute;  /* grants a minute at the most */
    uint32_t ramp_start;  /* grants a minute at first; with per_minute, 0: at once at per_minute */
    uint16_t ramp_factor; /* hundredths: 200 doubles */
    uint32_t ramp_every_s;
    uint64_t bytes_per_s; /* of images, over the rollout, by admission */
    uint64_t site_bytes_per_s;
    char site_prefix[OTTER_NAME_BUF]; /* a device's site is its first tag that begins so */
    /* when */
    int64_t not_before, not_after;  /* 0: none */
    char zone[POLICY_ZONE_MAX + 1]; /* of devices that name none in their attribute `tz`; "" = UTC */
    unsigned window_count;          /* 0: at any time */
    struct policy_window_spec window[POLICY_WINDOWS_MAX];
    /* attempts, in seconds in which otterd served; 0: no bound */
    uint32_t deadline_s;
    uint32_t silence_s; /* at least 3 poll intervals are waited for */
    unsigned retry_count;
    struct policy_retry retry[POLICY_RETRIES_MAX];
};

/* What an operator gets who says nothing: one phase of 100 percent, advanced by hand, halted when more than a
 * tenth is lost of 20 at least, joined by new devices, a day for an attempt, an hour of silence, no retry. */
void policy_plan_default(struct policy_plan *plan);

struct policy_plan_error {
    char member[32];  /* the plan's member as docs/openapi.yaml has it: "phases[2].percent" */
    const char *what; /* static: what is wrong and what would be right */
};

/* Is it free of contradictions, whatever fleet and releases there are? False with *err. Pure: unknown zones,
 * groups and releases are the caller's to refuse. */
bool policy_plan_valid(const struct policy_plan *plan, struct policy_plan_error *err);

/* The retries that a loss for this reason has; NULL: none. */
const struct policy_retry *policy_plan_retry(const struct policy_plan *plan, enum otter_status reason);

#endif

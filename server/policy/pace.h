/* How many devices may begin, and how soon: ramp, bytes a second, back-off. Pure; microseconds since the
 * epoch where `_us`, of a clock that does not go back. */
#ifndef OTTER_POLICY_PACE_H
#define OTTER_POLICY_PACE_H

#include "policy/plan.h"

/* Grants a minute that are allowed `elapsed_s` after the phase opened or the rollout was resumed: ramp_start,
 * times the factor every ramp_every_s, up to per_minute. UINT32_MAX: no bound. */
uint32_t policy_ramp(const struct policy_plan *plan, int64_t elapsed_s);

/*
 * A rate kept by admission (GCRA: RFC 2697's idea with a burst of one cell): each grant costs time, and the
 * next is due when what was granted is paid for. Zero-initialised: nothing owed. One for a rollout's grants,
 * one for its bytes, one for each site.
 */
struct policy_meter {
    int64_t paid_at_us; /* when everything granted so far is paid for */
};

/* May something begin now? Then 0, else when. */
int64_t policy_meter_due(const struct policy_meter *meter, int64_t now_us);
/* The same for facts, whose clock shows now_s: 0, or the second from which it may. */
int64_t policy_meter_due_s(const struct policy_meter *meter, int64_t now_us, int64_t now_s);
/* It begins: `cells` at `per_s_milli` thousandths of cells a second. per_s_milli 0: no bound, nothing is
 * owed. */
void policy_meter_take(struct policy_meter *meter, int64_t now_us, uint64_t cells, uint64_t per_s_milli);

/* When a device may try again that was lost `losses` times (1..) in this rollout, the last at `lost_at`; 0 =
 * never: the plan has no retry left for this reason. */
int64_t policy_retry_at(const struct policy_plan *plan, enum otter_status reason, unsigned losses,
                        int64_t lost_at);

/* Penalty box: a device whose last `losses` attempts, in whatever rollout, were all lost waits for
 * POLICY_PENALTY_S, doubled with each from the POLICY_PENALTY_LOSSES-th on, up to POLICY_PENALTY_MAX_S. 0:
 * may now. */
#define POLICY_PENALTY_LOSSES 3u
#define POLICY_PENALTY_S      3600
#define POLICY_PENALTY_MAX_S  604800
int64_t policy_penalty_until(unsigned losses, int64_t lost_at);

/* Retry-After of a poll: `interval` spread by a fixed share of it a device, so that a fleet does not poll at
 * once. */
unsigned policy_poll_after(unsigned interval_s, const char *device);

/* The like of a poll that was refused until `again` (0: not known): the sooner of after_s, which
 * policy_poll_after said, and then, spread by the same share. */
#define POLICY_POLL_MIN 5u
unsigned policy_come_again(unsigned after_s, const char *device, int64_t now, int64_t again);

/* So many seconds a device that is about to install may be silent before it is lost: the plan's, and three of
 * its polls at the least. 0: no bound. */
int64_t policy_silence(const struct policy_plan *plan, uint32_t poll_interval_s);

/* A device's own place in a stretch of `width` seconds, 0 to width, always the same: who would all come at
 * one moment come one after the other. */
unsigned policy_poll_place(unsigned width_s, const char *device);

#endif

/* Inside server/service only: what operators ask of a rollout and get an answer to: why, who, when. */
#ifndef OTTER_SERVICE_EXPLAIN_H
#define OTTER_SERVICE_EXPLAIN_H

#include "service/internal.h"

/* The rollout of in.number; NULL with the refusal's words set. */
const struct catalog_rollout *rollout_find(const struct catalog *c, struct svc_call *call);

/* Is a device that is told so one of those that the rollout is for? */
bool rollout_concerns(enum otter_status rule);

/* What those wait for that a running rollout has not been offered to; null of another one. Reader thread. */
json_t *json_waiting(struct svc *svc, const struct svc_call *call, const struct catalog *c,
                     const struct catalog_rollout *r);

/* What a rollout says to a device. */
struct explained {
    enum otter_status rule; /* OK: its next poll is offered the release */
    struct policy_told told;
    unsigned device_phase; /* from 1; 0: none yet */
};

/*
 * A device that has never polled is taken to run a confirmed image of no version in slot A: true with the
 * poll that it would make. d is locked.
 */
bool explain_assume(const struct catalog *c, const struct fleet_device *d, struct otter_poll *ret);

svc_handler op_rollout_explain, op_rollout_devices, op_rollout_reasons, op_rollout_events, op_rollout_preview,
    op_rollout_preview_plan;

#endif

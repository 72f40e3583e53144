/*
 * An operator's plan as JSON: in the body of POST /api/v1/rollouts, in the store, and in what a rollout
 * shows. docs/openapi.yaml has the members; what is absent is as policy_plan_default has it.
 */
#ifndef OTTER_PLAN_PLAN_JSON_H
#define OTTER_PLAN_PLAN_JSON_H

#include "core/status.h"
#include "host/json.h"
#include "policy/plan.h"

/*
 * Reads a plan, and refuses what contradicts itself (policy_plan_valid). The members release, target, name
 * and priority of the same object are the caller's. A phase that is a bare percentage has a gate that no loss
 * halts unless `on_failure` is given: so rollouts were before they had gates.
 *
 * rollback_release as text is checked for its form and left to the caller; as a number it is taken (the
 * store's form). OK, BAD_VALUE, UNKNOWN_MEMBER, BAD_PHASES with *err, which names the member.
 */
enum otter_status plan_parse(const json_t *body, struct policy_plan *ret, struct host_error *err);
/* The like as a yes or no. */
bool plan_read(const json_t *body, struct policy_plan *ret, struct host_error *err);

/* All members, in one form; plan_read takes it back. A new reference; NULL when out of memory. */
json_t *plan_json(const struct policy_plan *plan);

/* Do all gates open the next phase by themselves? */
bool plan_automatic(const struct policy_plan *plan);

#endif

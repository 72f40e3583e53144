/* A plan (plan/plan_json.h) and the store. */
#ifndef OTTER_SERVICE_PLAN_JSON_H
#define OTTER_SERVICE_PLAN_JSON_H

#include "plan/plan_json.h"
#include "store/store.h"

/* A plan into a row that is to be added: as text, and the members that the row has of it. False: too long, or
 * out of memory. */
bool plan_into_row(const struct policy_plan *plan, struct store_rollout *row);

#endif

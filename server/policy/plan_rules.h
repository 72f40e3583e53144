/* A plan's rules as tables; internal to server/policy. */
#ifndef OTTER_POLICY_PLAN_RULES_H
#define OTTER_POLICY_PLAN_RULES_H

#include "policy/plan.h"

#define PLAN_YEAR_S  31536000u
#define PLAN_MONTH_S 2592000u

struct plan_rule {
    const char *member; /* "": the element itself */
    bool (*broken)(const struct policy_plan *plan, unsigned i);
    const char *what; /* would be right, or is missing */
};

#define PLAN_PHASE_RULES  13u
#define PLAN_WINDOW_RULES 3u
#define PLAN_RETRY_RULES  4u

/* Of the element i of phases, windows, retries. */
extern const struct plan_rule plan_phase_rules[PLAN_PHASE_RULES];
extern const struct plan_rule plan_window_rules[PLAN_WINDOW_RULES];
extern const struct plan_rule plan_retry_rules[PLAN_RETRY_RULES];

#endif

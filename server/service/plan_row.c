/* A plan into the store's row of a rollout. */
#include "service/plan_json.h"

#include <stdlib.h>
#include <string.h>

bool plan_into_row(const struct policy_plan *plan, struct store_rollout *row)
{
    auto_json json_t *json = plan_json(plan);
    auto_free char *text = json ? host_json_dump(json, NULL) : NULL;

    if (!text || strlen(text) > STORE_PLAN_MAX)
        return false;
    memcpy(row->plan, text, strlen(text) + 1);
    row->auto_advance = plan_automatic(plan);
    row->phase_count = plan->phase_count;
    for (unsigned i = 0; i < plan->phase_count; i++)
        row->phases[i].percent =
            plan->phase[i].width == POLICY_WIDTH_PERCENT ? (unsigned)plan->phase[i].value : 0;
    return true;
}

/* Plans of rollouts: what is taken is free of contradictions, and comes back as it was from its own JSON. */
#include "fuzz.h"

#include "plan/plan_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct policy_plan plan, back;
    struct policy_plan_error wrong;
    struct host_error err = {0};
    json_t *json = host_json_load((const char *)data, size, "plan", &err), *again;

    if (json == NULL) {
        MUST(err.message[0] != '\0');
        return 0;
    }
    memset(&plan, 0, sizeof(plan));
    memset(&back, 0, sizeof(back));
    if (plan_parse(json, &plan, &err) != OTTER_OK) {
        MUST(err.message[0] != '\0');
    } else {
        MUST(policy_plan_valid(&plan, &wrong));
        again = plan_json(&plan);
        MUST(again != NULL && plan_read(again, &back, &err));
        MUST(memcmp(&plan, &back, sizeof(plan)) == 0);
        json_decref(again);
    }
    json_decref(json);
    return 0;
}

#include "policy/phase.h"

bool policy_phases_valid(const unsigned *percent, unsigned count)
{
    unsigned before = 0;

    if (count == 0 || count > POLICY_PHASES_MAX)
        return false;
    for (unsigned i = 0; i < count; i++) {
        if (percent[i] <= before || percent[i] > 100)
            return false;
        before = percent[i];
    }
    return before == 100;
}

struct policy_phase_plan policy_phase_plan(unsigned percent, unsigned from,
                                           const uint32_t census[POLICY_COHORTS])
{
    struct policy_phase_plan plan = {.upto = percent * (POLICY_COHORTS / 100)};

    if (plan.upto < from)
        plan.upto = from;
    for (unsigned i = from; i < plan.upto; i++)
        plan.devices += census[i];
    if (plan.devices > 0)
        return plan;
    for (unsigned i = plan.upto; i < POLICY_COHORTS; i++) {
        if (census[i] > 0) {
            plan.upto = i + 1;
            plan.devices = census[i];
            plan.widened = true;
            break;
        }
    }
    return plan;
}

enum policy_progress policy_progress(const struct policy_progress_facts *facts)
{
    if (!facts->running || facts->outstanding > 0)
        return POLICY_STAY;
    if (facts->last_phase)
        return POLICY_COMPLETE;
    return facts->auto_advance && facts->lost == 0 ? POLICY_ADVANCE : POLICY_STAY;
}

#include "policy/phase.h"

#include "policy/plan.h"

unsigned policy_phase_of(const struct policy_plan *plan, const uint64_t upto[], uint32_t group_bits,
                         uint64_t position)
{
    unsigned i = 0;

    while (i + 1 < plan->phase_count && position >= upto[i] && !(group_bits >> i & 1))
        i++;
    return i + 1;
}

/* May phase i still have the device? Earlier phases end at `from`. */
static bool unclaimed(const struct policy_place *place, uint64_t from, unsigned i)
{
    return place->position >= from && !(place->group_bits & ((1u << i) - 1));
}

static uint64_t reach(const struct policy_phase_spec *spec, uint64_t from, const struct policy_place *places,
                      size_t count)
{
    uint64_t upto = from;

    if (spec->width == POLICY_WIDTH_PERCENT)
        upto = POLICY_POSITION((uint64_t)spec->value * (POLICY_COHORTS / 100));
    else if (spec->width == POLICY_WIDTH_COUNT && spec->value > 0)
        upto = spec->value < count ? places[spec->value - 1].position + 1 : POLICY_POSITION_END;
    return upto > from ? upto : from;
}

struct policy_phase_share policy_phase_deal(const struct policy_plan *plan, unsigned i, uint64_t from,
                                            const struct policy_place *places, size_t count)
{
    struct policy_phase_share share = {.upto = reach(&plan->phase[i], from, places, count)};

    for (size_t k = 0; k < count; k++)
        share.devices += unclaimed(&places[k], from, i) &&
                         (places[k].position < share.upto || places[k].group_bits >> i & 1);
    for (size_t k = 0; k < count && share.devices == 0; k++) {
        if (unclaimed(&places[k], from, i)) {
            share.upto = places[k].position + 1;
            share.devices = 1;
            share.widened = true;
        }
    }
    if (i + 1 == plan->phase_count)
        share.upto = POLICY_POSITION_END;
    return share;
}

void policy_phases_deal(const struct policy_plan *plan, const struct policy_place *places, size_t count,
                        struct policy_phase_share ret[POLICY_PHASES_MAX])
{
    uint64_t from = 0;

    for (unsigned i = 0; i < plan->phase_count; i++) {
        ret[i] = policy_phase_deal(plan, i, from, places, count);
        from = ret[i].upto;
    }
}

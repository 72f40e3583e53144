#include "policy/rate.h"

/* Clocks of two threads differ by less: who owes that much owes it. */
#define OWED_MAX_US (2 * POLICY_RATE_SPAN_US)

struct policy_rate policy_rate_of(uint32_t per_minute)
{
    return (struct policy_rate){.cost_us = (POLICY_RATE_SPAN_US - 1) / per_minute + 1};
}

int64_t policy_rate_owed_us(const struct policy_meter *meter, int64_t now_us)
{
    int64_t due = policy_meter_due(meter, now_us), owed = due ? due - now_us : 0;

    return owed > OWED_MAX_US ? 0 : owed;
}

int64_t policy_rate_take(const struct policy_rate *rate, struct policy_meter *meter, int64_t now_us)
{
    int64_t owed = policy_rate_owed_us(meter, now_us) + rate->cost_us;

    if (owed > POLICY_RATE_SPAN_US)
        return owed - POLICY_RATE_SPAN_US;
    meter->paid_at_us = now_us + owed;
    return 0;
}

#include "policy/pace.h"

#define US          1000000
#define RAMP_SCALE  10000u                      /* so that a small rate times a small factor grows, too */
#define RATE_NO_END UINT64_C(10000000000000000) /* thousandths of cells a second; from here on: unbounded */

uint32_t policy_ramp(const struct policy_plan *plan, int64_t elapsed_s)
{
    const uint64_t top = (uint64_t)plan->per_minute * RAMP_SCALE;
    uint64_t rate = (uint64_t)plan->ramp_start * RAMP_SCALE;

    if (plan->per_minute == 0)
        return UINT32_MAX;
    if (plan->ramp_start == 0 || plan->ramp_factor <= 100 || plan->ramp_every_s == 0)
        return plan->per_minute;
    for (int64_t at = plan->ramp_every_s; at <= elapsed_s && rate < top; at += plan->ramp_every_s)
        rate = rate * plan->ramp_factor / 100; /* top < 2^46, factor < 2^16: no wrap */
    return (uint32_t)((rate < top ? rate : top) / RAMP_SCALE);
}

int64_t policy_meter_due(const struct policy_meter *meter, int64_t now_us)
{
    return meter->paid_at_us > now_us ? meter->paid_at_us : 0;
}

int64_t policy_meter_due_s(const struct policy_meter *meter, int64_t now_us, int64_t now_s)
{
    int64_t due = policy_meter_due(meter, now_us);

    return due ? now_s + (due - now_us - 1) / US + 1 : 0;
}

/* cells * 10^9 / per_s_milli, rounded up, INT64_MAX at the most: by long division, three digits a step.
 * per_s_milli < RATE_NO_END. */
static int64_t cost_us(uint64_t cells, uint64_t per_s_milli)
{
    uint64_t whole = cells / per_s_milli, rest = cells % per_s_milli;

    for (int step = 0; step < 3; step++) {
        if (whole > (uint64_t)INT64_MAX / 1000 - 1)
            return INT64_MAX;
        rest *= 1000; /* < 2^64 */
        whole = whole * 1000 + rest / per_s_milli;
        rest %= per_s_milli;
    }
    return (int64_t)(whole + (rest > 0));
}

void policy_meter_take(struct policy_meter *meter, int64_t now_us, uint64_t cells, uint64_t per_s_milli)
{
    int64_t from = policy_meter_due(meter, now_us), cost;

    if (per_s_milli == 0 || per_s_milli >= RATE_NO_END)
        return;
    if (from == 0)
        from = now_us;
    cost = cost_us(cells, per_s_milli);
    meter->paid_at_us = cost < INT64_MAX - from ? from + cost : INT64_MAX;
}

/* base, doubled `times` times, up to max. */
static int64_t doubled(int64_t base, unsigned times, int64_t max)
{
    while (times-- > 0 && base < max)
        base *= 2;
    return base < max ? base : max;
}

int64_t policy_retry_at(const struct policy_plan *plan, enum otter_status reason, unsigned losses,
                        int64_t lost_at)
{
    const struct policy_retry *retry = policy_plan_retry(plan, reason);
    int64_t at;

    if (!retry || losses == 0 || losses > retry->tries)
        return 0;
    at = lost_at + doubled(retry->wait_s, losses - 1, INT32_MAX);
    return at > 0 ? at : 1; /* 0 is never */
}

int64_t policy_penalty_until(unsigned losses, int64_t lost_at)
{
    if (losses < POLICY_PENALTY_LOSSES)
        return 0;
    return lost_at + doubled(POLICY_PENALTY_S, losses - POLICY_PENALTY_LOSSES, POLICY_PENALTY_MAX_S);
}

unsigned policy_poll_place(unsigned width_s, const char *device)
{
    uint32_t h =
        2166136261u; /* FNV-1a; ids differ in their last characters: those reach the high bits last */

    for (; *device; device++)
        h = (h ^ (uint8_t)*device) * 16777619u;
    h ^= h >> 16;
    h *= 2246822507u; /* so that the product below has all of it in its high bits */
    h ^= h >> 13;
    return (unsigned)(((uint64_t)width_s + 1) * h >> 32);
}

unsigned policy_poll_after(unsigned interval_s, const char *device)
{
    unsigned spread = interval_s / 4;

    return interval_s - spread / 2 + policy_poll_place(spread, device);
}

unsigned policy_come_again(unsigned after_s, const char *device, int64_t now, int64_t again)
{
    int64_t sooner = again - now + policy_poll_place(after_s / 4, device);

    if (again == 0 || sooner >= after_s)
        return after_s;
    return sooner > POLICY_POLL_MIN ? (unsigned)sooner : POLICY_POLL_MIN;
}

int64_t policy_silence(const struct policy_plan *plan, uint32_t poll_interval_s)
{
    int64_t polls = 3 * (int64_t)poll_interval_s;

    if (plan->silence_s == 0)
        return 0;
    return plan->silence_s > polls ? plan->silence_s : polls;
}

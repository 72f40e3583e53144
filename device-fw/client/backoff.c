#include "client/backoff.h"

uint32_t otter_retry_after_s(bool has, uint64_t wish_s)
{
    if (!has)
        return OTTER_RETRY_DEFAULT_S;
    if (wish_s < OTTER_RETRY_MIN_S)
        return OTTER_RETRY_MIN_S;
    return wish_s > OTTER_RETRY_MAX_S ? OTTER_RETRY_MAX_S : (uint32_t)wish_s;
}

static uint32_t ceiling_of(uint32_t failures, uint32_t first_ms, uint32_t max_ms)
{
    uint32_t ceiling = first_ms < max_ms ? first_ms : max_ms;

    for (uint32_t i = 1; i < failures && ceiling < max_ms; i++)
        ceiling = ceiling > max_ms / 2 ? max_ms : ceiling * 2; /* at most max_ms: no wrap */
    return ceiling;
}

uint32_t otter_backoff_ms(uint32_t failures, uint32_t first_ms, uint32_t max_ms, uint32_t random)
{
    uint32_t ceiling = ceiling_of(failures, first_ms, max_ms);
    uint32_t wait = ceiling == UINT32_MAX ? random : random % (ceiling + 1);

    return wait < OTTER_BACKOFF_MIN_MS ? OTTER_BACKOFF_MIN_MS : wait;
}

uint32_t otter_cool_down_ms(uint32_t ended, uint32_t first_ms, uint32_t max_ms, uint32_t random)
{
    uint32_t ceiling = ceiling_of(ended, first_ms, max_ms);
    uint32_t wait = ceiling - random % (ceiling / 2 + 1);

    return wait > OTTER_BACKOFF_MIN_MS ? wait : OTTER_BACKOFF_MIN_MS;
}

uint32_t otter_poll_wait_ms(uint32_t retry_after_s, uint32_t random)
{
    uint32_t wait = retry_after_s * 1000; /* at most 86,400,000: no wrap */

    return wait + random % (wait / 16 + 1);
}

uint32_t otter_trial_wait_ms(uint32_t max_ms, uint32_t random)
{
    uint32_t min_ms = OTTER_RETRY_MIN_S * 1000;

    if (max_ms <= min_ms)
        return min_ms;
    return min_ms + random % (max_ms - min_ms + 1);
}

#include "host/clock.h"

#include <time.h>

static struct timespec now(clockid_t id)
{
    struct timespec t = {0};

    (void)clock_gettime(id, &t); /* cannot fail for the two clocks of this file */
    return t;
}

int64_t host_clock_wall(void)
{
    return (int64_t)now(CLOCK_REALTIME).tv_sec;
}

int64_t host_clock_wall_ms(void)
{
    struct timespec t = now(CLOCK_REALTIME);

    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

uint64_t host_clock_mono_ms(void)
{
    return host_clock_mono_us() / 1000;
}

uint64_t host_clock_mono_us(void)
{
    struct timespec t = now(CLOCK_MONOTONIC);

    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

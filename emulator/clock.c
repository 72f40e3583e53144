#include "clock.h"

static uint64_t device_us(const struct emu_clock *c, uint64_t real_us)
{
    uint64_t passed = real_us > c->real_us ? real_us - c->real_us : 0;

    return c->device_us + passed * c->rate; /* 100,000-fold: wraps after 5.8 years of real time */
}

void emu_clock_start(struct emu_clock *c, uint64_t real_us, uint32_t rate)
{
    *c = (struct emu_clock){.real_us = real_us, .device_us = 0, .rate = rate};
}

void emu_clock_set_rate(struct emu_clock *c, uint64_t real_us, uint32_t rate)
{
    if (rate == c->rate)
        return;
    c->device_us = device_us(c, real_us);
    if (real_us > c->real_us)
        c->real_us = real_us;
    c->rate = rate;
}

uint64_t emu_clock_ms(const struct emu_clock *c, uint64_t real_us)
{
    return device_us(c, real_us) / 1000u;
}

uint64_t emu_clock_real_at(const struct emu_clock *c, uint64_t device_ms)
{
    uint64_t target, left;

    if (device_ms >= UINT64_MAX / 1000u || c->rate == 0)
        return EMU_NEVER;
    target = device_ms * 1000u;
    if (target <= c->device_us)
        return c->real_us;
    left = target - c->device_us;
    left = left / c->rate + (left % c->rate != 0);
    return left > UINT64_MAX - c->real_us ? EMU_NEVER : c->real_us + left;
}

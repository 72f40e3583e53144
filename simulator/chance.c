#include "simulator/internal.h"

/* SplitMix64's finish: neighbours become strangers. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

uint64_t sim_chance(const struct sim *s, uint32_t device, uint64_t turn, enum sim_purpose purpose, uint64_t n)
{
    uint64_t x = mix(s->spec->model.seed + UINT64_C(0x9e3779b97f4a7c15) * (device + UINT64_C(1)));

    return n ? mix(x + turn * 16 + (uint64_t)purpose + 1) % n : 0;
}

bool sim_hit(const struct sim *s, uint32_t device, uint64_t turn, enum sim_purpose purpose, uint16_t share)
{
    return sim_chance(s, device, turn, purpose, SIM_SHARE) < share;
}

int64_t sim_about(const struct sim *s, uint32_t device, uint64_t turn, enum sim_purpose purpose,
                  uint32_t seconds)
{
    uint64_t us = (uint64_t)seconds * (uint64_t)SIM_S;

    return (int64_t)(us / 2 + sim_chance(s, device, turn, purpose, us + 1));
}

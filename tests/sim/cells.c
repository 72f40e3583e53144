#include "cells.h"

#include <stdlib.h>

uint8_t sim_noise(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint8_t)(*state >> 56);
}

bool sim_overlap(uint32_t a, uint32_t a_len, uint32_t b, uint32_t b_len)
{
    return a < b + b_len && b < a + a_len;
}

void sim_add_weak(struct sim_flash *f, uint32_t addr, uint8_t bits)
{
    if (bits == 0)
        return;
    if (f->weak_count == SIM_WEAK)
        abort(); /* sized for two cuts */
    f->weak[f->weak_count++] = (struct sim_weak){addr, bits};
}

void sim_add_ecc(struct sim_flash *f, uint32_t addr, bool always)
{
    uint32_t unit = f->flash.map->program_unit;

    if (f->ecc_count == SIM_ECC)
        abort();
    f->ecc[f->ecc_count++] = (struct sim_ecc){addr / unit * unit, always};
}

struct sim_ecc *sim_find_ecc(struct sim_flash *f, uint32_t addr)
{
    for (unsigned i = 0; i < f->ecc_count; i++)
        if (f->ecc[i].addr == addr)
            return &f->ecc[i];
    return NULL;
}

bool sim_flash_is_firm(const struct sim_flash *f, uint32_t addr, uint32_t len)
{
    for (unsigned i = 0; i < f->weak_count; i++)
        if (sim_overlap(f->weak[i].addr, 1, addr, len))
            return false;
    for (unsigned i = 0; i < f->ecc_count; i++)
        if (sim_overlap(f->ecc[i].addr, f->flash.map->program_unit, addr, len))
            return false;
    return true;
}

void sim_firm(struct sim_flash *f, uint32_t addr, uint32_t len, const uint8_t *in)
{
    for (unsigned i = f->weak_count; i-- > 0;) {
        struct sim_weak *weak = &f->weak[i];

        if (!sim_overlap(weak->addr, 1, addr, len))
            continue;
        weak->bits &= in != NULL ? in[weak->addr - addr] : 0;
        if (weak->bits == 0) {
            *weak = f->weak[--f->weak_count];
            f->weak[f->weak_count] =
                (struct sim_weak){0}; /* no trace in a state that is the same (known.c) */
        }
    }
    for (unsigned i = f->ecc_count; i-- > 0;)
        if (sim_overlap(f->ecc[i].addr, 1, addr, len)) {
            f->ecc[i] = f->ecc[--f->ecc_count];
            f->ecc[f->ecc_count] = (struct sim_ecc){0};
        }
}

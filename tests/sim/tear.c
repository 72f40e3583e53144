/* The power fails in an operation: what is left. */
#include "cells.h"

#include <string.h>

const char *const sim_kind_names[SIM_KINDS] = {"prefix",   "bits",     "weak",  "ecc",
                                               "half-era", "weak-era", "again", "dip"};

/* Behind the prefixes of a program. WEAK: at random; one cell alone, so that the unit may look blank; all but
 * one. ECC: never read again; whole, but not for long; blank, but not for long. */
enum after_prefixes { BITS, WEAK_RANDOM, WEAK_ONE, WEAK_LAST, NOR_VARIANTS };
enum after_prefixes_once { ONCE_BITS, ECC_ALWAYS, ECC_WHOLE, ECC_BLANK, ONCE_VARIANTS };
enum erase_variant {
    ERASE_NOT_BEGUN,
    ERASE_PART,
    ERASE_ZEROS_PART, /* F4 and H7 program all cells to 0 before they erase them */
    ERASE_ZEROS,
    ERASE_RAGGED,
    ERASE_UNTOLD,
    ERASE_WEAK_ALL,
    ERASE_WEAK_EDGE,
    ERASE_VARIANTS
};

unsigned sim_flash_variants(const struct sim_flash *f, const struct sim_op *op)
{
    if (op->is_erase)
        return ERASE_VARIANTS;
    return op->len + 1 + (f->flash.map->write_once ? (unsigned)ONCE_VARIANTS : (unsigned)NOR_VARIANTS);
}

enum sim_kind sim_flash_kind(const struct sim_flash *f, const struct sim_op *op, unsigned variant)
{
    if (op->is_erase)
        return variant >= ERASE_WEAK_ALL ? SIM_WEAKLY_ERASED : SIM_HALF_ERASED;
    if (variant <= op->len)
        return SIM_PREFIX;
    if (variant == op->len + 1)
        return SIM_BITS;
    return f->flash.map->write_once ? SIM_TORN_ECC : SIM_WEAKLY;
}

/* A byte of which some of the bits that were to fall have not fallen for good. */
static void tear_byte(struct sim_flash *f, uint32_t addr, uint8_t in, bool weakly, uint64_t *state)
{
    uint8_t *to = sim_flash_at(f, addr);
    uint8_t falls = (uint8_t)(*to & ~in);
    uint8_t weak = weakly ? falls & sim_noise(state) & sim_noise(state) : 0;

    *to &= (uint8_t) ~(falls & ~weak & sim_noise(state));
    sim_add_weak(f, addr, weak);
}

/* One of the bits that were to fall, in the whole unit; false if there is none. */
static bool pick_bit(const struct sim_flash *f, const struct sim_op *op, uint64_t *state, uint32_t *ret_at,
                     uint8_t *ret_bit)
{
    uint32_t start = sim_noise(state) % (op->len * 8);

    for (uint32_t i = 0; i < op->len * 8; i++) {
        uint32_t at = (start + i) % (op->len * 8);

        *ret_at = at / 8;
        *ret_bit = (uint8_t)(1u << at % 8);
        if ((*sim_flash_at(f, op->addr + *ret_at) & ~op->in[*ret_at] & *ret_bit) != 0)
            return true;
    }
    return false;
}

static void copy_prefix(struct sim_flash *f, const struct sim_op *op, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        *sim_flash_at(f, op->addr + i) &= op->in[i];
}

static void tear_once(struct sim_flash *f, const struct sim_op *op, unsigned how, uint64_t *state)
{
    if (how != ECC_BLANK)
        for (uint32_t i = 0; i < op->len; i++)
            tear_byte(f, op->addr + i, op->in[i], false, state);
    if (how == ECC_WHOLE)
        copy_prefix(f, op, op->len);
    if (how != ONCE_BITS)
        sim_add_ecc(f, op->addr, how == ECC_ALWAYS);
}

static void tear_nor(struct sim_flash *f, const struct sim_op *op, unsigned how, uint64_t *state)
{
    uint32_t at;
    uint8_t bit;

    if (how == WEAK_ONE || how == WEAK_LAST) {
        bool any = pick_bit(f, op, state, &at, &bit);

        if (how == WEAK_LAST)
            copy_prefix(f, op, op->len);
        if (!any)
            return;
        *sim_flash_at(f, op->addr + at) |= bit;
        sim_add_weak(f, op->addr + at, bit);
        return;
    }
    for (uint32_t i = 0; i < op->len; i++)
        tear_byte(f, op->addr + i, op->in[i], how == WEAK_RANDOM, state);
}

/* A few cells from `at` on, `step` apart, that an erase has not set for good. */
static void weak_cells(struct sim_flash *f, const struct sim_op *op, uint32_t at, uint32_t step,
                       uint64_t *state)
{
    for (uint32_t i = 0; i < 6; i++) {
        uint32_t addr = op->addr + (at + i * step) % op->len;

        if (f->flash.map->write_once && sim_find_ecc(f, addr / 32 * 32) == NULL)
            sim_add_ecc(f, addr, false);
        else if (!f->flash.map->write_once)
            sim_add_weak(f, addr, (uint8_t)(1u << sim_noise(state) % 8));
    }
}

static void tear_erase(struct sim_flash *f, const struct sim_op *op, enum erase_variant how, uint64_t *state)
{
    uint32_t unit = f->flash.map->program_unit;
    uint32_t part =
        ((sim_noise(state) * 256u + sim_noise(state)) * 17u % (op->len - 64u) + 32u) / unit * unit;
    uint8_t *to = sim_flash_at(f, op->addr);
    bool zeros = how == ERASE_ZEROS || how == ERASE_ZEROS_PART;
    bool whole = how == ERASE_ZEROS || how == ERASE_UNTOLD || how == ERASE_WEAK_ALL;
    uint32_t done = how == ERASE_NOT_BEGUN ? 0 : whole ? op->len : part;

    sim_firm(f, op->addr, done, NULL);
    memset(to, zeros ? 0x00 : 0xff, done);
    if (how == ERASE_RAGGED)
        for (uint32_t i = part; i < part + 32 && i < op->len; i++)
            to[i] |= sim_noise(state);
    if (how == ERASE_WEAK_ALL)
        weak_cells(f, op, sim_noise(state), op->len / 6, state);
    if (how == ERASE_WEAK_EDGE)
        weak_cells(f, op, part - 8, 3, state);
    if (sim_noise(state) % 2 == 0 && how == ERASE_WEAK_ALL) /* a header's place, above all */
        weak_cells(f, op, 0, 5, state);
}

void sim_flash_tear(struct sim_flash *f, const struct sim_op *op, unsigned variant, uint64_t seed)
{
    uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;

    (void)sim_noise(&state);
    if (op->is_erase)
        tear_erase(f, op, (enum erase_variant)variant, &state);
    else if (variant <= op->len)
        copy_prefix(f, op, variant);
    else if (f->flash.map->write_once)
        tear_once(f, op, variant - op->len - 1, &state);
    else
        tear_nor(f, op, variant - op->len - 1, &state);
}

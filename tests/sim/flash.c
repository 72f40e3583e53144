#include "flash.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

const char *const sim_kind_names[SIM_KINDS] = {"prefix",   "bits",     "weak",  "ecc",
                                               "half-era", "weak-era", "again", "dip"};

static struct sim_flash *self_of(struct otter_flash *flash)
{
    return OTTER_CONTAINER_OF(flash, struct sim_flash, flash);
}

uint8_t *sim_flash_at(const struct sim_flash *f, uint32_t addr)
{
    return f->mem + (addr - f->flash.map->base);
}

static uint8_t noise(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint8_t)(*state >> 56);
}

static bool inside(const struct otter_flash_map *map, uint32_t addr, uint32_t len)
{
    return addr >= map->base && addr - map->base <= map->size && len <= map->size - (addr - map->base);
}

static bool overlap(uint32_t a, uint32_t a_len, uint32_t b, uint32_t b_len)
{
    return a < b + b_len && b < a + a_len;
}

static void breaks(struct sim_flash *f, const char *rule)
{
    if (f->broken == NULL)
        f->broken = rule;
}

/* ---- what does not hold ---- */

static void add_weak(struct sim_flash *f, uint32_t addr, uint8_t bits)
{
    if (bits == 0)
        return;
    if (f->weak_count == SIM_WEAK)
        abort(); /* sized for two cuts */
    f->weak[f->weak_count++] = (struct sim_weak){addr, bits};
}

static void add_ecc(struct sim_flash *f, uint32_t addr, bool always)
{
    uint32_t unit = f->flash.map->program_unit;

    if (f->ecc_count == SIM_ECC)
        abort();
    f->ecc[f->ecc_count++] = (struct sim_ecc){addr / unit * unit, always};
}

static struct sim_ecc *find_ecc(struct sim_flash *f, uint32_t addr)
{
    for (unsigned i = 0; i < f->ecc_count; i++)
        if (f->ecc[i].addr == addr)
            return &f->ecc[i];
    return NULL;
}

bool sim_flash_is_firm(const struct sim_flash *f, uint32_t addr, uint32_t len)
{
    for (unsigned i = 0; i < f->weak_count; i++)
        if (overlap(f->weak[i].addr, 1, addr, len))
            return false;
    for (unsigned i = 0; i < f->ecc_count; i++)
        if (overlap(f->ecc[i].addr, f->flash.map->program_unit, addr, len))
            return false;
    return true;
}

/* The cells of a range hold again: all of an erase's (in NULL), of a program those that it drives to 0. */
static void firm(struct sim_flash *f, uint32_t addr, uint32_t len, const uint8_t *in)
{
    for (unsigned i = f->weak_count; i-- > 0;) {
        struct sim_weak *weak = &f->weak[i];

        if (!overlap(weak->addr, 1, addr, len))
            continue;
        weak->bits &= in != NULL ? in[weak->addr - addr] : 0;
        if (weak->bits == 0) {
            *weak = f->weak[--f->weak_count];
            f->weak[f->weak_count] =
                (struct sim_weak){0}; /* no trace in a state that is the same (known.c) */
        }
    }
    for (unsigned i = f->ecc_count; i-- > 0;)
        if (overlap(f->ecc[i].addr, 1, addr, len)) {
            f->ecc[i] = f->ecc[--f->ecc_count];
            f->ecc[f->ecc_count] = (struct sim_ecc){0};
        }
}

/* ---- the port ---- */

static enum otter_status sim_read(struct otter_flash *flash, uint32_t addr, void *buf, uint32_t len)
{
    struct sim_flash *f = self_of(flash);

    if (!inside(flash->map, addr, len)) {
        breaks(f, "a read outside the flash");
        return OTTER_IO_ERROR;
    }
    memcpy(buf, sim_flash_at(f, addr), len);
    for (unsigned i = 0; i < f->weak_count; i++)
        if (overlap(f->weak[i].addr, 1, addr, len))
            ((uint8_t *)buf)[f->weak[i].addr - addr] ^= f->weak[i].bits & noise(&f->noise);
    for (unsigned i = 0; i < f->ecc_count; i++)
        if (overlap(f->ecc[i].addr, flash->map->program_unit, addr, len) &&
            (f->ecc[i].always || (noise(&f->noise) & 1) != 0))
            return OTTER_IO_ERROR;
    return OTTER_OK;
}

/* Who may write where. */
static void judge_place(struct sim_flash *f, uint32_t addr, uint32_t len)
{
    const struct otter_flash_map *map = f->flash.map;
    bool journal = overlap(addr, len, map->journal_base, 2 * map->journal_half);
    bool slot = overlap(addr, len, map->slot[0].base, map->slot[0].size) ||
                overlap(addr, len, map->slot[1].base, map->slot[1].size);

    if (f->keep_size > 0 && overlap(addr, len, f->keep_base, f->keep_size))
        breaks(f, "the running slot was written to");
    else if (!journal && (f->booting || !slot))
        breaks(f, "a write outside the journal and the other slot");
}

/* One word that takes a program once. A torn one that happened to read blank may not hold what it is given.
 */
static void judge_word(struct sim_flash *f, const struct sim_op *op)
{
    const uint8_t *to = sim_flash_at(f, op->addr);
    struct sim_ecc *ecc = find_ecc(f, op->addr);

    if (ecc != NULL && ecc->always)
        breaks(f, "a write-once word whose ECC is wrong was programmed");
    for (uint32_t i = 0; i < op->len; i++)
        if (to[i] != 0xff) {
            breaks(f, "a write-once word was programmed twice");
            return;
        }
}

static void program_unit(struct sim_flash *f, const struct sim_op *op)
{
    bool once = f->flash.map->write_once;
    bool torn = once && !sim_flash_is_firm(f, op->addr, op->len);
    uint8_t *to = sim_flash_at(f, op->addr);

    if (once)
        judge_word(f, op);
    for (uint32_t i = 0; i < op->len; i++) {
        if ((op->in[i] & ~to[i]) != 0)
            breaks(f, "a bit that is 0 was programmed to 1");
        to[i] &= op->in[i];
    }
    firm(f, op->addr, op->len, op->in);
    if (torn && find_ecc(f, op->addr) == NULL && (noise(&f->noise) & 1) != 0)
        add_ecc(f, op->addr, true);
}

static enum otter_status sim_program(struct otter_flash *flash, uint32_t addr, const void *buf, uint32_t len)
{
    struct sim_flash *f = self_of(flash);
    uint32_t unit = flash->map->program_unit;

    if (!inside(flash->map, addr, len) || addr % unit != 0 || len % unit != 0 || len == 0) {
        breaks(f, "a program that is not aligned, or outside the flash");
        return OTTER_FLASH_ERROR;
    }
    judge_place(f, addr, len);
    for (uint32_t at = 0; at < len; at += unit) {
        struct sim_op op = {false, addr + at, unit, (const uint8_t *)buf + at};

        f->operations++;
        if (f->before == NULL || f->before(f, &op))
            program_unit(f, &op);
    }
    return OTTER_OK;
}

static enum otter_status sim_erase(struct otter_flash *flash, uint32_t addr)
{
    struct sim_flash *f = self_of(flash);
    struct sim_op op = {.is_erase = true, .addr = addr};

    if (otter_flash_sector(flash->map, addr, &op.len) != addr || op.len == 0) {
        breaks(f, "an erase of what is no sector");
        return OTTER_FLASH_ERROR;
    }
    judge_place(f, addr, op.len);
    f->operations++;
    if (f->before != NULL && !f->before(f, &op))
        return OTTER_OK;
    memset(sim_flash_at(f, addr), 0xff, op.len);
    firm(f, addr, op.len, NULL);
    f->erases[sim_sector_index(flash->map, addr)]++;
    return OTTER_OK;
}

void sim_flash_init(struct sim_flash *f, const struct otter_flash_map *map)
{
    memset(f, 0, sizeof(*f));
    f->flash.map = map;
    f->flash.read = sim_read;
    f->flash.program = sim_program;
    f->flash.erase = sim_erase;
    f->mem = malloc(map->size);
    if (f->mem == NULL)
        abort();
    memset(f->mem, 0xff, map->size);
}

void sim_flash_free(struct sim_flash *f)
{
    free(f->mem);
    f->mem = NULL;
}

/* ---- tearing ---- */

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
    uint8_t weak = weakly ? falls & noise(state) & noise(state) : 0;

    *to &= (uint8_t) ~(falls & ~weak & noise(state));
    add_weak(f, addr, weak);
}

/* One of the bits that were to fall, in the whole unit; false if there is none. */
static bool pick_bit(const struct sim_flash *f, const struct sim_op *op, uint64_t *state, uint32_t *ret_at,
                     uint8_t *ret_bit)
{
    uint32_t start = noise(state) % (op->len * 8);

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
        add_ecc(f, op->addr, how == ECC_ALWAYS);
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
        add_weak(f, op->addr + at, bit);
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

        if (f->flash.map->write_once && find_ecc(f, addr / 32 * 32) == NULL)
            add_ecc(f, addr, false);
        else if (!f->flash.map->write_once)
            add_weak(f, addr, (uint8_t)(1u << noise(state) % 8));
    }
}

static void tear_erase(struct sim_flash *f, const struct sim_op *op, enum erase_variant how, uint64_t *state)
{
    uint32_t unit = f->flash.map->program_unit;
    uint32_t part = ((noise(state) * 256u + noise(state)) * 17u % (op->len - 64u) + 32u) / unit * unit;
    uint8_t *to = sim_flash_at(f, op->addr);
    bool zeros = how == ERASE_ZEROS || how == ERASE_ZEROS_PART;
    bool whole = how == ERASE_ZEROS || how == ERASE_UNTOLD || how == ERASE_WEAK_ALL;
    uint32_t done = how == ERASE_NOT_BEGUN ? 0 : whole ? op->len : part;

    firm(f, op->addr, done, NULL);
    memset(to, zeros ? 0x00 : 0xff, done);
    if (how == ERASE_RAGGED)
        for (uint32_t i = part; i < part + 32 && i < op->len; i++)
            to[i] |= noise(state);
    if (how == ERASE_WEAK_ALL)
        weak_cells(f, op, noise(state), op->len / 6, state);
    if (how == ERASE_WEAK_EDGE)
        weak_cells(f, op, part - 8, 3, state);
    if (noise(state) % 2 == 0 && how == ERASE_WEAK_ALL) /* a header's place, above all */
        weak_cells(f, op, 0, 5, state);
}

void sim_flash_tear(struct sim_flash *f, const struct sim_op *op, unsigned variant, uint64_t seed)
{
    uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;

    (void)noise(&state);
    if (op->is_erase)
        tear_erase(f, op, (enum erase_variant)variant, &state);
    else if (variant <= op->len)
        copy_prefix(f, op, variant);
    else if (f->flash.map->write_once)
        tear_once(f, op, variant - op->len - 1, &state);
    else
        tear_nor(f, op, variant - op->len - 1, &state);
}

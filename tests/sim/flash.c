#include "cells.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

static struct sim_flash *self_of(struct otter_flash *flash)
{
    return OTTER_CONTAINER_OF(flash, struct sim_flash, flash);
}

uint8_t *sim_flash_at(const struct sim_flash *f, uint32_t addr)
{
    return f->mem + (addr - f->flash.map->base);
}

static bool inside(const struct otter_flash_map *map, uint32_t addr, uint32_t len)
{
    return addr >= map->base && addr - map->base <= map->size && len <= map->size - (addr - map->base);
}

static void breaks(struct sim_flash *f, const char *rule)
{
    if (f->broken == NULL)
        f->broken = rule;
}

static enum otter_status sim_read(struct otter_flash *flash, uint32_t addr, void *buf, uint32_t len)
{
    struct sim_flash *f = self_of(flash);

    if (!inside(flash->map, addr, len)) {
        breaks(f, "a read outside the flash");
        return OTTER_IO_ERROR;
    }
    memcpy(buf, sim_flash_at(f, addr), len);
    for (unsigned i = 0; i < f->weak_count; i++)
        if (sim_overlap(f->weak[i].addr, 1, addr, len))
            ((uint8_t *)buf)[f->weak[i].addr - addr] ^= f->weak[i].bits & sim_noise(&f->noise);
    for (unsigned i = 0; i < f->ecc_count; i++)
        if (sim_overlap(f->ecc[i].addr, flash->map->program_unit, addr, len) &&
            (f->ecc[i].always || (sim_noise(&f->noise) & 1) != 0))
            return OTTER_IO_ERROR;
    return OTTER_OK;
}

/* Who may write where. */
static void judge_place(struct sim_flash *f, uint32_t addr, uint32_t len)
{
    const struct otter_flash_map *map = f->flash.map;
    bool journal = sim_overlap(addr, len, map->journal_base, 2 * map->journal_half);
    bool slot = sim_overlap(addr, len, map->slot[0].base, map->slot[0].size) ||
                sim_overlap(addr, len, map->slot[1].base, map->slot[1].size);

    if (f->keep_size > 0 && sim_overlap(addr, len, f->keep_base, f->keep_size))
        breaks(f, "the running slot was written to");
    else if (!journal && (f->booting || !slot))
        breaks(f, "a write outside the journal and the other slot");
}

/* One word that takes a program once. A torn one that happened to read blank may not hold what it is given.
 */
static void judge_word(struct sim_flash *f, const struct sim_op *op)
{
    const uint8_t *to = sim_flash_at(f, op->addr);
    struct sim_ecc *ecc = sim_find_ecc(f, op->addr);

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
    sim_firm(f, op->addr, op->len, op->in);
    if (torn && sim_find_ecc(f, op->addr) == NULL && (sim_noise(&f->noise) & 1) != 0)
        sim_add_ecc(f, op->addr, true);
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
    sim_firm(f, addr, op.len, NULL);
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

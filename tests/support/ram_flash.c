#include "ram_flash.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

#define KB(n) ((uint32_t)(n)*1024u)

const struct otter_flash_map ram_flash_map_small = {
    .hardware = "ram-board",
    .program_unit = 4,
    .trailer_align = 4,
    .header_size = 0x200,
    .run_count = 1,
    .run = {{0x08000000u, 13, KB(16)}},
    .base = 0x08000000u,
    .size = KB(208),
    .journal_base = 0x08008000u,
    .journal_half = KB(16),
    .factory_base = 0x08010000u,
    .factory_size = KB(16),
    .slot = {{0x08014000u, KB(64), 1584}, {0x08024000u, KB(64), 1584}},
};

static struct ram_flash *self_of(struct otter_flash *flash)
{
    return OTTER_CONTAINER_OF(flash, struct ram_flash, flash);
}

static bool inside(const struct ram_flash *f, uint32_t addr, uint32_t len)
{
    const struct otter_flash_map *map = f->flash.map;

    return addr >= map->base && addr - map->base <= map->size && len <= map->size - (addr - map->base);
}

/* Index of the sector at addr over all runs. */
static uint32_t sector_index(const struct otter_flash_map *map, uint32_t addr)
{
    uint32_t index = 0;

    for (unsigned i = 0; i < map->run_count; i++) {
        const struct otter_flash_run *run = &map->run[i];

        if (addr >= run->base && addr - run->base < run->count * run->size)
            return index + (addr - run->base) / run->size;
        index += run->count;
    }
    return RAM_FLASH_SECTORS;
}

static bool may_go_on(struct ram_flash *f, uint32_t addr)
{
    if (f->fail_after == 0 || (addr >= f->bad_base && addr - f->bad_base < f->bad_size))
        return false;
    if (f->fail_after != UINT32_MAX)
        f->fail_after--;
    return true;
}

/* ---- power ---- */

static uint8_t random_byte(struct ram_flash *f)
{
    f->seed = f->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint8_t)(f->seed >> 56);
}

static void add_weak(struct ram_flash *f, uint32_t addr, uint8_t bits)
{
    if (bits != 0 && f->weak_count < RAM_FLASH_WEAK)
        f->weak[f->weak_count++] = (struct ram_flash_weak){addr, bits};
}

/* The cells of a range hold again: all of an erase's, of a program those that it drives to 0. */
static void firm(struct ram_flash *f, uint32_t addr, uint32_t len, const uint8_t *in)
{
    for (unsigned i = f->weak_count; i-- > 0;) {
        struct ram_flash_weak *weak = &f->weak[i];

        if (weak->addr < addr || weak->addr - addr >= len)
            continue;
        weak->bits &= in != NULL ? in[weak->addr - addr] : 0;
        if (weak->bits == 0)
            *weak = f->weak[--f->weak_count];
    }
}

/* Each bit that was to fall has fallen, or not, or not for good. */
static void tear_program(struct ram_flash *f, uint32_t addr, const uint8_t *in, uint32_t len)
{
    uint8_t *to = ram_flash_at(f, addr);

    for (uint32_t i = 0; i < len; i++) {
        uint8_t falls = (uint8_t)(to[i] & ~in[i]);
        uint8_t weak = falls & random_byte(f);

        add_weak(f, addr + i, weak);
        to[i] &= (uint8_t) ~(falls & ~weak & random_byte(f));
    }
}

/* Not begun, a part erased, all programmed to 0 beforehand in part, or erased but for weak cells. */
static void tear_erase(struct ram_flash *f, uint32_t addr, uint32_t size)
{
    uint8_t kind = random_byte(f) % 4;
    uint32_t part = (random_byte(f) * 256u + random_byte(f)) % size;

    if (kind != 0)
        memset(ram_flash_at(f, addr), kind == 2 ? 0x00 : 0xff, kind == 3 ? size : part);
    for (uint32_t i = 0; i < 32; i++)
        add_weak(f, addr + (part + i * (kind == 3 ? size / 32 : 1)) % size, random_byte(f));
}

static bool power_fails(struct ram_flash *f)
{
    f->operations++;
    f->power_off = f->operations == f->cut_at;
    return f->power_off;
}

void ram_flash_power_on(struct ram_flash *f)
{
    f->power_off = false;
    f->cut_at = 0;
}

static enum otter_status ram_read(struct otter_flash *flash, uint32_t addr, void *buf, uint32_t len)
{
    struct ram_flash *f = self_of(flash);

    if (!inside(f, addr, len)) {
        f->misuses++;
        return OTTER_IO_ERROR;
    }
    if (f->power_off)
        return OTTER_IO_ERROR;
    memcpy(buf, ram_flash_at(f, addr), len);
    for (unsigned i = 0; i < f->weak_count; i++)
        if (f->weak[i].addr >= addr && f->weak[i].addr - addr < len)
            ((uint8_t *)buf)[f->weak[i].addr - addr] ^= f->weak[i].bits & random_byte(f);
    return OTTER_OK;
}

static enum otter_status ram_program(struct otter_flash *flash, uint32_t addr, const void *buf, uint32_t len)
{
    struct ram_flash *f = self_of(flash);
    uint32_t unit = flash->map->program_unit;
    const uint8_t *in = buf;
    uint8_t *to;

    if (!inside(f, addr, len) || addr % unit != 0 || len % unit != 0 || len == 0) {
        f->misuses++;
        return OTTER_FLASH_ERROR;
    }
    if (f->power_off || !may_go_on(f, addr))
        return OTTER_FLASH_ERROR;
    to = ram_flash_at(f, addr);
    for (uint32_t i = 0; i < len; i++) {
        if (i % unit == 0 && power_fails(f)) {
            tear_program(f, addr + i, in + i, unit);
            return OTTER_FLASH_ERROR;
        }
        f->misuses += (in[i] & ~to[i]) != 0;
        to[i] &= in[i];
    }
    firm(f, addr, len, in);
    f->programs++;
    return OTTER_OK;
}

static enum otter_status ram_erase(struct otter_flash *flash, uint32_t addr)
{
    struct ram_flash *f = self_of(flash);
    uint32_t size;

    if (otter_flash_sector(flash->map, addr, &size) != addr || size == 0) {
        f->misuses++;
        return OTTER_FLASH_ERROR;
    }
    if (f->power_off || !may_go_on(f, addr))
        return OTTER_FLASH_ERROR;
    if (power_fails(f)) {
        tear_erase(f, addr, size);
        return OTTER_FLASH_ERROR;
    }
    memset(ram_flash_at(f, addr), 0xff, size);
    firm(f, addr, size, NULL);
    f->erases++;
    f->sector_erases[sector_index(flash->map, addr)]++;
    return OTTER_OK;
}

void ram_flash_init(struct ram_flash *f, const struct otter_flash_map *map)
{
    memset(f, 0, sizeof(*f));
    f->flash.map = map;
    f->flash.read = ram_read;
    f->flash.program = ram_program;
    f->flash.erase = ram_erase;
    f->fail_after = UINT32_MAX;
    f->mem = malloc(map->size);
    if (f->mem == NULL)
        abort();
    memset(f->mem, 0xff, map->size);
}

void ram_flash_free(struct ram_flash *f)
{
    free(f->mem);
    f->mem = NULL;
}

uint8_t *ram_flash_at(struct ram_flash *f, uint32_t addr)
{
    return f->mem + (addr - f->flash.map->base);
}

uint32_t ram_flash_erases_in(const struct ram_flash *f, uint32_t base, uint32_t size)
{
    uint32_t n = 0;
    uint32_t sector;

    for (uint32_t addr = base; addr - base < size; addr += sector) {
        if (otter_flash_sector(f->flash.map, addr, &sector) != addr || sector == 0)
            break;
        n += f->sector_erases[sector_index(f->flash.map, addr)];
    }
    return n;
}

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

static enum otter_status ram_read(struct otter_flash *flash, uint32_t addr, void *buf, uint32_t len)
{
    struct ram_flash *f = self_of(flash);

    if (!inside(f, addr, len)) {
        f->misuses++;
        return OTTER_IO_ERROR;
    }
    memcpy(buf, ram_flash_at(f, addr), len);
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
    if (!may_go_on(f, addr))
        return OTTER_FLASH_ERROR;
    to = ram_flash_at(f, addr);
    for (uint32_t i = 0; i < len; i++) {
        f->misuses += (in[i] & ~to[i]) != 0;
        to[i] &= in[i];
    }
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
    if (!may_go_on(f, addr))
        return OTTER_FLASH_ERROR;
    memset(ram_flash_at(f, addr), 0xff, size);
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

#include "geometry.h"

#include <stdlib.h>

static const struct otter_flash_map uniform_4k = {
    .hardware = "uniform-4k",
    .program_unit = 8,
    .trailer_align = 8,
    .header_size = 0x200,
    .run_count = 1,
    .run = {{0x10000000u, 64, 4096}},
    .base = 0x10000000u,
    .size = 64 * 4096,
    .journal_base = 0x10008000u,
    .journal_half = 4 * 4096,
    .factory_base = 0x10000000u,
    .factory_size = 8 * 4096,
    .slot = {{0x10010000u, 16 * 4096, 3104}, {0x10020000u, 16 * 4096, 3104}},
};

const struct otter_flash_map *const geometries[GEOMETRIES] = {&otter_map_nucleo_f429zi, &otter_map_h743,
                                                              &uniform_4k};

uint8_t *journal_copy(const struct otter_flash_file *f)
{
    uint32_t size = 2 * f->flash.map->journal_half;
    uint8_t *copy = malloc(size);

    if (copy == NULL || otter_flash_file_peek(f, f->flash.map->journal_base, copy, size) != 0)
        abort();
    return copy;
}

void journal_restore(struct otter_flash_file *f, const uint8_t *copy)
{
    if (otter_flash_file_load(f, f->flash.map->journal_base, copy, 2 * f->flash.map->journal_half) != 0)
        abort();
}

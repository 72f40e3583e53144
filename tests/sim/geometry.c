#include "geometry.h"

#include <stdlib.h>

#define KB(n)     ((uint32_t)(n)*1024u)
#define TRAILER4  1584u
#define TRAILER8  3104u
#define TRAILER32 12448u

/*
 * Sectors of 8 KB instead of 16, 64 and 128: 0-1 bootloader | 2-3, 4-5 journal | 6 factory | 7-10 slot A |
 * 11-14 slot B. Program unit, alignments and rules are the part's own.
 */
#define SCALED(name, unit, align, header, once, trailer)                                                     \
    {                                                                                                        \
        .hardware = (name), .program_unit = (unit), .trailer_align = (align), .header_size = (header),       \
        .write_once = (once), .run_count = 1, .run = {{0x08000000u, 15, KB(8)}}, .base = 0x08000000u,        \
        .size = KB(120), .journal_base = 0x08004000u, .journal_half = KB(16), .factory_base = 0x0800c000u,   \
        .factory_size = KB(8), .slot = {{0x0800e000u, KB(32), (trailer)}, {0x08016000u, KB(32), (trailer)}}, \
    }

static const struct otter_flash_map scaled_f429 = SCALED("f429-8k", 4, 4, 0x200, false, TRAILER4);
static const struct otter_flash_map scaled_h743 = SCALED("h743-8k", 32, 32, 0x400, true, TRAILER32);

/*
 * The F407 has one bank of unequal sectors, and slots of three of them: so here, the journal in single
 * sectors of 16 KB, slots of 8 KB ones whose last holds the image's end and the trailer.
 */
static const struct otter_flash_map scaled_f407 = {
    .hardware = "f407-8k",
    .program_unit = 4,
    .trailer_align = 4,
    .header_size = 0x200,
    .run_count = 2,
    .run = {{0x08000000u, 4, KB(16)}, {0x08010000u, 8, KB(8)}},
    .base = 0x08000000u,
    .size = KB(128),
    .journal_base = 0x08008000u,
    .journal_half = KB(16),
    .factory_base = 0x08010000u,
    .factory_size = KB(8),
    .slot = {{0x08012000u, KB(24), TRAILER4}, {0x08018000u, KB(24), TRAILER4}},
};

/* Sectors of 4 KB throughout, program unit 8, four sectors a half of the journal. */
#define UNIFORM(name, slot_size)                                                                             \
    {                                                                                                        \
        .hardware = (name), .program_unit = 8, .trailer_align = 8, .header_size = 0x200, .run_count = 1,     \
        .run = {{0x10000000u, (KB(80) + 2 * (slot_size)) / KB(4), KB(4)}}, .base = 0x10000000u,              \
        .size = KB(80) + 2 * (slot_size), .journal_base = 0x10008000u, .journal_half = KB(16),               \
        .factory_base = 0x10010000u, .factory_size = KB(8),                                                  \
        .slot = {{0x10014000u, (slot_size), TRAILER8}, {0x10014000u + (slot_size), (slot_size), TRAILER8}},  \
    }

static const struct otter_flash_map small_uniform = UNIFORM("uniform-4k-small", KB(16));
static const struct otter_flash_map whole_uniform = UNIFORM("uniform-4k", KB(448));

/* Two sectors and a bit: an image over three. */
#define OVER_THREE(sector) (2 * (sector) + KB(1))

const struct sim_geometry sim_geometries[SIM_GEOMETRIES] = {
    {"f429", &scaled_f429, OVER_THREE(KB(8)), 0},
    {"f407", &scaled_f407, OVER_THREE(KB(8)), 0},
    {"h743", &scaled_h743, OVER_THREE(KB(8)), 0},
    {"uniform-4k", &small_uniform, OVER_THREE(KB(4)), 0},
    {"f429-whole", &otter_map_nucleo_f429zi, OVER_THREE(KB(128)), 2000},
    {"f407-whole", &otter_map_f407, OVER_THREE(KB(128)), 2000},
    {"h743-whole", &otter_map_h743, OVER_THREE(KB(128)), 2300},
    {"uniform-4k-whole", &whole_uniform, KB(64), 2000},
};

unsigned sim_sector_index(const struct otter_flash_map *map, uint32_t addr)
{
    unsigned index = 0;

    for (unsigned i = 0; i < map->run_count; i++) {
        const struct otter_flash_run *run = &map->run[i];

        if (addr - run->base < run->count * run->size)
            return index + (addr - run->base) / run->size;
        index += run->count;
    }
    abort(); /* flash.c looks up first */
}

#include "port/flash.h"

#include "core/bytes.h"

#include <string.h>

#define KB(n)     ((uint32_t)(n)*1024u)
#define TRAILER4  1584u  /* otter_image_trailer_size(4): 128*3*4 + 4*8 + 16 */
#define TRAILER32 12448u /* otter_image_trailer_size(32): 128*3*32 + 4*32 + 32 */

_Static_assert(KB(896) - TRAILER4 == 915920u, "largest image file of an F429 slot (device.md)");

/*
 * 2 MB of F429, both banks alike (device.md's table).
 *   0-1  2 x 16K bootloader | 2-3 journal | 4 64K factory | 5-11 7 x 128K slot A | 12-16 spare | 17-23 slot B
 */
#define F429_MAP(name, at)                                                                                   \
    {                                                                                                        \
        .hardware = (name), .program_unit = 4, .trailer_align = 4, .header_size = 0x200,                     \
        .write_once = false, .run_count = 6,                                                                 \
        .run = {{(at), 4, KB(16)},                                                                           \
                {(at) + KB(64), 1, KB(64)},                                                                  \
                {(at) + KB(128), 7, KB(128)},                                                                \
                {(at) + KB(1024), 4, KB(16)},                                                                \
                {(at) + KB(1088), 1, KB(64)},                                                                \
                {(at) + KB(1152), 7, KB(128)}},                                                              \
        .base = (at), .size = KB(2048), .journal_base = (at) + KB(32), .journal_half = KB(16),               \
        .factory_base = (at) + KB(64), .factory_size = KB(64),                                               \
        .slot = {{(at) + KB(128), KB(896), TRAILER4}, {(at) + KB(1152), KB(896), TRAILER4}},                 \
    }

const struct otter_flash_map otter_map_nucleo_f429zi = F429_MAP("nucleo-f429zi", 0x08000000u);

/* QEMU's board: the same sectors in the file-backed memory at 0x21000000; boot code lies elsewhere (SSRAM).
 */
const struct otter_flash_map otter_map_mps2_an386 = F429_MAP("mps2-an386", 0x21000000u);

/*
 * 1 MB of F407, one bank: an erase stalls the CPU wherever it runs, so that a download pauses 1-2 s a sector.
 *   0-1 bootloader | 2-3 journal | 4 64K factory | 5-7 3 x 128K slot A | 8-10 slot B | 11 spare
 */
const struct otter_flash_map otter_map_f407 = {
    .hardware = "f407",
    .program_unit = 4,
    .trailer_align = 4,
    .header_size = 0x200,
    .run_count = 3,
    .run = {{0x08000000u, 4, KB(16)}, {0x08010000u, 1, KB(64)}, {0x08020000u, 7, KB(128)}},
    .base = 0x08000000u,
    .size = KB(1024),
    .journal_base = 0x08008000u,
    .journal_half = KB(16),
    .factory_base = 0x08010000u,
    .factory_size = KB(64),
    .slot = {{0x08020000u, KB(384), TRAILER4}, {0x08080000u, KB(384), TRAILER4}},
};

/*
 * 2 MB of H743, 16 sectors of 128K in two banks, 32-byte flash words with ECC: each is programmed once.
 *   0 bootloader | 1 factory | 2-7 slot A | 8-9 journal | 10-15 slot B
 * The journal lies in bank 2, so that turning it while slot A runs stalls nothing.
 */
const struct otter_flash_map otter_map_h743 = {
    .hardware = "h743",
    .program_unit = 32,
    .trailer_align = 32,
    .header_size = 0x400,
    .write_once = true,
    .run_count = 1,
    .run = {{0x08000000u, 16, KB(128)}},
    .base = 0x08000000u,
    .size = KB(2048),
    .journal_base = 0x08100000u,
    .journal_half = KB(128),
    .factory_base = 0x08020000u,
    .factory_size = KB(128),
    .slot = {{0x08040000u, KB(768), TRAILER32}, {0x08140000u, KB(768), TRAILER32}},
};

const struct otter_flash_map *otter_flash_map_find(const char *hardware)
{
    static const struct otter_flash_map *const all[] = {
        &otter_map_nucleo_f429zi,
        &otter_map_mps2_an386,
        &otter_map_f407,
        &otter_map_h743,
    };

    for (size_t i = 0; i < OTTER_ARRAY_LEN(all); i++)
        if (strcmp(all[i]->hardware, hardware) == 0)
            return all[i];
    return NULL;
}

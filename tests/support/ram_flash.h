/*
 * NOR flash in memory for tests: programming only clears bits, erasing sets a sector, everything else is an
 * error that the test sees. Counts what is done to it, and can refuse an operation.
 */
#ifndef OTTER_TESTS_RAM_FLASH_H
#define OTTER_TESTS_RAM_FLASH_H

#include "port/flash.h"

#define RAM_FLASH_SECTORS 64u

struct ram_flash {
    struct otter_flash flash;
    uint8_t *mem; /* map->size bytes from map->base */
    uint32_t erases, programs;
    uint32_t sector_erases[RAM_FLASH_SECTORS]; /* per sector of the map, rising */
    uint32_t misuses;    /* unaligned, outside, or a 0 bit programmed to 1: a defect of the caller */
    uint32_t bad_base, bad_size; /* erase and program fail here */
    uint32_t fail_after; /* operations (erase, program) that still succeed; UINT32_MAX = all */
};

/* Blank flash. The map must outlive it. */
void ram_flash_init(struct ram_flash *f, const struct otter_flash_map *map);
void ram_flash_free(struct ram_flash *f);
uint8_t *ram_flash_at(struct ram_flash *f, uint32_t addr);
/* Erases done within [base, base + size). */
uint32_t ram_flash_erases_in(const struct ram_flash *f, uint32_t base, uint32_t size);

/*
 * A small board for quick tests, "ram-board": sectors of 16K; 0-1 boot, 2-3 journal, 4 factory, 5-8 slot A,
 * 9-12 slot B.
 */
extern const struct otter_flash_map ram_flash_map_small;

#endif

/*
 * NOR flash in memory for tests: programming only clears bits, erasing sets a sector, everything else is an
 * error that the test sees. Counts what is done to it, can refuse an operation, and can lose its power in
 * one: the unit or sector at hand is torn then, and some of its cells stay weak: they read now as 0, now as
 * 1, until they are erased or programmed again.
 */
#ifndef OTTER_TESTS_RAM_FLASH_H
#define OTTER_TESTS_RAM_FLASH_H

#include "port/flash.h"

#define RAM_FLASH_SECTORS 64u
#define RAM_FLASH_WEAK    256u

/* Bits of one byte that read at random. */
struct ram_flash_weak {
    uint32_t addr;
    uint8_t bits;
};

struct ram_flash {
    struct otter_flash flash;
    uint8_t *mem; /* map->size bytes from map->base */
    uint32_t erases, programs;
    uint32_t sector_erases[RAM_FLASH_SECTORS]; /* per sector of the map, rising */
    uint32_t misuses;            /* unaligned, outside, or a 0 bit programmed to 1: a defect of the caller */
    uint32_t bad_base, bad_size; /* erase and program fail here */
    uint32_t fail_after;         /* operations (erase, program) that still succeed; UINT32_MAX = all */
    /* Power cuts. An operation is the program of a unit, or an erase. */
    uint64_t operations;
    uint64_t cut_at; /* the power fails in this operation, counted from 1; 0 = never */
    uint64_t seed;   /* how it tears, and how weak cells read */
    bool power_off;  /* until ram_flash_power_on; every access fails */
    unsigned weak_count;
    struct ram_flash_weak weak[RAM_FLASH_WEAK];
};

/* Blank flash. The map must outlive it. */
void ram_flash_init(struct ram_flash *f, const struct otter_flash_map *map);
void ram_flash_free(struct ram_flash *f);
uint8_t *ram_flash_at(struct ram_flash *f, uint32_t addr);
/* After a cut: contents stay as they are, weak cells weak. Clears cut_at. */
void ram_flash_power_on(struct ram_flash *f);
/* Erases done within [base, base + size). */
uint32_t ram_flash_erases_in(const struct ram_flash *f, uint32_t base, uint32_t size);

/*
 * A small board for quick tests, "ram-board": sectors of 16K; 0-1 boot, 2-3 journal, 4 factory, 5-8 slot A,
 * 9-12 slot B.
 */
extern const struct otter_flash_map ram_flash_map_small;

#endif

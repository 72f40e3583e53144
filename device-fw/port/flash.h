/*
 * Flash as the device code sees it: absolute addresses, sectors, a program unit. A board provides one struct
 * otter_flash embedded in its own (OTTER_CONTAINER_OF gets back). Not for interrupts; one user at a time.
 */
#ifndef OTTER_PORT_FLASH_H
#define OTTER_PORT_FLASH_H

#include "core/status.h"
#include "core/verify.h"

#include <stdint.h>

/* `count` sectors of `size` bytes from `base` on. */
struct otter_flash_run {
    uint32_t base;
    uint32_t count;
    uint32_t size;
};

#define OTTER_FLASH_RUNS 8u

struct otter_flash_map {
    const char *hardware;   /* "nucleo-f429zi": must equal the factory data's hardware */
    uint32_t program_unit;  /* bytes programmed at once; divides 32 */
    uint32_t trailer_align; /* MCUboot's write alignment for the trailer: 4, 8 or 32 */
    uint32_t header_size;   /* hdr_size of images for this board (VTOR alignment) */
    bool write_once;        /* a unit may be programmed once after an erase (H7 ECC) */
    uint8_t run_count;
    struct otter_flash_run run[OTTER_FLASH_RUNS]; /* all sectors, rising */
    uint32_t base, size;                          /* whole flash */
    uint32_t journal_base, journal_half;          /* two halves of journal_half bytes, whole sectors each */
    uint32_t factory_base, factory_size;
    struct otter_slot_layout slot[2];
};

/* nucleo-f429zi (device.md's table), the like at 0x21000000, and two more geometries for the simulator. */
extern const struct otter_flash_map otter_map_nucleo_f429zi;
extern const struct otter_flash_map otter_map_mps2_an386;
extern const struct otter_flash_map otter_map_f407;
extern const struct otter_flash_map otter_map_h743;

/* Finds a map by hardware name; NULL if there is none. */
const struct otter_flash_map *otter_flash_map_find(const char *hardware);

/* The sector that holds addr: its base, and *ret_size. 0 size if addr is outside the map. */
uint32_t otter_flash_sector(const struct otter_flash_map *map, uint32_t addr, uint32_t *ret_size);

/* Each returns OK or FLASH_ERROR (IO_ERROR for read); an error leaves the contents unknown. */
struct otter_flash {
    const struct otter_flash_map *map;
    enum otter_status (*read)(struct otter_flash *self, uint32_t addr, void *buf, uint32_t len);
    /* addr and len are multiples of program_unit, within one slot or region. Bits go from 1 to 0 only. */
    enum otter_status (*program)(struct otter_flash *self, uint32_t addr, const void *buf, uint32_t len);
    /* addr is a sector's base. The sector reads 0xff afterwards. Blocks for up to 2 s on an F4. */
    enum otter_status (*erase)(struct otter_flash *self, uint32_t addr);
};

/* A slot (less trailer) or any range of flash as an image source for core/image.h. */
struct otter_flash_source {
    struct otter_image_source source;
    struct otter_flash *flash;
    uint32_t base;
};
void otter_flash_source_init(struct otter_flash_source *s, struct otter_flash *flash, uint32_t base,
                             uint32_t size);

#endif

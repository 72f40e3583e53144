/*
 * NOR flash in a file, for otter-emu and tests: the geometry and the rules of a real part, and power cuts at
 * will. The bytes may lie elsewhere (flash_bytes.h): in a pool that many devices share, say.
 *
 * The file is as large as the map's flash and holds each byte INVERTED: erased flash (0xff) is 0x00 in the
 * file, so that a blank device is one hole, and an erase punches a hole. Byte at absolute address a: file
 * offset a - map->base. Copying the file copies the device.
 *
 * Rules, each broken one a FLASH_ERROR that changes nothing: program clears bits only; address and length are
 * multiples of map->program_unit; on a write_once map a unit must read erased before; erase takes a sector's
 * base; the factory region is write-protected (otter_flash_file_load fills it, as a programmer in the factory
 * does).
 *
 * Operations are counted: one for each program UNIT and one for each sector erase, from 1 on. With cut_at = K
 * the power fails in the midst of operation K: units before it are whole, unit K gets a random part of its
 * bits, a sector is half erased. From then on power_off is set and every operation fails (read IO_ERROR,
 * others FLASH_ERROR) until otter_flash_file_power_on. How something tears follows from `seed` and K alone,
 * so that a run can be repeated.
 *
 *   struct otter_flash_file f;
 *   int r = otter_flash_file_open(&f, "dev17.flash", &otter_map_nucleo_f429zi);   // creates it blank if
 * absent f.cut_at = 1234; f.seed = 17;
 *   ... run the bootloader and the updater over &f.flash until it wants a reset or f.power_off is true ...
 *   if (f.power_off) otter_flash_file_power_on(&f);   // and restart the device from the bootloader
 *
 * One thread at a time for each struct, and one struct at a time for each file.
 */
#ifndef OTTER_POSIX_FLASH_FILE_H
#define OTTER_POSIX_FLASH_FILE_H

#include "port/flash.h"
#include "ports/posix/flash_bytes.h"

struct otter_flash_file {
    struct otter_flash flash;        /* what device code gets: &file->flash */
    struct otter_flash_bytes *bytes; /* owned; NULL when closed */
    /* Set by the owner at any time. */
    uint64_t cut_at; /* operation to fail in; 0 = never. Compared with `operations` */
    uint64_t seed;   /* how it tears */
    /* Read by the owner. */
    uint64_t operations; /* done since open; goes on counting over power_on */
    uint64_t erases;     /* of these, sector erases */
    uint64_t programmed; /* bytes programmed */
    int error;      /* the host's first: a negative errno. Its disk is full, say; the device is off then */
    bool power_off; /* the cut has happened, or the host failed */
};

/* Blank or not, as the bytes are, which it takes over. `map` must outlive f; the bytes have its size. */
void otter_flash_file_init(struct otter_flash_file *f, struct otter_flash_bytes *bytes,
                           const struct otter_flash_map *map);

/*
 * Opens a device's flash, or makes a blank one if there is no such file. 0 or a negative errno; -EINVAL if
 * the file's size is not the map's. `map` must outlive f. The file is opened with O_CLOEXEC.
 */
int otter_flash_file_open(struct otter_flash_file *f, const char *path, const struct otter_flash_map *map);

/* The same over an anonymous file (memfd): for tests. */
int otter_flash_file_open_memory(struct otter_flash_file *f, const struct otter_flash_map *map);

/* The device will not be looked at for a while: a descriptor is closed, and opened again when it is used. */
void otter_flash_file_rest(struct otter_flash_file *f);

/* NULL-safe, and harmless when already closed. */
void otter_flash_file_close(struct otter_flash_file *f);

/* The device has power again: clears power_off and cut_at. Contents stay as the cut left them. */
void otter_flash_file_power_on(struct otter_flash_file *f);

/*
 * Writes bytes as they are, past all rules and uncounted: factory data, a first image, or damage for a test.
 * 0 or a negative errno (-ERANGE outside the map). Works while the power is off.
 */
int otter_flash_file_load(struct otter_flash_file *f, uint32_t addr, const void *buf, uint32_t len);

/* Reads past power_off: for otter-emu --inspect and tests. 0 or a negative errno. */
int otter_flash_file_peek(const struct otter_flash_file *f, uint32_t addr, void *buf, uint32_t len);

#endif

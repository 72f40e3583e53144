/*
 * Where the bytes of an emulated flash lie, all equal in size to its map's flash: a file of the device's own
 * (flash_file.h), or a share of a pool (flash_pool.h). Offsets count from the flash's base; the bytes are
 * inverted, so that erased flash is zeros. Torn writes, rules and counts are flash_file's, above this.
 */
#ifndef OTTER_POSIX_FLASH_BYTES_H
#define OTTER_POSIX_FLASH_BYTES_H

#include <stdint.h>

/* Ranges are within the size. read, write and zero: 0 or a negative errno, after which the range is unknown.
 */
struct otter_flash_bytes {
    int (*read)(struct otter_flash_bytes *self, uint32_t off, void *buf, uint32_t len);
    int (*write)(struct otter_flash_bytes *self, uint32_t off, const void *buf, uint32_t len);
    int (*zero)(struct otter_flash_bytes *self, uint32_t off, uint32_t len);
    /* Gives back what can be had again (a descriptor, a cached page); the next call has it again. */
    void (*rest)(struct otter_flash_bytes *self);
    /* Frees it. What a named file holds stays. */
    void (*close)(struct otter_flash_bytes *self);
};

/*
 * A file: made blank if there is none, or an empty one; -EINVAL if its size is another. Kept by name: `rest`
 * closes it.
 */
int otter_bytes_file_open(const char *path, uint32_t size, struct otter_flash_bytes **ret);

/* An anonymous file in memory (memfd). */
int otter_bytes_memory_open(uint32_t size, struct otter_flash_bytes **ret);

#endif

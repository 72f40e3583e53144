/*
 * The flashes of many devices in one file (blocks.h): what is equal in any of them is stored once, so that a
 * fleet that runs one image costs little more than one. Each device's flash is a share, blank at first; it
 * behaves as a file of its own does (flash_bytes.h), torn writes included.
 *
 *   struct otter_flash_pool *pool;
 *   struct otter_flash_bytes *bytes;
 *   int r = otter_flash_pool_open("/var/tmp", 4096, &pool);
 *   r = otter_flash_pool_share(pool, map->size, &bytes);
 *   otter_flash_file_init(&f, bytes, map);
 *
 * The file has no name and is gone with the process. One thread for a pool and all its shares.
 */
#ifndef OTTER_POSIX_FLASH_POOL_H
#define OTTER_POSIX_FLASH_POOL_H

#include "ports/posix/flash_bytes.h"

struct otter_flash_pool;

/* A file without a name in `dir`, of at most `megabytes` (> 0). 0 or a negative errno. */
int otter_flash_pool_open(const char *dir, uint32_t megabytes, struct otter_flash_pool **ret);

/* NULL-safe. All shares must be closed. */
void otter_flash_pool_close(struct otter_flash_pool *pool);

/*
 * A blank flash; size is a multiple of OTTER_BLOCK. It holds no room until it is written. Writing fails with
 * -ENOSPC when the pool is full, and what the flash held before stays.
 */
int otter_flash_pool_share(struct otter_flash_pool *pool, uint32_t size, struct otter_flash_bytes **ret);

struct otter_flash_pool_use {
    uint64_t bytes, bytes_max; /* stored now, and at most so far: what the file takes */
    uint64_t held;             /* as the shares see it: what they would take without each other */
    uint64_t limit;
};
void otter_flash_pool_use(const struct otter_flash_pool *pool, struct otter_flash_pool_use *ret);

#endif

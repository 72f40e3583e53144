/* Copies of whole files, durable, with what they hold. */
#ifndef OTTER_HOST_COPY_H
#define OTTER_HOST_COPY_H

#include "core/crypto.h"
#include "host/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Copies a regular file to a new name (an existing one is HOST_ERROR_EXISTS and stays) and syncs it; digest
 * and size are those of the bytes copied. After a failure nothing is left at `to`. The directory's entry is
 * durable only after host_dir_sync().
 */
bool host_file_copy(const struct otter_crypto *crypto, const char *from, const char *to, mode_t permissions,
                    struct otter_digest *ret_digest, uint64_t *ret_size, struct host_error *err);

/* Syncs what others have written into a file. */
bool host_file_sync(const char *path, struct host_error *err);

/* Makes the entry of `path` in its directory durable. */
bool host_parent_sync(const char *path, struct host_error *err);

/* True if there is no such directory, or nothing in it. False with *err: it holds something, or is none. */
bool host_dir_empty(const char *path, struct host_error *err);

/* Removes what is in a directory, however deep; the directory itself stays. Links are not followed. */
bool host_dir_clear(const char *path, struct host_error *err);

#endif

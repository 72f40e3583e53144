/* Whole files: bounded reading, atomic writing. Everything retries on EINTR and short counts. */
#ifndef OTTER_HOST_FILE_H
#define OTTER_HOST_FILE_H

#include "core/crypto.h"
#include "host/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Reads a whole file of at most max bytes. *ret_data is malloc'ed, the caller's, and has a NUL behind its
 * *ret_len bytes. A longer file is an error that names max. path "-" is standard input.
 */
bool host_file_read(const char *path, size_t max, char **ret_data, size_t *ret_len, struct host_error *err);

/*
 * The like of a secret: a file of the caller's own that group or others may read or write is refused, with
 * how to mend it. Pipes and files of other users are read as they are.
 */
bool host_file_read_private(const char *path, size_t max, char **ret_data, size_t *ret_len,
                            struct host_error *err);

enum host_file_mode {
    HOST_FILE_REPLACE, /* an existing file is replaced, in one step */
    HOST_FILE_NEW      /* an existing file is an error (HOST_ERROR_EXISTS) and stays as it was */
};

/*
 * Atomic and durable: temporary file in the same directory, fsync, rename (HOST_FILE_NEW: link), fsync of the
 * directory. Readers see the old or the new content; after a failure nothing is left behind. permissions:
 * 0600, 0644.
 */
bool host_file_write(const char *path, const void *data, size_t len, mode_t permissions,
                     enum host_file_mode mode, struct host_error *err);

/* mkdir -p: directories that exist are fine, another kind of file is an error. */
bool host_mkdir_p(const char *path, mode_t permissions, struct host_error *err);

/* Digest and size of a file, read in pieces. */
bool host_file_digest(const struct otter_crypto *crypto, const char *path, struct otter_digest *ret_digest,
                      uint64_t *ret_size, struct host_error *err);

/* Makes a rename or unlink in the directory `path` durable. */
bool host_dir_sync(const char *path, struct host_error *err);

/* All len bytes, at a position or at the descriptor's own. False with errno set; a read's early end is EIO.
 */
bool host_write_all(int fd, const void *data, size_t len);
bool host_pwrite_all(int fd, const void *data, size_t len, off_t at);
bool host_pread_all(int fd, void *data, size_t len, off_t at);

#endif

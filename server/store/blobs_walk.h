/* All blobs of a directory of blobs, held by files: for checks, backups and restores. */
#ifndef OTTER_STORE_BLOBS_WALK_H
#define OTTER_STORE_BLOBS_WALK_H

#include "core/crypto.h"
#include "host/error.h"

#include <limits.h>
#include <stdbool.h>

struct blobs_walker {
    /* path: the blob's file; hex: its name, the digest announced. False with *err ends the walk. */
    bool (*blob)(struct blobs_walker *self, const char *path, const char *hex, struct host_error *err);
};

/* In no order; files of other names are passed over. An absent directory has none. */
bool blobs_walk(const char *blobs_dir, struct blobs_walker *walker, struct host_error *err);

/* <blobs_dir>/aa/<hex>, and the directory it is in. */
void blobs_walk_place(const char *blobs_dir, const char *hex, char out[PATH_MAX]);
void blobs_walk_fan(const char *blobs_dir, const char *hex, char out[PATH_MAX]);

#endif

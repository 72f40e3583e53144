/*
 * backup.json: what a backup holds, written when all of it is durable. A directory without it is none.
 *
 *   {"format": 1, "otterd": "0.1.0", "schema": 3, "time": 1800000000,
 *    "files": [{"name": "otter.db", "size": 131072, "sha256": "..."}, ...],
 *    "blobs": {"count": 12, "bytes": 1234567}}
 */
#ifndef OTTER_SERVICE_BACKUP_NOTE_H
#define OTTER_SERVICE_BACKUP_NOTE_H

#include "core/crypto.h"
#include "host/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BACKUP_NOTE   "backup.json"
#define BACKUP_FORMAT 1u
#define BACKUP_DB     "otter.db"

/* Everything in a data directory but blobs. Those that are not needed may be absent. */
struct backup_part {
    const char *name;
    bool needed;
};
extern const struct backup_part backup_parts[];
extern const size_t backup_part_count;
#define BACKUP_PARTS_MAX 8u

struct backup_file {
    bool there;
    uint64_t size;
    struct otter_digest sha256;
};

struct backup_note {
    int64_t time;
    char version[32];
    unsigned schema;
    struct backup_file file[BACKUP_PARTS_MAX]; /* by the place in backup_parts */
    uint64_t blobs, blob_bytes;
};

bool backup_note_write(const char *dir, const struct backup_note *note, struct host_error *err);
/* *ret_newer: it is of a newer format than this program knows. */
bool backup_note_read(const char *dir, struct backup_note *ret, bool *ret_newer, struct host_error *err);

#endif

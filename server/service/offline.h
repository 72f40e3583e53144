/* What is done to data directories without serving them: a check, and putting back a backup. */
#ifndef OTTER_SERVICE_OFFLINE_H
#define OTTER_SERVICE_OFFLINE_H

#include "host/error.h"

#include <stdbool.h>
#include <stdint.h>

struct offline_listener {
    /* Something is wrong: a line for people. */
    void (*found)(struct offline_listener *self, const char *what);
};

struct offline_contents {
    unsigned schema;
    int64_t devices, releases, rollouts, attempts;
    uint64_t next_attempt;
    uint64_t blobs, blob_bytes;
};

/*
 * Reads the whole of a data directory, which a running otterd may be using: each page and reference of the
 * database, each blob's digest, whether every release has its blobs. Changes nothing. False with *ret_exit
 * (otterd's exit codes) and *err if it cannot be read; what is wrong in it goes to the listener, and
 * *ret_exit is 4 then, else 0.
 */
bool offline_check(const char *data_dir, struct offline_listener *listener, struct offline_contents *ret,
                   int *ret_exit, struct host_error *err);

struct offline_restored {
    struct offline_contents contents;
    int64_t time;     /* when the backup was made */
    char version[32]; /* of the otterd that made it */
};

/*
 * Makes a data directory, which must be absent or empty, from a backup, which is only read. False with
 * *ret_exit (2: not possible, 4: the backup is damaged, 5: made by a newer otterd) and *err; then the
 * directory is as it was.
 */
bool offline_restore(const char *backup_dir, const char *data_dir, struct offline_restored *ret,
                     int *ret_exit, struct host_error *err);

#endif

/*
 * A database that is looked at and not written to: is it whole, and what does it say that must be there? For
 * checks and backups. One that otterd is using meanwhile may be looked at, too.
 */
#ifndef OTTER_STORE_INSPECT_H
#define OTTER_STORE_INSPECT_H

#include "store/store.h"

struct store_inspector {
    /* Something is wrong: a line for people. */
    void (*found)(struct store_inspector *self, const char *what);
    /* A blob that a release needs and that has not been pruned: its manifest, or an image. */
    void (*needs)(struct store_inspector *self, const struct otter_digest *digest, bool manifest);
};

/* What there is, for reports. */
struct store_contents {
    unsigned schema;
    int64_t devices, releases, rollouts, attempts;
    uint64_t next_attempt; /* number of the next one granted */
};

/*
 * Reads every page (PRAGMA integrity_check), every reference between tables, and whether the attempts of each
 * rollout and phase are as many as the counts say. False with *ret_fault and *err when it cannot be read at
 * all; else what is wrong has been told to the inspector.
 */
bool store_sqlite_inspect(const char *path, struct store_inspector *inspector, struct store_contents *ret,
                          enum store_fault *ret_fault, struct host_error *err);

/*
 * For a database that is put back from a backup: no number that was given out after the backup comes again.
 * Attempts go on so much higher, and rollouts so much. And meta has this mark from then on.
 */
#define STORE_RAISE_ATTEMPTS (1u << 20)
#define STORE_RAISE_ROLLOUTS 1000u
bool store_sqlite_raise(const char *path, const char *mark, int64_t value, struct host_error *err);

#endif

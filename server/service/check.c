#include "service/offline.h"

#include "core/bytes.h"
#include "host/crypto.h"
#include "host/file.h"
#include "service/needed.h"
#include "store/blobs_walk.h"
#include "store/inspect.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct check {
    struct store_inspector inspector;
    struct blobs_walker walker;
    struct needed needed;
    struct offline_listener *listener;
    struct offline_contents *contents;
    char blobs_dir[PATH_MAX];
    uint64_t findings;
};

static void found(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void found(struct check *c, const char *fmt, ...)
{
    char line[PATH_MAX + 256];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    c->findings++;
    c->listener->found(c->listener, line);
}

static void found_in_database(struct store_inspector *self, const char *what)
{
    found(OTTER_CONTAINER_OF(self, struct check, inspector), "%s", what);
}

static void missing(struct needed *self, const char *what, const char *hex)
{
    found(OTTER_CONTAINER_OF(self, struct check, needed),
          "%s %s is missing, which a release needs: upload it again", what, hex);
}

static void needs_blob(struct store_inspector *self, const struct otter_digest *digest, bool manifest)
{
    needed_look(&OTTER_CONTAINER_OF(self, struct check, inspector)->needed, digest, manifest);
}

/* One that cannot be read is a finding, too: the others are looked at all the same. */
static bool check_blob(struct blobs_walker *self, const char *path, const char *hex, struct host_error *err)
{
    struct check *c = OTTER_CONTAINER_OF(self, struct check, walker);
    char have[OTTER_DIGEST_HEX + 1];
    struct otter_digest digest;
    struct host_error local = {0};
    uint64_t size = 0;

    (void)err;
    if (!host_file_digest(&otter_crypto_openssl, path, &digest, &size, &local)) {
        if (local.os_errno != ENOENT) /* a running otterd may have removed it */
            found(c, "blob %s: %s", hex, local.message);
        return true;
    }
    otter_hex_encode(digest.b, OTTER_DIGEST_LEN, have);
    if (strcmp(have, hex) != 0)
        found(c, "blob %s is damaged: its bytes are of %s", hex, have);
    c->contents->blobs++;
    c->contents->blob_bytes += size;
    return true;
}

bool offline_check(const char *data_dir, struct offline_listener *listener, struct offline_contents *ret,
                   int *ret_exit, struct host_error *err)
{
    struct check c = {.inspector = {.found = found_in_database, .needs = needs_blob},
                      .walker = {.blob = check_blob},
                      .needed = {.blobs_dir = c.blobs_dir, .missing = missing},
                      .listener = listener,
                      .contents = ret};
    enum store_fault fault = STORE_FAULT_OPEN;
    struct store_contents in = {0};
    char path[PATH_MAX];

    *ret = (struct offline_contents){0};
    *ret_exit = STORE_FAULT_OPEN;
    if (snprintf(c.blobs_dir, sizeof(c.blobs_dir), "%s/blobs", data_dir) >= PATH_MAX - 80)
        return host_fail(err, HOST_ERROR_FILE, "the data directory's name is too long");
    (void)snprintf(path, sizeof(path), "%.4000s/otter.db", data_dir);
    if (access(path, R_OK) != 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "%s cannot be read", path);
    if (!store_sqlite_inspect(path, &c.inspector, &in, &fault, err)) {
        *ret_exit = (int)fault;
        return false;
    }
    ret->schema = in.schema;
    ret->devices = in.devices;
    ret->releases = in.releases;
    ret->rollouts = in.rollouts;
    ret->attempts = in.attempts;
    ret->next_attempt = in.next_attempt;
    if (!blobs_walk(c.blobs_dir, &c.walker, err))
        return false;
    *ret_exit = c.findings ? STORE_FAULT_DAMAGED : STORE_FAULT_NONE;
    return true;
}

/*
 * A backup is put back into a new directory: everything is checked while it is copied, the database gets its
 * own name last, so that a restore that was cut short is never served.
 */
#include "service/offline.h"

#include "core/bytes.h"
#include "host/copy.h"
#include "host/crypto.h"
#include "host/file.h"
#include "service/audit.h"
#include "service/backup_note.h"
#include "service/needed.h"
#include "store/blobs_walk.h"
#include "store/inspect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_DB BACKUP_DB ".restoring"

struct restore {
    struct blobs_walker walker;
    struct store_inspector inspector;
    struct needed needed;
    const char *from, *to;
    struct backup_note note;
    uint64_t blobs, blob_bytes;
    char blobs_dir[PATH_MAX]; /* the new one */
    bool damaged;
    char finding[512]; /* the first */
};

static bool damaged(struct restore *r, struct host_error *err)
{
    r->damaged = true;
    return host_error_prefix(err, "the backup %s is damaged", r->from);
}

static void paths(const struct restore *r, const char *from_name, const char *to_name, char from[PATH_MAX],
                  char to[PATH_MAX])
{
    (void)snprintf(from, PATH_MAX, "%.4000s/%s", r->from, from_name);
    (void)snprintf(to, PATH_MAX, "%.4000s/%s", r->to, to_name);
}

static bool copy_part(struct restore *r, size_t i, struct host_error *err)
{
    const struct backup_file *file = &r->note.file[i];
    const char *name = backup_parts[i].name;
    char from[PATH_MAX], to[PATH_MAX];
    struct otter_digest digest;
    uint64_t size = 0;

    if (!file->there)
        return true;
    paths(r, name, strcmp(name, BACKUP_DB) == 0 ? PART_DB : name, from, to);
    if (access(from, F_OK) != 0)
        return (host_fail_errno(err, HOST_ERROR_FILE, "%s", from), damaged(r, err));
    if (!host_file_copy(&otter_crypto_openssl, from, to, strstr(name, ".pub") ? 0644 : 0600, &digest, &size,
                        err))
        return false;
    if (size == file->size && memcmp(digest.b, file->sha256.b, OTTER_DIGEST_LEN) == 0)
        return true;
    (void)host_fail(err, HOST_ERROR_FORMAT, "%s is not what was backed up", name);
    return damaged(r, err);
}

static bool copy_blob(struct blobs_walker *self, const char *path, const char *hex, struct host_error *err)
{
    struct restore *r = OTTER_CONTAINER_OF(self, struct restore, walker);
    char fan[PATH_MAX], to[PATH_MAX], have[OTTER_DIGEST_HEX + 1];
    struct otter_digest digest;
    uint64_t size = 0;

    blobs_walk_fan(r->blobs_dir, hex, fan);
    blobs_walk_place(r->blobs_dir, hex, to);
    if (mkdir(fan, 0700) != 0 && errno != EEXIST)
        return host_fail_errno(err, HOST_ERROR_FILE, "%s cannot be made", fan);
    if (!host_file_copy(&otter_crypto_openssl, path, to, 0600, &digest, &size, err) ||
        !host_dir_sync(fan, err))
        return false;
    otter_hex_encode(digest.b, OTTER_DIGEST_LEN, have);
    r->blobs++;
    r->blob_bytes += size;
    if (strcmp(have, hex) == 0)
        return true;
    (void)host_fail(err, HOST_ERROR_FORMAT, "the bytes of blob %s are of %s", hex, have);
    return damaged(r, err);
}

static bool copy_blobs(struct restore *r, struct host_error *err)
{
    char from[PATH_MAX];

    paths(r, "blobs", "blobs", from, r->blobs_dir);
    if (!host_mkdir_p(r->blobs_dir, 0700, err) || !blobs_walk(from, &r->walker, err) ||
        !host_dir_sync(r->blobs_dir, err))
        return false;
    if (r->blobs == r->note.blobs && r->blob_bytes == r->note.blob_bytes)
        return true;
    (void)host_fail(err, HOST_ERROR_FORMAT, "%llu blobs of %llu bytes are there, %llu of %llu were backed up",
                    (unsigned long long)r->blobs, (unsigned long long)r->blob_bytes,
                    (unsigned long long)r->note.blobs, (unsigned long long)r->note.blob_bytes);
    return damaged(r, err);
}

static void found_in_database(struct store_inspector *self, const char *what)
{
    struct restore *r = OTTER_CONTAINER_OF(self, struct restore, inspector);

    if (!r->finding[0])
        (void)snprintf(r->finding, sizeof(r->finding), "%s", what);
}

static void missing(struct needed *self, const char *what, const char *hex)
{
    struct restore *r = OTTER_CONTAINER_OF(self, struct restore, needed);

    if (!r->finding[0])
        (void)snprintf(r->finding, sizeof(r->finding), "%s %s is missing", what, hex);
}

static void needs_blob(struct store_inspector *self, const struct otter_digest *digest, bool manifest)
{
    needed_look(&OTTER_CONTAINER_OF(self, struct restore, inspector)->needed, digest, manifest);
}

static void report(const struct restore *r, const struct store_contents *in, struct offline_restored *ret)
{
    *ret = (struct offline_restored){
        .contents = {.schema = in->schema,
                     .devices = in->devices,
                     .releases = in->releases,
                     .rollouts = in->rollouts,
                     .attempts = in->attempts,
                     .next_attempt = in->next_attempt,
                     .blobs = r->blobs,
                     .blob_bytes = r->blob_bytes},
        .time = r->note.time,
    };
    memcpy(ret->version, r->note.version, sizeof(ret->version));
}

/* The copy is looked at, raised, and gets its name. */
static bool take_database(struct restore *r, struct offline_restored *ret, int *ret_exit,
                          struct host_error *err)
{
    enum store_fault fault = STORE_FAULT_OPEN;
    struct store_contents in = {0};
    char part[PATH_MAX], db[PATH_MAX];

    (void)snprintf(part, sizeof(part), "%.4000s/" PART_DB, r->to);
    (void)snprintf(db, sizeof(db), "%.4000s/" BACKUP_DB, r->to);
    if (!store_sqlite_inspect(part, &r->inspector, &in, &fault, err)) {
        *ret_exit = (int)fault;
        return false;
    }
    if (r->finding[0]) {
        (void)host_fail(err, HOST_ERROR_FORMAT, "%s", r->finding);
        return damaged(r, err);
    }
    if (!store_sqlite_raise(part, AUDIT_META_RESTORED, r->note.time, err) || !host_file_sync(part, err) ||
        !host_dir_sync(r->to, err))
        return false;
    if (rename(part, db) != 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "%s cannot be made", db);
    in.next_attempt += STORE_RAISE_ATTEMPTS;
    report(r, &in, ret);
    return host_dir_sync(r->to, err) && host_parent_sync(r->to, err);
}

static bool copy_all(struct restore *r, struct offline_restored *ret, int *ret_exit, struct host_error *err)
{
    for (size_t i = 0; i < backup_part_count; i++) /* the database is the first: it marks the directory */
        if (!copy_part(r, i, err))
            return false;
    return copy_blobs(r, err) && take_database(r, ret, ret_exit, err);
}

bool offline_restore(const char *backup_dir, const char *data_dir, struct offline_restored *ret,
                     int *ret_exit, struct host_error *err)
{
    struct restore r = {.walker = {.blob = copy_blob},
                        .inspector = {.found = found_in_database, .needs = needs_blob},
                        .needed = {.blobs_dir = r.blobs_dir, .missing = missing},
                        .from = backup_dir,
                        .to = data_dir};
    bool newer = false, made;

    *ret_exit = STORE_FAULT_OPEN;
    if (strlen(backup_dir) > PATH_MAX - 128 || strlen(data_dir) > PATH_MAX - 128)
        return host_fail(err, HOST_ERROR_FILE, "the directory's name is too long");
    if (!backup_note_read(backup_dir, &r.note, &newer, err)) {
        *ret_exit = newer                            ? STORE_FAULT_NEWER
                    : err->kind == HOST_ERROR_FORMAT ? STORE_FAULT_DAMAGED
                                                     : STORE_FAULT_OPEN;
        return false;
    }
    if (!host_dir_empty(data_dir, err))
        return host_error_prefix(err, "a backup is put back into a new directory");
    made = mkdir(data_dir, 0750) == 0;
    if (!made && errno != EEXIST)
        return host_fail_errno(err, HOST_ERROR_FILE, "%s cannot be made", data_dir);
    if (copy_all(&r, ret, ret_exit, err)) {
        *ret_exit = STORE_FAULT_NONE;
        return true;
    }
    if (r.damaged)
        *ret_exit = STORE_FAULT_DAMAGED;
    if (host_dir_clear(data_dir, NULL) && made)
        (void)rmdir(data_dir);
    return false;
}

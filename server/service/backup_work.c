#include "service/backup_work.h"

#include "core/bytes.h"
#include "host/copy.h"
#include "host/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum otter_status backup_error_status(const struct host_error *error)
{
    switch (error->os_errno) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return OTTER_STORE_FULL;
    case EMFILE:
    case ENFILE:
    case ECANCELED:
        return OTTER_TOO_BUSY;
    default:
        return OTTER_IO_ERROR;
    }
}

enum otter_status backup_work_status(const struct backup_work *w)
{
    return backup_error_status(&w->error);
}

static void path_in(const char *dir, const char *name, char out[PATH_MAX])
{
    (void)snprintf(out, PATH_MAX, "%.4000s/%s", dir, name);
}

/* By link where that is possible: a blob never changes. */
static bool link_or_copy(struct backup_work *w, const char *from, const char *to, const char *hex,
                         struct host_error *err)
{
    char have[OTTER_DIGEST_HEX + 1];
    struct otter_digest digest;
    uint64_t size;

    if (link(from, to) == 0) {
        w->linked++;
        return true;
    }
    if (errno != EXDEV && errno != EPERM && errno != EMLINK && errno != EOPNOTSUPP && errno != ENOSYS)
        return host_fail_errno(err, HOST_ERROR_FILE, "cannot link '%s'", to);
    if (!host_file_copy(&otter_crypto_openssl, from, to, 0600, &digest, &size, err))
        return false;
    otter_hex_encode(digest.b, OTTER_DIGEST_LEN, have);
    if (strcmp(have, hex) != 0)
        return host_fail(err, HOST_ERROR_FORMAT,
                         "blob %s of this server is damaged: upload it again, then back up", hex);
    w->copied++;
    return true;
}

static bool make_fan(const char *fan, struct host_error *err)
{
    return mkdir(fan, 0700) == 0 || errno == EEXIST ||
           host_fail_errno(err, HOST_ERROR_FILE, "cannot make '%s'", fan);
}

/* One that is there already is passed over: the walk is made more than once. */
static bool take_blob(struct blobs_walker *self, const char *path, const char *hex, struct host_error *err)
{
    struct backup_work *w = OTTER_CONTAINER_OF(self, struct backup_work, walker);
    char blobs[PATH_MAX], fan[PATH_MAX], to[PATH_MAX];
    uint8_t first = 0;
    struct stat st;

    if (atomic_load(w->stopping)) {
        errno = ECANCELED;
        return host_fail_errno(err, HOST_ERROR_CANCELLED, "otterd is stopping");
    }
    path_in(w->dir, "blobs", blobs);
    blobs_walk_place(blobs, hex, to);
    if (stat(to, &st) == 0)
        return true;
    blobs_walk_fan(blobs, hex, fan);
    if (lstat(path, &st) != 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "cannot read '%s'", path);
    if (!S_ISREG(st.st_mode))
        return true; /* no blob, whatever its name */
    if (!make_fan(fan, err) || !link_or_copy(w, path, to, hex, err))
        return false;
    (void)otter_hex_decode(hex, 2, &first, 1);
    w->fans[first] = 1;
    w->note.blobs++;
    w->note.blob_bytes += (uint64_t)st.st_size;
    return true;
}

static bool sync_fans(struct backup_work *w, struct host_error *err)
{
    char blobs[PATH_MAX], fan[PATH_MAX], hex[3];

    path_in(w->dir, "blobs", blobs);
    for (unsigned i = 0; i < sizeof(w->fans); i++) {
        if (!w->fans[i])
            continue;
        (void)snprintf(hex, sizeof(hex), "%02x", i & 0xff);
        blobs_walk_fan(blobs, hex, fan);
        if (!host_dir_sync(fan, err))
            return false;
        w->fans[i] = 0;
    }
    return host_dir_sync(blobs, err);
}

static bool take_blobs(struct backup_work *w, struct host_error *err)
{
    char from[PATH_MAX];

    path_in(w->data, "blobs", from);
    return blobs_walk(from, &w->walker, err) && sync_fans(w, err);
}

static bool take_parts(struct backup_work *w, struct host_error *err)
{
    for (size_t i = 0; i < backup_part_count; i++) {
        struct backup_file *file = &w->note.file[i];
        char from[PATH_MAX], to[PATH_MAX];

        if (strcmp(backup_parts[i].name, BACKUP_DB) == 0)
            continue; /* the writer's */
        path_in(w->data, backup_parts[i].name, from);
        path_in(w->dir, backup_parts[i].name, to);
        if (!backup_parts[i].needed && access(from, F_OK) != 0)
            continue;
        if (!host_file_copy(&otter_crypto_openssl, from, to, 0600, &file->sha256, &file->size, err))
            return false;
        file->there = true;
    }
    return true;
}

void *backup_work_gather(void *work)
{
    struct backup_work *w = work;
    char blobs[PATH_MAX];

    path_in(w->dir, "blobs", blobs);
    w->ok = host_mkdir_p(blobs, 0700, &w->error) && take_parts(w, &w->error) && take_blobs(w, &w->error);
    atomic_store(&w->finished, true);
    return NULL;
}

void *backup_work_again(void *work)
{
    struct backup_work *w = work;
    char db[PATH_MAX];

    path_in(w->dir, BACKUP_DB, db);
    w->ok = take_blobs(w, &w->error) && host_file_sync(db, &w->error);
    atomic_store(&w->finished, true);
    return NULL;
}

void *backup_work_clean(void *work)
{
    struct backup_work *w = work;

    (void)host_dir_clear(w->dir, NULL);
    if (w->made)
        (void)rmdir(w->dir);
    atomic_store(&w->finished, true);
    return NULL;
}

bool backup_work_finish(struct backup_work *w, int64_t now)
{
    struct backup_file *db = &w->note.file[0];
    struct host_error *err = &w->error;
    char path[PATH_MAX];

    path_in(w->dir, BACKUP_DB, path);
    if (!take_blobs(w, err) || !host_file_sync(path, err) ||
        !host_file_digest(&otter_crypto_openssl, path, &db->sha256, &db->size, err))
        return false;
    db->there = true;
    w->note.time = now;
    w->note.schema = store_schema_version();
    (void)snprintf(w->note.version, sizeof(w->note.version), "%s", OTTER_VERSION);
    return host_dir_sync(w->dir, err) && backup_note_write(w->dir, &w->note, err) &&
           host_parent_sync(w->dir, err);
}

void backup_work_init(struct backup_work *w, struct svc *svc, const char *dir)
{
    w->walker.blob = take_blob;
    w->stopping = &svc->stopping;
    (void)snprintf(w->dir, sizeof(w->dir), "%s", dir);
    (void)snprintf(w->data, sizeof(w->data), "%s", svc->dir);
}

struct estimate {
    struct blobs_walker walker;
    struct backup_work *work;
};

static bool count_blob(struct blobs_walker *self, const char *path, const char *hex, struct host_error *err)
{
    struct backup_work *w = OTTER_CONTAINER_OF(self, struct estimate, walker)->work;
    struct stat st;

    (void)hex;
    (void)err;
    if (stat(path, &st) != 0)
        return true;
    w->note.blobs++;
    w->note.blob_bytes += (uint64_t)st.st_size;
    return true;
}

void backup_work_estimate(struct svc *svc, struct backup_work *w)
{
    struct estimate e = {.walker.blob = count_blob, .work = w};
    char path[PATH_MAX];
    struct stat st;

    path_in(svc->dir, "blobs", path);
    (void)blobs_walk(path, &e.walker, NULL);
    path_in(svc->dir, BACKUP_DB, path);
    if (stat(path, &st) == 0)
        w->note.file[0].size = (uint64_t)st.st_size;
    path_in(svc->dir, BACKUP_DB "-wal",
            path); /* what is not in the file yet; some of it may be twice there */
    if (stat(path, &st) == 0)
        w->note.file[0].size += (uint64_t)st.st_size;
}

/* Resumable uploads: tmp/<sha256>.<size> grows until it has size bytes, then it is checked and renamed into
 * place. */
#include "store/blobs_internal.h"

#include "core/bytes.h"
#include "host/cleanup.h"
#include "host/clock.h"
#include "host/crypto.h"
#include "host/file.h"
#include "host/strict.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UPLOAD_KEPT_S ((int64_t)7 * 86400)

static void tmp_path(const struct blobs_file *b, const struct upload *u, char out[BLOBS_PATH_MAX])
{
    char hex[OTTER_DIGEST_HEX + 1];

    otter_hex_encode(u->digest.b, OTTER_DIGEST_LEN, hex);
    (void)snprintf(out, BLOBS_PATH_MAX, "%s/%s.%llu", b->tmp_dir, hex, (unsigned long long)u->size);
}

static struct upload *find(struct blobs_file *b, const struct otter_digest *digest)
{
    for (struct upload *u = b->uploads; u; u = u->next)
        if (memcmp(u->digest.b, digest->b, OTTER_DIGEST_LEN) == 0)
            return u;
    return NULL;
}

static void drop(struct blobs_file *b, struct upload *gone)
{
    struct upload **at = &b->uploads;

    while (*at && *at != gone)
        at = &(*at)->next;
    if (*at)
        *at = gone->next;
    free(gone);
}

/* "<64 hex>.<size>" */
static bool parse_name(const char *name, struct upload *u)
{
    return strlen(name) > OTTER_DIGEST_HEX + 1 && name[OTTER_DIGEST_HEX] == '.' &&
           otter_hex_decode(name, OTTER_DIGEST_HEX, u->digest.b, OTTER_DIGEST_LEN) &&
           otter_parse_uint(name + OTTER_DIGEST_HEX + 1, strlen(name + OTTER_DIGEST_HEX + 1), OTTER_INT_MAX,
                            &u->size);
}

/*
 * Where an upload goes on that was left with `length` bytes in its file. Never at its end: whoever brings the
 * last byte has the upload checked, so that one whose check was cut short (a crash, a full disk) must bring
 * that byte once more. Sizes are at least 1.
 */
static uint64_t resume_at(const struct upload *u, uint64_t length)
{
    return length < u->size ? length : u->size - 1;
}

/* A file of a former run has the wall clock's time only; of one from the future nothing is known. */
static int64_t touched_at(int64_t mtime)
{
    int64_t age = host_clock_wall() - mtime;

    return (int64_t)host_clock_mono_ms() - (age > 0 ? age : 0) * 1000;
}

static void load_one(struct blobs_file *b, DIR *dir, const char *name)
{
    struct upload found = {0}, *u;
    struct stat st;

    if (!parse_name(name, &found) || fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode) || found.size == 0 || (uint64_t)st.st_size > found.size ||
        find(b, &found.digest)) {
        (void)unlinkat(dirfd(dir), name, 0);
        return;
    }
    u = malloc(sizeof(*u));
    if (!u)
        return;
    *u = found;
    u->offset = resume_at(u, (uint64_t)st.st_size);
    u->touched_ms = touched_at(st.st_mtime);
    u->next = b->uploads;
    b->uploads = u;
}

bool blobs_uploads_load(struct blobs_file *b, struct host_error *err)
{
    DIR *dir = opendir(b->tmp_dir);
    const struct dirent *entry;

    if (!dir)
        return host_fail_errno(err, HOST_ERROR_FILE, "%s cannot be read", b->tmp_dir);
    while ((entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            load_one(b, dir, entry->d_name);
    (void)closedir(dir);
    return true;
}

void blobs_uploads_free(struct blobs_file *b)
{
    while (b->uploads)
        drop(b, b->uploads);
}

/* Takes the upload's bytes away, too. The lock is held, and nobody is at it. */
static void give_up(struct blobs_file *b, struct upload *u)
{
    char path[BLOBS_PATH_MAX];

    tmp_path(b, u, path);
    (void)unlink(path);
    drop(b, u);
}

/* Uploads that nobody has sent a byte to for so long are not coming back: they would fill the disk for ever.
 */
static void give_up_old(struct blobs_file *b)
{
    int64_t oldest = (int64_t)host_clock_mono_ms() - UPLOAD_KEPT_S * 1000;

    for (struct upload *u = b->uploads, *next; u; u = next) {
        next = u->next;
        if (!u->busy && u->touched_ms < oldest)
            give_up(b, u);
    }
}

static enum otter_status begin_new(struct blobs_file *b, const struct otter_digest *digest, uint64_t size)
{
    struct upload *u = calloc(1, sizeof(*u));
    char path[BLOBS_PATH_MAX];
    auto_close int fd = -1;

    if (!u)
        return OTTER_TOO_BUSY;
    u->digest = *digest;
    u->size = size;
    u->touched_ms = (int64_t)host_clock_mono_ms();
    tmp_path(b, u, path);
    fd = host_open_strict(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) {
        int error = errno;

        free(u);
        return blobs_errno_status(error);
    }
    u->next = b->uploads;
    b->uploads = u;
    return OTTER_OK;
}

static enum otter_status op_begin(struct blobs *self, const struct otter_digest *digest, uint64_t size,
                                  uint64_t *ret_offset)
{
    struct blobs_file *b = blobs_file_of(self);
    enum otter_status status = OTTER_OK;
    struct upload *u;

    (void)pthread_mutex_lock(&b->lock);
    give_up_old(b);
    u = find(b, digest);
    if (u && u->size != size && u->offset == 0 && !u->busy) {
        give_up(b, u); /* announced wrongly, and nothing is lost */
        u = NULL;
    }
    if (u && u->size != size) {
        status = OTTER_CONFLICT;
    } else if (u) {
        *ret_offset = u->offset;
    } else {
        status = begin_new(b, digest, size);
        if (status == OTTER_OK)
            *ret_offset = 0;
    }
    (void)pthread_mutex_unlock(&b->lock);
    return status;
}

static enum otter_status op_stat(struct blobs *self, const struct otter_digest *digest, uint64_t *ret_offset,
                                 uint64_t *ret_size)
{
    struct blobs_file *b = blobs_file_of(self);
    const struct upload *u;

    (void)pthread_mutex_lock(&b->lock);
    u = find(b, digest);
    if (u) {
        *ret_offset = u->offset;
        *ret_size = u->size;
    }
    (void)pthread_mutex_unlock(&b->lock);
    return u ? OTTER_OK : OTTER_NOT_FOUND;
}

/* Takes the upload for this thread alone; *ret stays valid until give_back or take_away. */
static enum otter_status take(struct blobs_file *b, const struct otter_digest *digest, uint64_t offset,
                              size_t len, struct upload **ret)
{
    enum otter_status status = OTTER_OK;
    struct upload *u;

    (void)pthread_mutex_lock(&b->lock);
    u = find(b, digest);
    if (!u) {
        status = OTTER_NOT_FOUND;
    } else if (u->busy || u->offset != offset) {
        status = OTTER_OFFSET_MISMATCH;
    } else if (len > u->size - u->offset) {
        status = OTTER_BODY_TOO_LARGE;
    } else {
        u->busy = true;
        *ret = u;
    }
    (void)pthread_mutex_unlock(&b->lock);
    return status;
}

static void give_back(struct blobs_file *b, struct upload *u, uint64_t offset)
{
    (void)pthread_mutex_lock(&b->lock);
    u->offset = offset;
    u->touched_ms = (int64_t)host_clock_mono_ms();
    u->busy = false;
    (void)pthread_mutex_unlock(&b->lock);
}

static void take_away(struct blobs_file *b, struct upload *u)
{
    (void)pthread_mutex_lock(&b->lock);
    drop(b, u);
    (void)pthread_mutex_unlock(&b->lock);
}

/* What a failed write left behind counts as received, as after a crash: the file's length is the truth. */
static enum otter_status op_append(struct blobs *self, const struct otter_digest *digest, uint64_t offset,
                                   const void *data, size_t len)
{
    struct blobs_file *b = blobs_file_of(self);
    enum otter_status status;
    char path[BLOBS_PATH_MAX];
    auto_close int fd = -1;
    struct upload *u = NULL;
    struct stat st;

    status = take(b, digest, offset, len, &u);
    if (status != OTTER_OK)
        return status;
    tmp_path(b, u, path);
    fd = host_open_strict(path, O_WRONLY, 0);
    if (fd < 0 || !host_pwrite_all(fd, data, len, (off_t)offset)) {
        status = blobs_errno_status(errno);
        give_back(b, u, resume_at(u, fd >= 0 && fstat(fd, &st) == 0 ? (uint64_t)st.st_size : offset));
        return status;
    }
    give_back(b, u, offset + len);
    return OTTER_OK;
}

/* fsync the bytes, rename, fsync the directory: after that, and only then, the blob is held. */
static enum otter_status into_place(struct blobs_file *b, const struct upload *u, const char *from,
                                    struct host_error *err)
{
    char fan[BLOBS_PATH_MAX], to[BLOBS_PATH_MAX];
    auto_close int fd = host_open_strict(from, O_RDONLY, 0);
    struct host_error local = {0};
    int error;

    blobs_file_path(b, &u->digest, to);
    if (fd >= 0 && fsync(fd) == 0 && blobs_file_fan(b, &u->digest, fan, &local) && rename(from, to) == 0 &&
        host_dir_sync(fan, &local))
        return OTTER_OK;
    error = local.os_errno ? local.os_errno : errno;
    (void)host_fail(err, HOST_ERROR_FILE, "the upload could not be put in place: %s", strerror(error));
    return blobs_errno_status(error);
}

static enum otter_status check(const struct upload *u, const char *path, struct host_error *err)
{
    struct otter_digest digest;
    char want[OTTER_DIGEST_HEX + 1], have[OTTER_DIGEST_HEX + 1];
    uint64_t size;

    if (!host_file_digest(&otter_crypto_openssl, path, &digest, &size, err))
        return blobs_errno_status(err ? err->os_errno : 0);
    if (size == u->size && memcmp(digest.b, u->digest.b, OTTER_DIGEST_LEN) == 0)
        return OTTER_OK;
    otter_hex_encode(u->digest.b, OTTER_DIGEST_LEN, want);
    otter_hex_encode(digest.b, OTTER_DIGEST_LEN, have);
    (void)host_fail(err, HOST_ERROR_FORMAT, "announced as %s, the bytes received are %s: upload it again",
                    want, have);
    return OTTER_DIGEST_MISMATCH;
}

static enum otter_status op_finish(struct blobs *self, const struct otter_digest *digest,
                                   struct host_error *err)
{
    struct blobs_file *b = blobs_file_of(self);
    enum otter_status status;
    char path[BLOBS_PATH_MAX];
    uint64_t offset = 0, size = 0;
    struct upload *u = NULL;

    status = op_stat(self, digest, &offset, &size);
    if (status == OTTER_OK && offset != size)
        status = OTTER_OFFSET_MISMATCH;
    if (status == OTTER_OK)
        status = take(b, digest, size, 0, &u);
    if (status != OTTER_OK) {
        (void)host_fail(err, HOST_ERROR_FORMAT, "%s", otter_status_meaning(status));
        return status;
    }
    tmp_path(b, u, path);
    status = check(u, path, err);
    if (status == OTTER_OK) {
        (void)pthread_mutex_lock(&b->place);
        status = into_place(b, u, path, err);
        (void)pthread_mutex_unlock(&b->place);
    }
    if (status == OTTER_DIGEST_MISMATCH)
        (void)unlink(path);
    if (status == OTTER_OK || status == OTTER_DIGEST_MISMATCH)
        take_away(b, u);
    else
        give_back(b, u, resume_at(u, size));
    return status;
}

static void op_hold(struct blobs *self)
{
    (void)pthread_mutex_lock(&blobs_file_of(self)->place);
}

static void op_let_go(struct blobs *self)
{
    (void)pthread_mutex_unlock(&blobs_file_of(self)->place);
}

static unsigned op_give_up(struct blobs *self, int64_t before, bool dry_run)
{
    struct blobs_file *b = blobs_file_of(self);
    char path[BLOBS_PATH_MAX];
    unsigned n = 0;
    struct stat st;

    (void)pthread_mutex_lock(&b->lock);
    for (struct upload *u = b->uploads, *next; u; u = next) {
        next = u->next;
        tmp_path(b, u, path);
        if (u->busy || stat(path, &st) != 0 || st.st_mtime > before)
            continue;
        n++;
        if (!dry_run)
            give_up(b, u);
    }
    (void)pthread_mutex_unlock(&b->lock);
    return n;
}

void blobs_upload_ops(struct blobs_ops *ops)
{
    ops->give_up = op_give_up;
    ops->hold = op_hold;
    ops->let_go = op_let_go;
    ops->begin = op_begin;
    ops->stat = op_stat;
    ops->append = op_append;
    ops->finish = op_finish;
}

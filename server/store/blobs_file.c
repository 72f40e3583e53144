#include "store/blobs_internal.h"

#include "core/bytes.h"
#include "host/cleanup.h"
#include "host/clock.h"
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

struct blobs_file *blobs_file_of(struct blobs *blobs)
{
    return OTTER_CONTAINER_OF(blobs, struct blobs_file, base);
}

enum otter_status blobs_errno_status(int error)
{
    if (error == ENOSPC || error == EDQUOT || error == EFBIG)
        return OTTER_STORE_FULL;
    return error == EMFILE || error == ENFILE ? OTTER_TOO_BUSY : OTTER_IO_ERROR;
}

void blobs_file_path(const struct blobs_file *b, const struct otter_digest *digest, char out[BLOBS_PATH_MAX])
{
    char hex[OTTER_DIGEST_HEX + 1];

    otter_hex_encode(digest->b, OTTER_DIGEST_LEN, hex);
    (void)snprintf(out, BLOBS_PATH_MAX, "%s/%.2s/%s", b->blobs_dir, hex, hex);
}

bool blobs_file_fan(const struct blobs_file *b, const struct otter_digest *digest, char out[BLOBS_PATH_MAX],
                    struct host_error *err)
{
    (void)snprintf(out, BLOBS_PATH_MAX, "%s/%02x", b->blobs_dir, digest->b[0]);
    if (mkdir(out, 0700) == 0)
        return host_dir_sync(b->blobs_dir, err);
    return (errno == EEXIST && host_is_folder(out)) ||
           host_fail_errno(err, HOST_ERROR_FILE, "%s cannot be made", out);
}

static int op_open(struct blobs *self, const struct otter_digest *digest, uint64_t *ret_size)
{
    char path[BLOBS_PATH_MAX];
    auto_close int fd = -1;
    struct stat st;

    blobs_file_path(blobs_file_of(self), digest, path);
    fd = host_open_strict(path, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return -1;
    *ret_size = (uint64_t)st.st_size;
    return host_steal_fd(&fd);
}

static struct host_mapped *op_map(struct blobs *self, const struct otter_digest *digest)
{
    struct blobs_file *b = blobs_file_of(self);
    char path[BLOBS_PATH_MAX];

    blobs_file_path(b, digest, path);
    return blobs_maps_get(&b->maps, digest, path, host_clock_mono_ms());
}

static void op_rest(struct blobs *self)
{
    blobs_maps_rest(&blobs_file_of(self)->maps, host_clock_mono_ms());
}

/* Of a blob's path; by no descriptor, of which there may be none left. */
static bool fan_is_folder(const char *path)
{
    char fan[BLOBS_PATH_MAX];
    struct stat st;

    (void)snprintf(fan, sizeof(fan), "%.*s", (int)(strlen(path) - OTTER_DIGEST_HEX - 1), path);
    if (lstat(fan, &st) != 0)
        return false;
    errno = ENOTDIR; /* counts where it is none */
    return S_ISDIR(st.st_mode);
}

static bool op_held(struct blobs *self, const struct otter_digest *digest, uint64_t *ret_size)
{
    char path[BLOBS_PATH_MAX];
    struct stat st;

    blobs_file_path(blobs_file_of(self), digest, path);
    if (!fan_is_folder(path) || lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    *ret_size = (uint64_t)st.st_size;
    return true;
}

static enum otter_status op_put(struct blobs *self, const struct otter_digest *digest, const void *data,
                                size_t len, struct host_error *err)
{
    struct blobs_file *b = blobs_file_of(self);
    char path[BLOBS_PATH_MAX];
    struct host_error local = {0};
    uint64_t size;

    if (op_held(self, digest, &size))
        return OTTER_OK;
    if (!blobs_file_fan(b, digest, path, &local)) {
        if (err)
            *err = local;
        return blobs_errno_status(local.os_errno);
    }
    blobs_file_path(b, digest, path);
    if (host_file_write(path, data, len, 0600, HOST_FILE_REPLACE, &local))
        return OTTER_OK;
    if (err)
        *err = local;
    return blobs_errno_status(local.os_errno);
}

static enum otter_status op_remove(struct blobs *self, const struct otter_digest *digest)
{
    char path[BLOBS_PATH_MAX];

    blobs_file_path(blobs_file_of(self), digest, path);
    blobs_maps_remove(&blobs_file_of(self)->maps, digest); /* or its bytes would stay on the disk */
    if (!fan_is_folder(path)) /* a link: what is behind it is not ours to remove */
        return errno == ENOENT ? OTTER_OK : OTTER_IO_ERROR;
    return unlink(path) == 0 || errno == ENOENT ? OTTER_OK : OTTER_IO_ERROR;
}

/* False ends the listing. Other names are not ours: they stay, and are no blobs. */
static bool list_one(DIR *dir, const char *name, struct blobs_visitor *visitor)
{
    struct blobs_entry blob;
    struct stat st;

    if (!otter_hex_decode(name, strlen(name), blob.digest.b, OTTER_DIGEST_LEN) ||
        fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
        return true;
    blob.size = (uint64_t)st.st_size;
    blob.written = st.st_mtime;
    return visitor->blob(visitor, &blob);
}

static bool list_fan(const char *path, struct blobs_visitor *visitor)
{
    int fd = host_open_strict(path, O_RDONLY | O_DIRECTORY, 0);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    bool more = true;

    while (dir && more && (entry = readdir(dir)))
        more = list_one(dir, entry->d_name, visitor);
    if (dir)
        (void)closedir(dir);
    return more;
}

static enum otter_status op_list(struct blobs *self, struct blobs_visitor *visitor)
{
    const struct blobs_file *b = blobs_file_of(self);
    char path[BLOBS_PATH_MAX];
    bool more = true;

    for (unsigned i = 0; more && i < 256; i++) {
        (void)snprintf(path, sizeof(path), "%s/%02x", b->blobs_dir, i);
        more = list_fan(path, visitor);
    }
    return OTTER_OK;
}

static void op_close(struct blobs *self)
{
    struct blobs_file *b = blobs_file_of(self);

    blobs_uploads_free(b);
    blobs_maps_free(&b->maps);
    (void)pthread_mutex_destroy(&b->lock);
    (void)pthread_mutex_destroy(&b->place);
    (void)pthread_mutex_destroy(&b->usage_lock);
    free(b);
}

struct blobs *blobs_file_open(const char *data_dir, uint64_t map_max, struct host_error *ret_error)
{
    struct blobs_file *b = calloc(1, sizeof(*b));

    if (!b) {
        (void)host_fail(ret_error, HOST_ERROR_MEMORY, "out of memory");
        return NULL;
    }
    (void)pthread_mutex_init(&b->lock, NULL);
    (void)pthread_mutex_init(&b->place, NULL);
    blobs_maps_init(&b->maps, map_max);
    b->ops = (struct blobs_ops){.close = op_close,
                                .open = op_open,
                                .map = op_map,
                                .rest = op_rest,
                                .held = op_held,
                                .put = op_put,
                                .list = op_list,
                                .remove = op_remove};
    (void)pthread_mutex_init(&b->usage_lock, NULL);
    b->ops.usage = blobs_file_usage;
    blobs_upload_ops(&b->ops);
    b->base.ops = &b->ops;
    if (snprintf(b->blobs_dir, sizeof(b->blobs_dir), "%s/blobs", data_dir) >= (int)sizeof(b->blobs_dir) ||
        snprintf(b->tmp_dir, sizeof(b->tmp_dir), "%s/tmp", data_dir) >= (int)sizeof(b->tmp_dir))
        (void)host_fail(ret_error, HOST_ERROR_FILE, "the data directory's name is too long");
    else if (host_mkdir_p(b->blobs_dir, 0700, ret_error) && host_mkdir_p(b->tmp_dir, 0700, ret_error) &&
             blobs_uploads_load(b, ret_error))
        return &b->base;
    op_close(&b->base);
    return NULL;
}

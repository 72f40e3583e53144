#include "host/copy.h"

#include "host/cleanup.h"
#include "host/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE 65536u

static bool copy_bytes(const struct otter_crypto *crypto, int from, int to, struct otter_digest *ret_digest,
                       uint64_t *ret_size)
{
    auto_free char *piece = malloc(PIECE);
    struct otter_sha256 hash;
    uint64_t size = 0;

    if (!piece)
        return false;
    crypto->sha256_init(&hash);
    for (;;) {
        ssize_t n = read(from, piece, PIECE);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            break;
        crypto->sha256_update(&hash, piece, (size_t)n);
        size += (uint64_t)n;
        if (!host_write_all(to, piece, (size_t)n))
            return false;
    }
    crypto->sha256_final(&hash, ret_digest->b);
    *ret_size = size;
    return fsync(to) == 0;
}

bool host_file_copy(const struct otter_crypto *crypto, const char *from, const char *to, mode_t permissions,
                    struct otter_digest *ret_digest, uint64_t *ret_size, struct host_error *err)
{
    auto_close int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    auto_close int out = -1;

    if (in < 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "cannot open '%s'", from);
    out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions);
    if (out < 0)
        return host_fail_errno(err, errno == EEXIST ? HOST_ERROR_EXISTS : HOST_ERROR_FILE,
                               "cannot create '%s'", to);
    if (copy_bytes(crypto, in, out, ret_digest, ret_size))
        return true;
    (void)host_fail_errno(err, HOST_ERROR_FILE, "cannot copy '%s' to '%s'", from, to);
    (void)unlink(to);
    return false;
}

bool host_file_sync(const char *path, struct host_error *err)
{
    auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "cannot sync '%s'", path);
    return true;
}

bool host_parent_sync(const char *path, struct host_error *err)
{
    auto_free char *copy = strdup(path);

    if (!copy)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    return host_dir_sync(dirname(copy), err);
}

bool host_dir_empty(const char *path, struct host_error *err)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    bool empty = true;

    if (!dir && errno == ENOENT)
        return true;
    if (!dir)
        return host_fail_errno(err, HOST_ERROR_FILE, "cannot read directory '%s'", path);
    while (empty && (entry = readdir(dir)))
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    (void)closedir(dir);
    return empty || host_fail(err, HOST_ERROR_EXISTS, "'%s' is not empty", path);
}

static int clear_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    return at->level == 0 ? 0 : remove(path);
}

bool host_dir_clear(const char *path, struct host_error *err)
{
    return nftw(path, clear_one, 16, FTW_DEPTH | FTW_PHYS) == 0 ||
           host_fail_errno(err, HOST_ERROR_FILE, "cannot clear directory '%s'", path);
}

#include "store/blobs_walk.h"

#include "core/bytes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static bool is_blob(const char *name)
{
    struct otter_digest digest;

    return strlen(name) == OTTER_DIGEST_HEX &&
           otter_hex_decode(name, OTTER_DIGEST_HEX, digest.b, OTTER_DIGEST_LEN);
}

void blobs_walk_fan(const char *blobs_dir, const char *hex, char out[PATH_MAX])
{
    (void)snprintf(out, PATH_MAX, "%s/%.2s", blobs_dir, hex);
}

void blobs_walk_place(const char *blobs_dir, const char *hex, char out[PATH_MAX])
{
    (void)snprintf(out, PATH_MAX, "%s/%.2s/%s", blobs_dir, hex, hex);
}

/* A directory that is absent has no blobs. */
static bool open_dir(const char *path, DIR **ret, struct host_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    *ret = fd >= 0 ? fdopendir(fd) : NULL;
    return *ret || errno == ENOENT || host_fail_errno(err, HOST_ERROR_FILE, "cannot read '%s'", path);
}

static bool walk_fan(const char *blobs_dir, unsigned fan, struct blobs_walker *walker, struct host_error *err)
{
    const struct dirent *entry;
    char path[PATH_MAX], hex[3];
    bool ok;
    DIR *dir;

    (void)snprintf(hex, sizeof(hex), "%02x", fan & 0xff);
    blobs_walk_fan(blobs_dir, hex, path);
    ok = open_dir(path, &dir, err);
    while (ok && dir && (entry = readdir(dir))) {
        if (!is_blob(entry->d_name) || strncmp(entry->d_name, hex, 2) != 0)
            continue;
        blobs_walk_place(blobs_dir, entry->d_name, path);
        ok = walker->blob(walker, path, entry->d_name, err);
    }
    if (dir)
        (void)closedir(dir);
    return ok;
}

bool blobs_walk(const char *blobs_dir, struct blobs_walker *walker, struct host_error *err)
{
    for (unsigned fan = 0; fan < 256; fan++)
        if (!walk_fan(blobs_dir, fan, walker, err))
            return false;
    return true;
}

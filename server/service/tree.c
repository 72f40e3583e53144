#include "service/tree.h"

#include "core/bytes.h"
#include "host/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Folders of whose content each name is looked at, too; a blob itself is when it is opened. */
static const char *const inner[] = {"", "/blobs", "/tmp"};

/* Of a name in dir, what others may do with it. */
static mode_t allowed(const char *name, const struct stat *st)
{
    size_t len = strlen(name);

    if (S_ISDIR(st->st_mode))
        return 0700;
    return len > 4 && strcmp(name + len - 4, ".pub") == 0 ? 0644 : 0600;
}

/* Of another user's files only he can change the mode: what cannot be closed is told by the log. */
static void close_to_others(DIR *dir, const char *path, const char *name, const struct stat *st)
{
    mode_t mode = st->st_mode & 07777, less = mode & allowed(name, st);

    if (mode == less)
        return;
    host_log(HOST_LOG_WARNING, "mode-closed", HOST_LOG_STR("folder", path), HOST_LOG_STR("name", name),
             HOST_LOG_INT("done", fchmodat(dirfd(dir), name, less, 0) == 0));
}

static bool look_at(DIR *dir, const char *path, const char *name, struct host_error *err)
{
    struct stat st;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return true;
    if (fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT || host_fail_errno(err, HOST_ERROR_FILE, "cannot look at %s/%s", path, name);
    if (S_ISLNK(st.st_mode))
        return host_fail(
            err, HOST_ERROR_FILE,
            "%s/%s is a symbolic link: none is followed in the data directory; move what it names "
            "to its place, or mount it there",
            path, name);
    if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
        close_to_others(dir, path, name, &st);
    return true;
}

static bool look_into(const char *path, struct host_error *err)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    bool ok = true;

    if (!dir)
        return errno == ENOENT || host_fail_errno(err, HOST_ERROR_FILE, "%s cannot be read", path);
    while (ok && (entry = readdir(dir)))
        ok = look_at(dir, path, entry->d_name, err);
    (void)closedir(dir);
    return ok;
}

/* A group may write where a cluster's volumes are made so; everybody, nowhere. */
static bool is_closed(const char *dir, struct host_error *err)
{
    struct stat st;

    if (stat(dir, &st) != 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "cannot look at %s", dir);
    if ((st.st_mode & S_IWOTH) == 0)
        return true;
    return host_fail(
        err, HOST_ERROR_FILE,
        "everybody may write to %s, which holds keys and tokens: chmod 700 %s, and look at what is "
        "in it",
        dir, dir);
}

bool tree_is_ours(const char *dir, struct host_error *err)
{
    char path[PATH_MAX];

    if (!is_closed(dir, err))
        return false;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(inner); i++) {
        (void)snprintf(path, sizeof(path), "%.4000s%s", dir, inner[i]);
        if (!look_into(path, err))
            return false;
    }
    return true;
}

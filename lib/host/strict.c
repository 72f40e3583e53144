#include "host/strict.h"

#include "host/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int host_open_strict_by_parts(const char *path, int flags, mode_t permissions)
{
    auto_close int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    char copy[PATH_MAX], *kept = NULL, *part;

    if (path[0] != '/' || strlen(path) >= sizeof copy) {
        errno = path[0] == '/' ? ENAMETOOLONG : EINVAL;
        return -1;
    }
    memcpy(copy, path, strlen(path) + 1);
    part = strtok_r(copy, "/", &kept);
    while (at >= 0 && part) {
        const char *name = part;
        bool last = (part = strtok_r(NULL, "/", &kept)) == NULL;
        int next =
            openat(at, name, (last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC, permissions);

        if (last)
            return next;
        host_cleanup_close(&at);
        at = next;
    }
    return -1;
}

int host_open_strict(const char *path, int flags, mode_t permissions)
{
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
                           .mode = (flags & O_CREAT) ? permissions : 0,
                           .resolve = RESOLVE_NO_SYMLINKS};
    long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);

    if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
        return (int)fd;
    return host_open_strict_by_parts(path, flags, permissions);
}

bool host_is_folder(const char *path)
{
    auto_close int fd = host_open_strict(path, O_PATH | O_DIRECTORY, 0);

    return fd >= 0;
}

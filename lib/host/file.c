#include "host/file.h"

#include "host/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE 65536u

bool host_write_all(int fd, const void *data, size_t len)
{
    const char *p = data;

    while (len) {
        ssize_t n = write(fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

bool host_pwrite_all(int fd, const void *data, size_t len, off_t at)
{
    const char *p = data;

    while (len) {
        ssize_t n = pwrite(fd, p, len, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        p += n;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

bool host_pread_all(int fd, void *data, size_t len, off_t at)
{
    char *p = data;

    while (len) {
        ssize_t n = pread(fd, p, len, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO;
        if (n <= 0)
            return false;
        p += n;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

/* Up to cap bytes; fewer only at the end of the file. */
static ssize_t read_up_to(int fd, char *data, size_t cap)
{
    size_t len = 0;

    while (len < cap) {
        ssize_t n = read(fd, data + len, cap - len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

static int open_to_read(const char *path, struct host_error *err)
{
    struct stat st;
    int fd;

    if (!strcmp(path, "-")) {
        fd = dup(STDIN_FILENO);
        if (fd < 0)
            (void)host_fail_errno(err, HOST_ERROR_FILE, "standard input");
        return fd;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        (void)host_fail_errno(err, HOST_ERROR_FILE, "cannot open '%s'", path);
        return -1;
    }
    if (!fstat(fd, &st) && S_ISDIR(st.st_mode)) {
        (void)close(fd);
        (void)host_fail(err, HOST_ERROR_FILE, "'%s' is a directory, not a file", path);
        return -1;
    }
    return fd;
}

/* Reads fd to its end into a growing buffer, so that pipes and files of /proc work, too. */
static bool read_fd(int fd, const char *path, size_t max, char **ret_data, size_t *ret_len,
                    struct host_error *err)
{
    auto_free char *data = NULL;
    size_t len = 0, cap = 0;

    for (;;) {
        size_t want = cap ? cap * 2 : PIECE;
        char *grown;
        ssize_t n;

        if (want > max + 1)
            want = max + 1; /* one byte more than allowed shows that there is more */
        grown = realloc(data, want + 1);
        if (!grown)
            return host_fail(err, HOST_ERROR_MEMORY, "out of memory while reading '%s'", path);
        data = grown;
        cap = want;
        n = read_up_to(fd, data + len, cap - len);
        if (n < 0)
            return host_fail_errno(err, HOST_ERROR_FILE, "cannot read '%s'", path);
        len += (size_t)n;
        if (len > max)
            return host_fail(err, HOST_ERROR_FILE, "'%s' is longer than the %zu bytes allowed", path, max);
        if (len < cap)
            break;
    }
    data[len] = '\0';
    *ret_data = HOST_STEAL(data);
    *ret_len = len;
    return true;
}

bool host_file_read(const char *path, size_t max, char **ret_data, size_t *ret_len, struct host_error *err)
{
    auto_close int fd = open_to_read(path, err);

    return fd >= 0 && read_fd(fd, path, max, ret_data, ret_len, err);
}

/* As ssh decides: what is ours alone must be readable by us alone; a file of another user's is his matter. */
static bool is_private(int fd, const char *path, struct host_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "cannot look at '%s'", path);
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) == 0)
        return true;
    return host_fail(err, HOST_ERROR_FILE,
                     "'%s' is a secret, but its mode %04o lets others at it\nNext: chmod 600 %s", path,
                     (unsigned)st.st_mode & 07777, path);
}

bool host_file_read_private(const char *path, size_t max, char **ret_data, size_t *ret_len,
                            struct host_error *err)
{
    auto_close int fd = open_to_read(path, err);

    return fd >= 0 && is_private(fd, path, err) && read_fd(fd, path, max, ret_data, ret_len, err);
}

/* The directory of path, malloc'ed: "." when it has none. */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return strdup(".");
    if (slash == path)
        return strdup("/");
    return strndup(path, (size_t)(slash - path));
}

bool host_dir_sync(const char *path, struct host_error *err)
{
    auto_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) < 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "cannot sync directory '%s'", path);
    return true;
}

static bool fill_temporary(int fd, const char *temporary, const void *data, size_t len, mode_t permissions,
                           struct host_error *err)
{
    if (fchmod(fd, permissions) < 0 || !host_write_all(fd, data, len) || fsync(fd) < 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "cannot write '%s'", temporary);
    return true;
}

/* Gives the finished temporary file its name. link(2) never replaces: the choice is the kernel's, without a
 * race. */
static bool publish(const char *temporary, const char *path, enum host_file_mode mode, struct host_error *err)
{
    if (mode == HOST_FILE_REPLACE) {
        if (rename(temporary, path) < 0)
            return host_fail_errno(err, HOST_ERROR_FILE, "cannot replace '%s'", path);
        return true;
    }
    if (link(temporary, path) < 0) {
        if (errno == EEXIST)
            return host_fail(err, HOST_ERROR_EXISTS,
                             "'%s' exists and is not overwritten: choose another name, or move it away",
                             path);
        return host_fail_errno(err, HOST_ERROR_FILE, "cannot create '%s'", path);
    }
    (void)unlink(temporary);
    return true;
}

bool host_file_write(const char *path, const void *data, size_t len, mode_t permissions,
                     enum host_file_mode mode, struct host_error *err)
{
    auto_free char *dir = directory_of(path);
    auto_free char *temporary = NULL;
    auto_close int fd = -1;

    if (!dir || asprintf(&temporary, "%s.XXXXXX", path) < 0)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory while writing '%s'", path);
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "cannot create a file in '%s'", dir);
    if (!fill_temporary(fd, temporary, data, len, permissions, err) || !publish(temporary, path, mode, err)) {
        (void)unlink(temporary);
        return false;
    }
    return host_dir_sync(dir, err);
}

bool host_mkdir_p(const char *path, mode_t permissions, struct host_error *err)
{
    auto_free char *copy = strdup(path);
    struct stat st;

    if (!copy)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    for (char *p = copy + 1; copy[0]; p++) {
        char kept = *p;

        if (kept != '/' && kept != '\0')
            continue;
        *p = '\0';
        if (mkdir(copy, permissions) < 0 && errno != EEXIST)
            return host_fail_errno(err, HOST_ERROR_FILE, "cannot create directory '%s'", copy);
        *p = kept;
        if (kept == '\0')
            break;
    }
    if (stat(path, &st) < 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "cannot create directory '%s'", path);
    if (!S_ISDIR(st.st_mode))
        return host_fail(err, HOST_ERROR_FILE, "'%s' exists and is no directory", path);
    return true;
}

bool host_file_digest(const struct otter_crypto *crypto, const char *path, struct otter_digest *ret_digest,
                      uint64_t *ret_size, struct host_error *err)
{
    auto_close int fd = open_to_read(path, err);
    auto_free char *piece = malloc(PIECE);
    struct otter_sha256 hash;
    uint64_t size = 0;
    ssize_t n;

    if (fd < 0)
        return false;
    if (!piece)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory while reading '%s'", path);
    crypto->sha256_init(&hash);
    while ((n = read_up_to(fd, piece, PIECE)) > 0) {
        crypto->sha256_update(&hash, piece, (size_t)n);
        size += (uint64_t)n;
    }
    if (n < 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "cannot read '%s'", path);
    crypto->sha256_final(&hash, ret_digest->b);
    *ret_size = size;
    return true;
}

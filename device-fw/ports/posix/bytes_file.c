/* A device's bytes in a file of its own. */
#include "ports/posix/flash_bytes.h"

#include "core/bytes.h"
#include "host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 4096u
#define PAGE  1024u

struct bytes_file {
    struct otter_flash_bytes bytes;
    int fd;           /* -1 at rest */
    uint32_t page_at; /* offset of `page`; UINT32_MAX = none */
    uint8_t
        *page;   /* PAGE bytes read last, so that scanning records is not a system call each; NULL at rest */
    char path[]; /* "" = has no name: stays open */
};

static struct bytes_file *from_bytes(struct otter_flash_bytes *self)
{
    return OTTER_CONTAINER_OF(self, struct bytes_file, bytes);
}

static int wake(struct bytes_file *f)
{
    if (f->page == NULL)
        f->page = malloc(PAGE);
    if (f->page == NULL)
        return -ENOMEM;
    if (f->fd < 0)
        f->fd = open(f->path, O_RDWR | O_CLOEXEC);
    return f->fd < 0 ? -errno : 0;
}

/* 0 or a negative errno. A file shorter than its size cannot be: open checks. */
static int read_all(const struct bytes_file *f, uint32_t off, void *buf, uint32_t len)
{
    return host_pread_all(f->fd, buf, len, off) ? 0 : -errno;
}

static int write_all(const struct bytes_file *f, uint32_t off, const void *buf, uint32_t len)
{
    return host_pwrite_all(f->fd, buf, len, off) ? 0 : -errno;
}

/* Keeps the page in step: a small write goes into it, too, any other drops it. */
static void page_wrote(struct bytes_file *f, uint32_t off, const uint8_t *buf, uint32_t len)
{
    if (f->page_at == UINT32_MAX || off >= f->page_at + PAGE || off + len <= f->page_at)
        return;
    if (buf != NULL && off >= f->page_at && off - f->page_at + len <= PAGE)
        memcpy(f->page + (off - f->page_at), buf, len);
    else
        f->page_at = UINT32_MAX;
}

/* Within one page, by the page; else straight from the file. */
static int file_read(struct otter_flash_bytes *self, uint32_t off, void *buf, uint32_t len)
{
    struct bytes_file *f = from_bytes(self);
    uint32_t at = off - off % PAGE;
    int r = wake(f);

    if (r != 0)
        return r;
    if (off % PAGE + len > PAGE)
        return read_all(f, off, buf, len);
    if (f->page_at != at) {
        f->page_at = UINT32_MAX;
        r = read_all(f, at, f->page, PAGE);
        if (r != 0)
            return r;
        f->page_at = at;
    }
    memcpy(buf, f->page + (off - at), len);
    return 0;
}

static int file_write(struct otter_flash_bytes *self, uint32_t off, const void *buf, uint32_t len)
{
    struct bytes_file *f = from_bytes(self);
    int r = wake(f);

    if (r != 0)
        return r;
    page_wrote(f, off, buf, len);
    r = write_all(f, off, buf, len);
    if (r != 0)
        f->page_at = UINT32_MAX;
    return r;
}

/* A hole where the file system can, written zeros where it cannot. */
static int file_zero(struct otter_flash_bytes *self, uint32_t off, uint32_t len)
{
    static const uint8_t zeros[CHUNK];
    struct bytes_file *f = from_bytes(self);
    int r = wake(f);

    if (r != 0)
        return r;
    page_wrote(f, off, NULL, len);
    if (len == 0 || fallocate(f->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off, len) == 0)
        return 0;
    while (r == 0 && len > 0) {
        uint32_t n = len < CHUNK ? len : CHUNK;

        r = write_all(f, off, zeros, n);
        off += n;
        len -= n;
    }
    return r;
}

static void file_rest(struct otter_flash_bytes *self)
{
    struct bytes_file *f = from_bytes(self);

    free(f->page);
    f->page = NULL;
    f->page_at = UINT32_MAX;
    if (f->path[0] == '\0' || f->fd < 0)
        return;
    (void)close(f->fd);
    f->fd = -1;
}

static void file_close(struct otter_flash_bytes *self)
{
    struct bytes_file *f = from_bytes(self);

    if (f->fd >= 0)
        (void)close(f->fd);
    free(f->page);
    free(f);
}

/* Takes fd over: closed on error. */
static int adopt(int fd, const char *path, uint32_t size, struct otter_flash_bytes **ret)
{
    struct bytes_file *f = calloc(1, sizeof(*f) + strlen(path) + 1);
    struct stat st;
    int r = f == NULL ? -ENOMEM : fstat(fd, &st) == 0 ? 0 : -errno;

    if (r == 0 && st.st_size == 0)
        r = ftruncate(fd, size) == 0 ? 0 : -errno;
    else if (r == 0 && st.st_size != (off_t)size)
        r = -EINVAL;
    if (r != 0) {
        (void)close(fd);
        free(f);
        return r;
    }
    f->bytes = (struct otter_flash_bytes){file_read, file_write, file_zero, file_rest, file_close};
    f->fd = fd;
    f->page_at = UINT32_MAX;
    memcpy(f->path, path, strlen(path) + 1);
    *ret = &f->bytes;
    return 0;
}

int otter_bytes_file_open(const char *path, uint32_t size, struct otter_flash_bytes **ret)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    return fd < 0 ? -errno : adopt(fd, path, size, ret);
}

int otter_bytes_memory_open(uint32_t size, struct otter_flash_bytes **ret)
{
    int fd = memfd_create("otter-flash", MFD_CLOEXEC);

    return fd < 0 ? -errno : adopt(fd, "", size, ret);
}

#include "service/audit_sink.h"

#include "host/cleanup.h"
#include "host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SEND_MS 2000 /* a reader of the socket that stands still may make us wait so long */

static void close_fd(struct audit_sink *self)
{
    if (self->fd >= 0)
        (void)close(self->fd);
    self->fd = -1;
}

/* ---- the file ---- */

/* Behind its last line break; and the entry of its last whole line. */
static bool find_end(struct audit_sink *self, off_t size, off_t *ret_end)
{
    off_t from = size > 2 * (off_t)AUDIT_LINE_MAX ? size - 2 * (off_t)AUDIT_LINE_MAX : 0;
    size_t len = (size_t)(size - from), end = len, begin;
    auto_free char *tail = malloc(len + 1);
    auto_free struct audit_record *record = malloc(sizeof(*record));

    if (!tail || !record || !host_pread_all(self->fd, tail, len, from))
        return false;
    while (end > 0 && tail[end - 1] != '\n')
        end--;
    for (begin = end > 0 ? end - 1 : 0; begin > 0 && tail[begin - 1] != '\n';)
        begin--;
    *ret_end = from + (off_t)end;
    if (end > 0 && audit_read(tail + begin, end - 1 - begin, record)) {
        self->found = record->entry.num;
        self->found_hash = record->entry.hash;
    }
    return true;
}

/* What an earlier life has written says where to go on. */
static bool look(struct audit_sink *self, struct host_error *err)
{
    struct stat st;
    off_t end = 0;

    self->found = 0;
    if (fstat(self->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return host_fail(err, HOST_ERROR_FILE, "%s is no file", self->path);
    if (st.st_size > 0 && !find_end(self, st.st_size, &end))
        return host_fail_errno(err, HOST_ERROR_FILE, "%s cannot be read", self->path);
    if (end < st.st_size && ftruncate(self->fd, end) != 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "%s cannot be cut", self->path);
    self->settled = end;
    return true;
}

static bool file_open(struct audit_sink *self, struct host_error *err)
{
    if (self->fd >= 0)
        return true;
    self->fd = open(self->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (self->fd < 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "%s cannot be opened", self->path);
    if (look(self, err))
        return true;
    close_fd(self);
    return false;
}

static bool file_send(struct audit_sink *self, const char *line, size_t len, struct host_error *err)
{
    return host_write_all(self->fd, line, len) ||
           host_fail_errno(err, HOST_ERROR_FILE, "%s cannot be written", self->path);
}

static bool file_settle(struct audit_sink *self, struct host_error *err)
{
    off_t end = lseek(self->fd, 0, SEEK_END);

    if (err->kind == HOST_ERROR_NONE && end >= 0 && fdatasync(self->fd) == 0) {
        self->settled = end;
        return true;
    }
    if (err->kind == HOST_ERROR_NONE)
        (void)host_fail_errno(err, HOST_ERROR_FILE, "%s cannot be written", self->path);
    (void)!ftruncate(self->fd, self->settled); /* no half a line stays */
    close_fd(self);
    return false;
}

struct audit_sink audit_sink_file(const char *path)
{
    return (struct audit_sink){.open = file_open,
                               .send = file_send,
                               .settle = file_settle,
                               .close = close_fd,
                               .name = "file",
                               .path = path,
                               .fd = -1};
}

/* ---- syslog ---- */

static bool syslog_open(struct audit_sink *self, struct host_error *err)
{
    const struct timeval patience = {.tv_sec = SEND_MS / 1000};
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    if (self->fd >= 0)
        return true;
    if (strlen(self->path) >= sizeof(to.sun_path))
        return host_fail(err, HOST_ERROR_FILE, "%s is too long for a socket", self->path);
    memcpy(to.sun_path, self->path, strlen(self->path) + 1);
    self->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (self->fd >= 0 && setsockopt(self->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0 &&
        connect(self->fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
        return true;
    (void)host_fail_errno(err, HOST_ERROR_FILE, "%s cannot be reached", self->path);
    close_fd(self);
    return false;
}

/* <85>: authpriv.notice (RFC 3164), as syslog(3) sends it to its socket; the time is the reader's. */
static bool syslog_send(struct audit_sink *self, const char *line, size_t len, struct host_error *err)
{
    char text[AUDIT_LINE_MAX + 64];
    int n = snprintf(text, sizeof(text), "<85>otterd-audit[%d]: %.*s", (int)getpid(), (int)len - 1, line);

    if (n > 0 && (size_t)n < sizeof(text) && send(self->fd, text, (size_t)n, MSG_NOSIGNAL) == n)
        return true;
    (void)host_fail_errno(err, HOST_ERROR_FILE, "%s takes nothing", self->path);
    close_fd(self);
    return false;
}

/* A datagram is there when it was sent: what was sent stays, whatever followed. */
static bool syslog_settle(struct audit_sink *self, struct host_error *err)
{
    (void)self;
    return err->kind == HOST_ERROR_NONE;
}

struct audit_sink audit_sink_syslog(const char *path)
{
    return (struct audit_sink){.open = syslog_open,
                               .send = syslog_send,
                               .settle = syslog_settle,
                               .close = close_fd,
                               .name = "syslog",
                               .path = path,
                               .fd = -1};
}

#include "client.h"

#include "http/address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int client_connect(const char *address)
{
    struct timeval limit = {.tv_sec = 20};
    struct http_address a;
    int fd;

    if (!http_address_parse(address, &a, NULL))
        abort();
    fd = socket(a.sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, (const struct sockaddr *)&a.sa, a.len) == 0)
        return fd;
    close(fd);
    return -1;
}

void client_send(int fd, const void *data, size_t len)
{
    const char *p = data;

    while (len > 0) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

        if (n <= 0)
            return; /* the other side has closed: its answer tells */
        p += n;
        len -= (size_t)n;
    }
}

void client_text(int fd, const char *text)
{
    client_send(fd, text, strlen(text));
}

static bool read_head(int fd, struct answer *a)
{
    size_t n = 0;

    while (n + 1 < sizeof a->head) {
        if (recv(fd, a->head + n, 1, 0) != 1)
            return false;
        a->head[++n] = '\0';
        if (n >= 4 && memcmp(a->head + n - 4, "\r\n\r\n", 4) == 0)
            return true;
    }
    return false;
}

const char *answer_header(const struct answer *a, const char *name)
{
    static char value[256];
    const char *line = a->head;
    size_t len = strlen(name);

    while ((line = strstr(line, "\r\n"))) {
        line += 2;
        if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
            line += len + 1;
            line += strspn(line, " ");
            snprintf(value, sizeof value, "%.*s", (int)strcspn(line, "\r"), line);
            return value;
        }
    }
    return NULL;
}

void client_read(int fd, bool is_head, struct answer *ret)
{
    const char *length;
    size_t want;
    int status;

    memset(ret, 0, sizeof *ret);
    do {
        if (!read_head(fd, ret) || sscanf(ret->head, "HTTP/1.1 %d", &status) != 1)
            return;
    } while (status == 100);
    length = answer_header(ret, "Content-Length");
    want = length && !is_head && status != 204 && status != 304 ? (size_t)strtoul(length, NULL, 10) : 0;
    ret->body = calloc(1, want + 1);
    while (ret->body_len < want) {
        ssize_t n = recv(fd, ret->body + ret->body_len, want - ret->body_len, 0);

        if (n <= 0)
            return;
        ret->body_len += (size_t)n;
    }
    ret->status = status;
}

bool client_ended(int fd)
{
    char c;
    ssize_t n = recv(fd, &c, 1, 0);

    return n == 0 || (n < 0 && errno == ECONNRESET); /* but not: nothing came in time */
}

void answer_clear(struct answer *a)
{
    free(a->body);
    a->body = NULL;
}

#include "listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A whole request, of which the body is as long as its head says. */
static int whole(const char *text, size_t len)
{
    const char *end = strstr(text, "\r\n\r\n"), *length = strstr(text, "Content-Length: ");
    size_t body = length && length < end ? strtoul(length + strlen("Content-Length: "), NULL, 10) : 0;

    return end && len >= (size_t)(end - text) + 4 + body;
}

static void answer(int fd)
{
    static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"x\"\r\n"
                                "Content-Length: 48\r\nConnection: close\r\n\r\n" LISTENER_BODY;
    char text[4096] = "";
    size_t len = 0;
    ssize_t n;

    _Static_assert(sizeof(LISTENER_BODY) - 1 == 48, "Content-Length");
    while (!whole(text, len) && (n = recv(fd, text + len, sizeof(text) - 1 - len, 0)) > 0) {
        len += (size_t)n;
        text[len] = '\0';
    }
    if (whole(text, len))
        (void)send(fd, reply, sizeof(reply) - 1, MSG_NOSIGNAL);
}

static void *serve(void *arg)
{
    struct listener *l = arg;
    int fd;

    while ((fd = accept(l->fd, NULL, NULL)) >= 0) {
        answer(fd);
        (void)close(fd);
    }
    return NULL;
}

static int bound(char url[64])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        abort();
    (void)snprintf(url, 64, "http://127.0.0.1:%u/x?y=1", ntohs(at.sin_port));
    return fd;
}

void listener_start(struct listener *l)
{
    l->fd = bound(l->url);
    l->closed_fd = bound(l->closed); /* it is ours, and does not listen */
    if (listen(l->fd, 4) != 0 || pthread_create(&l->thread, NULL, serve, l) != 0)
        abort();
}

void listener_stop(struct listener *l)
{
    (void)shutdown(l->fd, SHUT_RDWR);
    (void)pthread_join(l->thread, NULL);
    (void)close(l->fd);
    (void)close(l->closed_fd);
}

#include "server.h"

#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

void server_open(struct server *s, int buffer)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    s->fd = -1;
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(s->listener >= 0);
    if (buffer != 0)
        assert_int_equal(setsockopt(s->listener, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer)), 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(s->listener, 4), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &len), 0);
    s->port = ntohs(at.sin_port);
}

void server_hang_up(struct server *s, bool reset)
{
    const struct linger now = {.l_onoff = 1};

    if (s->fd < 0)
        return;
    if (reset)
        assert_int_equal(setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
    (void)close(s->fd);
    s->fd = -1;
}

void server_close(struct server *s)
{
    server_hang_up(s, false);
    if (s->listener >= 0)
        (void)close(s->listener);
    s->listener = -1;
}

bool server_accept(struct server *s)
{
    if (s->fd < 0)
        s->fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return s->fd >= 0;
}

int server_send(struct server *s, const void *buf, uint32_t len)
{
    ssize_t n = send(s->fd, buf, len, MSG_NOSIGNAL);

    if (n < 0)
        return errno == EAGAIN ? 0 : -1;
    return (int)n;
}

int server_recv(struct server *s, void *buf, uint32_t len)
{
    ssize_t n = recv(s->fd, buf, len, 0);

    if (n == 0)
        return -1;
    if (n < 0)
        return errno == EAGAIN ? 0 : -1;
    return (int)n;
}

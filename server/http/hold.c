#include "http/hold.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/socket.h>

static bool cork(int fd, int on)
{
    return setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on) == 0;
}

void http_hold_let_go(struct http_hold *hold)
{
    /* A connection may have ended since, which has sent all, and its descriptor be another's: where that is
     * held as well, it sends a little early. */
    for (unsigned i = 0; i < hold->count; i++)
        (void)cork(hold->fd[i], 0);
    hold->count = 0;
}

void http_hold_expire(struct http_hold *hold, uint64_t now_us)
{
    if (hold->count > 0 && now_us - hold->since_us >= HTTP_HOLD_US)
        http_hold_let_go(hold);
}

void http_hold_take(struct http_hold *hold, int fd, uint64_t now_us)
{
    if (hold->count == HTTP_HOLD_MAX)
        http_hold_let_go(hold);
    if (!cork(fd, 1))
        return;
    if (hold->count == 0)
        hold->since_us = now_us;
    hold->fd[hold->count++] = fd;
}

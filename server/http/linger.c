#include "http/linger.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE  65536u
#define A_TURN 16u /* pieces, then the others have theirs */

void http_linger_init(struct http_linger *linger)
{
    for (unsigned i = 0; i < HTTP_LINGER_MAX; i++)
        linger->slot[i].fd = -1;
    linger->count = 0;
}

static void end(struct http_linger *linger, struct http_lingering *one)
{
    close(one->fd);
    one->fd = -1;
    linger->count--;
}

void http_linger_free(struct http_linger *linger)
{
    for (unsigned i = 0; i < HTTP_LINGER_MAX; i++) {
        if (linger->slot[i].fd >= 0)
            end(linger, &linger->slot[i]);
    }
}

/* A free slot, or that of the one who would go first. */
static struct http_lingering *room(struct http_linger *linger)
{
    struct http_lingering *first = &linger->slot[0];

    for (unsigned i = 0; i < HTTP_LINGER_MAX; i++) {
        struct http_lingering *one = &linger->slot[i];

        if (one->fd < 0)
            return one;
        if (one->until_ms < first->until_ms)
            first = one;
    }
    end(linger, first);
    return first;
}

void http_linger_begin(struct http_linger *linger, int fd, uint64_t now_ms)
{
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    if (own < 0)
        return; /* out of descriptors: it is reset, as it would be without us */
    *room(linger) =
        (struct http_lingering){.fd = own, .until_ms = now_ms + HTTP_LINGER_MS, .left = HTTP_LINGER_BYTES};
    linger->count++;
}

unsigned http_linger_poll(const struct http_linger *linger, struct pollfd fds[HTTP_LINGER_MAX])
{
    unsigned n = 0;

    for (unsigned i = 0; i < HTTP_LINGER_MAX && linger->count > 0; i++) {
        if (linger->slot[i].fd >= 0)
            fds[n++] = (struct pollfd){.fd = linger->slot[i].fd, .events = POLLIN};
    }
    return n;
}

void http_linger_heard(struct http_linger *linger, const struct pollfd fds[HTTP_LINGER_MAX])
{
    unsigned n = 0;

    for (unsigned i = 0; i < HTTP_LINGER_MAX && linger->count > 0; i++) {
        if (linger->slot[i].fd >= 0)
            linger->slot[i].heard = fds[n++].revents != 0;
    }
}

uint64_t http_linger_wait(const struct http_linger *linger, uint64_t now_ms, uint64_t max)
{
    for (unsigned i = 0; i < HTTP_LINGER_MAX && linger->count > 0; i++) {
        const struct http_lingering *one = &linger->slot[i];
        uint64_t rest = one->until_ms > now_ms ? one->until_ms - now_ms : 0;

        if (one->fd >= 0 && !one->shut)
            return 0;
        if (one->fd >= 0 && rest < max)
            max = rest;
    }
    return max;
}

/* False: it has ended. */
static bool read_on(struct http_lingering *one)
{
    char piece[PIECE];

    for (unsigned i = 0; i < A_TURN; i++) {
        ssize_t n = recv(one->fd, piece, sizeof piece, MSG_DONTWAIT);

        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
        if (n == 0 || (uint64_t)n >= one->left)
            return false;
        one->left -= (uint64_t)n;
    }
    return true;
}

void http_linger_run(struct http_linger *linger, uint64_t now_ms)
{
    for (unsigned i = 0; i < HTTP_LINGER_MAX && linger->count > 0; i++) {
        struct http_lingering *one = &linger->slot[i];

        if (one->fd < 0 || (one->shut && !one->heard && now_ms < one->until_ms))
            continue;
        if (!one->shut) /* libmicrohttpd has said all that it wanted to say */
            (void)shutdown(one->fd, SHUT_WR);
        one->shut = true;
        if (!read_on(one) || now_ms >= one->until_ms)
            end(linger, one);
    }
}

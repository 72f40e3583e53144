#include "http/lobby.h"

#include "http/health.h"
#include "http/loop.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPTS_A_TURN 16u /* then those have a turn who are in */
#define HEARD_A_TURN   64u
#define LOOK_BYTES     16u  /* enough for a method and the beginning of a path */
#define DEAF_MS        100u /* out of descriptors or memory, or forbidden: the kernel's queue keeps them */

/* As much of it as anybody asks for: of a unix socket the family. */
union address {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

struct http_visitor {
    struct http_visitor *next, *prev;
    struct http_daemon *daemon;
    struct http_seat *seat;
    union address address;
    socklen_t address_len;
};

bool http_lobby_init(struct http_lobby *lobby, struct host_error *err)
{
    *lobby = (struct http_lobby){.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
    return lobby->epoll_fd >= 0 || host_fail_errno(err, HOST_ERROR_INTERNAL, "epoll");
}

static void put_last(struct http_lobby *lobby, struct http_visitor *v)
{
    v->prev = lobby->last;
    if (v->prev)
        v->prev->next = v;
    else
        lobby->first = v;
    lobby->last = v;
}

static void take_out(struct http_lobby *lobby, struct http_visitor *v)
{
    if (v->prev)
        v->prev->next = v->next;
    else
        lobby->first = v->next;
    if (v->next)
        v->next->prev = v->prev;
    else
        lobby->last = v->prev;
    v->next = v->prev = NULL;
}

/* It ends here, and libmicrohttpd has never heard of it. */
static void leave(struct http_daemon *d, struct http_seat *seat)
{
    http_crowd_leave(&d->crowd, seat);
    http_count_connection(d, false);
}

static void turn_away(const struct http_visitor *v)
{
    close(v->seat->fd);
    leave(v->daemon, v->seat);
}

/* libmicrohttpd owns the descriptor from now on, and closes it if it has no room. */
static void hand_over(const struct http_visitor *v, enum http_room_kind kind)
{
    struct http_daemon *d = v->daemon;

    d->arriving = v->seat;
    (void)MHD_add_connection(d->room[kind].mhd, v->seat->fd, &v->address.sa, v->address_len);
    if (d->arriving)
        leave(d, d->arriving);
    d->arriving = NULL;
}

/* False: it has said nothing yet. */
static bool settle(const struct http_visitor *v)
{
    char bytes[LOOK_BYTES];
    ssize_t n = recv(v->seat->fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return false;
    if (n <= 0)
        turn_away(v);
    else if (v->daemon->room[HTTP_LEAN].mhd && http_begins_for_device(bytes, (size_t)n))
        hand_over(v, HTTP_LEAN);
    else
        hand_over(v, HTTP_ROOMY);
    return true;
}

/* Until it says something. */
static void let_wait(struct http_lobby *lobby, const struct http_visitor *v)
{
    struct http_visitor *waiting = malloc(sizeof *waiting);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = waiting};

    if (waiting)
        *waiting = *v;
    if (!waiting || epoll_ctl(lobby->epoll_fd, EPOLL_CTL_ADD, v->seat->fd, &event) != 0) {
        free(waiting);
        turn_away(v);
        return;
    }
    put_last(lobby, waiting);
}

/* What a handshake begins with says nothing; and an address' connections are counted by libmicrohttpd. */
static bool waits_here(const struct http_daemon *d)
{
    return !d->listener->tls && d->loop->config->per_address == 0;
}

static void receive(const struct http_visitor *v)
{
    if (!waits_here(v->daemon))
        hand_over(v, HTTP_ROOMY);
    else if (!settle(v))
        let_wait(&v->daemon->loop->lobby, v);
}

/* False: nobody more. */
static bool accept_one(struct http_daemon *d, uint64_t now_ms)
{
    struct http_visitor v = {.daemon = d, .address_len = sizeof v.address};
    int fd = accept4(d->listen_fd, &v.address.sa, &v.address_len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0 && (errno == ECONNABORTED || errno == EINTR))
        return true;
    if (fd < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            d->deaf_until_ms = now_ms + DEAF_MS;
        return false;
    }
    if (v.address_len > sizeof v.address)
        v.address_len = sizeof v.address;
    v.seat = http_crowd_enter(&d->crowd, fd, now_ms);
    if (!v.seat) {
        close(fd);
        return true;
    }
    http_count_connection(d, true);
    receive(&v);
    return true;
}

void http_lobby_accept(struct http_daemon *d, uint64_t now_ms)
{
    for (unsigned n = 0; n < ACCEPTS_A_TURN && d->crowd.open < d->limit; n++) {
        if (!accept_one(d, now_ms))
            return;
    }
}

bool http_lobby_heard(struct http_lobby *lobby)
{
    struct epoll_event events[HEARD_A_TURN];
    int n = epoll_wait(lobby->epoll_fd, events, HEARD_A_TURN, 0);

    for (int i = 0; i < n; i++) {
        struct http_visitor *v = events[i].data.ptr;
        int fd = v->seat->fd;

        /* Before it is settled: then the descriptor is not ours any more. */
        (void)epoll_ctl(lobby->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        take_out(lobby, v);
        if (!settle(v))
            let_wait(lobby, v);
        free(v);
    }
    return n == (int)HEARD_A_TURN;
}

void http_lobby_expire(struct http_lobby *lobby, uint64_t before_ms)
{
    struct http_visitor *v;

    while ((v = lobby->first) && v->seat->since_ms < before_ms) {
        /* A program that is being started has the descriptor, too: closing alone would leave v in epoll. */
        (void)epoll_ctl(lobby->epoll_fd, EPOLL_CTL_DEL, v->seat->fd, NULL);
        take_out(lobby, v);
        turn_away(v);
        free(v);
    }
}

uint64_t http_lobby_wait(const struct http_lobby *lobby, uint64_t now_ms, uint64_t idle_ms, uint64_t max)
{
    uint64_t until;

    if (!lobby->first)
        return max;
    until = lobby->first->seat->since_ms + idle_ms + 1;
    if (until <= now_ms)
        return 0;
    return until - now_ms < max ? until - now_ms : max;
}

void http_lobby_free(struct http_lobby *lobby)
{
    http_lobby_expire(lobby, UINT64_MAX);
    if (lobby->epoll_fd >= 0)
        close(lobby->epoll_fd);
}

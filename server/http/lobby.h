/*
 * Who has connected and has said nothing yet. libmicrohttpd gives a connection its memory at once, which it
 * keeps as long as it lives, idle or not; so a connection waits here, at the cost of 144 bytes with its seat,
 * until its first bytes show how much it needs: a device's requests are short. They are only looked at, and
 * stay in the socket. Loop thread only. Private to server/http.
 */
#ifndef OTTER_HTTP_LOBBY_H
#define OTTER_HTTP_LOBBY_H

#include "host/error.h"

#include <stdbool.h>
#include <stdint.h>

struct http_daemon;
struct http_visitor;

struct http_lobby {
    int epoll_fd;
    struct http_visitor *first, *last; /* who came first is closed first */
};

bool http_lobby_init(struct http_lobby *lobby, struct host_error *err);
/* Closes all who wait. */
void http_lobby_free(struct http_lobby *lobby);

/* Takes in some of those in the kernel's queue of a daemon, as far as there is room. */
void http_lobby_accept(struct http_daemon *d, uint64_t now_ms);

/* Some who wait have said something, or left: epoll_fd has said so. True: there may be more of them. */
bool http_lobby_heard(struct http_lobby *lobby);

/* Closes who came before that, and has said nothing. */
void http_lobby_expire(struct http_lobby *lobby, uint64_t before_ms);

/* Milliseconds until the first of them has waited for idle_ms, at most max. */
uint64_t http_lobby_wait(const struct http_lobby *lobby, uint64_t now_ms, uint64_t idle_ms, uint64_t max);

#endif

/*
 * The connections of one daemon, by what they are at: so that when there is no room for another one it is
 * known whose closing harms least. Loop thread only. Private to server/http.
 */
#ifndef OTTER_HTTP_CROWD_H
#define OTTER_HTTP_CROWD_H

#include <stdbool.h>
#include <stdint.h>

/* In the order in which they go. */
enum http_place {
    HTTP_PLACE_IDLE,               /* had an answer, and has not sent another whole head */
    HTTP_PLACE_HEAD,               /* has not sent a whole head yet: silent, slow, or at its handshake */
    HTTP_PLACE_BODY,               /* sends the body of a request */
    HTTP_PLACES,                   /* so many may be closed */
    HTTP_PLACE_BUSY = HTTP_PLACES, /* is worked for, or an operator's: never closed */
    HTTP_PLACE_GONE                /* was closed, and libmicrohttpd does not know yet */
};

struct http_seat {
    struct http_seat *next, *prev; /* in its place; not of BUSY and GONE */
    uint64_t since_ms;             /* monotonic: when it came to its place */
    uint64_t number;               /* of the connection */
    int fd;                        /* libmicrohttpd's */
    enum http_place place;
    void *tls; /* tls_session.c's */
};

struct http_crowd {
    struct {
        struct http_seat *first, *last; /* who came first goes first */
    } place[HTTP_PLACES];
    unsigned open, gone; /* seats taken; of these, of connections that were closed */
    uint64_t numbered;
};

/* A connection began; NULL when out of memory. */
struct http_seat *http_crowd_enter(struct http_crowd *crowd, int fd, uint64_t now_ms);
/* It ended. NULL is nothing to do. */
void http_crowd_leave(struct http_crowd *crowd, struct http_seat *seat);
/* It comes to a place, last in the row. NULL is nothing to do. */
void http_crowd_move(struct http_crowd *crowd, struct http_seat *seat, enum http_place place,
                     uint64_t now_ms);

/*
 * Closes whose closing harms least of those who have been at their place for patience_ms, and have sent
 * nothing that nobody has read yet. False: there is none. *ret_place is where it was.
 */
bool http_crowd_evict(struct http_crowd *crowd, uint64_t now_ms, uint64_t patience_ms,
                      enum http_place *ret_place);

#endif

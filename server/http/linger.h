/*
 * Connections that were answered before their body was read. Closing them with bytes unread would reset them,
 * and a client that still sends, or a web server in front, would never see the answer. libmicrohttpd closes
 * at once: so we keep a descriptor of our own and read on, within bounds. Loop thread only. Private to
 * server/http.
 */
#ifndef OTTER_HTTP_LINGER_H
#define OTTER_HTTP_LINGER_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define HTTP_LINGER_MAX   32u                   /* at a time; the one that would go first makes room */
#define HTTP_LINGER_MS    30000u                /* each */
#define HTTP_LINGER_BYTES (UINT64_C(256) << 20) /* each */

struct http_lingering {
    int fd; /* -1: free */
    bool shut, heard;
    uint64_t until_ms, left;
};

struct http_linger {
    struct http_lingering slot[HTTP_LINGER_MAX];
    unsigned count;
};

void http_linger_init(struct http_linger *linger);
void http_linger_free(struct http_linger *linger);

/* Takes a descriptor of its own. */
void http_linger_begin(struct http_linger *linger, int fd, uint64_t now_ms);

/* Adds what to wait for; how many. */
unsigned http_linger_poll(const struct http_linger *linger, struct pollfd fds[HTTP_LINGER_MAX]);
/* What poll(2) found, before anything else happens: who is silent costs no call more. */
void http_linger_heard(struct http_linger *linger, const struct pollfd fds[HTTP_LINGER_MAX]);
/* Milliseconds until one of them has had its time, at most max. */
uint64_t http_linger_wait(const struct http_linger *linger, uint64_t now_ms, uint64_t max);

/* Reads what has come, and closes who has ended, or has had his time or bytes. */
void http_linger_run(struct http_linger *linger, uint64_t now_ms);

#endif

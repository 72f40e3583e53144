/*
 * The HTTP front of the services: one thread per core, each with its own libmicrohttpd daemons (one a
 * listener), its own SO_REUSEPORT sockets and its own loop. docs/architecture.md says why the loop is ours.
 *
 * The process must ignore SIGPIPE: bodies are sent with sendfile(2), which has no MSG_NOSIGNAL.
 */
#ifndef OTTER_HTTP_FRONT_H
#define OTTER_HTTP_FRONT_H

#include "http/address.h"
#include "http/route.h"
#include "http/tls.h"

#define HTTP_LISTENERS_MAX 4u

struct http_listener {
    struct http_address address;
    enum http_serves serves;
    bool tls;            /* http_front_config.tls is there */
    bool proofs_only;    /* plain HTTP off this machine: devices' tokens are refused, they send Otter-HMAC */
    bool proxied;        /* a web server in front: its X-Forwarded-For and X-Forwarded-Proto are believed */
    bool proofs_if_http; /* proofs_only for what came to that web server without TLS */
};

struct http_front_config {
    struct svc *svc;      /* must outlive the front */
    struct http_tls *tls; /* the like; NULL: no listener has TLS */
    struct http_listener listener[HTTP_LISTENERS_MAX];
    unsigned listeners;
    unsigned threads;        /* at least 1 */
    unsigned connections;    /* at most, over all threads and listeners */
    unsigned per_address;    /* at most, of one address and thread; 0: no bound */
    uint32_t device_rate;    /* requests a minute that one device may send; 0: no bound */
    uint32_t address_rate;   /* the like of one address, whoever asks */
    unsigned wrong_tokens;   /* of operators, in a row from one address, before it is locked out; 0: never */
    unsigned idle_timeout_s; /* a connection without a byte either way */
    unsigned drain_s;        /* a stop waits this long for requests that run */
    bool metrics_public;     /* /metrics needs no token */
};

struct http_front; /* a running front */

enum http_start {
    HTTP_START_OK,
    HTTP_START_IN_USE, /* another process listens there */
    HTTP_START_FAILED  /* anything else; the error says */
};

/* Listens and starts the threads. *ret_front only with HTTP_START_OK. */
enum http_start http_front_start(const struct http_front_config *config, struct http_front **ret_front,
                                 struct host_error *err);

/* The real address of a listener ("127.0.0.1:43127", "[::1]:8480", "unix:/run/otter.sock"). */
const char *http_front_address(const struct http_front *front, unsigned listener);

/* The real port of a listener; 0 for a unix socket. */
unsigned http_front_port(const struct http_front *front, unsigned listener);

/*
 * For a watchdog: true if every loop went round since the last call. The first call is true. Call it from one
 * thread, not more often than once in a second.
 */
bool http_front_alive(struct http_front *front);

/*
 * Stops accepting, lets running requests finish (drain_s at most; requests that wait for the services are
 * always waited for), stops the threads and frees all. NULL is nothing to do. Call it before svc_close().
 */
void http_front_stop(struct http_front *front);

#endif

/*
 * One thread and its libmicrohttpd daemons. Everything of libmicrohttpd happens in this thread; services'
 * threads hand a finished call back by http_loop_done() alone. Private to server/http.
 */
#ifndef OTTER_HTTP_LOOP_H
#define OTTER_HTTP_LOOP_H

#include "http/crowd.h"
#include "http/front.h"
#include "http/hold.h"
#include "http/linger.h"
#include "http/lobby.h"
#include "http/lockout.h"
#include "http/rates.h"
#include "http/request.h"
#include "http/responses.h"
#include "http/worker.h"
#include "metrics/counters.h"

#include <pthread.h>
#include <stdatomic.h>

/* A connection's memory, for the request's head and then the reply's; framing.c keeps room for the latter. */
#define HTTP_POOL_BYTES 6144u
/*
 * It stays while a connection is idle, and is cleared at each request: so what begins as a device's does, and
 * an address for devices alone, has what devices need: no filter of a list comes there, and no web server in
 * front adds headers.
 */
#define HTTP_POOL_DEVICES 3584u

/* A listener's connections by the memory that they have: libmicrohttpd has one size a daemon. */
enum http_room_kind { HTTP_ROOMY, HTTP_LEAN, HTTP_ROOMS };

struct http_room {
    struct MHD_Daemon *mhd; /* NULL: nobody is led here */
    int epoll_fd;           /* belongs to mhd */
    size_t bytes;           /* of a connection */
    bool called;            /* by an event of the last turn */
};

struct http_daemon {
    struct http_loop *loop;
    struct http_room room[HTTP_ROOMS];
    int listen_fd; /* -1: not any more */
    const struct http_listener *listener;
    struct http_seat *arriving;   /* whose connection libmicrohttpd is being given */
    unsigned moved;               /* counts what has moved: bytes of TLS, calls of the handler */
    unsigned moved_before, still; /* the last turn's, and turns without movement */
    struct http_crowd crowd;      /* its connections */
    unsigned limit;               /* of connections */
    unsigned blobs;               /* that are being sent */
    uint64_t deaf_until_ms;       /* out of descriptors: it is useless to accept before that */
    unsigned again_ms;            /* to look at it again; UINT32_MAX: when something happens */
};

/* Descriptors of the process, as one loop has seen them. */
struct http_files {
    unsigned at_start;  /* 0: not known */
    uint32_t left, max; /* max 0: no bound */
    uint64_t looked_ms;
    unsigned open_then; /* connections of this loop */
};

struct http_loop {
    const struct http_front_config *config;
    struct svc *svc;
    struct http_worker *worker;
    struct http_daemon daemon[HTTP_LISTENERS_MAX];
    unsigned daemons;
    pthread_t thread;
    int wake_fd; /* eventfd: finished calls, a ping, or stop */
    struct http_responses responses;
    struct http_hold hold;
    struct http_linger linger;
    struct http_lobby lobby;

    struct http_request *spare; /* free list */
    unsigned spares;
    unsigned running;   /* requests between first call and completion */
    unsigned suspended; /* of these, connections that wait for a service */

    _Atomic(struct http_request *) done; /* pushed by services' threads, newest first */
    atomic_uint handing;                 /* threads inside http_loop_done() */
    atomic_bool stop;
    atomic_uint ping, pong;         /* the watchdog's question and the loop's answer */
    _Atomic uint64_t busy_since_ms; /* monotonic: when this round began; 0: it waits for events */

    struct http_files files;
    _Atomic uint64_t
        pressed_ms; /* monotonic: when something was put off or closed for want of room; 0: never */

    struct http_loop *peers; /* all loops of the front, this one too */
    unsigned peer_count;
    struct metrics_counters *counts; /* the front's, by health.h */
    struct http_lockout *lockout;    /* the front's */
    struct http_rates *device_rates; /* the like; NULL: no bound */
    struct http_rates *address_rates;
};

/*
 * Makes the daemons over listening sockets, which belong to the loop from now on, even after a failure. The
 * thread starts with http_loop_start(); before that http_loop_free() may be called.
 */
bool http_loop_init(struct http_loop *loop, const struct http_front_config *config,
                    struct http_worker *worker, const int *sockets, struct host_error *err);
bool http_loop_start(struct http_loop *loop, struct host_error *err);
/* Asks the thread to stop; http_loop_join() waits until it has. */
void http_loop_stop(struct http_loop *loop);
void http_loop_join(struct http_loop *loop);
void http_loop_free(struct http_loop *loop);
void http_loop_wake(struct http_loop *loop);
/* The time at which this round began, monotonic. Loop thread only. */
static inline uint64_t http_loop_now(const struct http_loop *loop)
{
    return atomic_load_explicit(&loop->busy_since_ms, memory_order_relaxed);
}

/* mhd.c: starts the rooms of d->listener. False: see http_daemon_stop(). */
bool http_daemon_start(struct http_daemon *d);
/* Ends its connections, and stops what was started. */
void http_daemon_stop(struct http_daemon *d);
/* The memory of a request's connection. */
size_t http_pool_bytes(const struct http_request *r);

/* The request's connection is suspended from now on, until http_loop_done(). Loop thread only. */
void http_loop_suspend(struct http_request *r);
/* The answer is in r: resumes it. Any thread. */
void http_loop_done(struct http_request *r);

/* spares.c: requests come from a free list. NULL when out of memory. Loop thread only. */
struct http_request *http_loop_request(struct http_loop *loop);
void http_loop_release(struct http_request *r);

#endif

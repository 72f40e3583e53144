/*
 * The loop. Four traps of libmicrohttpd decide its form (0.9.75, the one of Debian 12):
 *  - with its own thread and epoll it may sleep on pending events: so we wait on its epoll descriptor
 * ourselves, no longer than MHD_get_timeout() says, and call MHD_run();
 *  - MHD_run() may swallow the wake-up of an MHD_resume_connection() made meanwhile by another thread, and
 *    MHD_get_timeout() does not know of it: so connections are resumed in this thread alone, woken by an
 * eventfd;
 *  - sendfile(2) is used only if we promise to handle SIGPIPE;
 *  - the connection's memory pool is zeroed at each request: 6 KB instead of 32;
 *  - it takes a handshake that waits for its client for one that can go on, and asks to be run again at once:
 * a single byte of a client that then falls silent would keep the processor busy. So where nothing has moved
 * in a few turns, we sleep a little, or until something comes.
 */
#include "http/loop.h"

#include "host/cleanup.h"
#include "host/clock.h"
#include "host/log.h"
#include "http/door.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define WAIT_MAX_MS 60000u
/* How long a daemon naps that can take nobody in. */
#define STARVED_NAP_MS 100u
/* Turns without a byte until a TLS daemon may sleep, and for how long. Bytes that GnuTLS has decrypted
 * already need no more turns than that to reach the handler, which counts as movement. */
#define STILL_TURNS  8u
#define STILL_NAP_MS 10u

static void close_all(const int *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        close(fds[i]);
}

bool http_loop_init(struct http_loop *loop, const struct http_front_config *config,
                    struct http_worker *worker, const int *sockets, struct host_error *err)
{
    *loop = (struct http_loop){.config = config, .svc = config->svc, .worker = worker};
    http_linger_init(&loop->linger);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->wake_fd < 0) {
        close_all(sockets, config->listeners);
        return host_fail_errno(err, HOST_ERROR_INTERNAL, "eventfd");
    }
    for (unsigned i = 0; i < config->listeners; i++) {
        struct http_daemon *d = &loop->daemon[i];

        d->loop = loop;
        d->listener = &config->listener[i];
        if (!http_daemon_start(d, sockets[i])) {
            close_all(sockets + i, config->listeners - i);
            return host_fail(err, HOST_ERROR_INTERNAL, "libmicrohttpd did not start");
        }
        loop->daemons = i + 1;
    }
    return true;
}

void http_loop_wake(struct http_loop *loop)
{
    uint64_t one = 1;

    /* Fails only when the counter is full: then the loop is awake anyway. */
    (void)!write(loop->wake_fd, &one, sizeof one);
}

void http_loop_suspend(struct http_request *r)
{
    r->loop->suspended++;
    MHD_suspend_connection(r->connection);
}

void http_loop_done(struct http_request *r)
{
    struct http_loop *loop = r->loop;
    struct http_request *head;

    atomic_fetch_add_explicit(&loop->handing, 1, memory_order_relaxed);
    head = atomic_load_explicit(&loop->done, memory_order_relaxed);
    do {
        r->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&loop->done, &head, r, memory_order_acq_rel,
                                                    memory_order_relaxed));
    /* Who found the list empty wakes the loop, which takes the whole list. r may be gone by now. */
    if (!head)
        http_loop_wake(loop);
    atomic_fetch_sub_explicit(&loop->handing, 1, memory_order_release);
}

static void resume_done(struct http_loop *loop)
{
    struct http_request *r = atomic_exchange_explicit(&loop->done, NULL, memory_order_acq_rel);

    while (r) {
        struct http_request *next = r->next;

        loop->suspended--;
        MHD_resume_connection(r->connection);
        r = next;
    }
}

/* Is there nothing to do for a TLS daemon that says it has? */
static bool stands_still(struct http_daemon *d)
{
    bool moved = d->moved != d->moved_before;

    d->moved_before = d->moved;
    d->still = moved ? 0 : d->still + 1;
    return d->listener->tls && d->still >= STILL_TURNS;
}

/* Milliseconds until some daemon wants to be run without an event. */
static int wait_ms(struct http_loop *loop, unsigned max)
{
    unsigned long long least = max;

    for (unsigned i = 0; i < loop->daemons; i++) {
        struct http_daemon *d = &loop->daemon[i];
        MHD_UNSIGNED_LONG_LONG t = 0;
        bool still = stands_still(d);

        if (d->again_ms < least)
            least = d->again_ms;
        if (MHD_get_timeout(d->mhd, &t) != MHD_YES)
            continue;
        if (t == 0 && still)
            t = STILL_NAP_MS;
        if (t < least)
            least = t;
    }
    if (loop->linger.count > 0)
        least = http_linger_wait(&loop->linger, host_clock_mono_ms(), least);
    return (int)least;
}

static void turn(struct http_loop *loop, unsigned max_wait_ms)
{
    struct pollfd fds[HTTP_LISTENERS_MAX + 1 + HTTP_LINGER_MAX];
    const unsigned first = loop->daemons + 1;
    unsigned n;
    uint64_t count;

    fds[0] = (struct pollfd){.fd = loop->wake_fd, .events = POLLIN};
    for (unsigned i = 0; i < loop->daemons; i++) {
        bool starved = http_door_starves(&loop->daemon[i]);

        fds[i + 1] = (struct pollfd){.fd = starved ? -1 : loop->daemon[i].epoll_fd, .events = POLLIN};
        if (starved && max_wait_ms > STARVED_NAP_MS)
            max_wait_ms = STARVED_NAP_MS;
    }
    atomic_store_explicit(&loop->busy_since_ms, 0, memory_order_relaxed);
    n = first + http_linger_poll(&loop->linger, fds + first);
    if (poll(fds, n, wait_ms(loop, max_wait_ms)) < 0 && errno != EINTR)
        host_log(HOST_LOG_ERROR, "poll", HOST_LOG_STR("error", strerror(errno)));
    atomic_store_explicit(&loop->busy_since_ms, host_clock_mono_ms(), memory_order_relaxed);
    http_linger_heard(&loop->linger, fds + first);
    for (unsigned i = 0; i < loop->daemons; i++)
        loop->daemon[i].called = fds[i + 1].revents != 0;
    if (fds[0].revents)
        (void)!read(loop->wake_fd, &count,
                    sizeof count); /* before the list is taken: later pushes wake again */
    resume_done(loop);
    for (unsigned i = 0; i < loop->daemons; i++)
        http_door_run(&loop->daemon[i]);
    for (unsigned i = 0; i < loop->daemons; i++)
        http_door_relieve(&loop->daemon[i], http_loop_now(loop));
    if (loop->linger.count > 0)
        http_linger_run(&loop->linger, host_clock_mono_ms());
    atomic_store_explicit(&loop->pong, atomic_load_explicit(&loop->ping, memory_order_relaxed),
                          memory_order_relaxed);
}

/* Running requests have drain_s; suspended ones must come back, since libmicrohttpd cannot stop with them. */
static void drain(struct http_loop *loop)
{
    uint64_t deadline = host_clock_mono_ms() + (uint64_t)loop->config->drain_s * 1000;

    while (loop->suspended > 0 || (loop->running > 0 && host_clock_mono_ms() < deadline))
        turn(loop, 100);
}

static void *run(void *arg)
{
    struct http_loop *loop = arg;

    while (!atomic_load_explicit(&loop->stop, memory_order_relaxed))
        turn(loop, WAIT_MAX_MS);
    for (unsigned i = 0; i < loop->daemons; i++)
        http_door_last(&loop->daemon[i]);
    for (unsigned i = 0; i < loop->daemons; i++)
        http_door_close(&loop->daemon[i]);
    drain(loop);
    return NULL;
}

bool http_loop_start(struct http_loop *loop, struct host_error *err)
{
    errno = pthread_create(&loop->thread, NULL, run, loop);
    return errno == 0 || host_fail_errno(err, HOST_ERROR_INTERNAL, "cannot start a thread");
}

void http_loop_stop(struct http_loop *loop)
{
    atomic_store_explicit(&loop->stop, true, memory_order_relaxed);
    http_loop_wake(loop);
}

void http_loop_join(struct http_loop *loop)
{
    pthread_join(loop->thread, NULL);
    /* A service's thread may have handed over the last call and not yet have left http_loop_done(). */
    while (atomic_load_explicit(&loop->handing, memory_order_acquire) > 0)
        sched_yield();
}

void http_loop_free(struct http_loop *loop)
{
    for (unsigned i = 0; i < loop->daemons; i++)
        MHD_stop_daemon(loop->daemon[i].mhd);
    http_linger_free(&loop->linger);
    http_responses_free(&loop->responses);
    while (loop->spare) {
        struct http_request *r = loop->spare;

        loop->spare = r->next;
        free(r);
    }
    close(loop->wake_fd);
}

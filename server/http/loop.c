/*
 * The loop. Traps of libmicrohttpd decide its form (0.9.75, the one of Debian 12):
 *  - with its own thread and epoll it may sleep on pending events: so we wait on its epoll descriptor
 * ourselves, no longer than MHD_get_timeout() says, and call MHD_run();
 *  - MHD_run() may swallow the wake-up of an MHD_resume_connection() made meanwhile by another thread, and
 *    MHD_get_timeout() does not know of it: so connections are resumed in this thread alone, woken by an
 * eventfd;
 *  - sendfile(2) is used only if we promise to handle SIGPIPE;
 *  - the connection's memory pool is zeroed at each request: 6 KB instead of 32;
 *  - it takes a handshake that waits for its client for one that can go on, and asks to be run again at once:
 * a single byte of a client that then falls silent would keep the processor busy. So where nothing has moved
 * in a few turns, we sleep a little, or until something comes;
 *  - at its limit it forgets to listen again, and out of descriptors it listens no more: so connections are
 * accepted here (lobby.h).
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
/* Turns without a byte until a TLS daemon may sleep, and for how long. Bytes that GnuTLS has decrypted
 * already need no more turns than that to reach the handler, which counts as movement. */
#define STILL_TURNS  8u
#define STILL_NAP_MS 10u
/* Runs of the daemons before others than their connections have a turn: so many, none that begins later. */
#define RUNS_A_TURN 4u
#define RUNS_MS     4u

bool http_loop_init(struct http_loop *loop, const struct http_front_config *config,
                    struct http_worker *worker, const int *sockets, struct host_error *err)
{
    *loop = (struct http_loop){.config = config, .svc = config->svc, .worker = worker};
    http_linger_init(&loop->linger);
    loop->lobby.epoll_fd = -1;
    for (unsigned i = 0; i < config->listeners; i++)
        loop->daemon[i] =
            (struct http_daemon){.loop = loop, .listener = &config->listener[i], .listen_fd = sockets[i]};
    loop->daemons = config->listeners;
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->wake_fd < 0)
        return host_fail_errno(err, HOST_ERROR_INTERNAL, "eventfd");
    if (!http_lobby_init(&loop->lobby, err))
        return false;
    for (unsigned i = 0; i < loop->daemons; i++) {
        if (!http_daemon_start(&loop->daemon[i]))
            return host_fail(err, HOST_ERROR_INTERNAL, "libmicrohttpd did not start");
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

/* Milliseconds until a daemon wants to be run without an event, at most max. */
static unsigned long long wait_of(struct http_daemon *d, unsigned long long max)
{
    bool still = stands_still(d);

    if (d->again_ms < max)
        max = d->again_ms;
    for (unsigned i = 0; i < HTTP_ROOMS; i++) {
        MHD_UNSIGNED_LONG_LONG t = 0;

        if (!d->room[i].mhd || MHD_get_timeout(d->room[i].mhd, &t) != MHD_YES)
            continue;
        if (t == 0 && still)
            t = STILL_NAP_MS;
        if (t < max)
            max = t;
    }
    return max;
}

static uint64_t idle_ms(const struct http_loop *loop)
{
    return (uint64_t)loop->config->idle_timeout_s * 1000;
}

static int wait_ms(struct http_loop *loop, unsigned max)
{
    unsigned long long least = max;

    for (unsigned i = 0; i < loop->daemons; i++)
        least = wait_of(&loop->daemon[i], least);
    if (loop->linger.count > 0)
        least = http_linger_wait(&loop->linger, host_clock_mono_ms(), least);
    if (loop->lobby.first)
        least = http_lobby_wait(&loop->lobby, host_clock_mono_ms(), idle_ms(loop), least);
    return (int)least;
}

/* What a loop waits for: its eventfd and the lobby, then of each daemon the listening socket and the rooms,
 * then who lingers. */
enum { FD_WAKE, FD_LOBBY, FD_DAEMONS, FDS_OF_DAEMON = 1 + HTTP_ROOMS };
#define FDS_MAX (FD_DAEMONS + FDS_OF_DAEMON * HTTP_LISTENERS_MAX + HTTP_LINGER_MAX)

static struct pollfd readable(int fd)
{
    return (struct pollfd){.fd = fd, .events = POLLIN};
}

/* How many. */
static unsigned put_daemons(const struct http_loop *loop, struct pollfd *fds)
{
    struct pollfd *p = fds;

    for (unsigned i = 0; i < loop->daemons; i++) {
        const struct http_daemon *d = &loop->daemon[i];

        *p++ = readable(http_door_listens(d, http_loop_now(loop)) ? d->listen_fd : -1);
        for (unsigned k = 0; k < HTTP_ROOMS; k++)
            *p++ = readable(d->room[k].mhd ? d->room[k].epoll_fd : -1);
    }
    return (unsigned)(p - fds);
}

static void wait(struct http_loop *loop, unsigned max_wait_ms, struct pollfd fds[FDS_MAX])
{
    unsigned n = FD_DAEMONS;

    fds[FD_WAKE] = readable(loop->wake_fd);
    fds[FD_LOBBY] = readable(loop->lobby.first ? loop->lobby.epoll_fd : -1);
    n += put_daemons(loop, fds + n);
    atomic_store_explicit(&loop->busy_since_ms, 0, memory_order_relaxed);
    n += http_linger_poll(&loop->linger, fds + n);
    if (poll(fds, n, wait_ms(loop, max_wait_ms)) < 0) {
        if (errno != EINTR)
            host_log(HOST_LOG_ERROR, "poll", HOST_LOG_STR("error", strerror(errno)));
        for (unsigned i = 0; i < n; i++)
            fds[i].revents = 0;
    }
    atomic_store_explicit(&loop->busy_since_ms, host_clock_mono_ms(), memory_order_relaxed);
}

/* Who comes in is there before the daemons run: his request mostly is, too. */
static void let_in(struct http_loop *loop, const struct pollfd *fds)
{
    const struct pollfd *p = fds + FD_DAEMONS;
    uint64_t now_ms = http_loop_now(loop), idle = idle_ms(loop);

    for (unsigned i = 0; i < loop->daemons; i++) {
        struct http_daemon *d = &loop->daemon[i];

        if ((p++)->revents)
            http_lobby_accept(d, now_ms);
        for (unsigned k = 0; k < HTTP_ROOMS; k++)
            d->room[k].called = (p++)->revents != 0;
    }
    if (fds[FD_LOBBY].revents)
        http_lobby_heard(&loop->lobby);
    if (loop->lobby.first && now_ms > idle)
        http_lobby_expire(&loop->lobby, now_ms - idle);
}

/* True: something moved, and nothing that takes long. */
static bool run_once(struct http_loop *loop)
{
    bool moved = false, held = false;

    for (unsigned i = 0; i < loop->daemons; i++) {
        unsigned before = loop->daemon[i].moved;

        held |= http_door_run(&loop->daemon[i]);
        moved |= loop->daemon[i].moved != before;
    }
    return moved && !held;
}

/* Who is served asks again meanwhile: he is heard without a poll() over all. But who comes in, and what has a
 * time, does not wait for that longer than for one run. */
static void run_daemons(struct http_loop *loop)
{
    uint64_t until_ms = http_loop_now(loop) + RUNS_MS;

    for (unsigned n = 0; n < RUNS_A_TURN && run_once(loop) && host_clock_mono_ms() < until_ms; n++) {
    }
}

static void turn(struct http_loop *loop, unsigned max_wait_ms)
{
    struct pollfd fds[FDS_MAX];
    uint64_t count;

    wait(loop, max_wait_ms, fds);
    http_linger_heard(&loop->linger, fds + FD_DAEMONS + (size_t)loop->daemons * FDS_OF_DAEMON);
    let_in(loop, fds);
    if (fds[FD_WAKE].revents)
        (void)!read(loop->wake_fd, &count,
                    sizeof count); /* before the list is taken: later pushes wake again */
    resume_done(loop);
    run_daemons(loop);
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
        http_daemon_stop(&loop->daemon[i]);
    http_lobby_free(&loop->lobby);
    for (unsigned i = 0; i < loop->daemons; i++) {
        if (loop->daemon[i].listen_fd >= 0)
            close(loop->daemon[i].listen_fd);
    }
    http_linger_free(&loop->linger);
    http_responses_free(&loop->responses);
    while (loop->spare) {
        struct http_request *r = loop->spare;

        loop->spare = r->next;
        free(r);
    }
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
}

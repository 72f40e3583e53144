#include "http/front.h"

#include "http/door.h"
#include "http/health.h"
#include "http/loop.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

struct http_front {
    struct http_front_config config; /* listener[].address is the real one */
    char address[HTTP_LISTENERS_MAX][HTTP_ADDRESS_STR];
    struct http_worker *worker;
    struct http_loop *loop; /* config.threads of them */
    unsigned loops, started;
    unsigned pinged;
    struct metrics_counters *counts;
    struct http_lockout *lockout;
    struct http_rates *device_rates, *address_rates; /* NULL: no bound */
    int *sockets;                                    /* [thread][listener]; -1 once a loop has them */
};

const char *http_front_address(const struct http_front *front, unsigned listener)
{
    return front->address[listener];
}

unsigned http_front_port(const struct http_front *front, unsigned listener)
{
    return http_address_port(&front->config.listener[listener].address);
}

/* One queue a thread for TCP; a unix socket has one, which all threads accept from. */
static bool listen_at(struct http_front *front, unsigned l, struct http_listen_error *e)
{
    struct http_address *address = &front->config.listener[l].address;
    unsigned n = front->config.listeners;

    if (!http_address_probe(address, e))
        return false;
    for (unsigned t = 0; t < front->config.threads; t++) {
        int *fd = &front->sockets[t * n + l];

        if (t > 0 && http_address_is_unix(address)) {
            *fd = fcntl(front->sockets[l], F_DUPFD_CLOEXEC, 0);
            if (*fd < 0)
                return host_fail_errno(e->err, HOST_ERROR_INTERNAL, "dup");
            continue;
        }
        *fd = http_address_listen(address, e);
        if (*fd < 0)
            return false;
        if (t == 0 && !http_address_is_unix(address) && !http_address_of_socket(*fd, address, e->err))
            return false;
    }
    http_address_format(address, front->address[l]);
    return true;
}

static bool start_loops(struct http_front *front, struct host_error *err)
{
    const struct http_front_config *config = &front->config;
    unsigned files;

    for (unsigned t = 0; t < config->threads; t++) {
        int *sockets = front->sockets + (size_t)t * config->listeners;
        bool ok;

        front->loops = t + 1;
        ok = http_loop_init(&front->loop[t], config, front->worker, sockets, err);
        for (unsigned l = 0; l < config->listeners; l++)
            sockets[l] = -1;
        if (!ok)
            return false;
        front->loop[t].peers = front->loop;
        front->loop[t].peer_count = config->threads;
        front->loop[t].counts = front->counts;
        front->loop[t].lockout = front->lockout;
        front->loop[t].device_rates = front->device_rates;
        front->loop[t].address_rates = front->address_rates;
    }
    files = http_door_files();
    for (unsigned t = 0; t < config->threads; t++) {
        front->loop[t].files.at_start = files;
        if (!http_loop_start(&front->loop[t], err))
            return false;
        front->started = t + 1;
    }
    return true;
}

static bool make_rates(struct http_front *front)
{
    const struct http_front_config *config = &front->config;

    if (config->device_rate > 0)
        front->device_rates = http_rates_new(config->device_rate);
    if (config->address_rate > 0)
        front->address_rates = http_rates_new(config->address_rate);
    return (config->device_rate == 0 || front->device_rates) &&
           (config->address_rate == 0 || front->address_rates);
}

static void free_rates(struct http_front *front)
{
    http_rates_free(front->device_rates);
    http_rates_free(front->address_rates);
}

static struct http_front *new_front(const struct http_front_config *config, struct host_error *err)
{
    struct http_front *front = calloc(1, sizeof *front);
    size_t sockets = (size_t)config->threads * config->listeners;

    if (front) {
        front->config = *config;
        front->loop = calloc(config->threads, sizeof *front->loop);
        front->sockets = malloc(sockets * sizeof *front->sockets);
        front->counts = metrics_counters_new(HTTP_COUNTERS);
        front->lockout = http_lockout_new(config->wrong_tokens);
    }
    if (!front || !front->loop || !front->sockets || !front->counts || !front->lockout ||
        !make_rates(front)) {
        (void)host_fail(err, HOST_ERROR_MEMORY, "out of memory");
        if (front) {
            free_rates(front);
            http_lockout_free(front->lockout);
            metrics_counters_free(front->counts);
            free(front->sockets);
            free(front->loop);
        }
        free(front);
        return NULL;
    }
    for (size_t i = 0; i < sockets; i++)
        front->sockets[i] = -1;
    return front;
}

enum http_start http_front_start(const struct http_front_config *config, struct http_front **ret_front,
                                 struct host_error *err)
{
    struct http_listen_error e = {.err = err};
    struct http_front *front = new_front(config, err);

    if (!front)
        return HTTP_START_FAILED;
    for (unsigned l = 0; l < config->listeners; l++) {
        if (!listen_at(front, l, &e)) {
            http_front_stop(front);
            return e.in_use ? HTTP_START_IN_USE : HTTP_START_FAILED;
        }
    }
    front->worker = http_worker_new(err);
    if (!front->worker || !start_loops(front, err)) {
        http_front_stop(front);
        return HTTP_START_FAILED;
    }
    *ret_front = front;
    return HTTP_START_OK;
}

bool http_front_alive(struct http_front *front)
{
    bool alive = true;

    for (unsigned t = 0; t < front->started; t++) {
        struct http_loop *loop = &front->loop[t];

        if (atomic_load_explicit(&loop->pong, memory_order_relaxed) != front->pinged)
            alive = false;
    }
    front->pinged++;
    for (unsigned t = 0; t < front->started; t++) {
        atomic_store_explicit(&front->loop[t].ping, front->pinged, memory_order_relaxed);
        http_loop_wake(&front->loop[t]);
    }
    return alive;
}

static void remove_unix_sockets(const struct http_front *front)
{
    for (unsigned l = 0; l < front->config.listeners; l++) {
        const struct http_address *address = &front->config.listener[l].address;
        struct sockaddr_un un;

        if (front->address[l][0] == '\0' || !http_address_is_unix(address))
            continue; /* not ours: listening there failed */
        memcpy(&un, &address->sa, sizeof un);
        (void)unlink(un.sun_path);
    }
}

void http_front_stop(struct http_front *front)
{
    size_t sockets;

    if (!front)
        return;
    for (unsigned t = 0; t < front->started; t++)
        http_loop_stop(&front->loop[t]);
    for (unsigned t = 0; t < front->started; t++)
        http_loop_join(&front->loop[t]);
    for (unsigned t = 0; t < front->loops; t++)
        http_loop_free(&front->loop[t]);
    http_worker_free(front->worker);
    remove_unix_sockets(front);
    free_rates(front);
    sockets = (size_t)front->config.threads * front->config.listeners;
    for (size_t i = 0; i < sockets; i++) {
        if (front->sockets[i] >= 0)
            close(front->sockets[i]);
    }
    http_lockout_free(front->lockout);
    metrics_counters_free(front->counts);
    free(front->sockets);
    free(front->loop);
    free(front);
}

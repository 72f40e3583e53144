#include "http/door.h"

#include "host/log.h"
#include "http/health.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* A round takes sixteen connections in: six times the queue that we ask the kernel for. */
#define ACCEPT_ROUNDS_MAX 1600u
#define FILES_LOOK_MS     100u /* how often descriptors are counted; and how soon we try again to make room */
#define EVICTED_A_TURN    64u
/* Of idle_timeout: who has been at his place for less is not closed. */
#define PATIENCE_PART 4u

bool http_door_listens(const struct http_daemon *d, uint64_t now_ms)
{
    return d->listen_fd >= 0 && d->crowd.open < d->limit && now_ms >= d->deaf_until_ms;
}

static void run(const struct http_room *room)
{
    const union MHD_DaemonInfo *info =
        room->mhd ? MHD_get_daemon_info(room->mhd, MHD_DAEMON_INFO_CURRENT_CONNECTIONS) : NULL;

    if (info && (room->called || info->num_connections > 0))
        (void)MHD_run(room->mhd);
}

bool http_door_run(struct http_daemon *d)
{
    bool held;

    for (unsigned i = 0; i < HTTP_ROOMS; i++)
        run(&d->room[i]);
    held = d->loop->hold.count > 0;
    http_hold_let_go(&d->loop->hold);
    return held;
}

unsigned http_door_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    if (!dir)
        return 0;
    while (readdir(dir))
        n++;
    closedir(dir);
    return n > 3 ? n - 3 : 0; /* ".", ".." and that of dir itself */
}

static unsigned open_here(const struct http_loop *loop)
{
    unsigned n = 0;

    for (unsigned i = 0; i < loop->daemons; i++)
        n += loop->daemon[i].crowd.open;
    return n;
}

/* Connections and files of blobs of all loops are counted; the rest is what was open at the start. */
static uint64_t files_used(const struct http_loop *loop)
{
    const struct metrics_counters *counts = loop->counts;
    /* What ended first: so that the differences are never below what is open. */
    uint64_t left = metrics_sum(counts, HTTP_COUNT_DISCONNECTED);
    uint64_t closed = metrics_sum(counts, HTTP_COUNT_FILES_CLOSED);
    uint64_t began = metrics_sum(counts, HTTP_COUNT_CONNECTED);
    uint64_t opened = metrics_sum(counts, HTTP_COUNT_FILES);

    return loop->files.at_start + (began - left) + (opened - closed) + loop->linger.count;
}

/* The limit may be changed while we run, and others (a program of events, a backup) take descriptors, too: so
 * one is asked for. */
static void look_at_files(struct http_loop *loop)
{
    struct http_files *files = &loop->files;
    struct rlimit limit;
    uint64_t used;
    int fd;

    files->looked_ms = http_loop_now(loop);
    files->open_then = open_here(loop);
    files->max = 0;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= UINT32_MAX || files->at_start == 0)
        return;
    files->max = (uint32_t)limit.rlim_cur;
    used = files_used(loop);
    fd = fcntl(loop->wake_fd, F_DUPFD_CLOEXEC, 0);
    files->left = fd >= 0 && used < files->max ? files->max - (uint32_t)used : 0;
    if (fd >= 0)
        close(fd);
}

static void load_of(const struct http_daemon *d, struct policy_load *ret)
{
    const struct http_files *files = &d->loop->files;
    unsigned open = open_here(d->loop);
    /* The other loops have grown as we have. */
    uint64_t grown = open > files->open_then ? (uint64_t)(open - files->open_then) * d->loop->peer_count : 0;

    *ret = (struct policy_load){
        .connections = d->crowd.open - d->crowd.gone,
        .connections_max = d->limit,
        .blobs = d->blobs,
        .files_left = grown < files->left ? files->left - (uint32_t)grown : 0,
        .files_max = files->max,
    };
}

bool http_door_admits(struct http_daemon *d, enum policy_asked asked)
{
    struct policy_load load;

    load_of(d, &load);
    if (policy_admit(asked, &load) == POLICY_SERVE)
        return true;
    look_at_files(d->loop); /* what was known may be old: nobody is sent away for that */
    load_of(d, &load);
    return policy_admit(asked, &load) == POLICY_SERVE;
}

static bool evict(struct http_daemon *d, uint64_t now_ms, uint64_t patience_ms)
{
    enum http_place place;

    if (!http_crowd_evict(&d->crowd, now_ms, patience_ms, &place))
        return false;
    http_count_evicted(d, place);
    return true;
}

void http_door_relieve(struct http_daemon *d, uint64_t now_ms)
{
    const uint64_t patience_ms = (uint64_t)d->loop->config->idle_timeout_s * 1000 / PATIENCE_PART;
    struct policy_load load;
    unsigned n;

    if (now_ms >= d->loop->files.looked_ms + FILES_LOOK_MS)
        look_at_files(d->loop);
    load_of(d, &load);
    d->again_ms = UINT32_MAX;
    if (now_ms < d->deaf_until_ms)
        d->again_ms = (unsigned)(d->deaf_until_ms - now_ms);
    for (n = 0; n < EVICTED_A_TURN && policy_admit(POLICY_ASKS_TO_ENTER, &load) == POLICY_EVICT; n++) {
        if (!evict(d, now_ms, patience_ms)) {
            d->again_ms = FILES_LOOK_MS;
            break;
        }
        load.connections--;
        load.files_left++;
    }
}

static bool somebody_waits(const struct http_daemon *d)
{
    struct pollfd waiting = {.fd = d->listen_fd, .events = POLLIN};

    return poll(&waiting, 1, 0) > 0;
}

/*
 * Who has connected is in the kernel's queue, and closing the listening socket would reset him: so the queue
 * is taken in first. New ones may come all the while, so the rounds are bounded.
 */
void http_door_last(struct http_daemon *d)
{
    for (unsigned n = 0; n < ACCEPT_ROUNDS_MAX && somebody_waits(d); n++) {
        http_lobby_accept(d, http_loop_now(d->loop));
        (void)http_door_run(d);
    }
    /* Once more, for the requests that have been sent already: of the last ones, and of who waited long. */
    for (unsigned n = 0; n < ACCEPT_ROUNDS_MAX && http_lobby_heard(&d->loop->lobby); n++) {
    }
    (void)http_door_run(d);
}

void http_door_close(struct http_daemon *d)
{
    close(d->listen_fd);
    d->listen_fd = -1;
}

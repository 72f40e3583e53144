#include "http/door.h"

#include "host/log.h"
#include "http/health.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Turns until a daemon that can take nobody in naps. */
#define STARVED_TURNS 8u
/* A round takes ten connections in: four times the queue that we ask the kernel for. */
#define ACCEPT_ROUNDS_MAX 1600u
#define FILES_LOOK_MS     100u /* how often descriptors are counted; and how soon we try again to make room */
#define EVICTED_A_TURN    64u
/* Of idle_timeout: who has been at his place for less is not closed. */
#define PATIENCE_PART 4u

static int listening(const struct http_daemon *d)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(d->mhd, MHD_DAEMON_INFO_LISTEN_FD);

    return info ? info->listen_fd : -1;
}

static bool somebody_waits(const struct http_daemon *d)
{
    struct pollfd waiting = {.fd = listening(d), .events = POLLIN};

    return poll(&waiting, 1, 0) > 0;
}

/*
 * At its limit a daemon takes the listening socket out of its set, and puts it back at the beginning of a
 * run: so when connections have ended there is one run more, or who waits in the kernel's queue would wait
 * for an event of somebody else.
 */
void http_door_run(struct http_daemon *d)
{
    const union MHD_DaemonInfo *info;
    unsigned before = d->connections;

    (void)MHD_run(d->mhd);
    info = MHD_get_daemon_info(d->mhd, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    d->connections = info ? info->num_connections : 0;
    if (d->connections < before)
        (void)MHD_run(d->mhd);
}

/*
 * Out of descriptors with nobody connected, a daemon goes on listening for an event that it cannot take: who
 * waits stays in the kernel's queue, and we look again after a nap instead of at once.
 */
bool http_door_starves(struct http_daemon *d)
{
    bool suspect = d->connections == 0 && (d->called || d->starved > 0);

    d->starved = suspect && somebody_waits(d) ? d->starved + 1 : 0;
    return d->starved >= STARVED_TURNS;
}

/* With somebody connected it stops listening instead, until a connection of its own ends. */
void http_door_heard(struct http_daemon *d, const char *fmt)
{
    if (strstr(fmt, "accept"))
        d->deaf = d->crowd.open > 0;
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

/* Descriptors are there again and somebody waits, but it does not listen: where none of its own connections
 * ends by itself, one must, though all are used. */
static void cure(struct http_daemon *d, const struct policy_load *load, uint64_t now_ms, uint64_t patience_ms)
{
    bool could =
        load->files_left > 0 && load->connections < d->limit && d->crowd.gone == 0 && somebody_waits(d);

    d->again_ms = FILES_LOOK_MS;
    if (!could || d->could_ms == 0)
        d->could_ms = could ? now_ms : 0;
    if (could && now_ms - d->could_ms >= patience_ms && evict(d, now_ms, 0))
        d->could_ms = 0;
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
    if (d->deaf)
        cure(d, &load, now_ms, patience_ms);
    for (n = 0; n < EVICTED_A_TURN && policy_admit(POLICY_ASKS_TO_ENTER, &load) == POLICY_EVICT; n++) {
        if (!evict(d, now_ms, patience_ms)) {
            d->again_ms = FILES_LOOK_MS;
            break;
        }
        load.connections--;
        load.files_left++;
    }
}

/*
 * Who has connected is in the kernel's queue, and closing the listening socket would reset him: so the queue
 * is taken in first. New ones may come all the while, so the rounds are bounded.
 */
void http_door_last(struct http_daemon *d)
{
    for (unsigned n = 0; n < ACCEPT_ROUNDS_MAX && somebody_waits(d); n++)
        (void)MHD_run(d->mhd);
    /* Once more, for the requests that the last ones have sent already. */
    (void)MHD_run(d->mhd);
}

/* After MHD_quiesce_daemon() the listening socket is ours again. */
void http_door_close(struct http_daemon *d)
{
    MHD_socket fd = MHD_quiesce_daemon(d->mhd);

    if (fd != MHD_INVALID_SOCKET)
        close(fd);
}

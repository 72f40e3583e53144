/*
 * [audit] file and syslog: a thread that follows the table, over a connection of its own, and copies what was
 * committed. So nobody waits for a slow or full disk, and what a crash or a fault kept back comes later, in
 * its order. Where the copies are is kept with each entry (meta), and told by the file's own last line.
 */
#include "service/internal.h"

#include "service/audit_copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AGAIN_MS 1000u /* after a fault */
#define COPIES   2u

struct audit_tail {
    struct store *store;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool woken, stop, reopen; /* locked */
    struct audit_copy copy[COPIES];
};

/* True: all that is committed is there. */
static bool copy_all(struct audit_tail *t)
{
    bool all = true;

    for (unsigned i = 0; i < COPIES; i++)
        if (t->copy[i].sink.path)
            all = audit_copy_go_on(&t->copy[i]) && all;
    return all;
}

static void close_sinks(struct audit_tail *t)
{
    for (unsigned i = 0; i < COPIES; i++)
        if (t->copy[i].sink.path)
            t->copy[i].sink.close(&t->copy[i].sink);
}

static void wait_for_more(struct audit_tail *t, bool all)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += AGAIN_MS / 1000;
    while (!t->woken && !t->stop && !t->reopen)
        if (all)
            (void)pthread_cond_wait(&t->wake, &t->lock);
        else if (pthread_cond_timedwait(&t->wake, &t->lock, &until) != 0)
            return;
}

static void *tail_main(void *arg)
{
    struct audit_tail *t = arg;
    bool stop = false, reopen = false;

    while (!stop) {
        bool all;

        if (reopen)
            close_sinks(t);
        all = copy_all(t);
        (void)pthread_mutex_lock(&t->lock);
        wait_for_more(t, all);
        stop = t->stop;
        reopen = t->reopen;
        t->woken = t->reopen = false;
        (void)pthread_mutex_unlock(&t->lock);
    }
    (void)copy_all(t); /* what was committed last */
    return NULL;
}

/* ---- from other threads ---- */

static void nudge(struct audit_tail *t, bool *flag)
{
    (void)pthread_mutex_lock(&t->lock);
    *flag = true;
    (void)pthread_cond_signal(&t->wake);
    (void)pthread_mutex_unlock(&t->lock);
}

void audit_tail_wake(struct audit_tail *tail)
{
    nudge(tail, &tail->woken);
}

void svc_audit_reopen(struct svc *svc)
{
    if (svc->audit.tail)
        nudge(svc->audit.tail, &svc->audit.tail->reopen);
}

uint64_t audit_tail_behind(const struct svc *svc, bool syslog)
{
    return svc->audit.tail ? atomic_load(&svc->audit.tail->copy[syslog].behind) : 0;
}

enum otter_status audit_tail_keep(struct svc *svc)
{
    struct audit_tail *t = svc->audit.tail;
    enum otter_status status = OTTER_OK;

    for (unsigned i = 0; t && i < COPIES && status == OTTER_OK; i++)
        if (t->copy[i].sink.path)
            status = audit_copy_keep(&t->copy[i]);
    return status;
}

/* ---- beginning and end ---- */

static void init_lock(struct audit_tail *t)
{
    pthread_condattr_t attr;

    (void)pthread_mutex_init(&t->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&t->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
}

static void free_tail(struct audit_tail *t)
{
    close_sinks(t);
    store_close(t->store);
    (void)pthread_cond_destroy(&t->wake);
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
}

static bool fill(struct svc *svc, struct audit_tail *t, struct host_error *err)
{
    enum store_fault fault = STORE_FAULT_NONE;
    char path[PATH_MAX];

    init_lock(t);
    if (svc->config.audit_file)
        t->copy[0].sink = audit_sink_file(svc->config.audit_file);
    if (svc->config.audit_syslog)
        t->copy[1].sink = audit_sink_syslog(svc->config.audit_syslog);
    (void)snprintf(path, sizeof(path), "%.4000s/otter.db", svc->dir);
    t->store = store_sqlite_open(path, STORE_READER, &fault, err);
    if (!t->store)
        return false;
    for (unsigned i = 0; i < COPIES; i++) {
        t->copy[i].svc = svc;
        t->copy[i].store = t->store;
    }
    return (audit_copy_begin(&t->copy[0], "audit_file") && audit_copy_begin(&t->copy[1], "audit_syslog")) ||
           host_fail(err, HOST_ERROR_FILE, "the database cannot be read");
}

bool audit_tail_start(struct svc *svc, struct host_error *err)
{
    struct audit_tail *t;

    if (!svc->config.audit_file && !svc->config.audit_syslog)
        return true;
    t = calloc(1, sizeof(*t));
    if (!t)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    if (fill(svc, t, err) && pthread_create(&t->thread, NULL, tail_main, t) == 0) {
        svc->audit.tail = t;
        return true;
    }
    free_tail(t);
    return err->kind == HOST_ERROR_NONE ? host_fail(err, HOST_ERROR_MEMORY, "threads cannot be started")
                                        : false;
}

/* After the writer's last transaction. */
void audit_tail_stop(struct svc *svc)
{
    struct audit_tail *t = svc->audit.tail;
    struct store *store = svc->writer;

    if (!t)
        return;
    nudge(t, &t->stop);
    (void)pthread_join(t->thread, NULL);
    if (store->ops->begin(store, false) == OTTER_OK &&
        (audit_tail_keep(svc) != OTTER_OK || store->ops->commit(store) != OTTER_OK))
        store->ops->rollback(store);
    svc->audit.tail = NULL;
    free_tail(t);
}

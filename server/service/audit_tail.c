/*
 * [audit] file and syslog: a thread that follows the table, over a connection of its own, and copies what was
 * committed. So nobody waits for a slow or full disk, and what a crash or a fault kept back comes later, in
 * its order. Where the copies are is kept with each entry (meta), and told by the file's own last line.
 */
#include "service/internal.h"

#include "core/bytes.h"
#include "host/log.h"
#include "service/audit_sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH    256u
#define AGAIN_MS 1000u /* after a fault */
#define SINKS    2u

struct copy {
    struct audit_sink sink; /* path NULL: not asked for */
    const char *meta;
    uint64_t told, kept; /* the newest entry there, and as meta has it; both the thread's until it ends */
    _Atomic uint64_t mark, behind;
    bool failing;
    bool adopted; /* what the file held at the start was looked at */
};

struct audit_tail {
    struct svc *svc;
    struct store *store;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool woken, stop, reopen; /* locked */
    struct copy copy[SINKS];
};

struct sender {
    struct store_audit_visitor visitor;
    struct copy *copy;
    struct host_error err;
    uint64_t told;
    unsigned count;
};

static bool send_one(struct store_audit_visitor *self, const struct audit_entry *row)
{
    struct sender *s = OTTER_CONTAINER_OF(self, struct sender, visitor);
    char line[AUDIT_LINE_MAX + 1];
    size_t len = audit_line(row, line);

    line[len++] = '\n';
    if (!s->copy->sink.send(&s->copy->sink, line, len, &s->err))
        return false;
    s->told = row->num;
    return ++s->count < BATCH;
}

/* A fault is told once, and its end. */
static void tell_fault(struct audit_tail *t, struct copy *c, const struct host_error *err)
{
    struct svc_event event = {.kind = SVC_EVENT_AUDIT_BEHIND};

    if (c->failing)
        return;
    c->failing = true;
    (void)snprintf(event.detail, sizeof(event.detail), "[audit] %s: %.200s; entries wait in the database",
                   c->sink.name, err->message);
    events_tell(t->svc, &event);
}

struct same {
    struct store_audit_visitor visitor;
    const struct otter_digest *hash;
    bool same;
};

static bool compare(struct store_audit_visitor *self, const struct audit_entry *row)
{
    struct same *s = OTTER_CONTAINER_OF(self, struct same, visitor);

    s->same = memcmp(s->hash->b, row->hash.b, OTTER_DIGEST_LEN) == 0;
    return false;
}

/*
 * What is in the file already, if it is of this log: its last line goes before what meta knows. One of
 * another log, as after a backup was put back, is gone on with from what meta knows: the check of it then
 * names the place.
 */
static void adopt(struct audit_tail *t, struct copy *c)
{
    struct same s = {.visitor.row = compare, .hash = &c->sink.found_hash};

    (void)t->store->ops->audit_get(t->store, c->sink.found, &s.visitor);
    if (s.same)
        c->told = c->sink.found;
    else
        host_log(HOST_LOG_WARNING, "audit-file-of-another-log", HOST_LOG_STR("file", c->sink.path),
                 HOST_LOG_UINT("its_newest", c->sink.found), HOST_LOG_UINT("goes_on_behind", c->told));
    c->adopted = true;
}

/* Some entries go out. True: there may be more. */
static bool copy_some(struct audit_tail *t, struct copy *c)
{
    struct sender s = {.visitor.row = send_one, .copy = c, .told = c->told};
    bool ok = c->sink.open(&c->sink, &s.err);

    if (ok && c->sink.found && !c->adopted)
        adopt(t, c);
    s.told = c->told;
    if (ok) {
        (void)t->store->ops->audit(t->store, c->told, &s.visitor);
        ok = c->sink.settle(&c->sink, &s.err);
    }
    if (ok || strcmp(c->sink.name, "syslog") == 0)
        c->told = s.told;
    atomic_store(&c->mark, c->told);
    if (!ok) {
        tell_fault(t, c, &s.err);
    } else if (c->failing) {
        c->failing = false;
        host_log(HOST_LOG_INFO, "audit-copied-again", HOST_LOG_STR("to", c->sink.name));
    }
    return ok && s.count == BATCH;
}

struct newest {
    struct store_audit_visitor visitor;
    uint64_t num;
};

static bool take_newest(struct store_audit_visitor *self, const struct audit_entry *row)
{
    OTTER_CONTAINER_OF(self, struct newest, visitor)->num = row->num;
    return false;
}

static uint64_t newest_of(struct store *store)
{
    struct newest n = {.visitor.row = take_newest};

    (void)store->ops->audit_back(store, INT64_MAX, &n.visitor);
    return n.num;
}

/* True: all that is committed is there. */
static bool copy_all(struct audit_tail *t)
{
    bool all = true;

    for (unsigned i = 0; i < SINKS; i++) {
        struct copy *c = &t->copy[i];
        uint64_t newest;

        if (!c->sink.path)
            continue;
        while (copy_some(t, c))
            ;
        newest = newest_of(t->store);
        atomic_store(&c->behind, newest > c->told ? newest - c->told : 0);
        all = all && newest <= c->told;
    }
    return all;
}

static void close_sinks(struct audit_tail *t)
{
    for (unsigned i = 0; i < SINKS; i++)
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

    for (unsigned i = 0; t && i < SINKS && status == OTTER_OK; i++) {
        struct copy *c = &t->copy[i];
        uint64_t mark = atomic_load(&c->mark);

        if (!c->sink.path || mark == c->kept)
            continue;
        status = svc->writer->ops->meta_put(svc->writer, c->meta, (int64_t)mark);
        c->kept = mark; /* should the transaction be lost: an older mark only repeats what was told */
    }
    return status;
}

/* ---- beginning and end ---- */

static bool begin_copy(struct svc *svc, struct copy *c, const char *meta)
{
    int64_t told = 0;
    enum otter_status status = svc->writer->ops->meta_get(svc->writer, meta, &told);

    c->meta = meta;
    c->told = c->kept = status == OTTER_OK && told > 0 ? (uint64_t)told : 0;
    atomic_store(&c->mark, c->told);
    return status == OTTER_OK || status == OTTER_NOT_FOUND;
}

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

    t->svc = svc;
    init_lock(t);
    if (svc->config.audit_file)
        t->copy[0].sink = audit_sink_file(svc->config.audit_file);
    if (svc->config.audit_syslog)
        t->copy[1].sink = audit_sink_syslog(svc->config.audit_syslog);
    (void)snprintf(path, sizeof(path), "%.4000s/otter.db", svc->dir);
    t->store = store_sqlite_open(path, STORE_READER, &fault, err);
    if (!t->store)
        return false;
    return (begin_copy(svc, &t->copy[0], "audit_file") && begin_copy(svc, &t->copy[1], "audit_syslog")) ||
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

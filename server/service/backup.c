#include "service/backup.h"

#include "service/backup_work.h"
#include "service/rights.h"

#include "host/clock.h"
#include "host/copy.h"
#include "host/file.h"
#include "host/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A step of the copy, between two batches; and what is left for the last one, which stands in the way of
 * writes. */
#define STEP_PAGES 256
#define LAST_PAGES 64
#define LOOK_MS    10u /* after the thread */

enum stage {
    STAGE_GATHERING, /* thread: keys and blobs */
    STAGE_COPYING,   /* writer: the database, in steps */
    STAGE_SYNCING,   /* thread: blobs that came meanwhile; what was copied so far is written out */
    STAGE_CLEANING   /* thread: a backup that failed is taken away */
};

struct backup {
    struct svc_call *call;
    struct backup_work work;
    enum stage stage;
    pthread_t thread;
    struct store_copy *copy;
    uint64_t began_ms;
    enum otter_status status;
    struct host_error error;
};

/* ---- what is asked ---- */

/* The directory, or if there is none yet the one that it is made in; without links. */
static bool real_place(const char *dir, char out[PATH_MAX])
{
    char parent[PATH_MAX];
    char *slash;

    if (realpath(dir, out))
        return true;
    (void)snprintf(parent, sizeof(parent), "%s", dir);
    slash = strrchr(parent, '/');
    slash[slash == parent] = '\0';
    return realpath(parent, out) != NULL;
}

static bool inside(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static enum otter_status check_dir(struct svc *svc, struct svc_call *call, const char *dir)
{
    char place[PATH_MAX], data[PATH_MAX];
    struct host_error err = {0};

    if (dir[0] != '/' || strlen(dir) < 2 || strlen(dir) > PATH_MAX - 256)
        return svc_refuse(call, OTTER_BAD_VALUE, "dir: an absolute path on the server, at most %u bytes",
                          PATH_MAX - 256);
    if (!real_place(dir, place))
        return svc_refuse(call, OTTER_BAD_VALUE, "dir: the directory to make %.200s in: %s", dir,
                          strerror(errno));
    if (!realpath(svc->dir, data) || inside(place, data))
        return svc_refuse(call, OTTER_BAD_VALUE, "dir: a backup inside the data directory is lost with it");
    if (host_dir_empty(dir, &err))
        return OTTER_OK;
    return svc_refuse(call, err.kind == HOST_ERROR_EXISTS ? OTTER_ALREADY_EXISTS : OTTER_BAD_VALUE,
                      "dir: %.300s: name one that is absent or empty", err.message);
}

/* The path as it is kept: without slashes at its end. */
static enum otter_status read_dir(struct svc_call *call, char out[PATH_MAX])
{
    static const char *const members[] = {"*dir", NULL};
    const char *dir = NULL;
    enum otter_status status = svc_shape(call->in.json, members, &call->out.error);
    size_t len;

    if (status != OTTER_OK)
        return status;
    if (!host_json_get_string(call->in.json, "dir", HOST_JSON_REQUIRED, PATH_MAX - 1, &dir, &call->out.error))
        return svc_refuse_host(call);
    len = strlen(dir);
    memcpy(out, dir, len + 1);
    while (len > 1 && out[len - 1] == '/')
        out[--len] = '\0';
    return OTTER_OK;
}

/* ---- answers ---- */

static json_t *answer_json(const struct backup_work *w, uint64_t ms)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:f}", "dir", w->dir, "database_bytes",
                     (json_int_t)w->note.file[0].size, "blobs", (json_int_t)w->note.blobs, "blob_bytes",
                     (json_int_t)w->note.blob_bytes, "linked", (json_int_t)w->linked, "copied",
                     (json_int_t)w->copied, "seconds", (double)ms / 1000);
}

static enum otter_status dry_run(struct svc *svc, struct svc_call *call, const char *dir)
{
    struct backup_work work = {0};

    (void)snprintf(work.dir, sizeof(work.dir), "%s", dir);
    backup_work_estimate(svc, &work);
    call->out.json = answer_json(&work, 0);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

static void done(struct svc *svc, struct backup *b)
{
    struct svc_call *call = b->call;
    uint64_t ms = host_clock_mono_ms() - b->began_ms;

    if (b->status == OTTER_OK) {
        call->out.json = answer_json(&b->work, ms);
        host_log(HOST_LOG_INFO, "backup-done", HOST_LOG_STR("dir", b->work.dir),
                 HOST_LOG_UINT("database_bytes", b->work.note.file[0].size),
                 HOST_LOG_UINT("blobs", b->work.note.blobs), HOST_LOG_UINT("ms", ms));
    } else {
        call->out.error = b->error;
        host_log(HOST_LOG_ERROR, "backup-failed", HOST_LOG_STR("dir", b->work.dir),
                 HOST_LOG_STR("status", otter_status_name(b->status)),
                 HOST_LOG_STR("error", b->error.message));
    }
    call->out.status = b->status;
    atomic_store(&svc->backup_running, false);
    svc->backup = NULL;
    free(b);
    call->done(call);
}

/* ---- the stages ---- */

static bool start_thread(struct backup *b, enum stage stage, void *(*run)(void *))
{
    b->stage = stage;
    atomic_store(&b->work.finished, false);
    return pthread_create(&b->thread, NULL, run, &b->work) == 0;
}

/* Whatever was made is taken away, in the thread: there may be much of it. */
static void fail(struct svc *svc, struct backup *b, enum otter_status status, const struct host_error *error)
{
    b->status = status;
    b->error = *error;
    store_sqlite_copy_end(b->copy);
    b->copy = NULL;
    if (start_thread(b, STAGE_CLEANING, backup_work_clean))
        return;
    (void)backup_work_clean(&b->work);
    done(svc, b);
}

static void fail_work(struct svc *svc, struct backup *b)
{
    fail(svc, b, backup_work_status(&b->work), &b->work.error);
}

static void begin_copy(struct svc *svc, struct backup *b)
{
    struct host_error err = {0};
    char path[PATH_MAX];

    (void)snprintf(path, sizeof(path), "%.4000s/" BACKUP_DB, b->work.dir);
    b->stage = STAGE_COPYING;
    b->copy = store_sqlite_copy_begin(svc->writer, path, &err);
    if (!b->copy)
        fail(svc, b, backup_error_status(&err), &err);
}

static void fail_step(struct svc *svc, struct backup *b, enum otter_status status)
{
    struct host_error err = {0};

    (void)host_fail(&err, HOST_ERROR_FILE, "the database cannot be copied to %.300s: %s", b->work.dir,
                    otter_status_meaning(status));
    fail(svc, b, status, &err);
}

static void copy_some(struct svc *svc, struct backup *b)
{
    int left = 0, pages = STEP_PAGES;
    enum otter_status status = store_sqlite_copy_step(b->copy, 1, &left);

    if (pages > left - LAST_PAGES)
        pages = left - LAST_PAGES;
    if (status == OTTER_OK && pages > 0)
        status = store_sqlite_copy_step(b->copy, pages, &left);
    if (status != OTTER_OK)
        fail_step(svc, b, status);
    else if (left <= LAST_PAGES && !start_thread(b, STAGE_SYNCING, backup_work_again))
        fail_step(svc, b, OTTER_TOO_BUSY);
}

/*
 * The last turn. No blob is put in place while it lasts, so that none is acknowledged that the backup lacks;
 * calls of the writer wait in its queue.
 */
static void end_copy(struct svc *svc, struct backup *b)
{
    const struct blobs_ops *blobs = svc->blobs->ops;
    int left = 0;
    enum otter_status status = store_sqlite_copy_step(b->copy, -1, &left);
    bool ok;

    if (status != OTTER_OK || left > 0) {
        fail_step(svc, b, status != OTTER_OK ? status : OTTER_TOO_BUSY);
        return;
    }
    store_sqlite_copy_end(b->copy);
    b->copy = NULL;
    blobs->hold(svc->blobs);
    ok = backup_work_finish(&b->work, svc_now(svc));
    if (ok)
        done(svc, b);
    blobs->let_go(svc->blobs);
    if (!ok)
        fail_work(svc, b);
}

static void thread_ended(struct svc *svc, struct backup *b)
{
    (void)pthread_join(b->thread, NULL);
    if (b->stage == STAGE_CLEANING)
        done(svc, b);
    else if (!b->work.ok)
        fail_work(svc, b);
    else if (b->stage == STAGE_GATHERING)
        begin_copy(svc, b);
    else
        end_copy(svc, b);
}

unsigned backup_turn(struct svc *svc, unsigned max)
{
    struct backup *b = svc->backup;

    if (!b)
        return max;
    if (b->stage == STAGE_COPYING && atomic_load(&svc->stopping))
        fail_step(svc, b, OTTER_TOO_BUSY);
    else if (b->stage == STAGE_COPYING)
        copy_some(svc, b);
    else if (atomic_load(&b->work.finished))
        thread_ended(svc, b);
    b = svc->backup;
    return !b ? max : b->stage == STAGE_COPYING ? 0 : LOOK_MS;
}

void backup_stop(struct svc *svc)
{
    atomic_store(&svc->stopping, true);
    while (svc->backup) {
        struct timespec t = {.tv_nsec = 1000000L * backup_turn(svc, LOOK_MS)};

        (void)nanosleep(&t, NULL);
    }
}

/* ---- the beginning ---- */

static enum otter_status make_dir(struct svc_call *call, struct backup_work *w)
{
    w->made = mkdir(w->dir, 0700) == 0;
    if (w->made || (errno == EEXIST && chmod(w->dir, 0700) == 0))
        return OTTER_OK;
    return svc_refuse(call, errno == ENOSPC || errno == EDQUOT ? OTTER_STORE_FULL : OTTER_BAD_VALUE,
                      "dir: %.200s cannot be made: %s", w->dir, strerror(errno));
}

static enum otter_status start(struct svc *svc, struct svc_call *call, const char *dir)
{
    struct backup *b = calloc(1, sizeof(*b));
    enum otter_status status;

    if (!b)
        return OTTER_INTERNAL;
    b->call = call;
    b->began_ms = host_clock_mono_ms();
    backup_work_init(&b->work, svc, dir);
    status = make_dir(call, &b->work);
    if (status == OTTER_OK && !start_thread(b, STAGE_GATHERING, backup_work_gather)) {
        (void)backup_work_clean(&b->work);
        status = OTTER_TOO_BUSY;
    }
    if (status != OTTER_OK) {
        free(b);
        return status;
    }
    svc->backup = b;
    atomic_store(&svc->backup_running, true);
    host_log(HOST_LOG_INFO, "backup-begun", HOST_LOG_STR("dir", dir));
    return OTTER_OK;
}

/* False: it is refused, or a dry run, and call->out is the answer. */
static bool begin(struct svc *svc, struct svc_call *call)
{
    char dir[PATH_MAX] = "";

    if (svc_trouble(svc) == OTTER_STORE_DAMAGED) {
        call->out.status = svc_stored(call, OTTER_STORE_DAMAGED);
        return false;
    }
    call->out.status = rights_check(svc, call);
    if (call->out.status == OTTER_OK)
        call->out.status = read_dir(call, dir);
    if (call->out.status == OTTER_OK)
        call->out.status = check_dir(svc, call, dir);
    if (call->out.status == OTTER_OK && svc->backup)
        call->out.status =
            svc_refuse(call, OTTER_CONFLICT, "a backup to another directory is under way: wait for it");
    if (call->out.status != OTTER_OK)
        return false;
    if (call->in.dry_run) {
        call->out.status = dry_run(svc, call, dir);
        return false;
    }
    /* Before anything is copied: whoever took keys and tokens along is known, however it ends. */
    call->out.status = svc_stored(call, audit_alone(svc, call));
    if (call->out.status == OTTER_OK)
        call->out.status = start(svc, call, dir);
    return call->out.status == OTTER_OK;
}

struct svc_call *backup_take(struct svc *svc, struct svc_call *list)
{
    struct svc_call **at = &list;

    while (*at) {
        struct svc_call *call = *at;

        if (call->op != SVC_BACKUP) {
            at = &call->next;
            continue;
        }
        *at = call->next;
        if (begin(svc, call))
            continue;
        if (audit_wants_refusal(call))
            (void)audit_alone(svc, call); /* should it fail, the refusal stays what it is */
        call->done(call);
    }
    return list;
}

#include "service/credentials.h"

#include "host/clock.h"
#include "host/file.h"
#include "host/log.h"
#include "host/memory.h"
#include "host/strict.h"
#include "service/tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int64_t svc_now(const struct svc *svc)
{
    return svc->config.clock ? svc->config.clock() : host_clock_wall();
}

int64_t svc_mono_ms(const struct svc *svc)
{
    return (int64_t)(svc->config.mono_ms ? svc->config.mono_ms() : host_clock_mono_ms());
}

int64_t svc_steady(const struct svc *svc)
{
    return clockwatch_steady(&svc->clockwatch, svc_now(svc), svc_mono_ms(svc));
}

void svc_shuffle(const struct svc *svc, void *out, size_t len)
{
    (svc->config.shuffle ? svc->config.shuffle : host_random)(out, len);
}

int64_t svc_served(const struct svc *svc)
{
    return svc->config.served ? svc->config.served() : served_seconds(&svc->served);
}

int64_t svc_pace_now_us(const struct svc *svc)
{
    if (svc->config.clock && !svc->config.mono_ms)
        return svc->config.clock() * 1000000;
    return svc->started * 1000000 + (svc_mono_ms(svc) - (int64_t)svc->started_mono_ms) * 1000;
}

/* Half a backup is not to be taken for an empty directory. */
static bool refuse_half_restored(const struct svc *svc, struct host_error *err)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/otter.db.restoring", svc->dir) >= (int)sizeof(path))
        return host_fail(err, HOST_ERROR_FILE, "the data directory's name is too long");
    return access(path, F_OK) != 0 ||
           host_fail(err, HOST_ERROR_FILE,
                     "a restore into %s was not finished: remove the directory and restore once more",
                     svc->dir);
}

/* The directory itself may be a link: where it leads, none is followed. */
static bool make_dir(struct svc *svc, struct host_error *err)
{
    char resolved[PATH_MAX];

    if (!host_mkdir_p(svc->dir, 0750, err))
        return false;
    if (!realpath(svc->dir, resolved))
        return host_fail_errno(err, HOST_ERROR_FILE, "%s cannot be found", svc->dir);
    memcpy(svc->dir, resolved, strlen(resolved) + 1);
    return true;
}

/* One otterd a data directory: two would each believe its own memory. */
static bool lock_dir(struct svc *svc, struct host_error *err)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/lock", svc->dir) >= (int)sizeof(path))
        return host_fail(err, HOST_ERROR_FILE, "the data directory's name is too long");
    svc->lock_fd = host_open_strict(path, O_RDWR | O_CREAT, 0600);
    if (svc->lock_fd < 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "%s cannot be opened", path);
    if (flock(svc->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    return host_fail(err, HOST_ERROR_FILE,
                     "%s is in use by another otterd: stop that one, or give another --data", svc->dir);
}

static bool open_store(struct svc *svc, struct host_error *err, int *ret_exit)
{
    enum store_fault fault = STORE_FAULT_NONE;
    auto_close int fd = -1;
    uint64_t lost;
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/otter.db", svc->dir) >= (int)sizeof(path))
        return host_fail(err, HOST_ERROR_FILE, "the data directory's name is too long");
    /* Made by us, so that it is nobody else's to read; SQLite gives its companions the same permissions. */
    fd = host_open_strict(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "%s cannot be opened", path);
    (void)close(host_steal_fd(&fd));
    lost = store_sqlite_log_lost(path);
    if (lost > 0)
        host_log(HOST_LOG_WARNING, "log-cut-short", HOST_LOG_UINT("transactions", lost),
                 HOST_LOG_STR("next",
                              "what the database's log held behind a damaged place is lost: the newest "
                              "changes may have to be made again"));
    svc->writer = store_sqlite_open(path, STORE_WRITER, &fault, err);
    if (svc->writer)
        svc->reader = store_sqlite_open(path, STORE_READER, &fault, err);
    if (svc->writer && svc->reader)
        return true;
    *ret_exit = (int)fault;
    return false;
}

/* The way back in, for who has the machine. */
static bool enable_admin(struct svc *svc, struct host_error *err)
{
    static const struct store_operator admin = {.name = SVC_ADMIN};
    const struct store_ops *ops = svc->writer->ops;

    if (!svc->config.enable_admin)
        return true;
    if (ops->begin(svc->writer, true) == OTTER_OK && ops->operator_put(svc->writer, &admin) == OTTER_OK &&
        ops->commit(svc->writer) == OTTER_OK)
        return true;
    return host_fail(err, HOST_ERROR_FILE, "--enable-admin could not be stored");
}

static bool open_parts(struct svc *svc, struct host_error *err, int *ret_exit, char ret_new_token[64])
{
    uint64_t seed;

    host_random(&seed, sizeof(seed));
    if (!make_dir(svc, err) || !tree_is_ours(svc->dir, err) || !lock_dir(svc, err) ||
        !refuse_half_restored(svc, err) || !open_store(svc, err, ret_exit) || !enable_admin(svc, err) ||
        !bootstrap_files(svc, ret_new_token, err))
        return false;
    svc->blobs = blobs_file_open(svc->dir, svc->config.map_max, err);
    if (!svc->blobs)
        return false;
    svc->fleet = fleet_new(seed);
    svc->requests = requests_new();
    if (!svc->fleet || !svc->requests)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    if (!load_all(svc, err, ret_exit))
        return false;
    audit_begin_alone(svc);
    return true;
}

static bool start_threads(struct svc *svc, struct host_error *err)
{
    if (!watch_start(svc, err) || !audit_tail_start(svc, err))
        return false;
    svc->writer_started = pthread_create(&svc->writer_thread, NULL, writer_main, svc) == 0;
    svc->reader_started =
        svc->writer_started && pthread_create(&svc->reader_thread, NULL, reader_main, svc) == 0;
    return svc->reader_started || host_fail(err, HOST_ERROR_MEMORY, "threads cannot be started");
}

static bool set_config(struct svc *svc, const struct svc_config *config, struct host_error *err)
{
    svc->config = *config;
    if (svc->config.poll_interval_s == 0)
        svc->config.poll_interval_s = 3600;
    if (svc->config.poll_interval_s < 5)
        return host_fail(err, HOST_ERROR_FORMAT, "poll.interval must be at least 5 seconds");
    if (!counts_init(svc))
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    if (svc->config.waiting == 0)
        svc->config.waiting = 4096;
    if (svc->config.max_blob == 0)
        svc->config.max_blob = UINT64_C(64) << 20;
    if (snprintf(svc->dir, sizeof(svc->dir), "%s", config->data_dir) >= (int)sizeof(svc->dir))
        return host_fail(err, HOST_ERROR_FILE, "the data directory's name is too long");
    svc->config.data_dir = svc->dir;
    return true;
}

struct svc *svc_open(const struct svc_config *config, struct host_error *ret_error, int *ret_exit,
                     char ret_new_token[64])
{
    struct svc *svc = calloc(1, sizeof(*svc));

    ret_new_token[0] = '\0';
    *ret_exit = 2;
    if (!svc) {
        (void)host_fail(ret_error, HOST_ERROR_MEMORY, "out of memory");
        return NULL;
    }
    svc->lock_fd = -1;
    host_memory_watch();
    svc->started_mono_ms = host_clock_mono_ms();
    watch_init(&svc->watch);
    (void)pthread_mutex_init(&svc->catalog_lock, NULL);
    (void)pthread_mutex_init(&svc->trouble.lock, NULL);
    paces_init(&svc->paces);
    queue_init(&svc->writes);
    queue_init(&svc->reads);
    progress_init(svc);
    if (set_config(svc, config, ret_error) && open_parts(svc, ret_error, ret_exit, ret_new_token) &&
        start_threads(svc, ret_error)) {
        *ret_exit = 0;
        return svc;
    }
    svc_close(svc);
    return NULL;
}

bool svc_offer_keys_read(struct svc *svc, struct host_error *err)
{
    return offer_keys_read(&svc->offer_keys, svc->dir, err);
}

void svc_stop_soon(struct svc *svc)
{
    atomic_store(&svc->stopping, true);
}

void svc_close(struct svc *svc)
{
    if (!svc)
        return;
    queue_close(&svc->reads);
    queue_close(&svc->writes);
    if (svc->reader_started)
        (void)pthread_join(svc->reader_thread, NULL);
    if (svc->writer_started)
        (void)pthread_join(svc->writer_thread, NULL);
    audit_tail_stop(svc); /* it may tell the watch */
    watch_stop(svc);
    store_close(svc->reader);
    /* Only after all that was to be written; should it fail, the next start reads every page. */
    if (svc->reader_started && svc_trouble(svc) != OTTER_STORE_DAMAGED)
        (void)store_sqlite_mark_clean(svc->writer);
    store_close(svc->writer);
    blobs_close(svc->blobs);
    fleet_free(svc->fleet);
    requests_free(svc->requests);
    catalog_put(svc->catalog);
    open_attempts_free(&svc->open);
    progress_free(svc);
    paces_destroy(&svc->paces);
    metrics_counters_free(svc->counts.lanes);
    free(svc->burst.at);
    offer_keys_free(&svc->offer_keys);
    host_key_free(svc->audit.key);
    host_wipe(svc->secret_key, sizeof(svc->secret_key));
    if (svc->lock_fd >= 0)
        (void)close(svc->lock_fd);
    queue_destroy(&svc->writes);
    queue_destroy(&svc->reads);
    (void)pthread_mutex_destroy(&svc->catalog_lock);
    (void)pthread_mutex_destroy(&svc->trouble.lock);
    free(svc);
}

bool svc_try(struct svc *svc, struct svc_call *call)
{
    if (call->op == SVC_ROOT_GET) {
        call->out.status = op_root_get(svc, call);
        return true;
    }
    if (call->op == SVC_METRICS)
        return metrics_try(svc, call);
    if (call->op == SVC_DEVICE_ASK)
        return !call->in.certified && ask_try(svc, call);
    if (call->op != SVC_POLL || !poll_try(svc, call))
        return false;
    count_poll(svc, call);
    return true;
}

static bool is_read(enum svc_op op)
{
    switch (op) {
    case SVC_ROOT_GET:
    case SVC_STATUS:
    case SVC_METRICS:
    case SVC_ROOT_LIST:
    case SVC_RELEASE_LIST:
    case SVC_RELEASE_GET:
    case SVC_RELEASE_MANIFEST:
    case SVC_IMAGE_KEY_LIST:
    case SVC_ROLLOUT_LIST:
    case SVC_ROLLOUT_GET:
    case SVC_ROLLOUT_ATTEMPTS:
    case SVC_DEVICE_LIST:
    case SVC_DEVICE_GET:
    case SVC_DEVICE_ATTEMPTS:
    case SVC_ROLLOUT_EXPLAIN:
    case SVC_ROLLOUT_PREVIEW:
    case SVC_PLAN_PREVIEW:
    case SVC_ROLLOUT_DEVICES:
    case SVC_ROLLOUT_REASONS:
    case SVC_ROLLOUT_EVENTS:
    case SVC_DEVICE_TIMELINE:
    case SVC_FLEET_SUMMARY:
    case SVC_GROUP_GET:
    case SVC_GROUP_LIST:
    case SVC_RELEASE_DEPS:
    case SVC_OPERATOR_LIST:
    case SVC_OPERATOR_GET:
    case SVC_WHOAMI:
    case SVC_TOKEN_LIST:
    case SVC_AUDIT_LIST:
    case SVC_AUDIT_HEAD:
    case SVC_AUDIT_EXPORT:
    case SVC_REQUEST_LIST:
    case SVC_FLEET_KEY_LIST:
        return true;
    default:
        return false;
    }
}

struct svc_queue *queue_of(struct svc *svc, enum svc_op op)
{
    return is_read(op) ? &svc->reads : &svc->writes;
}

bool svc_submit(struct svc *svc, struct svc_call *call)
{
    call->effects = NULL;
    call->out.status = OTTER_OK;
    return queue_push(queue_of(svc, call->op), call);
}

void svc_call_clear(struct svc_call *call)
{
    json_decref(call->out.json);
    free(call->out.body);
    call->out.json = NULL;
    call->out.body = NULL;
    call->out.body_len = 0;
}

void svc_stats(struct svc *svc, struct svc_stats *ret)
{
    *ret = (struct svc_stats){
        .polls = count_polls(svc),
        .offers = atomic_load_explicit(&svc->offers, memory_order_relaxed),
        .reports = atomic_load_explicit(&svc->reports, memory_order_relaxed),
        .commits = atomic_load_explicit(&svc->commits, memory_order_relaxed),
        .committed_calls = atomic_load_explicit(&svc->committed_calls, memory_order_relaxed),
        .devices = fleet_in_service(svc->fleet),
    };
}

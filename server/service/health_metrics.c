/* /metrics, the services' part: what otterd counts of itself. The reader thread writes it, at each scrape. */
#include "service/internal.h"

#include "core/bytes.h"
#include "host/clock.h"

#include <stdio.h>
#include <sys/stat.h>

#define NO_LABEL                                                                                             \
    {                                                                                                        \
        NULL, NULL                                                                                           \
    }

static void put_polls(struct svc *svc, struct metrics_text *t)
{
    static const struct metrics_family polls = {
        "otter_polls_total", METRICS_COUNTER,
        "Polls of known devices by what they were answered: none (204), empty (the signed 'nothing'), offer, "
        "refused. Those without a right token are in otter_http_requests_total alone."};
    static const struct metrics_family offers = {
        "otter_offers_signed_total", METRICS_COUNTER,
        "Signatures over offers, the empty one and repetitions included."};
    static const struct metrics_family granted = {"otter_attempts_granted_total", METRICS_COUNTER,
                                                  "Attempts begun: a device was granted a release."};
    static const char *const results[SVC_COUNTERS] = {[COUNT_POLL_NONE] = "none",
                                                      [COUNT_POLL_EMPTY] = "empty",
                                                      [COUNT_POLL_OFFER] = "offer",
                                                      [COUNT_POLL_REFUSED] = "refused"};

    metrics_begin(t, &polls);
    for (unsigned i = 0; i < SVC_COUNTERS; i++)
        metrics_uint(t, &polls, (const struct metrics_label[]){{"result", results[i]}, NO_LABEL},
                     metrics_sum(svc->counts.lanes, i));
    metrics_one_uint(t, &offers, svc->offers);
    metrics_one_uint(t, &granted, svc->counts.granted);
}

static void put_reports(struct svc *svc, struct metrics_text *t)
{
    static const struct metrics_family reports = {
        "otter_reports_total", METRICS_COUNTER,
        "Reports that moved an attempt, alone or in a poll, by the state told and its reason."};
    static const struct metrics_family repeated = {
        "otter_reports_repeated_total", METRICS_COUNTER,
        "Reports of a step that was counted already, or that came too late to count."};

    metrics_begin(t, &reports);
    for (unsigned s = 0; s < OTTER_UPDATE_STATE_COUNT; s++) {
        for (unsigned r = 0; r < OTTER_STATUS_COUNT; r++) {
            uint64_t n = atomic_load_explicit(&svc->counts.reports[s][r], memory_order_relaxed);
            const struct metrics_label labels[] = {
                {"state", otter_update_state_name((enum otter_update_state)s)},
                {"reason", r == OTTER_OK ? "none" : otter_status_name((enum otter_status)r)},
                NO_LABEL};

            if (n > 0)
                metrics_uint(t, &reports, labels, n);
        }
    }
    metrics_one_uint(t, &repeated, svc->counts.reports_repeated);
}

static void put_observed(struct metrics_text *t, const struct metrics_family *family,
                         const struct metrics_observed *o, const uint64_t *bounds, unsigned bound_count,
                         double unit)
{
    struct metrics_buckets b = {.bound_count = bound_count};
    uint64_t counts[METRICS_BOUNDS_MAX + 1];
    double in_unit[METRICS_BOUNDS_MAX];

    for (unsigned i = 0; i <= bound_count; i++)
        counts[i] = atomic_load_explicit(&o->counts[i], memory_order_relaxed);
    for (unsigned i = 0; i < bound_count; i++)
        in_unit[i] = (double)bounds[i] / unit;
    b.bounds = in_unit;
    b.counts = counts;
    b.sum = (double)atomic_load_explicit(&o->sum, memory_order_relaxed) / unit;
    metrics_histogram(t, family, &b);
}

static void put_commits(struct svc *svc, struct metrics_text *t)
{
    static const struct metrics_family seconds = {
        "otter_commit_duration_seconds", METRICS_HISTOGRAM,
        "Time until the medium had a group of calls: SQLite's commit with its fsync."};
    static const struct metrics_family calls = {"otter_commit_calls", METRICS_HISTOGRAM,
                                                "Calls that one commit made durable."};
    static const struct metrics_family failed = {"otter_commits_failed_total", METRICS_COUNTER,
                                                 "Groups of calls that could not be stored."};
    static const struct metrics_family trouble = {
        "otter_store_trouble", METRICS_GAUGE,
        "1 while changes are not stored; the label says why (names of the protocol's statuses)."};
    enum otter_status status = svc_trouble(svc);

    put_observed(t, &seconds, &svc->counts.commit_us, health_commit_bounds_us, HEALTH_COMMIT_BOUNDS, 1e6);
    put_observed(t, &calls, &svc->counts.commit_calls, health_calls_bounds, HEALTH_CALLS_BOUNDS, 1);
    metrics_one_uint(t, &failed, svc->counts.commits_failed);
    metrics_begin(t, &trouble);
    metrics_uint(t, &trouble,
                 (const struct metrics_label[]){
                     {"status", status == OTTER_OK ? "none" : otter_status_name(status)}, NO_LABEL},
                 status != OTTER_OK);
}

static void put_queues(struct svc *svc, struct metrics_text *t)
{
    static const struct metrics_family depth = {"otter_queue_calls", METRICS_GAUGE,
                                                "Calls that wait for a service's thread."};
    static const struct metrics_family age = {
        "otter_queue_wait_seconds", METRICS_GAUGE,
        "Age of the oldest thing that a service's thread has not done yet. The reader's is this scrape."};
    const struct metrics_label writer[] = {{"thread", "writer"}, NO_LABEL},
                               reader[] = {{"thread", "reader"}, NO_LABEL};
    uint64_t now = host_clock_mono_ms();

    metrics_begin(t, &depth);
    metrics_uint(t, &depth, writer, queue_depth(&svc->writes));
    metrics_uint(t, &depth, reader, queue_depth(&svc->reads));
    metrics_begin(t, &age);
    metrics_real(t, &age, writer, (double)health_age_ms(&svc->writing, &svc->writes, now) / 1000);
    metrics_real(t, &age, reader, (double)health_age_ms(&svc->reading, &svc->reads, now) / 1000);
}

static uint64_t size_of(const struct svc *svc, const char *name)
{
    char path[PATH_MAX + 32];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/%s", svc->dir, name);
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static void put_space(struct svc *svc, struct metrics_text *t)
{
    static const struct metrics_family database = {"otter_database_bytes", METRICS_GAUGE,
                                                   "Size of the database and of its write-ahead log."};
    static const struct metrics_family blobs = {"otter_blobs", METRICS_GAUGE, "Blobs held."};
    static const struct metrics_family blob_bytes = {
        "otter_blob_bytes", METRICS_GAUGE, "Bytes of the blobs held; uploads under way not counted."};
    static const struct metrics_family disk_free = {"otter_disk_free_bytes", METRICS_GAUGE,
                                                    "Room left on the data directory's disk."};
    static const struct metrics_family disk_size = {"otter_disk_size_bytes", METRICS_GAUGE,
                                                    "Size of the data directory's disk."};
    static const struct metrics_family low = {"otter_disk_low_bytes", METRICS_GAUGE,
                                              "[store] disk_low: less room than this is an event; 0: never."};
    uint64_t count, bytes;

    svc->blobs->ops->usage(svc->blobs, &count, &bytes);
    metrics_begin(t, &database);
    metrics_uint(t, &database, (const struct metrics_label[]){{"file", "database"}, NO_LABEL},
                 size_of(svc, "otter.db"));
    metrics_uint(t, &database, (const struct metrics_label[]){{"file", "log"}, NO_LABEL},
                 size_of(svc, "otter.db-wal"));
    metrics_one_uint(t, &blobs, count);
    metrics_one_uint(t, &blob_bytes, bytes);
    metrics_one_uint(t, &disk_free, svc->watch.disk_free);
    metrics_one_uint(t, &disk_size, svc->watch.disk_size);
    metrics_one_uint(t, &low, svc->config.disk_low);
}

static void put_audit(struct svc *svc, struct metrics_text *t)
{
    static const struct metrics_family behind = {
        "otter_audit_behind_entries", METRICS_GAUGE,
        "Entries of the audit log that are not in [audit] file, or were not sent to syslog, yet."};

    metrics_begin(t, &behind);
    metrics_uint(t, &behind, (const struct metrics_label[]){{"to", "file"}, NO_LABEL},
                 audit_tail_behind(svc, false));
    metrics_uint(t, &behind, (const struct metrics_label[]){{"to", "syslog"}, NO_LABEL},
                 audit_tail_behind(svc, true));
}

static void put_events(struct svc *svc, struct metrics_text *t)
{
    static const struct metrics_family told = {"otter_events_total", METRICS_COUNTER,
                                               "Events told, by name (docs/operations.md)."};
    static const struct metrics_family programs = {
        "otter_event_programs_total", METRICS_COUNTER,
        "Programs of [events] exec by how they ended; dropped: too many events waited."};
    const struct events_programs *p = &svc->watch.programs;
    const struct {
        const char *result;
        uint64_t n;
    } rows[] = {{"succeeded", p->succeeded},
                {"failed", p->failed},
                {"overdue", p->overdue},
                {"not-started", p->not_started},
                {"dropped", svc->watch.dropped}};

    metrics_begin(t, &told);
    for (unsigned i = 0; i < SVC_EVENT_KIND_COUNT; i++)
        metrics_uint(
            t, &told,
            (const struct metrics_label[]){{"event", svc_event_name((enum svc_event_kind)i)}, NO_LABEL},
            svc->counts.told[i]);
    metrics_begin(t, &programs);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        metrics_uint(t, &programs, (const struct metrics_label[]){{"result", rows[i].result}, NO_LABEL},
                     rows[i].n);
}

bool metrics_try(struct svc *svc, struct svc_call *call)
{
    uint64_t age = health_age_ms(&svc->reading, &svc->reads, host_clock_mono_ms());

    if (age < HEALTH_STUCK_MS)
        return false;
    call->out.status = svc_refuse(call, OTTER_TOO_BUSY, "the reader has been at the same call for %llu s",
                                  (unsigned long long)age / 1000);
    return true;
}

enum otter_status op_metrics(struct svc *svc, struct svc_call *call)
{
    static void (*const parts[])(struct svc *, struct metrics_text *) = {
        put_polls,           put_reports, put_commits,         put_queues,           put_space,
        put_events,          put_audit,   metrics_put_catalog, metrics_put_rollouts, metrics_put_devices,
        metrics_put_process,
    };
    struct metrics_text text = {0};

    for (size_t i = 0; i < OTTER_ARRAY_LEN(parts); i++)
        parts[i](svc, &text);
    if (text.failed) {
        metrics_text_free(&text);
        return svc_refuse(call, OTTER_INTERNAL, "out of memory");
    }
    call->out.body = text.data;
    call->out.body_len = text.len;
    return OTTER_OK;
}

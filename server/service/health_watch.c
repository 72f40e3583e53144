/*
 * The watch: samples the disk, looks at the certificate's end, and runs the program of events.exec. It has a
 * thread of its own because each of these may take its time; nothing waits for it.
 */
#include "service/internal.h"

#include "host/clock.h"
#include "host/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define SAMPLE_MS 1000u
#define LOOK_MS   20u   /* while a program runs */
#define STOP_MS   3000u /* a stop lets programs go on so long, before it asks them to end */

static void sample_disk(struct svc *svc)
{
    struct svc_watch *w = &svc->watch;
    struct svc_event event = {.kind = SVC_EVENT_DISK_LOW};
    struct statvfs disk;
    uint64_t bytes_free;

    if (statvfs(svc->dir, &disk) != 0)
        return; /* the sample grows old, which /readyz tells */
    bytes_free = (uint64_t)disk.f_bavail * disk.f_frsize;
    atomic_store_explicit(&w->disk_free, bytes_free, memory_order_relaxed);
    atomic_store_explicit(&w->disk_size, (uint64_t)disk.f_blocks * disk.f_frsize, memory_order_relaxed);
    atomic_store_explicit(&w->sampled_ms, host_clock_mono_ms(), memory_order_relaxed);
    if (!events_fell(&w->disk_is_low, bytes_free, svc->config.disk_low))
        return;
    (void)snprintf(
        event.detail, sizeof(event.detail),
        "%llu MiB are free on the disk of %.96s, less than %llu MiB: otter server gc, or make room",
        (unsigned long long)(bytes_free >> 20), svc->dir, (unsigned long long)(svc->config.disk_low >> 20));
    events_tell(svc, &event);
}

static void look_at_certificate(struct svc *svc)
{
    struct svc_watch *w = &svc->watch;
    struct svc_event event = {.kind = SVC_EVENT_CERTIFICATE_EXPIRES};
    int64_t expires = atomic_load_explicit(&w->certificate_expires, memory_order_relaxed);
    int64_t left = expires - svc_now(svc);
    unsigned level = expires ? events_certificate_level(left) : 0, before = w->certificate_level;

    w->certificate_level = level;
    if (level <= before)
        return;
    (void)snprintf(event.detail, sizeof(event.detail),
                   left > 0
                       ? "the certificate of [tls] cert expires in %lld days: renew it, then send SIGHUP"
                       : "the certificate of [tls] cert expired %lld days ago: renew it, then send SIGHUP",
                   (long long)(left > 0 ? left : -left) / 86400);
    events_tell(svc, &event);
}

void watch_push(struct svc *svc, const struct svc_event *event)
{
    struct svc_watch *w = &svc->watch;
    struct event_item *item = svc->config.events_exec ? malloc(sizeof(*item)) : NULL;
    bool room;

    if (!svc->config.events_exec)
        return;
    (void)pthread_mutex_lock(&w->lock);
    room = item && w->queued < WATCH_QUEUE_MAX;
    if (room) {
        *item = (struct event_item){.event = *event};
        *w->last = item;
        w->last = &item->next;
        w->queued++;
        (void)pthread_cond_signal(&w->wake);
    }
    (void)pthread_mutex_unlock(&w->lock);
    if (room)
        return;
    free(item);
    atomic_fetch_add_explicit(&w->dropped, 1, memory_order_relaxed);
    host_log(HOST_LOG_WARNING, "event-program", HOST_LOG_STR("told", svc_event_name(event->kind)),
             HOST_LOG_STR("not_started", "too many events wait for their program"));
}

static void start(struct svc_watch *w, const struct svc_event *event)
{
    json_t *j = svc_event_json(event, w->server);
    size_t len = 0;
    auto_free char *text = j ? host_json_dump(j, &len) : NULL;

    json_decref(j);
    if (text) /* else out of memory: nothing to say it with */
        events_program_start(&w->programs, event->kind, text, len, host_clock_mono_ms());
}

/* Begins what waits, as far as there is place. The lock is held, but not while a program starts: that may
 * take its time, and the writer wants to tell. */
static void start_waiting(struct svc_watch *w)
{
    while (w->may_start && w->first && events_programs_place(&w->programs)) {
        struct event_item *item = w->first;

        w->first = item->next;
        if (!w->first)
            w->last = &w->first;
        w->queued--;
        (void)pthread_mutex_unlock(&w->lock);
        start(w, &item->event);
        free(item);
        (void)pthread_mutex_lock(&w->lock);
    }
}

static void wait_ms(struct svc_watch *w, unsigned ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(ms % 1000) * 1000000L;
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_cond_timedwait(&w->wake, &w->lock, &until);
}

/* Until all is through, or time is up; then none runs any more. */
static void finish(struct svc_watch *w)
{
    uint64_t began = host_clock_mono_ms();
    bool ending;

    (void)pthread_mutex_lock(&w->lock);
    ending = !w->may_start;
    for (;;) {
        uint64_t now = host_clock_mono_ms();

        ending = ending || now - began >= STOP_MS;
        if (ending)
            events_programs_end(&w->programs, now);
        else
            start_waiting(w);
        if (events_programs_look(&w->programs, now) == 0 && (ending || !w->first))
            break;
        wait_ms(w, LOOK_MS);
    }
    if (w->first)
        host_log(HOST_LOG_WARNING, "event-program", HOST_LOG_STR("not_started", "otterd stops"),
                 HOST_LOG_UINT("events", w->queued));
    (void)pthread_mutex_unlock(&w->lock);
}

static void *watch_main(void *arg)
{
    struct svc *svc = arg;
    struct svc_watch *w = &svc->watch;
    uint64_t next_sample = host_clock_mono_ms() + SAMPLE_MS; /* the first was taken at the start */

    (void)pthread_mutex_lock(&w->lock);
    while (!w->stop) {
        unsigned running;

        start_waiting(w);
        running = events_programs_look(&w->programs, host_clock_mono_ms());
        if (host_clock_mono_ms() >= next_sample) {
            (void)pthread_mutex_unlock(&w->lock);
            sample_disk(svc);
            look_at_certificate(svc);
            next_sample = host_clock_mono_ms() + SAMPLE_MS;
            (void)pthread_mutex_lock(&w->lock);
            continue; /* events may have come meanwhile, or the stop */
        }
        wait_ms(w, running > 0 || (w->may_start && w->first) ? LOOK_MS : SAMPLE_MS);
    }
    (void)pthread_mutex_unlock(&w->lock);
    finish(w);
    return NULL;
}

void watch_init(struct svc_watch *w)
{
    pthread_condattr_t attr;

    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    w->last = &w->first;
}

bool watch_start(struct svc *svc, struct host_error *err)
{
    struct svc_watch *w = &svc->watch;

    if (svc->config.events_exec && !events_program_check(svc->config.events_exec, err))
        return false;
    w->programs.path = svc->config.events_exec;
    if (gethostname(w->server, sizeof(w->server) - 1) != 0)
        w->server[0] = '\0';
    sample_disk(svc);
    w->started = pthread_create(&w->thread, NULL, watch_main, svc) == 0;
    return w->started || host_fail(err, HOST_ERROR_MEMORY, "threads cannot be started");
}

void svc_start_programs(struct svc *svc)
{
    struct svc_watch *w = &svc->watch;

    (void)pthread_mutex_lock(&w->lock);
    w->may_start = true;
    (void)pthread_cond_signal(&w->wake);
    (void)pthread_mutex_unlock(&w->lock);
}

void watch_stop(struct svc *svc)
{
    struct svc_watch *w = &svc->watch;

    if (w->started) {
        (void)pthread_mutex_lock(&w->lock);
        w->stop = true;
        (void)pthread_cond_signal(&w->wake);
        (void)pthread_mutex_unlock(&w->lock);
        (void)pthread_join(w->thread, NULL);
    }
    events_drop(w->first);
    (void)pthread_cond_destroy(&w->wake);
    (void)pthread_mutex_destroy(&w->lock);
}

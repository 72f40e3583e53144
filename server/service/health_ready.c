/*
 * /readyz: can this server do its whole work? From memory alone, so that it answers whatever else is stuck.
 * What only an operator can mend and what harms nobody yet are warnings.
 */
#include "service/internal.h"

#include "core/bytes.h"
#include "host/clock.h"

#include <stdio.h>

#define SAMPLE_OLD_MS 15000u

static enum health_state fail(struct health_verdict *v, const char *detail)
{
    (void)snprintf(v->detail, sizeof(v->detail), "%s", detail);
    return HEALTH_FAILED;
}

static enum health_state warn(struct health_verdict *v, const char *detail)
{
    (void)fail(v, detail);
    return HEALTH_WARNING;
}

static enum health_state judge_store(const struct health_facts *f, struct health_verdict *v)
{
    if (f->trouble == OTTER_OK)
        return HEALTH_GOOD;
    (void)snprintf(v->detail, sizeof(v->detail), "changes are not stored: %s (%s)",
                   otter_status_meaning(f->trouble), otter_status_name(f->trouble));
    return HEALTH_FAILED;
}

static enum health_state judge_age(struct health_verdict *v, uint64_t age_ms)
{
    if (age_ms < HEALTH_STUCK_MS)
        return HEALTH_GOOD;
    (void)snprintf(v->detail, sizeof(v->detail), "has been at the same call for %llu s",
                   (unsigned long long)age_ms / 1000);
    return HEALTH_FAILED;
}

static enum health_state judge_writer(const struct health_facts *f, struct health_verdict *v)
{
    return judge_age(v, f->writer_ms);
}

static enum health_state judge_reader(const struct health_facts *f, struct health_verdict *v)
{
    return judge_age(v, f->reader_ms);
}

static enum health_state judge_loops(const struct health_facts *f, struct health_verdict *v)
{
    if (f->loops_stuck == 0)
        return HEALTH_GOOD;
    (void)snprintf(v->detail, sizeof(v->detail), "%u of %u do not go round", f->loops_stuck, f->loops);
    return HEALTH_FAILED;
}

static enum health_state judge_load(const struct health_facts *f, struct health_verdict *v)
{
    return f->pressed ? warn(v, "requests are put off, or idle connections closed, for want of room: see "
                                "otter_shed_total and otter_http_evicted_total")
                      : HEALTH_GOOD;
}

static enum health_state judge_disk(const struct health_facts *f, struct health_verdict *v)
{
    if (!f->disk_answers)
        return warn(v, "the disk does not say how much is free");
    if (f->disk_free >= f->disk_low)
        return HEALTH_GOOD;
    (void)snprintf(v->detail, sizeof(v->detail), "%llu bytes are free, fewer than [store] disk_low",
                   (unsigned long long)f->disk_free);
    return HEALTH_WARNING;
}

static enum health_state judge_rollouts(const struct health_facts *f, struct health_verdict *v)
{
    if (!f->has_root)
        return warn(v, "no root has been published yet, so polls are refused: otter root publish");
    return f->frozen ? warn(v, "all rollouts are frozen: otter server unfreeze") : HEALTH_GOOD;
}

bool health_judge(const struct health_facts *facts, struct health_verdict ret[HEALTH_CHECKS])
{
    static const struct {
        const char *name;
        enum health_state (*judge)(const struct health_facts *, struct health_verdict *);
    } checks[HEALTH_CHECKS] = {
        {"store", judge_store},       {"writer", judge_writer}, {"reader", judge_reader},
        {"loops", judge_loops},       {"load", judge_load},     {"disk", judge_disk},
        {"rollouts", judge_rollouts},
    };
    bool ready = true;

    for (unsigned i = 0; i < HEALTH_CHECKS; i++) {
        ret[i] = (struct health_verdict){.name = checks[i].name};
        ret[i].state = checks[i].judge(facts, &ret[i]);
        ready = ready && ret[i].state != HEALTH_FAILED;
    }
    return ready;
}

uint64_t health_age_ms(const struct svc_work *w, struct svc_queue *q, uint64_t now_ms)
{
    uint64_t since = atomic_load_explicit(&w->since_ms, memory_order_relaxed), waits;
    uint64_t first_us = queue_oldest_us(q);

    waits = first_us ? first_us / 1000 : now_ms;
    since = since == 0 || since > waits ? waits : since;
    return now_ms > since ? now_ms - since : 0;
}

bool watch_sampled(const struct svc_watch *w, uint64_t now_ms)
{
    uint64_t at = atomic_load_explicit(&w->sampled_ms, memory_order_relaxed);

    return at != 0 && (now_ms < at || now_ms - at < SAMPLE_OLD_MS);
}

static void gather(struct svc *svc, const struct svc_loops *loops, struct health_facts *ret)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    uint64_t now = host_clock_mono_ms();

    *ret = (struct health_facts){
        .trouble = svc_trouble(svc),
        .writer_ms = health_age_ms(&svc->writing, &svc->writes, now),
        .reader_ms = health_age_ms(&svc->reading, &svc->reads, now),
        .loops = loops->count,
        .loops_stuck = loops->stuck,
        .pressed = loops->pressed,
        .has_root = c->has_root,
        .frozen = c->freeze.since != 0,
        .disk_answers = watch_sampled(&svc->watch, now),
        .disk_free = atomic_load_explicit(&svc->watch.disk_free, memory_order_relaxed),
        .disk_low = svc->config.disk_low,
    };
}

static json_t *json_check(const struct health_verdict *v)
{
    static const char *const states[] = {
        [HEALTH_GOOD] = "ok", [HEALTH_WARNING] = "warning", [HEALTH_FAILED] = "failed"};
    json_t *j = json_pack("{s:s}", "state", states[v->state]);

    if (j && v->detail[0])
        (void)json_object_set_new(j, "detail", json_string(v->detail));
    return j;
}

json_t *svc_ready(struct svc *svc, const struct svc_loops *loops, bool *ret_ready)
{
    struct health_verdict verdicts[HEALTH_CHECKS];
    json_t *checks = json_object();
    struct health_facts facts;

    gather(svc, loops, &facts);
    *ret_ready = health_judge(&facts, verdicts);
    for (unsigned i = 0; i < HEALTH_CHECKS; i++)
        (void)json_object_set_new(checks, verdicts[i].name, json_check(&verdicts[i]));
    return json_pack("{s:b, s:o}", "ready", (int)*ret_ready, "checks", checks);
}

void svc_certificate_expires(struct svc *svc, int64_t when)
{
    atomic_store_explicit(&svc->watch.certificate_expires, when, memory_order_relaxed);
}

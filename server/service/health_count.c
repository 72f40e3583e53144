/* What is counted, and when: after the commit, never for what was rolled back. */
#include "service/internal.h"

#include "core/bytes.h"
#include "host/clock.h"

#include <stdlib.h>

const uint64_t health_commit_bounds_us[HEALTH_COMMIT_BOUNDS] = {
    100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 5000000};
const uint64_t health_calls_bounds[HEALTH_CALLS_BOUNDS] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};

bool counts_init(struct svc *svc)
{
    svc->started = svc_now(svc);
    svc->started_mono_ms = (uint64_t)svc_mono_ms(svc);
    svc->burst.size = svc->config.events_burst ? svc->config.events_burst : 10;
    svc->burst.window = svc->config.events_burst_window ? svc->config.events_burst_window : 300;
    svc->burst.at = calloc(svc->burst.size, sizeof(*svc->burst.at));
    svc->counts.lanes = metrics_counters_new(SVC_COUNTERS);
    return svc->burst.at && svc->counts.lanes;
}

void count_poll(struct svc *svc, const struct svc_call *call)
{
    enum svc_counter which = COUNT_POLL_NONE;

    if (call->out.status != OTTER_OK)
        which = COUNT_POLL_REFUSED;
    else if (call->out.body)
        which = call->out.offered ? COUNT_POLL_OFFER : COUNT_POLL_EMPTY;
    metrics_add(svc->counts.lanes, which, 1);
}

uint64_t count_polls(const struct svc *svc)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < SVC_COUNTERS; i++)
        n += metrics_sum(svc->counts.lanes, i);
    return n;
}

void count_commit(struct svc *svc, uint64_t started_us, uint64_t calls)
{
    struct svc_counts *c = &svc->counts;

    metrics_observe(&c->commit_us, health_commit_bounds_us, HEALTH_COMMIT_BOUNDS,
                    host_clock_mono_us() - started_us);
    metrics_observe(&c->commit_calls, health_calls_bounds, HEALTH_CALLS_BOUNDS, calls);
}

void count_effects(struct svc *svc, const struct svc_effects *effects)
{
    struct svc_counts *c = &svc->counts;

    if (effects->granted)
        atomic_fetch_add_explicit(&c->granted, 1, memory_order_relaxed);
    if (effects->repeated)
        atomic_fetch_add_explicit(&c->reports_repeated, 1, memory_order_relaxed);
    if (effects->reported)
        atomic_fetch_add_explicit(&c->reports[effects->report_state][effects->report_reason], 1,
                                  memory_order_relaxed);
}

void work_begins(struct svc_work *w)
{
    atomic_store_explicit(&w->since_ms, host_clock_mono_ms(), memory_order_relaxed);
}

void work_ends(struct svc_work *w)
{
    atomic_store_explicit(&w->since_ms, 0, memory_order_relaxed);
}

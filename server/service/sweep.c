/*
 * Writing behind, in batches that rise by key. What is new of a device, once a second. When it was last seen,
 * in rounds over the whole fleet, of which each second does a part: most polls say nothing else, and a row of
 * each would have its own page of the disk.
 */
#include "service/internal.h"

#include "host/clock.h"
#include "host/log.h"

#define SWEEP_MS       1000
#define SWEEP_ROWS     4096u /* a transaction: bounds how long a grant may wait behind it */
#define HEARTBEAT_MS   10000
#define ANSWERS_KEPT_S 86400

static void copy_state(struct svc *svc, uint32_t index, struct store_device_state *ret)
{
    const struct fleet_device *d = fleet_lock(svc->fleet, index);

    *ret = (struct store_device_state){
        .device = (int64_t)index + 1,
        .running = {.version = d->said->version,
                    .sha256 = d->said->sha256,
                    .slot = (enum otter_slot)d->slot,
                    .confirmed = (d->flags & FLEET_CONFIRMED) != 0},
        .epoch = d->said->epoch,
        .sequence = d->said->sequence,
        .root = d->said->root,
        .stale = (d->flags & FLEET_STALE) != 0,
        .refused = (enum otter_status)d->refused,
        .first_seen = d->first_seen,
        .last_seen = d->last_seen,
    };
    fleet_unlock(svc->fleet, index);
}

/* Puts one down; a mark that could not be served is put back. */
static bool put_state(struct svc *svc, uint32_t index, struct sweep_result *result)
{
    struct store_device_state row;

    copy_state(svc, index, &row);
    result->status = svc->writer->ops->state_put(svc->writer, &row);
    if (result->status != OTTER_OK)
        fleet_mark_dirty(svc->fleet, index);
    else
        result->rows++;
    return result->status == OTTER_OK;
}

struct sweep_result sweep_some(struct svc *svc, unsigned max)
{
    struct sweep_result result = {.status = OTTER_OK};
    struct sweep_round *round = &svc->round;
    uint32_t index = 0;

    while (result.rows < max && (index = fleet_take_dirty(svc->fleet, index)) != FLEET_NONE)
        if (!put_state(svc, index++, &result))
            return result;
    while (result.rows < max && round->at < round->upto) {
        index = fleet_take_seen(svc->fleet, round->at, round->upto);
        round->at = index == FLEET_NONE ? round->upto : index + 1;
        if (index != FLEET_NONE && !put_state(svc, index, &result))
            return result;
    }
    return result;
}

uint32_t sweep_share(uint32_t devices, int64_t elapsed_ms, uint32_t poll_interval_s)
{
    int64_t period = (int64_t)poll_interval_s * 1000 / SWEEP_PARTS;

    if (period > SWEEP_ROUND_MAX_MS)
        period = SWEEP_ROUND_MAX_MS;
    if (elapsed_ms >= period)
        return devices;
    return (uint32_t)((devices * elapsed_ms + period - 1) / period); /* 2^24 * 2^19: fits */
}

/* The next part of the round; the one before is done. */
static void go_round(struct svc *svc, int64_t mono_ms, bool all)
{
    struct sweep_round *round = &svc->round;
    uint32_t count = fleet_count(svc->fleet), share;

    share = all ? count : sweep_share(count, mono_ms - round->since_ms, svc->config.poll_interval_s);
    round->since_ms = mono_ms;
    if (all || round->at >= count)
        round->at = 0;
    round->upto = share < count - round->at ? round->at + share : count;
}

/*
 * One transaction. It need not be durable: what a power cut takes, the next polls bring again. Should the
 * commit itself fail, the rows of this batch wait for the devices' next polls, too.
 */
static unsigned sweep_once(struct svc *svc)
{
    struct store *store = svc->writer;
    struct sweep_result result;
    enum otter_status status = store->ops->begin(store, false);

    if (status != OTTER_OK) {
        trouble_note(svc, status, 0);
        return 0;
    }
    result = sweep_some(svc, SWEEP_ROWS);
    status = result.status;
    if (status == OTTER_OK)
        status = store->ops->commit(store);
    else
        store->ops->rollback(store);
    if (status != OTTER_OK)
        trouble_note(svc, status, 0);
    return status == OTTER_OK ? result.rows : 0;
}

/*
 * The time up to which this otterd served: what lies between it and the next start counts toward no deadline.
 * It always writes, so it also finds out whether a trouble of the store is over.
 */
static void heartbeat(struct svc *svc, int64_t mono_ms)
{
    struct store *store = svc->writer;
    enum otter_status status = store->ops->begin(store, false);

    svc->next_heartbeat_ms = mono_ms + (svc_trouble(svc) == OTTER_OK ? HEARTBEAT_MS : SWEEP_MS);
    if (status == OTTER_OK)
        status = store->ops->meta_put(store, "last_serving", svc_now(svc));
    if (status == OTTER_OK)
        status = store->ops->meta_put(store, "served", served_seconds(&svc->served));
    if (status == OTTER_OK)
        status = store->ops->answers_forget(store, svc_steady(svc) - ANSWERS_KEPT_S);
    if (status == OTTER_OK)
        status = tokens_store_used(svc, store);
    if (status == OTTER_OK)
        status = store->ops->commit(store);
    else
        store->ops->rollback(store);
    if (status == OTTER_OK)
        trouble_stored(svc);
    else
        trouble_note(svc, status, 0);
}

/* What was found to be expired, or not yet, may be otherwise now: every device is looked at again. */
static void watch_clock(struct svc *svc, int64_t mono_ms)
{
    int64_t step = clockwatch_look(&svc->clockwatch, svc_now(svc), mono_ms);

    if (step == 0)
        return;
    host_log(HOST_LOG_WARNING, "clock-set", HOST_LOG_INT("seconds", step));
    (void)catalog_follow(svc);
}

void sweep_tick(struct svc *svc, bool all)
{
    int64_t mono = (int64_t)host_clock_mono_ms();

    watch_clock(svc, svc_mono_ms(svc));
    served_tick(&svc->served, mono, svc_trouble(svc) == OTTER_OK);
    if (svc_trouble(svc) == OTTER_STORE_DAMAGED)
        return;
    if (all || mono >= svc->next_sweep_ms) {
        unsigned rows;

        if (all || svc->round.at >= svc->round.upto)
            go_round(svc, mono, all);
        rows = sweep_once(svc);

        svc->blobs->ops->rest(svc->blobs);
        while (all && rows == SWEEP_ROWS)
            rows = sweep_once(svc);
        /* A full batch means more is waiting: go on after the next calls. */
        if (rows < SWEEP_ROWS)
            svc->next_sweep_ms = mono + SWEEP_MS;
    }
    if (all || mono >= svc->next_heartbeat_ms)
        heartbeat(svc, mono);
}

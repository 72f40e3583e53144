/*
 * Moves rollouts on: phases complete, the next opens (auto), the last completes the rollout. Run by the
 * writer after each batch in which an attempt ended, at start, and now and then; a crash in between loses
 * nothing, since the decision is made from what is stored.
 *
 * Counting a phase's devices walks the fleet, so it is done only when as many attempts have ended as were out
 * at the last count.
 */
#include "service/internal.h"

#include "core/bytes.h"
#include "host/log.h"

#include <stdio.h>
#include <string.h>

#define PROGRESS_S 10 /* a walk without any attempt's end: devices may have left the target otherwise */

void progress_forget(struct svc *svc)
{
    memset(svc->progress, 0, sizeof(svc->progress));
    svc->progress_wanted = true;
}

static struct progress_note *note_of(struct svc *svc, int64_t rollout)
{
    for (unsigned i = 0; i < PROGRESS_NOTES; i++)
        if (svc->progress[i].rollout == rollout)
            return &svc->progress[i];
    return NULL;
}

static void take_note(struct svc *svc, int64_t rollout, uint64_t outstanding)
{
    struct progress_note *note = note_of(svc, rollout);

    if (!note) {
        note = &svc->progress[svc->progress_next];
        svc->progress_next = (svc->progress_next + 1) % PROGRESS_NOTES;
    }
    *note = (struct progress_note){.rollout = rollout, .outstanding = (int64_t)outstanding};
}

void progress_finished(struct svc *svc, int64_t rollout)
{
    struct progress_note *note = note_of(svc, rollout);

    if (note)
        note->outstanding--;
    if (!note || note->outstanding <= 0)
        svc->progress_wanted = true;
}

struct walk {
    const struct catalog *c;
    const struct catalog_rollout *r;
    const struct store_rollout *row;
    uint64_t now;                   /* steady: a clock set ahead must not complete a rollout by expiry */
    int64_t at;                     /* what is written down */
    uint64_t out[STORE_PHASES_MAX]; /* devices still out, by phase */
    uint64_t total;
    struct policy_progress_facts facts; /* what was decided by */
};

/*
 * Is the device one that its phase waits for? It is whatever it calls itself now (its pose) that must fit the
 * release: one that polls as other hardware than it was enrolled as would never be offered anything.
 */
static bool waits_for(const struct walk *w, const struct fleet_device *d)
{
    bool here = d->attempt != 0 && d->attempt_rollout == (uint32_t)w->row->id;
    struct otter_running running;
    struct policy_facts facts;
    enum otter_status status;

    if (here && device_attempt_open(d))
        return true;
    if (strcmp(d->kind->product, w->r->release->manifest.product) != 0)
        return false;
    facts_from_memory(w->c, w->r, d, &running, &facts);
    facts.state = POLICY_ROLLOUT_RUNNING;
    facts.open_cohorts = POLICY_COHORTS;
    facts.now = w->now;
    status = policy_decide(&facts);
    return status == OTTER_OK || !policy_refusal_lasts(status);
}

static void walk_fleet(struct svc *svc, struct walk *w)
{
    unsigned open = catalog_open_cohorts(w->row);
    uint32_t count = fleet_count(svc->fleet);

    for (uint32_t i = 0; i < count; i++) {
        unsigned cohort = policy_cohort(&otter_crypto_openssl, w->row->seed, fleet_peek(svc->fleet, i)->id);
        unsigned phase = 0;
        bool waits;

        if (cohort >= open)
            continue;
        waits = waits_for(w, fleet_lock(svc->fleet, i));
        fleet_unlock(svc->fleet, i);
        while (phase + 1 < w->row->phase && cohort >= w->row->phases[phase].upto >> 32)
            phase++;
        w->out[phase] += waits;
        w->total += waits;
    }
}

struct losses {
    struct store_count_visitor visitor;
    unsigned phase;
    uint64_t n;
};

static bool count_lost(struct store_count_visitor *self, const struct store_count *row)
{
    struct losses *l = OTTER_CONTAINER_OF(self, struct losses, visitor);

    if (row->phase == l->phase && events_is_lost(row->state))
        l->n += row->n;
    return true;
}

static enum otter_status apply(struct svc *svc, struct walk *w, struct store_rollout *row, bool *ret_changed)
{
    struct losses lost = {.visitor.row = count_lost, .phase = row->phase};
    enum otter_status status = svc->writer->ops->counts(svc->writer, row->id, &lost.visitor);

    w->facts = (struct policy_progress_facts){
        .running = policy_rollout_state_find(row->state) == POLICY_ROLLOUT_RUNNING,
        .auto_advance = row->auto_advance,
        .last_phase = row->phase == row->phase_count,
        .outstanding = w->total,
        .lost = lost.n,
    };

    if (status != OTTER_OK)
        return status;
    for (unsigned i = 0; i < row->phase; i++) {
        if (w->out[i] > 0 || row->phases[i].completed)
            continue;
        row->phases[i].completed = w->at;
        *ret_changed = true;
    }
    switch (policy_progress(&w->facts)) {
    case POLICY_ADVANCE:
        rollout_open_next(svc, w->r, row, w->at);
        *ret_changed = true;
        svc->progress_wanted = true; /* the new phase may be through already */
        break;
    case POLICY_COMPLETE:
        (void)snprintf(row->state, sizeof(row->state), "%s",
                       policy_rollout_state_name(POLICY_ROLLOUT_COMPLETE));
        row->finished = w->at;
        *ret_changed = true;
        break;
    case POLICY_STAY:
        break;
    }
    return OTTER_OK;
}

/* One rollout in its own transaction; *ret_changed if it was written. */
static enum otter_status move_on(struct svc *svc, const struct catalog_rollout *r, bool *ret_changed)
{
    struct store *store = svc->writer;
    struct store_rollout row = {0}, before;
    struct walk w = {
        .c = svc->catalog, .r = r, .row = &row, .now = (uint64_t)svc_steady(svc), .at = svc_now(svc)};
    enum otter_status status = store->ops->begin(store, true);
    bool changed = false;

    if (status != OTTER_OK)
        return status;
    status = store->ops->rollout_get(store, r->row.id, &row);
    before = row;
    if (status == OTTER_OK && row.phase >= 1) {
        walk_fleet(svc, &w);
        take_note(svc, row.id, w.total);
        status = apply(svc, &w, &row, &changed);
    }
    if (status == OTTER_OK && changed)
        status = store->ops->rollout_update(store, &row);
    if (status == OTTER_OK && changed)
        status = store->ops->commit(store);
    else
        store->ops->rollback(store);
    *ret_changed = changed && status == OTTER_OK;
    if (*ret_changed)
        events_progress(svc, &before, &row, &w.facts);
    return status;
}

static bool due(const struct svc *svc, const struct catalog_rollout *r)
{
    const struct progress_note *note = NULL;

    for (unsigned i = 0; i < PROGRESS_NOTES && !note; i++)
        if (svc->progress[i].rollout == r->row.id)
            note = &svc->progress[i];
    return r->state == POLICY_ROLLOUT_RUNNING && (!note || note->outstanding <= 0);
}

void progress_run(struct svc *svc)
{
    int64_t now = svc_now(svc);

    if (now >= svc->next_progress || now < svc->next_progress - PROGRESS_S) {
        progress_forget(svc);
        svc->next_progress = now + PROGRESS_S;
    }
    while (svc->progress_wanted) {
        bool any = false;

        svc->progress_wanted = false;
        for (size_t i = 0; i < svc->catalog->rollout_count; i++) {
            enum otter_status status = OTTER_OK;
            bool changed = false;

            if (due(svc, &svc->catalog->rollouts[i]))
                status = move_on(svc, &svc->catalog->rollouts[i], &changed);
            if (trouble_is(status))
                trouble_note(svc, status, 0);
            else if (status != OTTER_OK)
                host_log(HOST_LOG_WARNING, "progress-failed",
                         HOST_LOG_INT("rollout", svc->catalog->rollouts[i].row.id));
            any = any || changed;
        }
        if (any && catalog_reload(svc, svc->writer) != OTTER_OK)
            host_log(HOST_LOG_ERROR, "catalog-not-read", HOST_LOG_STR("next", "restart otterd"));
    }
}

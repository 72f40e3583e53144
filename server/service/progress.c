/*
 * Moves rollouts on: asks the gate of each newest phase (gates.c) whether the next opens, the rollout is
 * complete, halted or rolled back. Run by the writer after each batch in which an attempt ended, at start,
 * and now and then; a crash in between loses nothing, since the decision is made from what is stored.
 *
 * Counting a phase's devices walks the fleet, so it is done only when as many attempts have ended as were out
 * at the last count. A loss is looked at at once, by the store's counts alone: the threshold waits for
 * nobody.
 */
#include "service/rollout_fleet.h"

#include "core/bytes.h"
#include "host/log.h"
#include "service/facts.h"

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

static void take_note(struct svc *svc, int64_t rollout, const struct gate_out *out)
{
    struct progress_note *note = note_of(svc, rollout);

    if (!note) {
        note = &svc->progress[svc->progress_next];
        svc->progress_next = (svc->progress_next + 1) % PROGRESS_NOTES;
    }
    *note = (struct progress_note){
        .rollout = rollout, .outstanding = (int64_t)out->outstanding, .barred = out->barred};
}

void progress_finished(struct svc *svc, int64_t rollout)
{
    struct progress_note *note = note_of(svc, rollout);

    if (note)
        note->outstanding--;
    if (!note || note->outstanding <= 0)
        svc->progress_wanted = true;
}

void progress_lost(struct svc *svc, int64_t rollout)
{
    struct progress_note *note = note_of(svc, rollout);

    if (note)
        note->lost = true;
    svc->progress_wanted = true;
}

struct walk {
    struct svc *svc;
    const struct catalog_rollout *r;
    const struct store_rollout *row;
    int64_t now;                    /* steady: a clock set ahead must not complete a rollout by expiry */
    uint64_t out[STORE_PHASES_MAX]; /* devices still out, by phase */
    struct gate_out sum;
    enum otter_status status;
};

/* As if the rollout ran and all its phases were open: does the answer last? How often it was lost before is
 * the store's to say, and only asked where the plan has retries. */
static bool still_may(struct walk *w, uint32_t index, struct device_facts *facts)
{
    enum otter_status decision;

    facts->f.state = POLICY_ROLLOUT_RUNNING;
    facts->f.open_phase = w->row->phase_count;
    if (facts->f.losses_here > 0 && w->r->plan.retry_count > 0)
        w->status = facts_of_past(w->svc->writer, w->r, index, facts);
    decision = policy_decide(&facts->f);
    if (decision == OTTER_OK || !policy_refusal_lasts(decision))
        return true;
    if (decision == OTTER_REQUIRES_FROM && facts_led_on(w->svc, w->svc->catalog, w->r, index, w->now))
        return true; /* by another rollout: it will come */
    w->sum.barred += facts->f.device_phase == w->row->phase && policy_refusal_bars(decision);
    return false;
}

/*
 * Is the device one that its phase waits for? It is whatever it calls itself now (its pose) that must fit the
 * release: one that polls as other hardware than it was enrolled as would never be offered anything.
 */
static bool waits_for(struct walk *w, uint32_t index, unsigned *ret_phase)
{
    const struct fleet_device *d = fleet_lock(w->svc->fleet, index);
    bool here = d->attempt != 0 && d->attempt_rollout == (uint32_t)w->row->id;
    bool open = here && device_attempt_open(d);
    bool product = strcmp(d->kind->product, w->r->release->manifest.product) == 0;
    struct device_facts facts;

    if (open || product)
        facts_of_device(w->svc, w->svc->catalog, w->r, d, index, w->now, &facts);
    fleet_unlock(w->svc->fleet, index);
    if (!open && !product)
        return false;
    facts_of_row(w->svc, w->row, &facts);
    *ret_phase = facts.f.device_phase;
    return open || (facts.f.device_phase <= w->row->phase && still_may(w, index, &facts));
}

static void walk_fleet(struct walk *w)
{
    uint32_t count = fleet_count(w->svc->fleet);

    for (uint32_t i = 0; i < count && w->status == OTTER_OK; i++) {
        unsigned phase = 1;

        if (!waits_for(w, i, &phase) || phase > w->row->phase)
            continue;
        w->out[phase - 1]++;
        w->sum.outstanding++;
    }
}

/* Phases that nobody of is out any more. */
static enum otter_status mark_through(const struct walk *w, struct store_rollout *row, bool *ret_any)
{
    enum otter_status status = OTTER_OK;

    *ret_any = false;
    for (unsigned i = 0; i < row->phase && status == OTTER_OK; i++) {
        if (w->out[i] > 0 || row->phases[i].completed)
            continue;
        row->phases[i].completed = svc_now(w->svc);
        *ret_any = true;
        status = rollout_event(w->svc, row->id, "phase-complete", "",
                               json_pack("{s:I}", "phase", (json_int_t)i + 1));
    }
    return status;
}

static enum otter_status count_out(struct svc *svc, const struct catalog_rollout *r,
                                   struct store_rollout *row, bool *ret_changed)
{
    struct walk w = {.svc = svc, .r = r, .row = row, .now = svc_steady(svc)};

    walk_fleet(&w);
    if (w.status != OTTER_OK)
        return w.status;
    take_note(svc, row->id, &w.sum);
    return mark_through(&w, row, ret_changed);
}

/* The fleet is walked unless attempts are known to be out. */
static enum otter_status decide(struct svc *svc, const struct catalog_rollout *r, struct store_rollout *row,
                                struct gate_done *ret)
{
    struct progress_note *note = note_of(svc, row->id);
    enum otter_status status = OTTER_OK;
    struct gate_out out;
    bool through = false;

    if (!note || note->outstanding <= 0)
        status = count_out(svc, r, row, &through);
    note = note_of(svc, row->id);
    if (status != OTTER_OK || !note)
        return status != OTTER_OK ? status : OTTER_INTERNAL;
    note->lost = false;
    out = (struct gate_out){.outstanding = (uint64_t)note->outstanding, .barred = note->barred};
    status = gate_run(svc, r, row, &out, ret);
    ret->changed = ret->changed || through;
    return status;
}

/* One rollout in its own transaction; *ret_changed if it was written. */
static enum otter_status move_on(struct svc *svc, const struct catalog_rollout *r, bool *ret_changed)
{
    struct store *store = svc->writer;
    struct gate_done done = {.changed = false};
    struct store_rollout row;
    enum otter_status status = store->ops->begin(store, true);

    if (status != OTTER_OK)
        return status;
    status = store->ops->rollout_get(store, r->row.id, &row);
    if (status == OTTER_OK && row.phase >= 1)
        status = decide(svc, r, &row, &done);
    if (status == OTTER_OK && done.changed)
        status = store->ops->rollout_update(store, &row);
    if (status == OTTER_OK && done.changed)
        status = store->ops->commit(store);
    else
        store->ops->rollback(store);
    *ret_changed = done.changed && status == OTTER_OK;
    if (done.until > svc_now(svc) && done.until < svc->next_progress)
        svc->next_progress = done.until;
    if (!*ret_changed)
        return status;
    if (done.told)
        events_tell(svc, &done.event);
    if (done.again)
        progress_forget(svc);
    return OTTER_OK;
}

static bool due(struct svc *svc, const struct catalog_rollout *r)
{
    const struct progress_note *note = note_of(svc, r->row.id);

    return r->state == POLICY_ROLLOUT_RUNNING && (!note || note->outstanding <= 0 || note->lost);
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

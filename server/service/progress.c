/*
 * Moves rollouts on: asks the gate of each newest phase (gates.c) whether the next opens, the rollout is
 * complete, halted or rolled back. Run by the writer after each batch, at start, and now and then; a crash in
 * between loses nothing, since the decision is made from what is stored and who is out (progress_walk.c).
 *
 * A gate is asked when it is known who is out, in the turn of the writer in which that became known: nothing
 * is stored in between. A loss is looked at at once, by the store's counts alone: the threshold waits for
 * nobody.
 */
#include "service/rollout_fleet.h"

#include "host/clock.h"
#include "host/log.h"

#include <stdlib.h>

#define PROGRESS_S 10  /* a look without any attempt's end: devices may have left the target otherwise */
#define SLOW_SHARE 10u /* searches that do not hurry take this part of the writer's time, at most */
#define SLOW_MS    20u /* and wait for so long beside it */

void progress_init(struct svc *svc)
{
    struct progress *p = &svc->progress;

    (void)pthread_mutex_init(&p->told.lock, NULL);
    p->wanted = true;
}

void progress_free(struct svc *svc)
{
    (void)pthread_mutex_destroy(&svc->progress.told.lock);
    free(svc->progress.notes);
}

static struct progress_note *note_of(struct svc *svc, int64_t rollout)
{
    struct progress *p = &svc->progress;
    size_t low = 0, high = p->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (p->notes[middle].rollout < rollout)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->count && p->notes[low].rollout == rollout ? &p->notes[low] : NULL;
}

void progress_forget(struct svc *svc, int64_t acted)
{
    struct progress *p = &svc->progress;

    for (size_t i = 0; i < p->count; i++)
        p->notes[i].look = true;
    if (acted > 0)
        p->acted = acted;
    p->wanted = true;
}

void progress_finished(struct svc *svc, int64_t rollout)
{
    struct progress_note *note = note_of(svc, rollout);

    if (note)
        note->verify = true;
    svc->progress.wanted = true;
}

void progress_lost(struct svc *svc, int64_t rollout)
{
    struct progress_note *note = note_of(svc, rollout);

    if (note)
        note->lost = true;
    svc->progress.wanted = true;
}

/* ---- notes: one of each rollout that runs ---- */

static bool runs(const struct catalog_rollout *r)
{
    return r->state == POLICY_ROLLOUT_RUNNING && r->row.phase >= 1;
}

static struct progress_note new_note(const struct catalog_rollout *r)
{
    struct progress_note note = {.rollout = r->row.id, .look = true};

    for (unsigned i = 0; i < STORE_PHASES_MAX; i++)
        note.phase[i].watched = FLEET_NONE;
    return note;
}

/* What was found is true by another catalog, too, if nothing has changed for it; where nobody was found there
 * may be somebody now. */
static void keep_note(struct svc *svc, const struct catalog_rollout *r, struct progress_note *note)
{
    if (note->searching)
        progress_begin(svc, r, note);
}

/* False when out of memory. */
static bool follow_catalog(struct svc *svc)
{
    const struct catalog *c = svc->catalog;
    struct progress *p = &svc->progress;
    struct progress_note *notes;
    size_t count = 0;

    if (p->generation == c->generation)
        return true;
    notes = calloc(c->rollout_count ? c->rollout_count : 1, sizeof(*notes));
    if (!notes)
        return false;
    for (size_t i = 0; i < c->rollout_count; i++) {
        const struct catalog_rollout *r = &c->rollouts[i];
        const struct progress_note *known = runs(r) ? note_of(svc, r->row.id) : NULL;

        if (!runs(r))
            continue;
        notes[count] = known ? *known : new_note(r);
        keep_note(svc, r, &notes[count++]);
    }
    free(p->notes);
    p->notes = notes;
    p->count = count;
    p->generation = c->generation;
    return true;
}

/* ---- a turn ---- */

static void over(struct progress_turn *turn, const struct catalog_rollout *r, struct progress_note *note,
                 enum otter_status status)
{
    turn->status = OTTER_OK;
    if (status == OTTER_OK)
        return;
    note->searching = false; /* later, from the beginning */
    if (trouble_is(status))
        trouble_note(turn->svc, status, 0);
    else
        host_log(HOST_LOG_WARNING, "progress-failed", HOST_LOG_INT("rollout", r->row.id));
}

/* Goes on searching. The gate is asked if it has become known who is out. */
static bool search(struct progress_turn *turn, const struct catalog_rollout *r, struct progress_note *note)
{
    enum otter_status status = OTTER_OK;
    bool changed = false;

    if (progress_search(turn, r, note)) {
        note->searching = false;
        status = progress_decide(turn, r, note, true, &changed);
    }
    over(turn, r, note, status == OTTER_OK ? turn->status : status);
    return changed;
}

static void begin(struct progress_turn *turn, const struct catalog_rollout *r, struct progress_note *note)
{
    bool hurry = note->hurry;

    (void)progress_verify(turn, r, note);
    if (!note->searching)
        progress_begin(turn->svc, r, note);
    note->hurry = progress_known(r, note) || progress_hurries(turn, r, note);
    if (note->searching && note->hurry && !hurry)
        progress_begin(turn->svc, r, note); /* what time alone brings back may have been passed long ago */
    note->searching = true;
    note->look = false;
}

/* What costs little: losses, and whether those who are watched are out still. */
static bool tend(struct progress_turn *turn, const struct catalog_rollout *r, struct progress_note *note)
{
    enum otter_status status = OTTER_OK;
    bool changed = false;

    if (note->lost) {
        status = progress_decide(turn, r, note, false, &changed);
    }
    note->look = note->look || (note->verify && !progress_verify(turn, r, note));
    if (note->look)
        begin(turn, r, note);
    note->verify = note->lost = false;
    over(turn, r, note, status == OTTER_OK ? turn->status : status);
    if (note->searching && progress_known(r, note))
        changed = search(turn, r, note) || changed;
    return changed;
}

static bool is_tended(const struct progress_note *note)
{
    return !note->look && !note->verify && !note->lost;
}

static bool due(const struct progress_note *note, bool slow)
{
    return slow ? note->searching && !note->hurry : !is_tended(note) || (note->searching && note->hurry);
}

static const struct catalog_rollout *rollout_of(const struct svc *svc, const struct progress_note *note)
{
    return catalog_rollout_by_id(svc->catalog, note->rollout);
}

static bool tend_all(struct progress_turn *turn)
{
    struct progress *p = &turn->svc->progress;
    bool changed = false;

    for (size_t i = 0; i < p->count && turn->places > 0; i++)
        if (!is_tended(&p->notes[i]))
            changed = tend(turn, rollout_of(turn->svc, &p->notes[i]), &p->notes[i]) || changed;
    return changed;
}

/* One after the other: the next turn goes on where this one ends. */
static bool search_all(struct progress_turn *turn, bool slow)
{
    struct progress *p = &turn->svc->progress;
    bool changed = false;
    size_t from = 0;

    while (from < p->count && p->notes[from].rollout < p->first)
        from++;
    for (size_t i = 0; i < p->count && turn->places > 0; i++) {
        struct progress_note *note = &p->notes[(from + i) % p->count];

        if (!note->searching || note->hurry == slow)
            continue;
        p->first = note->rollout;
        changed = search(turn, rollout_of(turn->svc, note), note) || changed;
    }
    return changed;
}

static bool acted(struct progress_turn *turn)
{
    struct progress_note *note = note_of(turn->svc, turn->svc->progress.acted);
    bool changed;

    turn->svc->progress.acted = 0;
    if (!note)
        return false;
    changed = tend(turn, rollout_of(turn->svc, note), note);
    return (note->searching && search(turn, rollout_of(turn->svc, note), note)) || changed;
}

static bool any_due(const struct progress *p, bool slow)
{
    for (size_t i = 0; i < p->count; i++)
        if (due(&p->notes[i], slow))
            return true;
    return false;
}

/* What is changed may have something else follow. */
static void run(struct progress_turn *turn, bool slow)
{
    struct svc *svc = turn->svc;

    while (turn->places > 0 && follow_catalog(svc) && any_due(&svc->progress, slow)) {
        bool changed = svc->progress.acted != 0 && acted(turn);

        changed = tend_all(turn) || changed;
        changed = search_all(turn, slow) || changed;
        if (changed && !catalog_follow(svc))
            return;
    }
}

/* Those that are done within a turn are never kept waiting. */
static void run_slow(struct progress_turn *turn)
{
    struct progress *p = &turn->svc->progress;
    uint64_t began = host_clock_mono_us(), now;

    if (began < p->slow_at_us || !any_due(p, true))
        return;
    run(turn, true);
    now = host_clock_mono_us();
    p->slow_at_us = any_due(p, true) ? now + (now - began) * (SLOW_SHARE - 1) : 0;
}

static void note_turn(const struct progress_turn *turn)
{
    struct progress *p = &turn->svc->progress;

    p->wanted = any_due(p, false);
    p->slow = any_due(p, true);
    atomic_store(&p->told.wanted, p->wanted || p->slow);
    atomic_store(&p->pending, p->wanted || p->slow);
    if (turn->looked > atomic_load(&p->most))
        atomic_store(&p->most, turn->looked);
}

void progress_run(struct svc *svc)
{
    uint32_t places = svc->config.progress_places ? svc->config.progress_places : PROGRESS_PLACES;
    struct progress_turn turn = {.svc = svc, .places = places};
    int64_t now = svc_now(svc);

    if (now >= svc->next_progress || now < svc->next_progress - PROGRESS_S) {
        svc->next_progress = now + PROGRESS_S;
        progress_forget(svc, 0);
    }
    if (svc->progress.wanted)
        run(&turn, false);
    run_slow(&turn);
    note_turn(&turn);
}

unsigned progress_wait_ms(struct svc *svc, unsigned most)
{
    const struct progress *p = &svc->progress;

    if (svc_trouble(svc) != OTTER_OK)
        return most;
    return p->wanted ? 1u : p->slow && SLOW_MS < most ? SLOW_MS : most;
}

/* Searches the fleet for devices that open phases wait for, place by place (progress.h). */
#include "service/progress.h"

#include "service/facts.h"

#include <string.h>

/* What a place costs beyond itself, where the store is asked, or the other rollouts are. */
#define STORE_PLACES 16u

void progress_spend(struct progress_turn *turn, size_t places)
{
    turn->places -= (uint32_t)(places < turn->places ? places : turn->places);
}

struct look {
    struct progress_turn *turn;
    const struct catalog_rollout *r;
    struct progress_note *note;
    int64_t now; /* steady: a clock set ahead must not complete a rollout by expiry */
};

static struct look look_of(struct progress_turn *turn, const struct catalog_rollout *r,
                           struct progress_note *note)
{
    return (struct look){.turn = turn, .r = r, .note = note, .now = svc_steady(turn->svc)};
}

/* By another rollout: it will come. */
static bool led_on(struct look *l, uint32_t index)
{
    progress_spend(l->turn, l->turn->svc->catalog->rollout_count);
    return facts_led_on(l->turn->svc, l->turn->svc->catalog, l->r, index, l->now);
}

/* As if the rollout ran and all its phases were open: does the answer last? How often it was lost before is
 * the store's to say, and only asked where the plan has retries. */
static bool still_may(struct look *l, uint32_t index, struct device_facts *facts)
{
    enum otter_status decision;

    facts->f.state = POLICY_ROLLOUT_RUNNING;
    facts->f.open_phase = l->r->row.phase_count;
    if (facts->f.losses_here > 0 && l->r->plan.retry_count > 0) {
        progress_spend(l->turn, STORE_PLACES);
        l->turn->status = facts_of_past(l->turn->svc->writer, l->r, index, facts);
    }
    decision = policy_decide(&facts->f);
    if (decision == OTTER_OK || !policy_refusal_lasts(decision))
        return true;
    if (decision == OTTER_REQUIRES_FROM && led_on(l, index))
        return true;
    l->note->barred += facts->f.device_phase == l->r->row.phase && policy_refusal_bars(decision);
    return false;
}

/*
 * Is the device one that its phase waits for? It is whatever it calls itself now (its pose) that must fit the
 * release: one that polls as other hardware than it was enrolled as would never be offered anything.
 * Returns the phase, from 1; 0: none.
 */
static unsigned waited_for(struct look *l, uint32_t index)
{
    struct svc *svc = l->turn->svc;
    const struct fleet_device *d = fleet_lock(svc->fleet, index);
    bool here = d->attempt != 0 && d->attempt_rollout == (uint32_t)l->r->row.id;
    bool open = here && device_attempt_open(d);
    bool product = strcmp(d->kind->product, l->r->release->manifest.product) == 0;
    struct device_facts facts;

    if (open || product)
        facts_of_device(svc, svc->catalog, l->r, d, index, l->now, &facts);
    fleet_unlock(svc->fleet, index);
    progress_spend(l->turn, 1);
    l->turn->looked++;
    if ((!open && !product) || facts.f.device_phase > l->r->row.phase)
        return 0;
    return open || still_may(l, index, &facts) ? facts.f.device_phase : 0;
}

static void search_anew(const struct catalog_rollout *r, struct progress_note *note, unsigned phase)
{
    note->phase[phase] = (struct progress_phase){.watched = FLEET_NONE, .left = note->fleet};
    if (phase + 1 == r->row.phase)
        note->barred = 0;
}

/* Who is out is watched from now on, if nobody of its phase is. */
static void look_at(struct look *l, uint32_t index)
{
    unsigned phase = waited_for(l, index);

    if (phase > 0 && l->note->phase[phase - 1].watched == FLEET_NONE)
        l->note->phase[phase - 1].watched = index;
}

bool progress_verify(struct progress_turn *turn, const struct catalog_rollout *r, struct progress_note *note)
{
    struct look l = look_of(turn, r, note);
    bool all = true;

    for (unsigned i = 0; i < r->row.phase && turn->status == OTTER_OK; i++) {
        struct progress_phase *p = &note->phase[i];
        uint32_t index = p->watched;

        if (index == FLEET_NONE)
            continue;
        search_anew(r, note, i);
        look_at(&l, index); /* it may be of another phase by now */
        all = all && p->watched != FLEET_NONE;
    }
    return all;
}

/* ---- what changed meanwhile ---- */

void progress_tell(struct svc *svc, uint32_t index)
{
    struct progress_told *told = &svc->progress.told;

    /* Who begins to search between this and the change finds the device locked, and then as it is. */
    if (!atomic_load(&told->wanted))
        return;
    pthread_mutex_lock(&told->lock);
    told->device[told->count++ % PROGRESS_TOLD] = index;
    pthread_mutex_unlock(&told->lock);
}

static uint64_t told_count(struct svc *svc)
{
    struct progress_told *told = &svc->progress.told;
    uint64_t count;

    pthread_mutex_lock(&told->lock);
    count = told->count;
    pthread_mutex_unlock(&told->lock);
    return count;
}

/* The next device that was told of: FLEET_NONE if there is none. False: it was overwritten. */
static bool next_told(struct look *l, uint32_t *ret_index)
{
    struct progress_told *told = &l->turn->svc->progress.told;
    bool kept;

    *ret_index = FLEET_NONE;
    pthread_mutex_lock(&told->lock);
    kept = told->count - l->note->heard <= PROGRESS_TOLD;
    if (kept && l->note->heard < told->count)
        *ret_index = told->device[l->note->heard++ % PROGRESS_TOLD];
    pthread_mutex_unlock(&told->lock);
    return kept;
}

/* False: the turn is over. */
static bool listen(struct look *l)
{
    uint32_t index;

    while (l->turn->status == OTTER_OK && l->turn->places > 0) {
        if (!next_told(l, &index))
            progress_begin(l->turn->svc, l->r, l->note);
        else if (index == FLEET_NONE)
            return true;
        else
            look_at(l, index);
    }
    return false;
}

/* ---- once round ---- */

void progress_begin(struct svc *svc, const struct catalog_rollout *r, struct progress_note *note)
{
    atomic_store(&svc->progress.told.wanted, true);
    note->heard = told_count(svc);
    note->fleet = fleet_count(svc->fleet);
    for (unsigned i = 0; i < r->row.phase; i++)
        if (note->phase[i].watched == FLEET_NONE)
            search_anew(r, note, i);
}

bool progress_out_of(const struct progress_note *note, unsigned phase)
{
    return note->phase[phase].watched != FLEET_NONE;
}

bool progress_out(const struct catalog_rollout *r, const struct progress_note *note)
{
    for (unsigned i = 0; i < r->row.phase; i++)
        if (progress_out_of(note, i))
            return true;
    return false;
}

/* Of phases that are complete it is asked only whether anybody at all is out. */
bool progress_known(const struct catalog_rollout *r, const struct progress_note *note)
{
    bool out = progress_out(r, note);

    for (unsigned i = 0; i < r->row.phase; i++)
        if (!progress_out_of(note, i) && note->phase[i].left > 0 && !(out && r->row.phases[i].completed))
            return false;
    return true;
}

/* The fleet has grown: the places behind it are looked at as well. */
static void grow(struct svc *svc, const struct catalog_rollout *r, struct progress_note *note)
{
    uint32_t count = fleet_count(svc->fleet), more = count - note->fleet;

    for (unsigned i = 0; more > 0 && i < r->row.phase; i++)
        if (note->phase[i].left > 0)
            note->phase[i].left += more;
    note->fleet = count;
}

static void go_on(struct look *l)
{
    struct progress_note *note = l->note;

    for (unsigned i = 0; i < l->r->row.phase; i++)
        if (note->phase[i].left > 0)
            note->phase[i].left--;
    note->at = note->at < note->fleet ? note->at : 0;
    look_at(l, note->at++);
}

bool progress_search(struct progress_turn *turn, const struct catalog_rollout *r, struct progress_note *note)
{
    struct look l = look_of(turn, r, note);

    grow(turn->svc, r, note);
    if (!listen(&l))
        return false;
    while (!progress_known(r, note) && turn->places > 0 && turn->status == OTTER_OK)
        go_on(&l);
    return progress_known(r, note) && listen(&l) && progress_known(r, note) && turn->status == OTTER_OK;
}

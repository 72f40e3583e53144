#include "service/deadlines.h"

#include "service/internal.h"

#include "core/bytes.h"
#include "host/log.h"

#include <stdio.h>

#define BATCH 64u /* attempts ended in a turn of the writer: a grant waits behind one turn */

/* About to install, or installed: what follows is a reboot, after which it has to be heard of again. */
static bool may_be_lost(enum otter_update_state state)
{
    return state == OTTER_UPDATE_DOWNLOADED || state == OTTER_UPDATE_INSTALLED ||
           state == OTTER_UPDATE_TESTING;
}

enum otter_status deadline_passed(const struct policy_plan *plan, uint32_t poll_interval_s,
                                  const struct open_attempt *a, int64_t served)
{
    int64_t silence = policy_silence(plan, poll_interval_s);

    if (plan->deadline_s > 0 && served - a->served >= plan->deadline_s)
        return OTTER_DEADLINE;
    if (silence > 0 && may_be_lost(a->state) && served - a->heard >= silence)
        return OTTER_SILENT;
    return OTTER_OK;
}

static uint32_t last_seen_of(struct svc *svc, uint32_t index)
{
    uint32_t seen = fleet_lock(svc->fleet, index)->last_seen;

    fleet_unlock(svc->fleet, index);
    return seen;
}

static bool note_end(struct svc *svc, uint32_t index, const struct store_attempt *row)
{
    const struct open_attempt *a = open_attempts_find(&svc->open, index);
    bool ok = true;

    if (!a || a->attempt != row->id)
        return true;
    ok = pace_count(&svc->paces, a->rollout, -1);
    open_attempts_drop(&svc->open, index);
    return ok;
}

bool deadlines_note(struct svc *svc, uint32_t index, const struct store_attempt *row)
{
    struct open_attempt *known = open_attempts_find(&svc->open, index);
    struct open_attempt a = {.attempt = row->id,
                             .rollout = row->rollout,
                             .index = index,
                             .last_seen = last_seen_of(svc, index),
                             .state = row->state,
                             .served = row->served,
                             .heard = svc_served(svc)};

    if (otter_update_finished(row->state))
        return note_end(svc, index, row);
    if (known && known->attempt == row->id) {
        known->state = row->state;
        known->heard = a.heard; /* it reported */
        return true;
    }
    return (!known || pace_count(&svc->paces, known->rollout, -1)) &&
           pace_count(&svc->paces, row->rollout, 1) && open_attempts_put(&svc->open, &a);
}

struct loader {
    struct store_attempt_visitor visitor;
    struct svc *svc;
    bool down; /* otterd was, before this start */
    bool ok;
};

/* What fell silent before the stop has as long as any other to be heard of after the start. */
static bool load_one(struct store_attempt_visitor *self, const struct store_attempt *row)
{
    struct loader *l = OTTER_CONTAINER_OF(self, struct loader, visitor);
    uint32_t index = (uint32_t)(row->device - 1);
    struct open_attempt *a;

    l->ok = index < fleet_count(l->svc->fleet) && deadlines_note(l->svc, index, row);
    a = l->ok ? open_attempts_find(&l->svc->open, index) : NULL;
    if (a)
        a->down = l->down;
    return l->ok;
}

bool deadlines_load(struct svc *svc, enum otter_status *ret_status)
{
    struct loader l = {.visitor.row = load_one, .svc = svc, .ok = true};
    struct store *store = svc->writer;
    int64_t last = 0;

    (void)store->ops->meta_get(store, "last_serving", &last); /* 0 before the first stop */
    l.down = last > 0 && svc_now(svc) - last >= DEADLINES_DOWN_S;
    *ret_status = store->ops->attempts_open(store, &l.visitor);
    return l.ok;
}

/* Has the device polled since the last look? Then it was heard of, and lives in time that is served. */
static void listen(struct svc *svc, struct open_attempt *a, int64_t served)
{
    uint32_t seen = last_seen_of(svc, a->index);

    if (seen == a->last_seen)
        return;
    a->last_seen = seen;
    a->heard = served;
    a->down = false;
}

struct due {
    uint64_t attempt;
    uint32_t index;
    enum otter_status why;
};

static enum otter_status why_due(struct svc *svc, struct open_attempt *a, int64_t served)
{
    const struct catalog_rollout *r = catalog_rollout_by_id(svc->catalog, a->rollout);
    bool lost = may_be_lost(a->state);

    if (!r)
        return OTTER_OK;
    if (lost || a->down)
        listen(svc, a, served);
    return deadline_passed(&r->plan, lost ? groups_poll_interval(svc, a->index) : 0, a, served);
}

/* Goes on where it stopped. */
static unsigned find_due(struct svc *svc, struct due due[BATCH])
{
    int64_t served = svc_served(svc);
    uint32_t places = DEADLINES_PLACES;
    struct open_attempt *a;
    unsigned count = 0;

    while (count < BATCH && (a = open_attempts_look(&svc->open, &places)) != NULL) {
        enum otter_status why = why_due(svc, a, served);

        if (why != OTTER_OK)
            due[count++] = (struct due){.attempt = a->attempt, .index = a->index, .why = why};
    }
    return count;
}

static enum otter_status end_one(struct svc *svc, struct svc_call *call, const struct due *due)
{
    struct store_attempt row;
    enum otter_status status = svc->writer->ops->attempt_get(svc->writer, due->attempt, &row);

    if (status != OTTER_OK || otter_update_finished(row.state))
        return status;
    return attempt_server_move(svc, call, due->index, &row, OTTER_UPDATE_TIMED_OUT, due->why);
}

static int64_t ended_of(const struct svc_call *call)
{
    return call->effects ? call->effects->ended : 0;
}

/* The audit log has an entry a rollout and transaction: each attempt has its own history. */
static enum otter_status note_ends(struct svc *svc, const struct svc_call *calls, unsigned count)
{
    enum otter_status status = OTTER_OK;

    for (unsigned i = 0; i < count && status == OTTER_OK; i++) {
        json_int_t n = 0, before = 0;
        char subject[32];

        for (unsigned k = 0; k < count; k++) {
            n += ended_of(&calls[k]) == ended_of(&calls[i]);
            before += k < i && ended_of(&calls[k]) == ended_of(&calls[i]);
        }
        if (before > 0 || ended_of(&calls[i]) == 0)
            continue;
        (void)snprintf(subject, sizeof(subject), "rollout %lld", (long long)ended_of(&calls[i]));
        status = audit_note(svc, "", "attempts-timed-out", subject, json_pack("{s:I}", "attempts", n));
    }
    return status;
}

/* In one transaction; a call for each, since a call's effects tell of one end. */
static enum otter_status end_all(struct svc *svc, const struct due *due, unsigned count)
{
    struct svc_call calls[BATCH] = {0};
    struct store *store = svc->writer;
    enum otter_status status = store->ops->begin(store, true);

    if (status != OTTER_OK)
        return status;
    for (unsigned i = 0; i < count && status == OTTER_OK; i++) {
        status = end_one(svc, &calls[i], &due[i]);
        calls[i].next = i + 1 < count ? &calls[i + 1] : NULL;
    }
    if (status == OTTER_OK)
        status = note_ends(svc, calls, count);
    if (status == OTTER_OK)
        status = store->ops->commit(store);
    else
        store->ops->rollback(store);
    if (status == OTTER_OK)
        writer_publish(svc, calls);
    else
        for (unsigned i = 0; i < count; i++)
            effects_drop(&calls[i]);
    return status;
}

bool deadlines_pending(struct svc *svc)
{
    return svc->open.looked > 0 && svc_trouble(svc) == OTTER_OK;
}

/* May a look begin, or go on? */
static bool look_is_due(struct svc *svc)
{
    int64_t served = svc_served(svc);

    if (svc_trouble(svc) != OTTER_OK)
        return false;
    if (svc->open.looked > 0)
        return true;
    if (served - svc->deadlines_at < DEADLINES_EVERY_S)
        return false;
    svc->deadlines_at = served;
    return true;
}

void deadlines_run(struct svc *svc)
{
    struct due due[BATCH];
    enum otter_status status;
    unsigned count;

    if (!look_is_due(svc))
        return;
    count = find_due(svc, due);
    status = count ? end_all(svc, due, count) : OTTER_OK;
    if (status == OTTER_OK)
        return;
    svc->open.looked = 0; /* later, from the beginning */
    if (trouble_is(status))
        trouble_note(svc, status, 0);
    else
        host_log(HOST_LOG_ERROR, "deadlines-failed", HOST_LOG_STR("why", otter_status_name(status)));
}

/* By the two clocks since the last change; or by a stop since which the device was not heard of: what it
 * reports now happened before. */
bool deadlines_server_was_down(struct svc *svc, uint32_t index, const struct store_attempt *row)
{
    const struct open_attempt *a = open_attempts_find(&svc->open, index);
    int64_t wall = svc_steady(svc) - row->updated, served = svc_served(svc) - row->served_updated;

    return wall - served >= DEADLINES_DOWN_S || (a && a->attempt == row->id && a->down);
}

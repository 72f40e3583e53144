/* An attempt's way through its states: rows, events, counts. All inside a transaction of the writer. */
#include "service/deadlines.h"
#include "service/rollout_fleet.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

bool attempt_stoppable(enum otter_update_state state)
{
    return state == OTTER_UPDATE_OFFERED || state == OTTER_UPDATE_DOWNLOADING ||
           state == OTTER_UPDATE_DOWNLOADED;
}

static enum otter_status count(struct store *store, const struct store_attempt *row, int delta)
{
    struct store_count key = {.phase = row->phase, .state = row->state, .reason = row->reason};

    if (row->retry)
        return OTTER_OK; /* taken out of the counts when the operator asked for another one */
    return store->ops->count_add(store, row->rollout, &key, delta);
}

struct lost_count {
    struct store_count_visitor visitor;
    unsigned phase;
    uint64_t n;
};

static bool count_lost(struct store_count_visitor *self, const struct store_count *row)
{
    struct lost_count *lost = OTTER_CONTAINER_OF(self, struct lost_count, visitor);

    if (row->phase == lost->phase && events_is_lost(row->state))
        lost->n += row->n;
    return true;
}

/* Was the loss taken as seen by a resume? By the clock, unless each loss of its phase was: the clock may have
 * been set between the two. */
static enum otter_status was_seen(struct store *store, const struct store_attempt *row,
                                  const struct store_rollout *rollout, bool *ret)
{
    struct lost_count lost = {.visitor.row = count_lost, .phase = row->phase};
    uint32_t acknowledged = rollout->phases[row->phase - 1].acknowledged;
    enum otter_status status = OTTER_OK;

    *ret = acknowledged > 0 && row->finished <= rollout->resumed_at;
    if (acknowledged == 0 || *ret)
        return OTTER_OK;
    status = store->ops->counts(store, rollout->id, &lost.visitor);
    *ret = lost.n <= acknowledged;
    return status;
}

/* A loss that counts no more: nor is it one of those that a resume took as seen, or the next one would pass
 * for it. */
static enum otter_status take_back(struct svc *svc, const struct store_attempt *row)
{
    struct store *store = svc->writer;
    struct store_rollout rollout;
    struct store_phase *phase;
    enum otter_status status;
    bool seen;

    if (row->retry || !events_is_lost(row->state))
        return OTTER_OK;
    status = store->ops->rollout_get(store, row->rollout, &rollout);
    if (status != OTTER_OK || row->phase < 1 || row->phase > rollout.phase_count)
        return status;
    phase = &rollout.phases[row->phase - 1];
    status = was_seen(store, row, &rollout, &seen);
    if (status != OTTER_OK || !seen)
        return status;
    phase->acknowledged--;
    status = store->ops->rollout_update(store, &rollout);
    if (status != OTTER_OK)
        return status;
    return rollout_event(svc, rollout.id, "loss-taken-back", "",
                         json_pack("{s:I, s:I, s:I}", "attempt", (json_int_t)row->id, "phase",
                                   (json_int_t)row->phase, "acknowledged", (json_int_t)phase->acknowledged));
}

/* Out of the counts, with all that hangs on it. */
static enum otter_status uncount(struct svc *svc, const struct store_attempt *row)
{
    enum otter_status status = take_back(svc, row);

    return status == OTTER_OK ? count(svc->writer, row, -1) : status;
}

enum otter_status attempt_move(struct svc *svc, struct svc_call *call, uint32_t index,
                               struct store_attempt *row, enum otter_update_state state,
                               enum otter_status reason, const char *detail)
{
    struct store *store = svc->writer;
    enum otter_status status = uncount(svc, row);
    struct svc_effects *effects = effects_of(call);

    row->state = state;
    row->reason = reason;
    row->retry = false;
    (void)snprintf(row->detail, sizeof(row->detail), "%s", detail);
    row->updated = svc_now(svc);
    row->served_updated = svc_served(svc);
    if (otter_update_finished(state))
        row->finished = row->updated;
    if (status == OTTER_OK)
        status = count(store, row, 1);
    if (status == OTTER_OK)
        status = store->ops->attempt_update(store, row);
    if (status != OTTER_OK)
        return svc_stored(call, status);
    if (!effects || !effects_attempt(call, index, row))
        return OTTER_INTERNAL;
    if (otter_update_finished(state))
        effects->ended = row->rollout;
    if (events_is_lost(state)) {
        effects->lost = row->rollout;
        effects->lost_device = index;
        effects->lost_state = state;
        effects->lost_reason = reason;
    }
    return OTTER_OK;
}

enum otter_status attempt_server_move(struct svc *svc, struct svc_call *call, uint32_t index,
                                      struct store_attempt *row, enum otter_update_state state,
                                      enum otter_status reason)
{
    struct store_event event = {.attempt = row->id, .at = svc_now(svc), .state = state, .reason = reason};
    enum otter_status status;

    if (!otter_update_may(row->state, state, OTTER_BY_SERVER))
        return svc_refuse(call, OTTER_INTERNAL, "attempt %llu cannot go from %s to %s",
                          (unsigned long long)row->id, otter_update_state_name(row->state),
                          otter_update_state_name(state));
    status = svc_stored(call, svc->writer->ops->event_add(svc->writer, &event));
    return status == OTTER_OK ? attempt_move(svc, call, index, row, state, reason, "") : status;
}

enum otter_status attempt_retry(struct svc *svc, struct svc_call *call, uint32_t index,
                                struct store_attempt *row)
{
    enum otter_status status = uncount(svc, row);

    row->retry = true;
    if (status == OTTER_OK)
        status = svc->writer->ops->attempt_update(svc->writer, row);
    if (status != OTTER_OK)
        return svc_stored(call, status);
    return effects_attempt(call, index, row) ? OTTER_OK : OTTER_INTERNAL;
}

enum otter_status attempt_retry_by_plan(struct svc *svc, struct svc_call *call, struct store_attempt *row)
{
    enum otter_status status = uncount(svc, row);

    row->retry = true;
    row->retry_by_plan = true;
    if (status == OTTER_OK)
        status = svc->writer->ops->attempt_update(svc->writer, row);
    return svc_stored(call, status);
}

/* A working device reports some ten steps; what it reports beyond this moves the state, but is not kept. */
#define EVENTS_MAX 256u

struct event_counter {
    struct store_event_visitor visitor;
    unsigned n;
};

static bool count_event(struct store_event_visitor *self, const struct store_event *row)
{
    (void)row;
    return ++OTTER_CONTAINER_OF(self, struct event_counter, visitor)->n < EVENTS_MAX;
}

static enum otter_status keep_event(struct svc *svc, const struct store_event *event)
{
    struct event_counter counter = {.visitor.row = count_event};
    enum otter_status status = svc->writer->ops->events(svc->writer, event->attempt, &counter.visitor);

    if (status != OTTER_OK || counter.n >= EVENTS_MAX)
        return status;
    return svc->writer->ops->event_add(svc->writer, event);
}

/* A step that is not above the highest one: known (a repetition), or late (kept as an event, the state
 * stays). */
static enum otter_status old_step(struct svc *svc, struct svc_call *call, const struct store_event *event)
{
    enum otter_status status = keep_event(svc, event);
    struct svc_effects *effects = effects_of(call);

    if (!effects)
        return OTTER_INTERNAL;
    effects->repeated = true;
    return status == OTTER_ALREADY_EXISTS ? OTTER_OK : svc_stored(call, status);
}

/* Its trial ended for want of a server while otterd was not serving: that is no fault of the release. */
static bool spoiled_by_server(struct svc *svc, uint32_t index, const struct store_attempt *row,
                              const struct otter_report *report)
{
    return report->state == OTTER_UPDATE_REVERTED && report->reason == OTTER_TRIAL_NO_SERVER &&
           deadlines_server_was_down(svc, index, row);
}

enum otter_status attempt_report(struct svc *svc, struct svc_call *call, uint32_t index,
                                 struct store_attempt *row, const struct otter_report *report)
{
    struct store_event event = {.attempt = row->id,
                                .step = report->step,
                                .at = svc_now(svc),
                                .state = report->state,
                                .reason = report->reason};
    enum otter_status status;

    memcpy(event.detail, report->detail, sizeof(event.detail));
    if (report->step <= row->step)
        return old_step(svc, call, &event);
    if (otter_update_finished(row->state))
        return svc_refuse(call, OTTER_ATTEMPT_CLOSED, "attempt %llu has ended: %s",
                          (unsigned long long)row->id, otter_update_state_name(row->state));
    if (!otter_update_may(row->state, report->state, OTTER_BY_DEVICE))
        return svc_refuse(call, OTTER_BAD_TRANSITION, "attempt %llu cannot go from %s to %s by a report",
                          (unsigned long long)row->id, otter_update_state_name(row->state),
                          otter_update_state_name(report->state));
    status = svc_stored(call, keep_event(svc, &event));
    if (status != OTTER_OK)
        return status;
    row->step = report->step;
    if (report->has_bytes)
        row->bytes = report->bytes;
    if (spoiled_by_server(svc, index, row, report))
        status = attempt_server_move(svc, call, index, row, OTTER_UPDATE_CANCELLED, OTTER_SERVER_DOWN);
    else
        status = attempt_move(svc, call, index, row, report->state, report->reason, report->detail);
    if (status != OTTER_OK)
        return status;
    call->effects->reported = true;
    call->effects->report_state = row->state;
    call->effects->report_reason = row->reason;
    return OTTER_OK;
}

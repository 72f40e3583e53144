/* What is told of rollouts. Writer thread. */
#include "service/internal.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

struct tally {
    struct store_count_visitor visitor;
    unsigned phase; /* 0: all */
    struct svc_event *event;
    uint64_t reasons[OTTER_STATUS_COUNT]; /* of lost attempts */
};

static bool take_count(struct store_count_visitor *self, const struct store_count *row)
{
    struct tally *t = OTTER_CONTAINER_OF(self, struct tally, visitor);

    if ((t->phase != 0 && row->phase != t->phase) || (unsigned)row->state >= OTTER_UPDATE_STATE_COUNT)
        return true;
    t->event->counts[row->state] += row->n;
    if (events_is_lost(row->state) && row->reason != OTTER_OK && (unsigned)row->reason < OTTER_STATUS_COUNT)
        t->reasons[row->reason] += row->n;
    return true;
}

/* The most frequent ones, the first of the table first among equals. */
static void keep_reasons(struct tally *t)
{
    struct svc_event *event = t->event;

    while (event->reason_count < EVENT_REASONS_MAX) {
        unsigned most = 0;

        for (unsigned r = 0; r < OTTER_STATUS_COUNT; r++)
            if (t->reasons[r] > t->reasons[most])
                most = r;
        if (t->reasons[most] == 0)
            return;
        event->reasons[event->reason_count].reason = (enum otter_status)most;
        event->reasons[event->reason_count].n = t->reasons[most];
        event->reason_count++;
        t->reasons[most] = 0;
    }
}

void events_of_rollout(struct svc *svc, const struct store_rollout *row, enum svc_event_kind kind,
                       unsigned phase, struct svc_event *ret)
{
    struct tally t = {.visitor.row = take_count, .phase = phase, .event = ret};

    *ret = (struct svc_event){.kind = kind,
                              .at = svc_now(svc),
                              .rollout = row->id,
                              .phase = row->phase,
                              .phases = row->phase_count};
    memcpy(ret->name, row->name, sizeof(ret->name));
    ret->has_counts = svc->writer->ops->counts(svc->writer, row->id, &t.visitor) == OTTER_OK;
    keep_reasons(&t);
}

bool events_rollout_aborted(struct svc *svc, struct svc_call *call, const struct store_rollout *row,
                            enum policy_rollout_state before, const char *why)
{
    struct svc_event event;

    if (before == POLICY_ROLLOUT_DRAFT) /* it did not go on before either */
        return true;
    events_of_rollout(svc, row, SVC_EVENT_ROLLOUT_HALTED, 0, &event);
    (void)snprintf(event.detail, sizeof(event.detail), "rollout %lld was aborted %s", (long long)row->id,
                   why);
    return events_add(call, &event);
}

bool events_rollout_halted(struct svc *svc, struct svc_call *call, const struct store_rollout *row,
                           const char *why)
{
    struct svc_event event;

    events_of_rollout(svc, row, SVC_EVENT_ROLLOUT_HALTED, 0, &event);
    (void)snprintf(event.detail, sizeof(event.detail), "%.200s", why);
    return events_add(call, &event);
}

bool events_rollout_rolled_back(struct svc *svc, struct svc_call *call, const struct store_rollout *row,
                                const char *why)
{
    struct svc_event event;

    events_of_rollout(svc, row, SVC_EVENT_ROLLED_BACK, 0, &event);
    (void)snprintf(event.detail, sizeof(event.detail), "rolled back by rollout %lld; %.200s",
                   (long long)row->child, why);
    return events_add(call, &event);
}

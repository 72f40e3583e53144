/* What is an event, and what one is called. Pure. */
#include "service/events.h"

#define DAY INT64_C(86400)

static const char *const names[SVC_EVENT_KIND_COUNT] = {
#define SVC_EVENT_ROW(symbol, text, means) text,
    SVC_EVENT_TABLE(SVC_EVENT_ROW)
#undef SVC_EVENT_ROW
};

const char *svc_event_name(enum svc_event_kind kind)
{
    return (unsigned)kind < SVC_EVENT_KIND_COUNT ? names[kind] : "?";
}

bool events_is_lost(enum otter_update_state state)
{
    return state == OTTER_UPDATE_FAILED || state == OTTER_UPDATE_REVERTED || state == OTTER_UPDATE_TIMED_OUT;
}

bool events_burst_add(struct events_burst *b, int64_t now)
{
    unsigned newest = (b->next + b->size - 1) % b->size;
    bool is_burst;

    if (b->held > 0 && now < b->at[newest])
        b->held = 0;
    b->at[b->next] = now;
    b->next = (b->next + 1) % b->size;
    if (b->held < b->size)
        b->held++;
    /* With the ring full the next place holds the oldest. */
    is_burst = b->held == b->size && now - b->at[b->next] <= b->window;
    if (!is_burst || (b->told != 0 && now >= b->told && now - b->told <= b->window))
        return false;
    b->told = now;
    return true;
}

bool events_fell(bool *is_low, uint64_t value, uint64_t limit)
{
    bool was_low = *is_low;

    if (value < limit)
        *is_low = true;
    else if (value - limit >= limit / 8)
        *is_low = false;
    return *is_low && !was_low;
}

unsigned events_certificate_level(int64_t left)
{
    if (left <= 0)
        return 3;
    if (left <= 3 * DAY)
        return 2;
    return left <= 14 * DAY ? 1 : 0;
}

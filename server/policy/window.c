/*
 * Maintenance windows. The zone's offsets around a time are read once, as pieces in which one offset holds:
 *
 *     ... piece 0, offset +1h | until[0]  piece 1, offset +2h | until[1]  ...
 *
 * A local time then is that of the first piece which shows it; one that none shows lies in a gap, and is
 * reckoned by the piece before it. Each window on each local day is one stretch of seconds of UTC.
 */
#include "policy/window.h"

#define DAY_S      INT64_C(86400)
#define DAYS_BACK  3  /* a stretch began at most two local days before it ends, and clocks differ by a day */
#define DAYS_AHEAD 25 /* within three weeks a change comes, or never: windows are weekly */
#define PIECES_MAX 12u
#define WEEKDAY_0  3 /* 1970-01-01 was a Thursday; 0 is Monday */

static int32_t no_offset(const struct policy_zone *self, int64_t t, int64_t *ret_until)
{
    (void)self;
    (void)t;
    *ret_until = INT64_MAX;
    return 0;
}

const struct policy_zone policy_zone_utc = {.offset = no_offset};

struct pieces {
    unsigned count;
    struct {
        int64_t until;
        int32_t offset;
    } of[PIECES_MAX];
};

struct stretch {
    int64_t from, to; /* from <= t < to; none if to <= from */
};

static void read_pieces(const struct policy_zone *zone, int64_t from, int64_t to, struct pieces *ret)
{
    int64_t at = from;

    ret->count = 0;
    do {
        ret->of[ret->count].offset = zone->offset(zone, at, &ret->of[ret->count].until);
        at = ret->of[ret->count++].until;
    } while (at < to && ret->count < PIECES_MAX);
    ret->of[ret->count - 1].until = INT64_MAX; /* no zone changes as often as PIECES_MAX in a month */
}

/* Seconds of a local clock since its 1970 -> seconds of UTC. */
static int64_t utc_of(const struct pieces *p, int64_t local)
{
    unsigned i = 0;

    /* It is in piece i, or in the gap behind it: in the next it would be before that one begins. */
    while (local - p->of[i].offset >= p->of[i].until && local - p->of[i + 1].offset >= p->of[i].until)
        i++;
    return local - p->of[i].offset;
}

static int32_t offset_at(const struct pieces *p, int64_t t)
{
    unsigned i = 0;

    while (t >= p->of[i].until)
        i++;
    return p->of[i].offset;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static bool on_day(const struct policy_window_spec *w, int64_t day)
{
    int64_t weekday = (day + WEEKDAY_0) % 7;

    return w->days >> (weekday < 0 ? weekday + 7 : weekday) & 1;
}

/* The window that begins on a local day, counted from 1970-01-01; an empty stretch if none does. */
static struct stretch stretch_on(const struct policy_window_spec *w, const struct pieces *p, int64_t day)
{
    int64_t end_day = w->to <= w->from ? day + 1 : day;

    if (!on_day(w, day))
        return (struct stretch){0, 0};
    return (struct stretch){utc_of(p, day * DAY_S + w->from * INT64_C(60)),
                            utc_of(p, end_day * DAY_S + w->to * INT64_C(60))};
}

static int64_t local_day(const struct pieces *p, int64_t t)
{
    return floor_div(t + offset_at(p, t), DAY_S);
}

/* The latest end of what is open at t; 0: nothing is. */
static int64_t open_until(const struct policy_window_spec *windows, unsigned count, const struct pieces *p,
                          int64_t t)
{
    int64_t day = local_day(p, t), end = 0;

    for (unsigned i = 0; i < count; i++) {
        for (int64_t d = day - 2; d <= day + 1; d++) {
            struct stretch s = stretch_on(&windows[i], p, d);

            if (s.from <= t && t < s.to && s.to > end)
                end = s.to;
        }
    }
    return end;
}

/* When something opens after t, at which nothing is open; 0: never. */
static int64_t opens_at(const struct policy_window_spec *windows, unsigned count, const struct pieces *p,
                        int64_t t)
{
    int64_t day = local_day(p, t), last = day + DAYS_AHEAD - DAYS_BACK, at = 0;

    for (int64_t d = day - 1; d <= last; d++) {
        if (at != 0)
            last = d; /* a day that a change skipped is reckoned behind the next one: look at that, too */
        for (unsigned i = 0; i < count; i++) {
            struct stretch s = stretch_on(&windows[i], p, d);

            if (s.from > t && s.from < s.to && (at == 0 || s.from < at))
                at = s.from;
        }
    }
    return at;
}

bool policy_windows_open(const struct policy_window_spec *windows, unsigned count,
                         const struct policy_zone *zone, int64_t t)
{
    struct pieces p;

    if (count == 0)
        return true;
    read_pieces(zone, t - DAYS_BACK * DAY_S, t + DAYS_BACK * DAY_S, &p);
    return open_until(windows, count, &p, t) != 0;
}

struct policy_when policy_windows_at(const struct policy_window_spec *windows, unsigned count,
                                     const struct policy_zone *zone, int64_t t)
{
    struct policy_when when = {.open = true};
    struct pieces p;
    int64_t end;

    if (count == 0)
        return when;
    read_pieces(zone, t - DAYS_BACK * DAY_S, t + DAYS_AHEAD * DAY_S, &p);
    end = open_until(windows, count, &p, t);
    when.open = end != 0;
    if (!when.open) {
        when.changes_at = opens_at(windows, count, &p, t);
        return when;
    }
    while (end != 0 && end < t + (DAYS_AHEAD - DAYS_BACK) * DAY_S) {
        when.changes_at = end; /* unless something else is open there */
        end = open_until(windows, count, &p, end);
    }
    if (end != 0)
        when.changes_at = 0;
    return when;
}

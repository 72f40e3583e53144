/*
 * Windows against an independent reading: a year is walked minute by minute, as somebody would who looks at
 * the clock on the wall. It is noted when the clock first showed each local minute, and, where it jumped,
 * when it would have shown what it skipped; each window then is the minutes from when its beginning was shown
 * to when its end was.
 */
#include "simulator/random.h"
#include "zones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DAY      1440
#define DAYS     366
#define MINUTES  (DAYS * DAY)
#define MARGIN   (2 * DAY)  /* local clocks are ahead or behind; windows end on the next day */
#define SETTLED  (32 * DAY) /* the last change within the year may be looked for from here */
#define NOT_SEEN (-1)

static struct {
    int64_t begin;                       /* Unix minute */
    int32_t shown[MINUTES + 2 * MARGIN]; /* local minute since `begin` less MARGIN -> minute since begin */
    bool open[MINUTES + 1];
    int32_t change[MINUTES + 1]; /* the next minute that differs */
} year;

static void look_at_the_clock(const struct policy_zone *zone, int64_t begin)
{
    int64_t until, before = 0;

    year.begin = begin;
    for (unsigned i = 0; i < MINUTES + 2 * MARGIN; i++)
        year.shown[i] = NOT_SEEN;
    for (int32_t m = 0; m < MINUTES; m++) {
        int64_t local = m + zone->offset(zone, (begin + m) * 60, &until) / 60 + MARGIN;

        for (int64_t skipped = before + 1; m > 0 && skipped < local; skipped++)
            year.shown[skipped] = (int32_t)(m + skipped - before - 1);
        if (year.shown[local] == NOT_SEEN)
            year.shown[local] = m;
        before = local;
    }
}

/* Minutes of windows that begin or end beyond the year stay as they are: nobody asks about the first and last
 * days. */
static void open_windows(const struct policy_window_spec *w, unsigned count)
{
    memset(year.open, 0, sizeof(year.open));
    for (unsigned i = 0; i < count; i++) {
        for (int32_t day = -1; day < DAYS; day++) {
            int32_t weekday = (int32_t)((year.begin / DAY + day + 3) % 7); /* 1970-01-01: Thursday */
            int32_t from = day * DAY + w[i].from + MARGIN, to = day * DAY + w[i].to + MARGIN;

            if (!(w[i].days & 1u << weekday))
                continue;
            if (w[i].to <= w[i].from)
                to += DAY;
            if (year.shown[from] == NOT_SEEN || year.shown[to] == NOT_SEEN)
                continue;
            for (int32_t m = year.shown[from]; m < year.shown[to]; m++)
                year.open[m] = true;
        }
    }
    year.change[MINUTES] = MINUTES;
    for (int32_t m = MINUTES - 1; m >= 0; m--)
        year.change[m] = year.open[m] == year.open[m + 1] ? year.change[m + 1] : m + 1;
}

static void compare(const char *name, const struct policy_window_spec *w, unsigned count,
                    const struct policy_zone *zone, int32_t m, unsigned second)
{
    int64_t t = (year.begin + m) * 60 + second;
    int64_t change = year.change[m] >= MINUTES - SETTLED / 2 ? 0 : (year.begin + year.change[m]) * 60;
    struct policy_when when = policy_windows_at(w, count, zone, t);

    if (when.open == year.open[m] && when.changes_at == change &&
        policy_windows_open(w, count, zone, t) == when.open)
        return;
    for (unsigned i = 0; i < count; i++)
        print_message("days %02x from %u to %u\n", w[i].days, w[i].from, w[i].to);
    fail_msg("%s at %lld: open %d, changes %lld; the clock on the wall says %d, %lld", name, (long long)t,
             when.open, (long long)when.changes_at, year.open[m], (long long)change);
}

/* Half of the times are about when clocks change. */
static uint16_t some_time(struct dice *d)
{
    static const uint16_t steps[] = {1, 5, 15, 30, 60};
    unsigned step = steps[below(d, 5)], span = one_in(d, 2) ? 240 : DAY;

    return (uint16_t)(below(d, span / step) * step);
}

static unsigned some_windows(struct dice *d, struct policy_window_spec *ret)
{
    unsigned count = 1 + below(d, 4);

    for (unsigned i = 0; i < count; i++) {
        ret[i] =
            (struct policy_window_spec){(uint8_t)(1 + below(d, POLICY_DAYS_ALL)), some_time(d), some_time(d)};
        if (one_in(d, 3))
            ret[i].days = POLICY_DAYS_ALL;
        if (one_in(d, 8))
            ret[i].to = DAY;
    }
    return count;
}

/* Each minute of the days around a change, and some of the others. */
static void compare_year(const struct test_zone *z, const struct policy_window_spec *w, unsigned count,
                         struct dice *d)
{
    for (unsigned r = 0; r + 1 < z->count; r++) {
        int32_t around = (int32_t)(z->rule[r].until / 60 - year.begin);

        for (int32_t m = around - DAY / 2; m < around + DAY / 2; m++)
            if (m > 3 * DAY && m < MINUTES - SETTLED)
                compare(z->name, w, count, &z->zone, m, below(d, 60));
    }
    for (unsigned i = 0; i < 300; i++) {
        int32_t m = 3 * DAY + (int32_t)below(d, MINUTES - SETTLED - 3 * DAY);

        compare(z->name, w, count, &z->zone, m, below(d, 60));
        if (year.change[m] < MINUTES - SETTLED) { /* the last second before a change, and the first behind */
            compare(z->name, w, count, &z->zone, year.change[m] - 1, 59);
            compare(z->name, w, count, &z->zone, year.change[m], 0);
        }
    }
}

static void windows_are_as_the_clock_on_the_wall_shows(void **state)
{
    static const struct {
        const struct test_zone *zone;
        int64_t begin; /* of the year that is walked */
    } rows[] = {{&test_berlin, 1767225600},
                {&test_new_york, 1767225600},
                {&test_lord_howe, 1767225600},
                {&test_kathmandu, 1767225600},
                {&test_apia, 1309478400} /* July 2011 */};
    struct dice d = {20260329};

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        look_at_the_clock(&rows[i].zone->zone, rows[i].begin / 60);
        for (unsigned set = 0; set < 25; set++) {
            struct policy_window_spec w[POLICY_WINDOWS_MAX];
            unsigned count = some_windows(&d, w);

            open_windows(w, count);
            compare_year(rows[i].zone, w, count, &d);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(windows_are_as_the_clock_on_the_wall_shows)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

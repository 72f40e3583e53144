#include "policy/moment.h"
#include "zones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define H(hour, minute) ((hour)*60 + (minute))
#define MON             0x01u
#define FRI             0x10u
#define SAT             0x20u
#define SUN             0x40u
#define ALL             POLICY_DAYS_ALL

static int64_t at(const char *moment)
{
    int64_t t = 0;

    if (!policy_moment_parse(moment, strlen(moment), &t))
        fail_msg("%s is no moment", moment);
    return t;
}

struct row {
    const char *what;
    const struct policy_zone *zone;
    struct policy_window_spec windows[2];
    const char *when;
    bool open;
    const char *changes_at; /* NULL: never */
};

static void check(const struct row *row)
{
    unsigned count = row->windows[1].days ? 2 : row->windows[0].days ? 1 : 0;
    int64_t t = at(row->when), change = row->changes_at ? at(row->changes_at) : 0;
    struct policy_when when = policy_windows_at(row->windows, count, row->zone, t);

    if (when.open != row->open || when.changes_at != change)
        fail_msg("%s: open %d, changes %lld, not %lld", row->what, when.open, (long long)when.changes_at,
                 (long long)change);
    if (policy_windows_open(row->windows, count, row->zone, t) != row->open)
        fail_msg("%s: the short way says otherwise", row->what);
}

#define BERLIN (&test_berlin.zone)
#define APIA   (&test_apia.zone)

static void windows_open_and_close_by_the_local_clock(void **state)
{
    static const struct row rows[] = {
        {"no window is open for ever", BERLIN, {{0}}, "2026-06-01T12:00:00Z", true, NULL},
        {"before",
         BERLIN,
         {{ALL, H(22, 0), H(23, 0)}},
         "2026-06-01T19:59:59Z",
         false,
         "2026-06-01T20:00:00Z"},
        {"from its first second",
         BERLIN,
         {{ALL, H(22, 0), H(23, 0)}},
         "2026-06-01T20:00:00Z",
         true,
         "2026-06-01T21:00:00Z"},
        {"to before its last",
         BERLIN,
         {{ALL, H(22, 0), H(23, 0)}},
         "2026-06-01T20:59:59Z",
         true,
         "2026-06-01T21:00:00Z"},
        {"not at its end",
         BERLIN,
         {{ALL, H(22, 0), H(23, 0)}},
         "2026-06-01T21:00:00Z",
         false,
         "2026-06-02T20:00:00Z"},
        {"over midnight",
         BERLIN,
         {{ALL, H(22, 0), H(5, 0)}},
         "2026-06-01T23:30:00Z",
         true,
         "2026-06-02T03:00:00Z"},
        {"of the day on which it began",
         BERLIN,
         {{FRI, H(22, 0), H(5, 0)}},
         "2026-06-06T02:00:00Z",
         true,
         "2026-06-06T03:00:00Z"},
        {"not of the day on which it ends",
         BERLIN,
         {{SAT, H(22, 0), H(5, 0)}},
         "2026-06-06T02:00:00Z",
         false,
         "2026-06-06T20:00:00Z"},
        {"a week is waited for",
         BERLIN,
         {{MON, H(3, 0), H(4, 0)}},
         "2026-06-01T02:00:00Z",
         false,
         "2026-06-08T01:00:00Z"},
        {"a whole day", BERLIN, {{SUN, 0, H(24, 0)}}, "2026-06-07T12:00:00Z", true, "2026-06-07T22:00:00Z"},
        {"from an hour to the same is a day",
         BERLIN,
         {{SUN, H(6, 0), H(6, 0)}},
         "2026-06-08T03:00:00Z",
         true,
         "2026-06-08T04:00:00Z"},
        {"side by side they are one",
         BERLIN,
         {{SAT, 0, H(24, 0)}, {SUN, 0, H(24, 0)}},
         "2026-06-06T12:00:00Z",
         true,
         "2026-06-07T22:00:00Z"},
        {"one in the other",
         BERLIN,
         {{ALL, H(8, 0), H(18, 0)}, {ALL, H(9, 0), H(10, 0)}},
         "2026-06-06T07:30:00Z",
         true,
         "2026-06-06T16:00:00Z"},
        {"each day whole is for ever", BERLIN, {{ALL, 0, H(24, 0)}}, "2026-03-20T12:00:00Z", true, NULL},
        {"complements are for ever",
         BERLIN,
         {{ALL, H(2, 30), H(14, 0)}, {ALL, H(14, 0), H(2, 30)}},
         "2026-03-20T12:00:00Z",
         true,
         NULL},
        {"another offset than whole hours",
         &test_kathmandu.zone,
         {{ALL, H(0, 0), H(1, 0)}},
         "2026-06-01T18:15:00Z",
         true,
         "2026-06-01T19:15:00Z"},
        {"UTC",
         &policy_zone_utc,
         {{ALL, H(0, 0), H(1, 0)}},
         "2026-06-01T00:59:59Z",
         true,
         "2026-06-01T01:00:00Z"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(&rows[i]);
}

/* Berlin, 29 March: 02:00 to 03:00 is not. 25 October: 02:00 to 03:00 comes twice. */
static void windows_are_right_across_daylight_saving(void **state)
{
    static const struct row rows[] = {
        {"a night is an hour short",
         BERLIN,
         {{ALL, H(22, 0), H(5, 0)}},
         "2026-03-28T22:00:00Z",
         true,
         "2026-03-29T03:00:00Z"},
        {"a night is an hour long",
         BERLIN,
         {{ALL, H(22, 0), H(5, 0)}},
         "2026-10-24T22:00:00Z",
         true,
         "2026-10-25T04:00:00Z"},
        {"a beginning in the gap is that of the offset before",
         BERLIN,
         {{ALL, H(2, 30), H(4, 0)}},
         "2026-03-29T01:29:59Z",
         false,
         "2026-03-29T01:30:00Z"},
        {"an end in the gap, too",
         BERLIN,
         {{ALL, H(1, 0), H(2, 30)}},
         "2026-03-29T01:00:00Z",
         true,
         "2026-03-29T01:30:00Z"},
        {"all in the gap comes behind it",
         BERLIN,
         {{ALL, H(2, 15), H(2, 45)}},
         "2026-03-29T01:20:00Z",
         true,
         "2026-03-29T01:45:00Z"},
        {"a beginning in the gap behind the end is no window",
         BERLIN,
         {{SUN, H(2, 30), H(3, 15)}},
         "2026-03-29T00:00:00Z",
         false,
         "2026-04-05T00:30:00Z"},
        {"what comes twice begins at the first",
         BERLIN,
         {{ALL, H(2, 30), H(3, 0)}},
         "2026-10-25T00:29:00Z",
         false,
         "2026-10-25T00:30:00Z"},
        {"and goes through the second",
         BERLIN,
         {{ALL, H(2, 30), H(3, 0)}},
         "2026-10-25T00:30:00Z",
         true,
         "2026-10-25T02:00:00Z"},
        {"what comes twice ends at the first",
         BERLIN,
         {{ALL, H(1, 0), H(2, 30)}},
         "2026-10-25T00:29:59Z",
         true,
         "2026-10-25T00:30:00Z"},
        {"and does not open at the second",
         BERLIN,
         {{ALL, H(2, 15), H(2, 30)}},
         "2026-10-25T01:20:00Z",
         false,
         "2026-10-26T01:15:00Z"},
        {"half an hour lost",
         &test_lord_howe.zone,
         {{ALL, H(1, 0), H(3, 0)}},
         "2026-10-03T15:00:00Z",
         true,
         "2026-10-03T16:00:00Z"},
        {"half an hour won",
         &test_lord_howe.zone,
         {{ALL, H(1, 0), H(3, 0)}},
         "2026-04-04T15:00:00Z",
         true,
         "2026-04-04T16:30:00Z"},
        {"New York, where the night is before",
         &test_new_york.zone,
         {{ALL, H(1, 30), H(3, 0)}},
         "2026-11-01T06:59:59Z",
         true,
         "2026-11-01T08:00:00Z"},
        {"a day that was not is reckoned behind it",
         APIA,
         {{FRI, H(1, 0), H(2, 0)}},
         "2011-12-30T11:30:00Z",
         true,
         "2011-12-30T12:00:00Z"},
        {"and does not hide an earlier window of the next day",
         APIA,
         {{FRI, H(12, 0), H(13, 0)}, {SAT, H(6, 0), H(7, 0)}},
         "2011-12-30T10:00:00Z",
         false,
         "2011-12-30T16:00:00Z"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(&rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_open_and_close_by_the_local_clock),
        cmocka_unit_test(windows_are_right_across_daylight_saving),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

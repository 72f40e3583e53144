/* Time zones of the machine's tzdata, at changes that are in every edition of it. */
#include "host/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HOUR 3600

static void offset_changes_in_the_very_second(void **state)
{
    static const struct {
        const char *zone;
        int64_t at; /* the first second of the new offset */
        int32_t before, after;
    } cases[] = {
        {"Europe/Berlin", 1774746000, HOUR, 2 * HOUR}, /* 2026-03-29 01:00 UTC */
        {"Europe/Berlin", 1792890000, 2 * HOUR, HOUR}, /* 2026-10-25 01:00 UTC */
        {"America/New_York", 1772953200, -5 * HOUR, -4 * HOUR},
        {"Australia/Lord_Howe", 1775314800, 11 * HOUR, 10 * HOUR + HOUR / 2}, /* by half an hour */
        {"Pacific/Apia", 1325239200, -10 * HOUR, 14 * HOUR},                  /* a day that was not */
        {"Europe/Berlin", 2721258000, HOUR, 2 * HOUR},                        /* 2056, by the rule alone */
    };
    int64_t until;

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct host_zone *zone = host_zone_find(cases[i].zone);

        assert_non_null(zone);
        assert_string_equal(host_zone_name(zone), cases[i].zone);
        assert_int_equal(host_zone_offset(zone, cases[i].at - 1, &until), cases[i].before);
        assert_int_equal(until, cases[i].at);
        assert_int_equal(host_zone_offset(zone, cases[i].at, &until), cases[i].after);
        assert_true(until > cases[i].at);
    }
}

static void zone_without_changes_ahead_has_no_until(void **state)
{
    static const struct {
        const char *zone;
        int64_t t;
        int32_t offset;
    } cases[] = {
        {"UTC", 0, 0},
        {"Etc/GMT+5", 1800000000, -5 * HOUR},
        {"Asia/Kolkata", 1800000000, 5 * HOUR + HOUR / 2},
        {"UTC", INT64_C(4294967296) * 2, 0},
        {"UTC", -1, 0},
    };
    int64_t until;

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct host_zone *zone = host_zone_find(cases[i].zone);

        assert_non_null(zone);
        assert_int_equal(host_zone_offset(zone, cases[i].t, &until), cases[i].offset);
        assert_true(until == INT64_MAX);
    }
}

/* Every offset holds until the next: nothing between is left out or comes twice. */
static void walk_from_change_to_change_covers_a_century(void **state)
{
    const struct host_zone *zone = host_zone_find("Europe/Berlin");
    int64_t t = 0, until;
    unsigned changes = 0;
    int32_t before;

    (void)state;
    before = host_zone_offset(zone, t, &until);
    for (; until != INT64_MAX; changes++) {
        int32_t now;

        t = until;
        now = host_zone_offset(zone, t, &until);
        assert_int_not_equal(now, before);
        assert_true(until > t);
        before = now;
    }
    assert_in_range(changes, 240, 280); /* two a year since 1980 */
}

static void name_that_tzdata_has_not_is_unknown(void **state)
{
    static const char *const names[] = {
        "",
        "Europe/Atlantis",
        "Europe",
        "/etc/passwd",
        "../zoneinfo/UTC",
        "Europe/../UTC",
        "+05:00",
        "CET-1CEST",
        "EST5EDT6",
        "UTC ",
        "Europe//Berlin",
        "europe/berlin",
        ":UTC",
        "zone.tab ",
        "Z",
        "leapseconds",
        "tzdata.zi",
        "localtime",
        "right/UTC",
        "posix/UTC",
        "posixrules",
        "America/",
        "Etc",
    };
    char longest[HOST_ZONE_NAME_MAX + 2];

    (void)state;
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        for (unsigned twice = 0; twice < 2; twice++)
            if (host_zone_find(names[i]))
                fail_msg("'%s' was found", names[i]);
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_null(host_zone_find(longest));
}

static void zone_is_read_once(void **state)
{
    (void)state;
    assert_ptr_equal(host_zone_find("Europe/Oslo"), host_zone_find("Europe/Oslo"));
    assert_ptr_not_equal(host_zone_find("Europe/Oslo"), host_zone_find("Europe/Paris"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offset_changes_in_the_very_second),
        cmocka_unit_test(zone_without_changes_ahead_has_no_until),
        cmocka_unit_test(walk_from_change_to_change_covers_a_century),
        cmocka_unit_test(name_that_tzdata_has_not_is_unknown),
        cmocka_unit_test(zone_is_read_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "policy/moment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void moments_are_those_of_the_calendar(void **state)
{
    static const struct {
        const char *text;
        int64_t at; /* -1: none */
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T01:00:00+01:00", 0},
        {"1970-01-01T00:00:00+00:01", -1}, /* before it all */
        {"1970-01-01T00:00:00-00:01", 60},
        {"2000-02-29T00:00:00Z", 951782400},
        {"2000-03-01T00:00:00Z", 951868800},
        {"2024-02-29T12:34:56Z", 1709210096},
        {"2100-02-28T23:59:59Z", 4107542399},
        {"2100-02-29T00:00:00Z", -1},
        {"2100-03-01T00:00:00Z", 4107542400},
        {"2026-11-01T06:30:00.25Z", 1793514600},
        {"2026-11-01t06:30:00z", 1793514600},
        {"9999-12-31T23:59:59Z", 253402300799},
        {"2026-11-01T06:30:00", -1}, /* of which zone? */
        {"2026-11-01", -1},
        {"2026-11-01 06:30:00Z", -1},
        {"2026-13-01T06:30:00Z", -1},
        {"2026-00-01T06:30:00Z", -1},
        {"2026-11-31T06:30:00Z", -1},
        {"2026-11-00T06:30:00Z", -1},
        {"2026-11-01T24:00:00Z", -1},
        {"2026-11-01T06:60:00Z", -1},
        {"2026-11-01T06:30:60Z", -1},
        {"2026-11-01T06:30:00.Z", -1},
        {"2026-11-01T06:30:00+1:00", -1},
        {"2026-11-01T06:30:00+0100", -1},
        {"2026-11-01T06:30:00+24:00", -1},
        {"2026-11-01T06:30:00Z ", -1},
        {"1969-12-31T23:59:59Z", -1},
        {"2O26-11-01T06:30:00Z", -1},
        {"", -1},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t at = -1;

        if (policy_moment_parse(rows[i].text, strlen(rows[i].text), &at) != (rows[i].at >= 0) ||
            at != rows[i].at)
            fail_msg("%s: %lld", rows[i].text, (long long)at);
    }
}

static void lengths_have_a_unit_and_a_bound(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -1: none */
    } rows[] = {
        {"0s", 0},
        {"90s", 90},
        {"15m", 900},
        {"12h", 43200},
        {"7d", 604800},
        {"2w", 1209600},
        {"7101w", 4294684800},
        {"7102w", -1},
        {"4294967295s", UINT32_MAX},
        {"4294967296s", -1},
        {"7", -1},
        {"d", -1},
        {"", -1},
        {"07d", -1},
        {"-7d", -1},
        {"7D", -1},
        {"1d12h", -1},
        {"7 d", -1},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t seconds = 7;
        bool ok = policy_length_parse(rows[i].text, strlen(rows[i].text), &seconds);

        if (ok != (rows[i].seconds >= 0) || (ok ? (int64_t)seconds != rows[i].seconds : seconds != 7))
            fail_msg("%s: %u", rows[i].text, seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_those_of_the_calendar),
        cmocka_unit_test(lengths_have_a_unit_and_a_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

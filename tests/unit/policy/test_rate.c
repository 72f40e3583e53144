/* Requests a minute: who is served, how long another one waits, and what a clock that goes back does. */
#include "policy/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define S INT64_C(1000000)

static void a_request_is_served_while_less_than_a_minute_is_owed(void **state)
{
    static const struct {
        const char *name;
        uint32_t per_minute;
        int64_t paid_at, now;
        int64_t wait, paid_after;
    } rows[] = {
        {"a stranger", 60, 0, 1000 * S, 0, 1001 * S},
        {"owes nothing any more", 60, 999 * S, 1000 * S, 0, 1001 * S},
        {"owes some", 60, 1030 * S, 1000 * S, 0, 1031 * S},
        {"the last that fits", 60, 1059 * S, 1000 * S, 0, 1060 * S},
        {"a microsecond too much", 60, 1059 * S + 1, 1000 * S, 1, 1059 * S + 1},
        {"all is used up", 60, 1060 * S, 1000 * S, 1 * S, 1060 * S},
        {"one a minute", 1, 0, 1000 * S, 0, 1060 * S},
        {"one a minute, the second", 1, 1060 * S, 1000 * S, 60 * S, 1060 * S},
        {"the cost is rounded up", 7, 0, 1000 * S, 0, 1000 * S + 8571429},
        {"very many", 1000000, 0, 1000 * S, 0, 1000 * S + 60},
        {"a thread whose clock is a little behind", 60, 1060 * S, 990 * S, 11 * S, 1060 * S},
        {"a clock that went back", 60, 1060 * S, 939 * S, 0, 940 * S},
        {"a clock that went back to its start", 60, INT64_MAX, 0, 0, 1 * S},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_rate rate = policy_rate_of(rows[i].per_minute);
        struct policy_meter meter = {rows[i].paid_at};
        int64_t wait = policy_rate_take(&rate, &meter, rows[i].now);

        if (wait != rows[i].wait || meter.paid_at_us != rows[i].paid_after)
            fail_msg("%s: %lld, %lld", rows[i].name, (long long)wait, (long long)meter.paid_at_us);
    }
}

/* Whatever the seconds at which he asks: a minute's at once, and then as many a minute. */
static void no_more_is_served_than_a_burst_and_the_rate(void **state)
{
    struct policy_rate rate = policy_rate_of(600);
    struct policy_meter meter = {0};
    unsigned served = 0;

    (void)state;
    for (int64_t ms = 0; ms < 120000; ms += 7)
        served += policy_rate_take(&rate, &meter, 5000 * S + ms * 1000) == 0;
    assert_in_range(served, 1780, 1800);
}

/* It is neither refused for ever nor refused once too often: after the wait it is served. */
static void who_waits_as_long_as_told_is_served(void **state)
{
    static const uint32_t rates[] = {1, 7, 60, 600, 999983, 1000000};

    (void)state;
    for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct policy_rate rate = policy_rate_of(rates[i]);
        struct policy_meter meter = {0};
        int64_t now = 77 * S, wait = 0;

        for (unsigned n = 0; wait == 0; n++) {
            assert_true(n <= rates[i]);
            wait = policy_rate_take(&rate, &meter, now);
        }
        assert_true(wait <= rate.cost_us);
        assert_int_not_equal(policy_rate_take(&rate, &meter, now + wait - 1), 0);
        assert_int_equal(policy_rate_take(&rate, &meter, now + wait), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_served_while_less_than_a_minute_is_owed),
        cmocka_unit_test(no_more_is_served_than_a_burst_and_the_rate),
        cmocka_unit_test(who_waits_as_long_as_told_is_served),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

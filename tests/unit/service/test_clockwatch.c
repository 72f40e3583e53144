/* A clock that is set while otterd runs, second by second. */
#include "service/clockwatch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define START INT64_C(1800000000)
#define YEAR  INT64_C(31536000)

struct clocks {
    struct clockwatch watch;
    int64_t mono_ms, set; /* seconds by which the wall clock was set */
};

static int64_t wall(const struct clocks *c)
{
    return START + c->mono_ms / 1000 + c->set;
}

static int64_t look(struct clocks *c, int64_t seconds_later)
{
    c->mono_ms += seconds_later * 1000;
    return clockwatch_look(&c->watch, wall(c), c->mono_ms);
}

static int64_t steady(const struct clocks *c)
{
    return clockwatch_steady(&c->watch, wall(c), c->mono_ms);
}

static void a_clock_that_goes_is_no_step(void **state)
{
    struct clocks c = {.mono_ms = 5000};

    (void)state;
    assert_int_equal(steady(&c), wall(&c)); /* before the first look */
    for (int i = 0; i < 1000; i++) {
        c.set += i % 3 ? 0 : 1; /* it gains a third, and is never far off at once */
        assert_int_equal(look(&c, 10), 0);
        assert_int_equal(steady(&c), wall(&c));
    }
}

static void a_step_is_told_once_and_left_out_of_the_steady_time(void **state)
{
    static const int64_t steps[] = {YEAR, -YEAR, 31, -31};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct clocks c = {.mono_ms = 1};
        int64_t before;

        assert_int_equal(look(&c, 0), 0);
        before = wall(&c);
        c.set = steps[i];
        assert_int_equal(steady(&c), before); /* found before it was looked at */
        assert_int_equal(look(&c, 1), steps[i]);
        assert_int_equal(look(&c, 1), 0);
        assert_int_equal(steady(&c), before + 2);
        c.set = 0;
        assert_int_equal(look(&c, 1), -steps[i]);
        assert_int_equal(steady(&c), wall(&c));
    }
}

static void after_a_day_the_step_is_the_time(void **state)
{
    struct clocks c = {.mono_ms = 1};

    (void)state;
    (void)look(&c, 0);
    c.set = YEAR;
    (void)look(&c, 1);
    for (int hour = 0; hour < 23; hour++)
        assert_int_equal(look(&c, 3600), 0);
    assert_int_equal(steady(&c), wall(&c) - YEAR);
    (void)look(&c, 3601);
    assert_int_equal(steady(&c), wall(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_that_goes_is_no_step),
        cmocka_unit_test(a_step_is_told_once_and_left_out_of_the_steady_time),
        cmocka_unit_test(after_a_day_the_step_is_the_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

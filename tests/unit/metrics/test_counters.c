#include "metrics/counters.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define THREADS 20u /* more than there are lanes */
#define ROUNDS  10000u

static void *count(void *arg)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        metrics_add(arg, 0, 1);
        metrics_add(arg, 8, 3);
    }
    return NULL;
}

static void no_count_is_lost_between_threads(void **state)
{
    struct metrics_counters *c = metrics_counters_new(9);
    pthread_t threads[THREADS];

    (void)state;
    assert_non_null(c);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count, c), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(metrics_sum(c, 0), THREADS * ROUNDS);
    assert_int_equal(metrics_sum(c, 7), 0);
    assert_int_equal(metrics_sum(c, 8), 3 * THREADS * ROUNDS);
    metrics_counters_free(c);
}

static void a_value_on_a_bound_is_not_above_it(void **state)
{
    static const uint64_t bounds[] = {10, 20};
    static const uint64_t values[] = {0, 10, 11, 20, 21, 1000};
    struct metrics_observed o = {0};

    (void)state;
    for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        metrics_observe(&o, bounds, 2, values[i]);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(o.counts[i], 2);
    assert_int_equal(o.sum, 1062);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_count_is_lost_between_threads),
        cmocka_unit_test(a_value_on_a_bound_is_not_above_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

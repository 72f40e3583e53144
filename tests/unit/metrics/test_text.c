#include "metrics/text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct metrics_family polls = {"otter_polls_total", METRICS_COUNTER, "Polls."};

static int setup(void **state)
{
    *state = calloc(1, sizeof(struct metrics_text));
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    metrics_text_free(*state);
    free(*state);
    return 0;
}

static void a_family_has_help_type_and_samples(void **state)
{
    struct metrics_text *t = *state;

    metrics_begin(t, &polls);
    metrics_uint(t, &polls, (const struct metrics_label[]){{"result", "none"}, {"by", "x"}, {NULL, NULL}},
                 UINT64_MAX);
    metrics_uint(t, &polls, (const struct metrics_label[]){{NULL, NULL}}, 0);
    assert_string_equal(t->data, "# HELP otter_polls_total Polls.\n"
                                 "# TYPE otter_polls_total counter\n"
                                 "otter_polls_total{result=\"none\",by=\"x\"} 18446744073709551615\n"
                                 "otter_polls_total 0\n");
    assert_int_equal(t->len, strlen(t->data));
    assert_false(t->failed);
}

static void labels_and_help_are_escaped(void **state)
{
    static const struct metrics_family odd = {"odd", METRICS_GAUGE, "a \"b\" \\ c\nd"};
    struct metrics_text *t = *state;

    metrics_begin(t, &odd);
    metrics_uint(t, &odd,
                 (const struct metrics_label[]){{"name", "a \"b\" \\ c\nd {x} \xc3\xa4"}, {NULL, NULL}}, 1);
    assert_string_equal(t->data, "# HELP odd a \"b\" \\\\ c\\nd\n"
                                 "# TYPE odd gauge\n"
                                 "odd{name=\"a \\\"b\\\" \\\\ c\\nd {x} \xc3\xa4\"} 1\n");
}

static void numbers_that_are_none_have_words(void **state)
{
    static const struct metrics_family g = {"g", METRICS_GAUGE, "h"};
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0, "g 0\n"},     {0.25, "g 0.25\n"},     {-1.5, "g -1.5\n"},      {1700000000, "g 1700000000\n"},
        {NAN, "g NaN\n"}, {INFINITY, "g +Inf\n"}, {-INFINITY, "g -Inf\n"}, {1800000001, "g 1800000001\n"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct metrics_text t = {0};

        metrics_real(&t, &g, NULL, rows[i].value);
        assert_string_equal(t.data, rows[i].text);
        metrics_text_free(&t);
    }
}

static void a_histogram_sums_its_buckets_up(void **state)
{
    static const struct metrics_family h = {"wait_seconds", METRICS_HISTOGRAM, "Waiting."};
    static const double bounds[] = {0.001, 0.5};
    static const uint64_t counts[] = {2, 3, 4};
    const struct metrics_buckets b = {.bounds = bounds, .bound_count = 2, .counts = counts, .sum = 12.5};
    struct metrics_text *t = *state;

    metrics_histogram(t, &h, &b);
    assert_string_equal(t->data, "# HELP wait_seconds Waiting.\n"
                                 "# TYPE wait_seconds histogram\n"
                                 "wait_seconds_bucket{le=\"0.001\"} 2\n"
                                 "wait_seconds_bucket{le=\"0.5\"} 5\n"
                                 "wait_seconds_bucket{le=\"+Inf\"} 9\n"
                                 "wait_seconds_sum 12.5\n"
                                 "wait_seconds_count 9\n");
}

static void what_would_be_too_long_fails_and_stays_failed(void **state)
{
    struct metrics_text *t = *state;
    char *value = malloc(METRICS_TEXT_MAX);

    assert_non_null(value);
    memset(value, 'x', METRICS_TEXT_MAX - 1);
    value[METRICS_TEXT_MAX - 1] = '\0';
    metrics_uint(t, &polls, (const struct metrics_label[]){{"v", value}, {NULL, NULL}}, 1);
    assert_true(t->failed);
    assert_true(t->len < METRICS_TEXT_MAX);
    metrics_one_uint(t, &polls, 1);
    assert_true(t->failed);
    free(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_family_has_help_type_and_samples, setup, teardown),
        cmocka_unit_test_setup_teardown(labels_and_help_are_escaped, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_that_are_none_have_words, setup, teardown),
        cmocka_unit_test_setup_teardown(a_histogram_sums_its_buckets_up, setup, teardown),
        cmocka_unit_test_setup_teardown(what_would_be_too_long_fails_and_stays_failed, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

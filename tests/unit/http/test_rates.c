/* The table of rates: who is served how often, by number and by address, on several threads, and in a flood.
 */
#include "test.h"

#include "http/rates.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define RATE 600u
#define NOW  UINT64_C(86400000)

static struct http_rates *make(uint32_t per_minute)
{
    struct http_rates *rates = http_rates_new(per_minute);

    assert_non_null(rates);
    return rates;
}

/* How many of so many requests are served? */
static unsigned ask(struct http_rates *rates, uint64_t who, unsigned times, uint64_t now_ms)
{
    unsigned served = 0;

    while (times-- > 0)
        served += http_rates_take(rates, who, now_ms) == 0;
    return served;
}

static uint64_t address(const struct http_rates *rates, const char *text)
{
    uint64_t who = 0;

    assert_true(http_rates_address(rates, text, &who));
    return who;
}

static void one_is_refused_while_another_goes_on_and_comes_back_by_and_by(void **state)
{
    struct http_rates *rates = make(RATE);
    uint64_t one = http_rates_device(1), other = http_rates_device(2);

    (void)state;
    assert_int_equal(ask(rates, one, 1000, NOW), RATE);
    assert_int_equal(ask(rates, other, 1, NOW), 1);
    assert_int_equal(http_rates_take(rates, one, NOW), 1); /* second */
    assert_int_equal(ask(rates, one, 1000, NOW + 1000), RATE / 60);
    assert_int_equal(ask(rates, one, 1000, NOW + 3600000), RATE);
    http_rates_free(rates);
}

static void the_seconds_are_those_after_which_one_is_served(void **state)
{
    struct http_rates *rates = make(2);
    uint64_t one = http_rates_device(1);

    (void)state;
    assert_int_equal(ask(rates, one, 2, NOW), 2);
    assert_int_equal(http_rates_take(rates, one, NOW), 30);
    assert_int_equal(http_rates_take(rates, one, NOW + 29001), 1);
    assert_int_equal(http_rates_take(rates, one, NOW + 30000), 0);
    http_rates_free(rates);
}

/* Of a machine that runs for long, too: ticks come round, and what is said of nobody stays paid for. */
static void nobody_owes_anything_at_the_start_whatever_the_clock_shows(void **state)
{
    static const uint64_t clocks[] = {0,
                                      1,
                                      NOW,
                                      UINT64_C(0x1fffffffff0),
                                      UINT64_C(35184372088),
                                      UINT64_C(70368744177),
                                      UINT64_C(70368744178)};

    (void)state;
    for (unsigned i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
        struct http_rates *rates = make(RATE);

        for (unsigned n = 1; n <= 3; n++) {
            uint64_t who = http_rates_device(n);

            assert_int_equal(ask(rates, who, 1000, clocks[i]), RATE);
            assert_int_equal(ask(rates, who, 1000, clocks[i] + 1000), RATE / 60);
        }
        http_rates_free(rates);
    }
}

static void a_clock_that_goes_back_frees_and_a_thread_that_lags_does_not(void **state)
{
    struct http_rates *rates = make(RATE);
    uint64_t one = http_rates_device(1);

    (void)state;
    assert_int_equal(ask(rates, one, 1000, NOW), RATE);
    assert_int_equal(ask(rates, one, 1000, NOW - 5000), 0);
    assert_true(http_rates_take(rates, one, NOW - 59000) <= 61);
    assert_int_equal(ask(rates, one, 1000, NOW - 120000), RATE);
    http_rates_free(rates);
}

static void addresses_count_by_themselves_and_one_site_of_ipv6_together(void **state)
{
    static const struct {
        const char *address;
        bool served;
    } rows[] = {{"2001:db8::1", false}, {"2001:db8::2:3", false}, {"2001:db8:0:1::1", true},
                {"10.0.0.1", true},     {"10.0.0.2", true},       {"::1", true}};
    struct http_rates *rates = make(RATE), *others = make(RATE);
    uint64_t who;

    (void)state;
    assert_int_equal(ask(rates, address(rates, "2001:db8::1"), 1000, NOW), RATE);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(ask(rates, address(rates, rows[i].address), 1, NOW), rows[i].served);
    assert_false(http_rates_address(rates, "unix", &who)); /* whom the file's mode guards */
    assert_false(http_rates_address(rates, "", &who));
    assert_true(address(rates, "10.0.0.1") !=
                address(others, "10.0.0.1")); /* nobody knows who shares a set */
    http_rates_free(rates);
    http_rates_free(others);
}

/* Everybody asks to his bound, more of them than there are places: whoever comes then is served. */
static void no_flood_has_anybody_else_refused(void **state)
{
    struct http_rates *rates = make(2);
    unsigned flood = 4 * HTTP_RATES_SETS * HTTP_RATES_WAYS;

    (void)state;
    for (unsigned i = 0; i < flood; i++)
        assert_int_equal(ask(rates, http_rates_device(i), 2, NOW), 2);
    for (unsigned i = 0; i < flood; i++)
        assert_int_equal(ask(rates, http_rates_device(flood + i), 1, NOW), 1);
    http_rates_free(rates);
}

/* Room is made by who owes least: honest ones come and go, and who floods stays known. */
static void who_owes_most_is_remembered_longest(void **state)
{
    struct http_rates *rates = make(RATE);
    uint64_t one = http_rates_device(1);

    (void)state;
    assert_int_equal(ask(rates, one, 1000, NOW), RATE);
    for (unsigned i = 2; i < 4 * HTTP_RATES_SETS * HTTP_RATES_WAYS; i++)
        assert_int_equal(ask(rates, http_rates_device(i), 1, NOW), 1);
    assert_int_equal(ask(rates, one, 1, NOW), 0);
    http_rates_free(rates);
}

struct crowd {
    struct http_rates *rates;
    atomic_uint served;
};

static void *crowd_asks(void *arg)
{
    struct crowd *crowd = arg;

    for (unsigned i = 0; i < 4 * RATE; i++) {
        atomic_fetch_add(&crowd->served, http_rates_take(crowd->rates, http_rates_device(7), NOW) == 0);
        (void)http_rates_take(crowd->rates, http_rates_device(i), NOW);
    }
    return NULL;
}

static void threads_share_one_rate(void **state)
{
    struct crowd crowd = {.rates = make(RATE)};
    pthread_t thread[4];

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, crowd_asks, &crowd), 0);
    for (unsigned i = 0; i < 4; i++)
        (void)pthread_join(thread[i], NULL);
    /* crowd_asks() asks for number 7 once more, as one of the others */
    assert_in_range(atomic_load(&crowd.served), RATE - 4, RATE);
    http_rates_free(crowd.rates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_refused_while_another_goes_on_and_comes_back_by_and_by),
        cmocka_unit_test(the_seconds_are_those_after_which_one_is_served),
        cmocka_unit_test(nobody_owes_anything_at_the_start_whatever_the_clock_shows),
        cmocka_unit_test(a_clock_that_goes_back_frees_and_a_thread_that_lags_does_not),
        cmocka_unit_test(addresses_count_by_themselves_and_one_site_of_ipv6_together),
        cmocka_unit_test(no_flood_has_anybody_else_refused),
        cmocka_unit_test(who_owes_most_is_remembered_longest),
        cmocka_unit_test(threads_share_one_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

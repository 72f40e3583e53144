/* URLs and waiting times: tables of inputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/backoff.h"
#include "client/url.h"

#include <string.h>

static const struct {
    const char *text;
    bool tls;
    const char *host;
    uint16_t port;
    const char *path;
} urls[] = {
    {"http://ota.example", false, "ota.example", 80, ""},
    {"https://ota.example", true, "ota.example", 443, ""},
    {"http://127.0.0.1:8480", false, "127.0.0.1", 8480, ""},
    {"http://127.0.0.1:8480/", false, "127.0.0.1", 8480, ""},
    {"https://cdn.example:1/fw/v1/", true, "cdn.example", 1, "/fw/v1"},
    {"http://[::1]:80/x", false, "::1", 80, "/x"},
    {"http://h:65535", false, "h", 65535, ""},
};

static void urls_are_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct otter_url url;

        assert_true(otter_url_parse(urls[i].text, &url));
        assert_int_equal(url.tls, urls[i].tls);
        assert_string_equal(url.host, urls[i].host);
        assert_int_equal(url.port, urls[i].port);
        assert_string_equal(url.path, urls[i].path);
    }
}

static void other_urls_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "ota.example",
        "ftp://h",
        "http://",
        "https://",
        "http:///x",
        "http://h:",
        "http://h:0",
        "http://h:65536",
        "http://h:+1",
        "http://h:080",
        "http://u@h",
        "http://h?q",
        "http://h/x?q",
        "http://h/x#f",
        "http://h x",
        "http://[::1",
        "http://[]",
        "http://h/\r\nX: y",
        "HTTP://h",
        "http://h/\x01",
    };
    char longest[OTTER_URL_MAX + 2];
    struct otter_url url = {.port = 7};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(otter_url_parse(bad[i], &url));
    memset(longest, 'a', sizeof(longest));
    memcpy(longest, "http://", 7);
    longest[OTTER_URL_MAX + 1] = '\0';
    assert_false(otter_url_parse(longest, &url));
    assert_int_equal(url.port, 7);
    longest[OTTER_URL_MAX] = '\0';
    assert_true(otter_url_parse(longest, &url));
}

static void origins_are_compared_whole(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"http://h", "http://H:80/x", true},     {"http://h", "https://h", false},
        {"http://h", "http://h:81", false},      {"http://h", "http://h2", false},
        {"http://h.example", "http://h", false}, {"https://h:443/a", "https://h/b", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct otter_url a, b;

        assert_true(otter_url_parse(cases[i].a, &a) && otter_url_parse(cases[i].b, &b));
        assert_int_equal(otter_url_same_origin(&a, &b), cases[i].same);
        assert_int_equal(otter_url_same_origin(&b, &a), cases[i].same);
    }
}

static void only_real_loopback_is_loopback(void **state)
{
    static const struct {
        const char *text;
        bool loopback;
    } cases[] = {
        {"http://127.0.0.1", true},    {"http://127.9.9.9:1", true},
        {"http://localhost", true},    {"http://[::1]", true},
        {"http://10.0.2.2", false},    {"http://127.0.0.1.example.org", false},
        {"http://127.example", false}, {"http://localhost.example", false},
        {"http://128.0.0.1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct otter_url url;

        assert_true(otter_url_parse(cases[i].text, &url));
        assert_int_equal(otter_url_is_loopback(&url), cases[i].loopback);
    }
}

static void retry_after_is_clamped(void **state)
{
    (void)state;
    assert_int_equal(otter_retry_after_s(false, 7), 3600);
    assert_int_equal(otter_retry_after_s(true, 0), 5);
    assert_int_equal(otter_retry_after_s(true, 4), 5);
    assert_int_equal(otter_retry_after_s(true, 5), 5);
    assert_int_equal(otter_retry_after_s(true, 86400), 86400);
    assert_int_equal(otter_retry_after_s(true, 86401), 86400);
    assert_int_equal(otter_retry_after_s(true, UINT64_MAX), 86400);
}

static void back_off_doubles_up_to_its_ceiling_with_full_jitter(void **state)
{
    static const struct {
        uint32_t failures, ceiling;
    } cases[] = {{0, 60000},     {1, 60000},     {2, 120000},     {3, 240000},
                 {11, 61440000}, {12, 86400000}, {9999, 86400000}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t ceiling = cases[i].ceiling;

        assert_int_equal(otter_backoff_ms(cases[i].failures, 60000, 86400000, ceiling), ceiling);
        assert_int_equal(otter_backoff_ms(cases[i].failures, 60000, 86400000, ceiling + 1),
                         OTTER_BACKOFF_MIN_MS);
        assert_int_equal(otter_backoff_ms(cases[i].failures, 60000, 86400000, 0), OTTER_BACKOFF_MIN_MS);
        assert_int_equal(otter_backoff_ms(cases[i].failures, 60000, 86400000, 5000), 5000);
    }
    assert_int_equal(otter_backoff_ms(9999, UINT32_MAX, UINT32_MAX, UINT32_MAX), UINT32_MAX);
}

static void attempts_that_end_wait_half_the_ceiling_at_least(void **state)
{
    (void)state;
    assert_int_equal(otter_cool_down_ms(1, 60000, 86400000, 0), 60000);
    assert_int_equal(otter_cool_down_ms(1, 60000, 86400000, 30000), 30000);
    assert_int_equal(otter_cool_down_ms(1, 60000, 86400000, 30001), 60000);
    assert_int_equal(otter_cool_down_ms(12, 60000, 86400000, 43200000), 43200000);
    assert_int_equal(otter_cool_down_ms(16, 60000, 86400000, 0), 86400000);
    assert_int_equal(otter_cool_down_ms(1, 1, 1, 7), OTTER_BACKOFF_MIN_MS);
}

static void polls_keep_the_servers_wish_and_drift_apart(void **state)
{
    (void)state;
    assert_int_equal(otter_poll_wait_ms(3600, 0), 3600000);
    assert_int_equal(otter_poll_wait_ms(3600, 225000), 3825000);
    assert_int_equal(otter_poll_wait_ms(3600, 225001), 3600000);
    assert_true(otter_poll_wait_ms(OTTER_RETRY_MAX_S, UINT32_MAX) >= OTTER_RETRY_MAX_S * 1000);
}

static void a_trial_waits_between_five_seconds_and_a_minute(void **state)
{
    (void)state;
    assert_int_equal(otter_trial_wait_ms(60000, 0), 5000);
    assert_int_equal(otter_trial_wait_ms(60000, 55000), 60000);
    assert_int_equal(otter_trial_wait_ms(60000, 55001), 5000);
    assert_int_equal(otter_trial_wait_ms(1, 12345), 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_taken_apart),
        cmocka_unit_test(other_urls_are_refused),
        cmocka_unit_test(origins_are_compared_whole),
        cmocka_unit_test(only_real_loopback_is_loopback),
        cmocka_unit_test(retry_after_is_clamped),
        cmocka_unit_test(back_off_doubles_up_to_its_ceiling_with_full_jitter),
        cmocka_unit_test(attempts_that_end_wait_half_the_ceiling_at_least),
        cmocka_unit_test(polls_keep_the_servers_wish_and_drift_apart),
        cmocka_unit_test(a_trial_waits_between_five_seconds_and_a_minute),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

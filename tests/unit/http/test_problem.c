#include "test.h"

#include "http/problem.h"
#include "http/responses.h"

#include <stdio.h>
#include <stdlib.h>

static const struct http_route poll_route = {.auth = HTTP_AUTH_DEVICE, .body = HTTP_BODY_POLL};
static const struct http_route report = {.auth = HTTP_AUTH_DEVICE, .reply = HTTP_REPLY_REPORT};
static const struct http_route operators = {.auth = HTTP_AUTH_OPERATOR, .body = HTTP_BODY_JSON};
static const struct http_route document = {.auth = HTTP_AUTH_OPERATOR, .body = HTTP_BODY_ENVELOPE};

static void each_status_has_its_number(void **state)
{
    static const struct {
        enum otter_status status;
        const struct http_route *route;
        unsigned http;
    } rows[] = {
        {OTTER_OK, &operators, 200},
        {OTTER_BAD_JSON, &poll_route, 400},
        {OTTER_BAD_JSON, &operators, 400},
        {OTTER_BAD_JSON, &document, 422},
        {OTTER_BAD_VALUE, &operators, 400},
        {OTTER_MISSING_MEMBER, &operators, 400},
        {OTTER_UNKNOWN_MEMBER, &operators, 400},
        {OTTER_DUPLICATE_MEMBER, &operators, 400},
        {OTTER_BAD_TARGET, &operators, 400},
        {OTTER_BAD_PHASES, &operators, 400},
        {OTTER_EMPTY_TARGET, &operators, 400},
        {OTTER_UNAUTHORIZED, NULL, 401},
        {OTTER_UNKNOWN_DEVICE, &poll_route, 401},
        {OTTER_UNKNOWN_DEVICE, &operators, 404},
        {OTTER_FORBIDDEN, &operators, 403},
        {OTTER_LOCKED_OUT, &operators, 429},
        {OTTER_NOT_FOUND, NULL, 404},
        {OTTER_METHOD_NOT_ALLOWED, NULL, 405},
        {OTTER_SEQUENCE_TAKEN, &document, 409},
        {OTTER_ALREADY_EXISTS, &operators, 409},
        {OTTER_CONFLICT, &operators, 409},
        {OTTER_OFFSET_MISMATCH, &operators, 409},
        {OTTER_DIGEST_MISMATCH, &operators, 409},
        {OTTER_BLOB_MISSING, &document, 409},
        {OTTER_IDEMPOTENCY_REUSED, &operators, 409},
        {OTTER_BAD_TRANSITION, &report, 409},
        {OTTER_ATTEMPT_CLOSED, &report, 410},
        {OTTER_ATTEMPT_CLOSED, &operators, 409},
        {OTTER_LENGTH_REQUIRED, &operators, 411},
        {OTTER_BODY_TOO_LARGE, &operators, 413},
        {OTTER_TOO_LARGE, &document, 413},
        {OTTER_RANGE_NOT_SATISFIABLE, NULL, 416},
        {OTTER_BAD_SIGNATURE, &document, 422},
        {OTTER_THRESHOLD, &document, 422},
        {OTTER_UNKNOWN_KEY, &document, 422},
        {OTTER_WRONG_EPOCH, &document, 422},
        {OTTER_IMAGE_HASH, &document, 422},
        {OTTER_IO_ERROR, &document, 500},
        {OTTER_INTERNAL, &operators, 500},
        {OTTER_NO_SPACE, &document, 500},
        {OTTER_NO_ROOT, &poll_route, 503},
        {OTTER_TOO_BUSY, &poll_route, 503},
        {OTTER_STORE_FULL, &operators, 507},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (http_status_of(rows[i].status, rows[i].route) != rows[i].http)
            fail_msg("%s: %u", otter_status_name(rows[i].status),
                     http_status_of(rows[i].status, rows[i].route));
    }
}

static void no_status_but_ok_looks_like_success(void **state)
{
    (void)state;
    for (unsigned s = 1; s < OTTER_STATUS_COUNT; s++) {
        for (unsigned r = 0; r < http_route_count; r++) {
            unsigned http = http_status_of((enum otter_status)s, &http_routes[r]);

            if (http < 400 || http > 599)
                fail_msg("%s: %u", otter_status_name((enum otter_status)s), http);
        }
    }
}

static void the_body_names_what_and_where(void **state)
{
    struct http_problem problem = {
        .status = OTTER_BAD_TARGET, .detail = "unknown \"colour\"\nhere", .has_at = true, .at = 12};
    size_t len = 0;
    char *body = http_problem_body(&problem, 400, &len);

    (void)state;
    assert_string_equal(body, "{\"type\":\"about:blank\",\"title\":\"the target expression does not parse\","
                              "\"status\":400,\"code\":\"bad-target\","
                              "\"detail\":\"unknown \\\"colour\\\"\\nhere\",\"at\":12}");
    assert_int_equal(len, strlen(body));
    free(body);
}

static void no_refusal_is_without_detail(void **state)
{
    (void)state;
    for (unsigned s = 1; s < OTTER_STATUS_COUNT; s++) {
        struct http_problem problem = {.status = (enum otter_status)s};
        size_t len = 0;
        char *body = http_problem_body(&problem, 400, &len);

        assert_non_null(body);
        if (strstr(body, "\"detail\":\"\"") || !strstr(body, "\"detail\":\""))
            fail_msg("%s", body);
        free(body);
    }
}

static void bytes_of_a_detail_that_are_no_utf8_are_replaced(void **state)
{
    struct http_problem problem = {.status = OTTER_BAD_VALUE, .detail = "no \xc3\xa4\xff, cut \xe2\x82"};
    size_t len = 0;
    char *body = http_problem_body(&problem, 400, &len);

    (void)state;
    assert_non_null(body);
    assert_non_null(strstr(body, "\"detail\":\"no \xc3\xa4?, cut ?"
                                 "?\""));
    assert_non_null(strstr(body, "bad-value"));
    free(body);
}

static void waits_are_rounded_down_by_a_32nd_at_most(void **state)
{
    (void)state;
    for (unsigned s = 0; s <= 86400; s++) {
        unsigned r = http_wait_round(s);

        if (r > s || s - r > s / 32 || http_wait_slot(r) >= HTTP_WAITS)
            fail_msg("%u -> %u", s, r);
    }
    assert_int_equal(http_wait_round(5), 5);
    assert_int_equal(http_wait_round(63), 63);
    assert_int_equal(http_wait_round(3600), 3584);
}

/* 64 responses are enough for an interval and a jitter of a third: no two of them fall into one slot. */
static void an_interval_and_its_jitter_never_share_a_slot(void **state)
{
    static const unsigned centres[] = {5, 30, 60, 300, 3600, 21600, 65536, 86400};

    (void)state;
    for (size_t i = 0; i < sizeof centres / sizeof centres[0]; i++) {
        unsigned seen[HTTP_WAITS] = {0};

        for (unsigned s = centres[i] - centres[i] / 3; s <= centres[i] + centres[i] / 3; s++) {
            unsigned r = http_wait_round(s), slot = http_wait_slot(r);

            if (seen[slot] != 0 && seen[slot] != r)
                fail_msg("%u and %u share slot %u", seen[slot], r, slot);
            seen[slot] = r;
        }
    }
}

static void expect_wait(struct MHD_Response *response, const char *seconds, const char *root)
{
    assert_non_null(response);
    assert_string_equal(MHD_get_response_header(response, "Retry-After"), seconds);
    assert_string_equal(MHD_get_response_header(response, "Otter-Root"), root);
}

static void waits_are_shared_until_seconds_or_root_change(void **state)
{
    static struct http_responses all;
    struct MHD_Response *first = http_responses_wait(&all, 3600, 3, 1);

    (void)state;
    expect_wait(first, "3584", "3");
    assert_ptr_equal(http_responses_wait(&all, 3590, 3, 1), first);
    expect_wait(http_responses_wait(&all, 3600, 4, 1), "3584", "4");
    assert_int_equal(http_wait_slot(896), http_wait_slot(3584));
    expect_wait(http_responses_wait(&all, 896, 4, 1), "896", "4");
    expect_wait(http_responses_wait(&all, 3600, 4, 1), "3584", "4");
    http_responses_free(&all);
}

static void a_date_is_that_of_its_second(void **state)
{
    static const struct {
        int64_t when;
        const char *text;
    } rows[] = {
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"}, /* RFC 9110, 5.6.7 */
        {951827696, "Tue, 29 Feb 2000 12:34:56 GMT"},
        {4102444799, "Thu, 31 Dec 2099 23:59:59 GMT"},
        {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    static struct http_responses all;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct MHD_Response *wait = http_responses_wait(&all, 5, 1, rows[i].when);

        assert_string_equal(MHD_get_response_header(wait, "Date"), rows[i].text);
    }
    http_responses_free(&all);
}

static void shared_refusals_know_the_kind_of_route(void **state)
{
    static struct http_responses all;
    struct MHD_Response *device = http_responses_refusal(&all, OTTER_UNKNOWN_DEVICE, &poll_route);

    (void)state;
    assert_ptr_equal(http_responses_refusal(&all, OTTER_UNKNOWN_DEVICE, &report), device);
    assert_ptr_not_equal(http_responses_refusal(&all, OTTER_UNKNOWN_DEVICE, &operators), device);
    assert_string_equal(MHD_get_response_header(device, "WWW-Authenticate"), "Bearer realm=\"otter\"");
    assert_null(
        MHD_get_response_header(http_responses_refusal(&all, OTTER_NOT_FOUND, NULL), "WWW-Authenticate"));
    assert_non_null(http_responses_refusal(&all, OTTER_STATUS_COUNT, NULL)); /* internal */
    http_responses_free(&all);
}

static void who_is_put_off_shares_an_answer_with_those_of_the_same_wait(void **state)
{
    static struct http_responses all;
    struct MHD_Response *first = http_responses_busy(&all, POLICY_DEFER_MIN_S);
    static const unsigned waits[] = {POLICY_DEFER_MIN_S, POLICY_DEFER_MAX_S, POLICY_DEFER_MAX_S + 1, 0, 3600};

    (void)state;
    assert_ptr_equal(http_responses_busy(&all, POLICY_DEFER_MIN_S), first);
    for (unsigned i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        struct MHD_Response *response = http_responses_busy(&all, waits[i]);
        char text[16];

        snprintf(text, sizeof text, "%u", waits[i]);
        assert_string_equal(MHD_get_response_header(response, "Retry-After"), text);
        assert_string_equal(MHD_get_response_header(response, "Cache-Control"), "no-store");
    }
    http_responses_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_status_has_its_number),
        cmocka_unit_test(no_status_but_ok_looks_like_success),
        cmocka_unit_test(the_body_names_what_and_where),
        cmocka_unit_test(no_refusal_is_without_detail),
        cmocka_unit_test(bytes_of_a_detail_that_are_no_utf8_are_replaced),
        cmocka_unit_test(waits_are_rounded_down_by_a_32nd_at_most),
        cmocka_unit_test(waits_are_shared_until_seconds_or_root_change),
        cmocka_unit_test(a_date_is_that_of_its_second),
        cmocka_unit_test(shared_refusals_know_the_kind_of_route),
        cmocka_unit_test(who_is_put_off_shares_an_answer_with_those_of_the_same_wait),
        cmocka_unit_test(an_interval_and_its_jitter_never_share_a_slot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

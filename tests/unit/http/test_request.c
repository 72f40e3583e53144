/* What a request must be before anything is looked at, and its query: over loopback, with faked services. */
#include "test.h"

#include "client.h"
#include "fake_service.h"
#include "http/front.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define AS_OPERATOR "Authorization: Bearer " FAKE_ADMIN "\r\n"
#define HOST        "Host: otter.test\r\n"
#define PAUSE       "POST /api/v1/rollouts/12/pause"

struct world {
    struct svc *svc;
    struct http_front *front;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct http_front_config config = {
        .listeners = 1, .threads = 1, .connections = 100, .idle_timeout_s = 30, .drain_s = 5};

    w->svc = config.svc = fake_open();
    config.listener[0].serves = HTTP_SERVES_ALL;
    *state = w;
    return http_address_parse("127.0.0.1:0", &config.listener[0].address, NULL) &&
                   http_front_start(&config, &w->front, NULL) == HTTP_START_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    struct world *w = *state;

    http_front_stop(w->front);
    fake_close(w->svc);
    free(w);
    return 0;
}

/* Sends and reads one answer: its number, and that the body holds `says`. *ret_closed: what happened then. */
static int ask(struct world *w, const char *text, const char *says, bool *ret_closed)
{
    int fd = client_connect(http_front_address(w->front, 0));
    struct answer a;
    int status;

    client_text(fd, text);
    client_read(fd, false, &a);
    status = a.status;
    if (says && !strstr(a.body, says))
        fail_msg("%s\n%d %s", text, a.status, a.body);
    if (ret_closed)
        *ret_closed = a.status >= 400 && client_ended(fd);
    answer_clear(&a);
    close(fd);
    return status;
}

static void a_request_without_a_certain_end_is_refused_and_closed(void **state)
{
    static const struct {
        const char *headers, *says;
    } rows[] = {
        {"", "Host"},
        {HOST HOST, "Host"},
        {HOST "Content-Length: 2\r\nContent-Length: 2\r\n", "twice"},
        {HOST "Content-Length: 2\r\ncontent-length: 3\r\n", "twice"},
        {HOST "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "one of them"},
        {HOST "Transfer-Encoding: gzip\r\n", "Transfer-Encoding"},
        {HOST "Content-Length : 2\r\n", "no token"},
        {HOST "X-A: a\rContent-Length: 2\r\n", "holds a CR"},
        {HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool closed = false;
        char text[512];

        snprintf(text, sizeof text, PAUSE " HTTP/1.1\r\n" AS_OPERATOR "%s\r\n{}", rows[i].headers);
        assert_int_equal(ask(*state, text, rows[i].says, &closed), 400);
        assert_true(closed);
    }
    assert_int_equal(((struct world *)*state)->svc->last_text[0], '\0'); /* no service was asked */
}

static void http_1_0_needs_no_host_and_has_no_chunks(void **state)
{
    assert_int_equal(ask(*state, PAUSE " HTTP/1.0\r\n" AS_OPERATOR "\r\n", NULL, NULL), 200);
    assert_int_equal(
        ask(*state, PAUSE " HTTP/1.0\r\n" AS_OPERATOR "Transfer-Encoding: chunked\r\n\r\n", "chunked", NULL),
        400);
}

static void a_head_that_leaves_no_room_for_the_reply_is_431(void **state)
{
    static const size_t fits[] = {10, 2000, 3500}, over[] = {5000};
    char text[8192], filler[6000];
    bool closed = false;

    memset(filler, 'a', sizeof filler);
    for (size_t i = 0; i < sizeof fits / sizeof fits[0]; i++) {
        snprintf(text, sizeof text, PAUSE " HTTP/1.1\r\n" HOST AS_OPERATOR "X: %.*s\r\n\r\n", (int)fits[i],
                 filler);
        assert_int_equal(ask(*state, text, NULL, NULL), 200);
    }
    snprintf(text, sizeof text, PAUSE " HTTP/1.1\r\n" HOST AS_OPERATOR "X: %.*s\r\n\r\n", (int)over[0],
             filler);
    assert_int_equal(ask(*state, text, "too-large", &closed), 431);
    assert_true(closed);
}

static void a_path_may_name_the_server(void **state)
{
    static const char *const forms[] = {"http://otter.test", "HTTPS://[::1]:8480"};

    for (size_t i = 0; i < 2; i++) {
        char text[512];

        snprintf(text, sizeof text, "POST %s/api/v1/rollouts/12/pause HTTP/1.1\r\n" HOST AS_OPERATOR "\r\n",
                 forms[i]);
        assert_int_equal(ask(*state, text, NULL, NULL), 200);
    }
    assert_int_equal(ask(*state, "GET http://otter.test HTTP/1.1\r\n" HOST "\r\n", "not-found", NULL), 404);
}

static void an_operators_query_has_its_own_parameters_each_once(void **state)
{
    static const struct {
        const char *query;
        int status;
        const char *says;
    } rows[] = {
        {"", 200, NULL},
        {"?dry_run=1", 200, NULL},
        {"?dryrun=1", 400, "unknown-member"},
        {"?limit=1", 400, "unknown-member"},
        {"?dry_run", 400, "dry_run"},
        {"?dry_run=", 400, "dry_run"},
        {"?dry_run=1&dry_run=0", 400, "twice"},
        {"?dry_run=1%00", 400, "dry_run"},
        {"?dry_run=%31", 200, NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];

        snprintf(text, sizeof text, PAUSE "%s HTTP/1.1\r\n" HOST AS_OPERATOR "\r\n", rows[i].query);
        assert_int_equal(ask(*state, text, rows[i].says, NULL), rows[i].status);
    }
}

static void what_devices_wait_for_is_asked_by_a_flag(void **state)
{
    static const struct {
        const char *query;
        int status;
        const char *says;
    } rows[] = {
        {"", 200, NULL},
        {"?waiting=1", 200, NULL},
        {"?waiting=0", 200, NULL},
        {"?waiting", 400, "waiting: 0 or 1"},
        {"?waiting=yes", 400, "waiting: 0 or 1"},
        {"?waiting=1&waiting=1", 400, "twice"},
        {"?dry_run=1", 400, "unknown-member"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];

        snprintf(text, sizeof text, "GET /api/v1/rollouts/12%s HTTP/1.1\r\n" HOST AS_OPERATOR "\r\n",
                 rows[i].query);
        assert_int_equal(ask(*state, text, rows[i].says, NULL), rows[i].status);
    }
}

static void an_escaped_nul_ends_no_path(void **state)
{
    static const char get[] = "GET /api/v1/devices/dev1%00x HTTP/1.1\r\n" HOST AS_OPERATOR "\r\n";

    assert_int_equal(ask(*state, get, "not-found", NULL), 404);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH(a_request_without_a_certain_end_is_refused_and_closed),
        WITH(http_1_0_needs_no_host_and_has_no_chunks),
        WITH(a_head_that_leaves_no_room_for_the_reply_is_431),
        WITH(a_path_may_name_the_server),
        WITH(an_operators_query_has_its_own_parameters_each_once),
        WITH(what_devices_wait_for_is_asked_by_a_flag),
        WITH(an_escaped_nul_ends_no_path),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

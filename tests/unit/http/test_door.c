/* A front with room for eight, and more who want in: over loopback, with faked services. */
#include "test.h"

#include "client.h"
#include "fake_service.h"
#include "host/clock.h"
#include "http/front.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 8, SLOW = 20 };

#define BOUND_MS  60000u
#define IDLE_S    2u /* so who is idle for half a second may be closed */
#define STATUS    "GET /api/v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " FAKE_ADMIN "\r\n\r\n"
#define SLOW_HEAD "POST /v1/device/poll HTTP/1.1\r\nHost: x\r\nX-Slow: "
#define SLOW_BODY                                                                                            \
    "POST /v1/device/poll HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " FAKE_DEVICE                         \
    "\r\nContent-Length: 4000\r\n\r\n"

struct world {
    struct svc *svc;
    struct http_front *front;
    int slow[SLOW];
    const char *begins; /* what a slow one has sent before its bytes */
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct http_front_config config = {
        .listeners = 1, .threads = 1, .connections = ROOM, .idle_timeout_s = IDLE_S, .drain_s = 0};

    w->svc = config.svc = fake_open();
    for (unsigned i = 0; i < SLOW; i++)
        w->slow[i] = -1;
    if (!http_address_parse("127.0.0.1:0", &config.listener[0].address, NULL))
        return -1;
    config.listener[0].serves = HTTP_SERVES_ALL;
    *state = w;
    return http_front_start(&config, &w->front, NULL) == HTTP_START_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < SLOW; i++) {
        if (w->slow[i] >= 0)
            close(w->slow[i]);
    }
    fake_hold(w->svc, false);
    http_front_stop(w->front);
    fake_close(w->svc);
    free(w);
    return 0;
}

/* One more byte of each; who was closed comes again at once. */
static void dawdle(struct world *w)
{
    for (unsigned i = 0; i < SLOW; i++) {
        if (w->slow[i] >= 0 && send(w->slow[i], "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1)
            continue;
        if (w->slow[i] >= 0)
            close(w->slow[i]);
        w->slow[i] = client_connect(http_front_address(w->front, 0));
        if (w->slow[i] >= 0)
            client_text(w->slow[i], w->begins);
    }
}

static void somebody_is_answered_beside_them(struct world *w)
{
    struct pollfd answered = {.events = POLLIN};
    uint64_t until = host_clock_mono_ms() + BOUND_MS;
    struct answer a;

    dawdle(w);
    answered.fd = client_connect(http_front_address(w->front, 0));
    client_text(answered.fd, STATUS);
    while (poll(&answered, 1, 20) == 0 && host_clock_mono_ms() < until)
        dawdle(w);
    client_read(answered.fd, false, &a);
    assert_int_equal(a.status, 200);
    answer_clear(&a);
    close(answered.fd);
}

static void slow_heads_make_room(void **state)
{
    struct world *w = *state;

    w->begins = SLOW_HEAD;
    somebody_is_answered_beside_them(w);
    somebody_is_answered_beside_them(w);
}

static void slow_bodies_make_room(void **state)
{
    struct world *w = *state;

    w->begins = SLOW_BODY;
    somebody_is_answered_beside_them(w);
    somebody_is_answered_beside_them(w);
}

static void who_waits_for_a_service_is_not_closed(void **state)
{
    struct world *w = *state;
    int waiting[ROOM - 1];
    struct answer a;

    fake_hold(w->svc, true);
    for (unsigned i = 0; i < ROOM - 1; i++) {
        waiting[i] = client_connect(http_front_address(w->front, 0));
        client_text(waiting[i], STATUS);
        fake_wait_calls(w->svc, i + 1);
    }
    w->begins = SLOW_HEAD;
    for (unsigned i = 0; i < 50; i++) {
        struct pollfd nothing = {.fd = waiting[0], .events = POLLIN};

        dawdle(w);
        assert_int_equal(poll(&nothing, 1, 20), 0);
    }
    fake_hold(w->svc, false);
    for (unsigned i = 0; i < ROOM - 1; i++) {
        client_read(waiting[i], false, &a);
        assert_int_equal(a.status, 200);
        answer_clear(&a);
        close(waiting[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(slow_heads_make_room, setup, teardown),
        cmocka_unit_test_setup_teardown(slow_bodies_make_room, setup, teardown),
        cmocka_unit_test_setup_teardown(who_waits_for_a_service_is_not_closed, setup, teardown),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

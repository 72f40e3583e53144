/* Who has connected and says nothing, or little, and how much room his requests have: over loopback, with
 * faked services. */
#include "test.h"

#include "client.h"
#include "fake_service.h"
#include "http/front.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 8, MANY = 20 };

#define OPERATOR "Host: x\r\nAuthorization: Bearer " FAKE_ADMIN "\r\n"
#define STATUS   "GET /api/v1/status HTTP/1.1\r\n" OPERATOR
#define ROOT     "GET /v1/roots/1 HTTP/1.1\r\nHost: x\r\n" /* what a device asks for, whatever the answer */

struct world {
    struct svc *svc;
    struct http_front *front;
};

static int start(void **state, unsigned idle_timeout_s)
{
    struct world *w = calloc(1, sizeof *w);
    struct http_front_config config = {
        .listeners = 1, .threads = 1, .connections = ROOM, .idle_timeout_s = idle_timeout_s, .drain_s = 0};

    w->svc = config.svc = fake_open();
    config.listener[0].serves = HTTP_SERVES_ALL;
    *state = w;
    return http_address_parse("127.0.0.1:0", &config.listener[0].address, NULL) &&
                   http_front_start(&config, &w->front, NULL) == HTTP_START_OK
               ? 0
               : -1;
}

static int setup(void **state)
{
    return start(state, 60);
}

static int setup_impatient(void **state)
{
    return start(state, 1);
}

static int teardown(void **state)
{
    struct world *w = *state;

    http_front_stop(w->front);
    fake_close(w->svc);
    free(w);
    return 0;
}

static int visit(const struct world *w)
{
    int fd = client_connect(http_front_address(w->front, 0));

    assert_true(fd >= 0);
    return fd;
}

/* Asks with so many bytes more in the head. */
static int status_of(int fd, const char *request, unsigned bytes)
{
    char text[8192], filler[6000];
    struct answer a;

    memset(filler, 'a', sizeof filler);
    snprintf(text, sizeof text, "%sX: %.*s\r\n\r\n", request, (int)bytes, filler);
    client_text(fd, text);
    client_read(fd, false, &a);
    answer_clear(&a);
    return a.status;
}

static void who_says_nothing_is_closed_in_time(void **state)
{
    int first = visit(*state), second = visit(*state);

    assert_true(client_ended(first));
    assert_true(client_ended(second));
    close(first);
    close(second);
}

static void who_says_nothing_makes_room(void **state)
{
    int silent[MANY], fd;

    for (unsigned i = 0; i < MANY; i++)
        silent[i] = visit(*state);
    fd = visit(*state);
    assert_int_equal(status_of(fd, STATUS, 1), 200);
    close(fd);
    for (unsigned i = 0; i < MANY; i++)
        close(silent[i]);
}

static void who_leaves_without_a_word_takes_no_room(void **state)
{
    for (unsigned i = 0; i < MANY; i++)
        close(visit(*state));
    for (unsigned i = 0; i < MANY; i++) {
        int fd = visit(*state);

        assert_int_equal(status_of(fd, STATUS, 1), 200);
        close(fd);
    }
}

/* As many as there is room for, so that each waits in the lobby before the next one has spoken. */
static void they_speak_in_any_order(void **state)
{
    int fd[ROOM - 1];

    for (unsigned i = 0; i < ROOM - 1; i++)
        fd[i] = visit(*state);
    for (unsigned i = 0; i < ROOM - 1; i++) {
        int one = fd[(i * 3 + 1) % (ROOM - 1)];

        assert_int_equal(status_of(one, STATUS, 3500), 200);
        assert_int_equal(status_of(one, STATUS, 3500), 200);
    }
    for (unsigned i = 0; i < ROOM - 1; i++)
        close(fd[i]);
}

static void a_request_may_come_byte_by_byte(void **state)
{
    static const char text[] = STATUS "\r\n";
    struct answer a;
    int fd = visit(*state);

    for (const char *p = text; *p != '\0'; p++)
        client_send(fd, p, 1);
    client_read(fd, false, &a);
    assert_int_equal(a.status, 200);
    answer_clear(&a);
    close(fd);
}

static void what_begins_as_a_devices_has_less_room(void **state)
{
    int device = visit(*state), other = visit(*state);
    int first = status_of(device, ROOT, 1400);

    assert_true(first == 200 || first == 404);
    assert_int_equal(status_of(device, STATUS, 1400), 200); /* it may ask for anything */
    assert_int_equal(status_of(device, STATUS, 2500), 431);
    assert_true(client_ended(device));
    close(device);
    device = visit(*state); /* the same on another connection, and the other way round */
    assert_int_equal(status_of(device, STATUS, 2500), 200);
    assert_int_equal(status_of(other, STATUS, 1), 200);
    assert_int_equal(status_of(other, ROOT, 2500), first);
    close(device);
    close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_says_nothing_is_closed_in_time, setup_impatient, teardown),
        cmocka_unit_test_setup_teardown(who_says_nothing_makes_room, setup_impatient, teardown),
        cmocka_unit_test_setup_teardown(who_leaves_without_a_word_takes_no_room, setup, teardown),
        cmocka_unit_test_setup_teardown(they_speak_in_any_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_request_may_come_byte_by_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(what_begins_as_a_devices_has_less_room, setup, teardown),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

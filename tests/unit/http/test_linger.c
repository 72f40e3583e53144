/* Connections that are read on after their answer: until the client ends, or has had his time or bytes. */
#include "test.h"

#include "http/linger.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define BEGIN UINT64_C(1000)

/* The client's end; the server's own descriptor is closed at once, as libmicrohttpd does. */
static int begin(struct http_linger *linger, uint64_t now_ms)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(send(pair[0], "answer", 6, 0), 6);
    http_linger_begin(linger, pair[0], now_ms);
    close(pair[0]);
    return pair[1];
}

/* Sends what goes without waiting; false once the other side is gone. */
static bool send_on(int fd)
{
    static const char some[20000];

    return send(fd, some, sizeof some, MSG_NOSIGNAL) >= 0 || errno == EAGAIN;
}

/* What a turn of the loop does. */
static void turn(struct http_linger *linger, uint64_t now_ms)
{
    struct pollfd fds[HTTP_LINGER_MAX];

    assert_true(poll(fds, http_linger_poll(linger, fds), 0) >= 0);
    http_linger_heard(linger, fds);
    http_linger_run(linger, now_ms);
}

static void a_client_sends_to_his_end_and_has_the_answer(void **state)
{
    struct http_linger linger;
    struct pollfd fds[HTTP_LINGER_MAX];
    char text[16];
    int fd;

    (void)state;
    http_linger_init(&linger);
    assert_int_equal(http_linger_poll(&linger, fds), 0);
    assert_int_equal(http_linger_wait(&linger, BEGIN, 77), 77);
    fd = begin(&linger, BEGIN);
    assert_int_equal(linger.count, 1);
    assert_int_equal(http_linger_wait(&linger, BEGIN, 77), 0); /* its end of the answer is not sent yet */
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(send_on(fd));
        turn(&linger, BEGIN + i);
        assert_int_equal(linger.count, 1);
    }
    assert_int_equal(http_linger_poll(&linger, fds), 1);
    assert_int_equal(http_linger_wait(&linger, BEGIN + 1000, 77), 77);
    assert_int_equal(recv(fd, text, sizeof text, 0), 6);
    assert_int_equal(recv(fd, text, sizeof text, 0), 0); /* the end, while he may still send */
    assert_true(send_on(fd));
    close(fd);
    turn(&linger, BEGIN + 1001);
    assert_int_equal(linger.count, 0);
    assert_int_equal(http_linger_poll(&linger, fds), 0);
    http_linger_free(&linger);
}

static void who_is_silent_is_not_asked_before_his_time_is_up(void **state)
{
    struct http_linger linger;
    struct pollfd fds[HTTP_LINGER_MAX];
    uint64_t left;
    int fd;

    (void)state;
    http_linger_init(&linger);
    fd = begin(&linger, BEGIN);
    turn(&linger, BEGIN);
    left = linger.slot[0].left;
    assert_int_equal(poll(fds, http_linger_poll(&linger, fds), 0), 0);
    http_linger_heard(&linger, fds);
    assert_true(send_on(fd)); /* behind the back of this turn */
    http_linger_run(&linger, BEGIN + 1);
    assert_true(linger.slot[0].left == left);
    turn(&linger, BEGIN + 2);
    assert_true(linger.slot[0].left < left);
    turn(&linger, BEGIN + HTTP_LINGER_MS);
    assert_int_equal(linger.count, 0);
    close(fd);
}

static void nobody_has_more_than_his_time(void **state)
{
    struct http_linger linger;
    int early, late;

    (void)state;
    http_linger_init(&linger);
    early = begin(&linger, BEGIN);
    late = begin(&linger, BEGIN + 500);
    turn(&linger, BEGIN + HTTP_LINGER_MS - 1);
    assert_int_equal(linger.count, 2);
    assert_int_equal(http_linger_wait(&linger, BEGIN + HTTP_LINGER_MS - 1, 60000), 1);
    assert_true(send_on(early));
    turn(&linger, BEGIN + HTTP_LINGER_MS);
    assert_int_equal(linger.count, 1);
    assert_false(send_on(early));
    assert_true(send_on(late));
    assert_int_equal(http_linger_wait(&linger, BEGIN + HTTP_LINGER_MS, 60000), 500);
    http_linger_free(&linger);
    assert_false(send_on(late));
    close(early);
    close(late);
}

static void nobody_has_more_than_his_bytes(void **state)
{
    struct http_linger linger;
    int fd;

    (void)state;
    http_linger_init(&linger);
    fd = begin(&linger, BEGIN);
    linger.slot[0].left = 50000;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(linger.count, 1);
        assert_true(send_on(fd));
        turn(&linger, BEGIN);
    }
    assert_int_equal(linger.count, 0);
    assert_false(send_on(fd));
    close(fd);
}

static void at_the_limit_the_one_who_would_go_first_makes_room(void **state)
{
    struct http_linger linger;
    int fds[HTTP_LINGER_MAX + 2];

    (void)state;
    http_linger_init(&linger);
    for (unsigned i = 0; i < HTTP_LINGER_MAX + 2; i++) {
        fds[i] = begin(&linger, BEGIN + i);
        assert_int_equal(linger.count, i < HTTP_LINGER_MAX ? i + 1 : HTTP_LINGER_MAX);
    }
    for (unsigned i = 0; i < HTTP_LINGER_MAX + 2; i++) {
        assert_int_equal(send_on(fds[i]), i >= 2);
        close(fds[i]);
    }
    turn(&linger, BEGIN);
    assert_int_equal(linger.count, 0);
    http_linger_free(&linger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_sends_to_his_end_and_has_the_answer),
        cmocka_unit_test(who_is_silent_is_not_asked_before_his_time_is_up),
        cmocka_unit_test(nobody_has_more_than_his_time),
        cmocka_unit_test(nobody_has_more_than_his_bytes),
        cmocka_unit_test(at_the_limit_the_one_who_would_go_first_makes_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Replies that leave together: what is held, and when it is let go. */
#include "test.h"

#include "http/hold.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

/* A connection over loopback: the server's end, and the client's. */
static void connect_pair(int *ret_server, int *ret_client)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    *ret_client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(*ret_client, (struct sockaddr *)&at, sizeof at), 0);
    *ret_server = accept(listener, NULL, NULL);
    assert_true(*ret_server >= 0);
    close(listener);
}

static bool is_held(int fd)
{
    int on = -1;
    socklen_t len = sizeof on;

    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, &len), 0);
    return on == 1;
}

/* The kernel itself lets go after 200 ms: so the option is looked at, not what has come. */
static void what_was_held_is_sent_when_it_is_let_go(void **state)
{
    struct http_hold hold = {.count = 0};
    char text[8] = "";
    int server, client;

    (void)state;
    connect_pair(&server, &client);
    http_hold_take(&hold, server, 0);
    assert_true(is_held(server));
    assert_int_equal(hold.count, 1);
    assert_int_equal(send(server, "reply", 5, 0), 5);
    http_hold_let_go(&hold);
    assert_false(is_held(server));
    assert_int_equal(hold.count, 0);
    assert_int_equal(recv(client, text, sizeof text, 0), 5);
    assert_string_equal(text, "reply");
    close(server);
    close(client);
}

static void one_more_than_may_be_held_lets_the_others_go_first(void **state)
{
    struct http_hold hold = {.count = 0};
    int server[HTTP_HOLD_MAX + 1], client[HTTP_HOLD_MAX + 1];

    (void)state;
    for (unsigned i = 0; i <= HTTP_HOLD_MAX; i++)
        connect_pair(&server[i], &client[i]);
    for (unsigned i = 0; i < HTTP_HOLD_MAX; i++)
        http_hold_take(&hold, server[i], 0);
    for (unsigned i = 0; i < HTTP_HOLD_MAX; i++)
        assert_true(is_held(server[i]));
    http_hold_take(&hold, server[HTTP_HOLD_MAX], 0);
    for (unsigned i = 0; i < HTTP_HOLD_MAX; i++)
        assert_false(is_held(server[i]));
    assert_true(is_held(server[HTTP_HOLD_MAX]));
    assert_int_equal(hold.count, 1);
    http_hold_let_go(&hold);
    for (unsigned i = 0; i <= HTTP_HOLD_MAX; i++) {
        close(server[i]);
        close(client[i]);
    }
}

/* However long the round is. */
static void who_came_first_waits_for_a_bounded_time(void **state)
{
    enum { BEGIN = 1000 };
    struct http_hold hold = {.count = 0};
    int server[2], client[2];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        connect_pair(&server[i], &client[i]);
        http_hold_take(&hold, server[i], BEGIN + i);
    }
    http_hold_expire(&hold, BEGIN + HTTP_HOLD_US - 1);
    assert_true(is_held(server[0]));
    http_hold_expire(&hold, BEGIN + HTTP_HOLD_US);
    for (unsigned i = 0; i < 2; i++)
        assert_false(is_held(server[i]));
    http_hold_take(&hold, server[0], BEGIN + HTTP_HOLD_US); /* its time begins anew */
    http_hold_expire(&hold, BEGIN + HTTP_HOLD_US + 1);
    assert_true(is_held(server[0]));
    for (unsigned i = 0; i < 2; i++) {
        close(server[i]);
        close(client[i]);
    }
}

static void a_socket_that_cannot_hold_or_has_ended_is_nobodys_loss(void **state)
{
    struct http_hold hold = {.count = 0};
    int pair[2], server, client;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    connect_pair(&server, &client);
    http_hold_take(&hold, pair[0], 0);
    assert_int_equal(hold.count, 0);
    http_hold_take(&hold, server, 0);
    close(server);
    http_hold_let_go(&hold);
    assert_int_equal(hold.count, 0);
    close(client);
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_held_is_sent_when_it_is_let_go),
        cmocka_unit_test(one_more_than_may_be_held_lets_the_others_go_first),
        cmocka_unit_test(who_came_first_waits_for_a_bounded_time),
        cmocka_unit_test(a_socket_that_cannot_hold_or_has_ended_is_nobodys_loss),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

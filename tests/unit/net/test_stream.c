/* The updater's stream over lwIP, against sockets of this machine behind a router of user mode. */
#include "talk.h"

#include "core/bytes.h"

#include <string.h>

#define BULK 300000u

static uint8_t byte_at(uint32_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

static void a_connection_is_made_and_both_sides_hear_each_other(void **state)
{
    uint8_t buf[8] = {0};

    (void)state;
    talk_connect(WORLD_HOST);
    assert_int_equal(talk_net->recv(talk_net, buf, sizeof(buf)), OTTER_NET_AGAIN);
    assert_int_equal(server_send(&talk_server, "hello", 5), 5);
    UNTIL(talk_net->recv(talk_net, buf, sizeof(buf)) == 5);
    assert_memory_equal(buf, "hello", 5);
}

static void a_port_where_nobody_listens_is_an_error(void **state)
{
    (void)state;
    server_close(&talk_server);
    assert_true(talk_net->open(talk_net, WORLD_HOST, talk_server.port, NULL));
    assert_int_equal(talk_send_one(), OTTER_NET_ERROR);
    assert_int_equal(talk_recv_one(), OTTER_NET_ERROR);
    assert_true(world.now - world.stream.opened_ms < OTTER_LWIP_CONNECT_MS);
}

static void an_address_that_nobody_has_is_given_up(void **state)
{
    (void)state;
    world.deaf = true;
    assert_true(talk_net->open(talk_net, WORLD_HOST, talk_server.port, NULL));
    world_skip(OTTER_LWIP_CONNECT_MS / 2);
    assert_int_equal(talk_net->recv(talk_net, &(uint8_t){0}, 1), OTTER_NET_AGAIN);
    assert_false(otter_lwip_net_ready(&world.stream, true));
    world_skip(OTTER_LWIP_CONNECT_MS / 2);
    assert_true(otter_lwip_net_ready(&world.stream, true));
    assert_int_equal(talk_net->recv(talk_net, &(uint8_t){0}, 1), OTTER_NET_ERROR);
}

static void what_cannot_begin_is_refused(void **state)
{
    const struct otter_net_tls tls = {.name = "x"};
    char longest[OTTER_URL_MAX + 2];

    (void)state;
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    assert_false(talk_net->open(talk_net, longest, 1, NULL));
    assert_false(talk_net->open(talk_net, "", 1, NULL));
    assert_false(talk_net->open(talk_net, WORLD_HOST, talk_server.port, &tls));
    assert_int_equal(talk_net->recv(talk_net, longest, 1), OTTER_NET_ERROR);
    assert_int_equal(talk_net->send(talk_net, longest, 1), OTTER_NET_ERROR);
}

/* As fast as it goes, in pieces of a size: what is sent comes back. */
static void echo(uint32_t piece)
{
    static uint8_t buf[4096];
    static uint8_t pipe[65536];
    uint32_t sent = 0, received = 0, held = 0;

    talk_connect(WORLD_HOST);
    while (received < BULK) {
        uint32_t want = BULK - sent < piece ? BULK - sent : piece;
        int32_t n = 0;

        for (uint32_t i = 0; i < want; i++)
            buf[i] = byte_at(sent + i);
        if (want > 0)
            n = talk_net->send(talk_net, buf, want);
        assert_true(n >= 0 && (uint32_t)n <= want);
        sent += (uint32_t)n;
        n = server_recv(&talk_server, pipe + held, (uint32_t)sizeof(pipe) - held);
        assert_true(n >= 0);
        held += (uint32_t)n;
        n = held > 0 ? server_send(&talk_server, pipe, held) : 0;
        assert_true(n >= 0);
        memmove(pipe, pipe + n, held - (uint32_t)n);
        held -= (uint32_t)n;
        n = talk_net->recv(talk_net, buf, piece);
        assert_true(n >= 0);
        for (int32_t i = 0; i < n; i++)
            assert_int_equal(buf[i], byte_at(received + (uint32_t)i));
        received += (uint32_t)n;
        world_turn();
    }
    assert_int_equal(received, BULK);
}

static void megabytes_go_both_ways_unharmed(void **state)
{
    (void)state;
    echo(4096);
    talk_net->close(talk_net);
    server_hang_up(&talk_server, false);
    echo(1237);
}

static void lost_frames_come_again(void **state)
{
    (void)state;
    world.lose = 7;
    talk_connect(WORLD_HOST);
    for (uint32_t round = 0; round < 20; round++) {
        uint8_t byte = (uint8_t)round;
        uint8_t got = 0xff;

        UNTIL(talk_net->send(talk_net, &byte, 1) == 1);
        UNTIL(server_recv(&talk_server, &got, 1) == 1);
        assert_int_equal(got, round);
        assert_int_equal(server_send(&talk_server, &got, 1), 1);
        got = 0xff;
        UNTIL(talk_net->recv(talk_net, &got, 1) == 1);
        assert_int_equal(got, round);
    }
}

static void a_peer_that_closes_in_order_is_an_eof_behind_what_it_said(void **state)
{
    uint8_t buf[8];

    (void)state;
    talk_connect(WORLD_HOST);
    assert_int_equal(server_send(&talk_server, "bye", 3), 3);
    server_hang_up(&talk_server, false);
    UNTIL(world.stream.ended);
    assert_true(otter_lwip_net_ready(&world.stream, false));
    assert_int_equal(talk_net->recv(talk_net, buf, 2), 2);
    assert_int_equal(talk_net->recv(talk_net, buf, sizeof(buf)), 1);
    assert_int_equal(talk_net->recv(talk_net, buf, sizeof(buf)), OTTER_NET_EOF);
    assert_int_equal(talk_net->recv(talk_net, buf, sizeof(buf)), OTTER_NET_EOF);
}

static void a_reset_is_an_error_and_no_eof(void **state)
{
    (void)state;
    talk_connect(WORLD_HOST);
    server_hang_up(&talk_server, true);
    assert_int_equal(talk_recv_one(), OTTER_NET_ERROR);
    assert_int_equal(talk_send_one(), OTTER_NET_ERROR);
    assert_true(otter_lwip_net_ready(&world.stream, false));
    talk_net->close(talk_net);
    talk_net->close(talk_net);
    assert_int_equal(talk_recv_one(), OTTER_NET_ERROR);
}

static void what_came_before_a_reset_is_handed_out(void **state)
{
    uint8_t buf[16];

    (void)state;
    talk_connect(WORLD_HOST);
    assert_int_equal(server_send(&talk_server, "answer", 6), 6);
    UNTIL(world.stream.held == 6);
    server_hang_up(&talk_server, true);
    UNTIL(world.stream.state == OTTER_LWIP_FAILED);
    assert_int_equal(talk_net->send(talk_net, buf, 1), OTTER_NET_ERROR);
    assert_int_equal(talk_net->recv(talk_net, buf, sizeof(buf)), 6);
    assert_memory_equal(buf, "answer", 6);
    assert_int_equal(talk_net->recv(talk_net, buf, sizeof(buf)), OTTER_NET_ERROR);
}

/* Nothing is taken for some turns on end. */
static bool stands_still(uint32_t *total)
{
    static uint8_t zeros[1500];
    int32_t n;

    for (uint32_t turns = 0; turns < 200; turns++) {
        while ((n = talk_net->send(talk_net, zeros, sizeof(zeros))) > 0) {
            *total += (uint32_t)n;
            turns = 0;
        }
        assert_int_equal(n, OTTER_NET_AGAIN);
        assert_true(*total < 100u << 20);
        world_turn();
    }
    return true;
}

static void a_server_that_stops_reading_leaves_the_sender_at_again(void **state)
{
    static uint8_t sink[65536];
    uint32_t total = 0, read = 0, before;

    (void)state;
    server_close(&talk_server);
    server_open(&talk_server, 4096);
    talk_connect(WORLD_HOST);
    assert_true(stands_still(&total));
    assert_false(otter_lwip_net_ready(&world.stream, true));
    before = total;
    UNTIL((read += (uint32_t)server_recv(&talk_server, sink, sizeof(sink))) == before);
    UNTIL(talk_net->send(talk_net, sink, 1) == 1);
    UNTIL(server_recv(&talk_server, sink, 1) == 1);
}

/* A peer may send OTTER_LWIP_WINDOW ahead, whatever the size of its segments, and the stack goes on
 * meanwhile. */
static void a_reader_that_waits_loses_nothing_and_holds_up_nobody(void **state)
{
    uint8_t buf[512];
    uint32_t sent = 0, got = 0;

    (void)state;
    talk_connect(WORLD_HOST);
    for (uint32_t quiet = 0; quiet < 100; quiet++) {
        uint8_t byte = byte_at(sent);

        if (sent < 3 * OTTER_LWIP_WINDOW && server_send(&talk_server, &byte, 1) == 1) {
            sent++;
            quiet = 0;
        }
        world_turn();
        assert_true(world.stream.held <= OTTER_LWIP_WINDOW);
    }
    assert_true(otter_stack_is_up(&world.stack));
    while (got < sent) {
        int32_t n = talk_net->recv(talk_net, buf, sizeof(buf));

        assert_true(n >= 0);
        for (int32_t i = 0; i < n; i++)
            assert_int_equal(buf[i], byte_at(got + (uint32_t)i));
        got += (uint32_t)n;
        world_turn();
    }
}

static void a_close_is_heard_as_such_by_the_peer(void **state)
{
    uint8_t byte;

    (void)state;
    talk_connect(WORLD_HOST);
    talk_net->close(talk_net);
    assert_int_equal(talk_net->recv(talk_net, &byte, 1), OTTER_NET_ERROR);
    UNTIL(server_recv(&talk_server, &byte, 1) == -1);
}

static void a_close_with_bytes_unread_is_heard_too(void **state)
{
    uint8_t buf[16];

    (void)state;
    talk_connect(WORLD_HOST);
    assert_int_equal(server_send(&talk_server, "unread", 6), 6);
    UNTIL(world.stream.held == 6);
    talk_net->close(talk_net);
    UNTIL(server_recv(&talk_server, buf, sizeof(buf)) == -1);
}

/* Pools are small: a connection that is not given back would be missed soon. */
static void connections_one_after_the_other_leave_nothing_behind(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 60; i++) {
        talk_connect(WORLD_HOST);
        if (i % 3 == 0)
            talk_net->close(talk_net); /* by open() otherwise */
        if (i % 5 == 0)
            (void)talk_net->open(talk_net, WORLD_HOST, talk_server.port, NULL); /* given up at once */
        server_hang_up(&talk_server, i % 2 == 0);
        while (server_accept(&talk_server))
            server_hang_up(&talk_server, false);
    }
}

static void half_open_connections_do_not_shut_new_ones_out(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 10; i++) {
        talk_connect(WORLD_HOST);
        world.deaf_to = world.port;
        talk_net->close(talk_net); /* its FIN is never answered */
        server_hang_up(&talk_server, false);
    }
}

static void words_that_were_never_acknowledged_leave_room_for_the_next_connection(void **state)
{
    (void)state;
    talk_connect(WORLD_HOST);
    world.deaf_to = world.port;
    for (uint32_t i = 0; i < 20; i++) {
        (void)talk_net->send(talk_net, "word", 4);
        world_turn();
    }
    server_hang_up(&talk_server, false);
    talk_connect(WORLD_HOST);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_connection_is_made_and_both_sides_hear_each_other, talk_begin,
                                        talk_end),
        cmocka_unit_test_setup_teardown(a_port_where_nobody_listens_is_an_error, talk_begin, talk_end),
        cmocka_unit_test_setup_teardown(an_address_that_nobody_has_is_given_up, talk_begin, talk_end),
        cmocka_unit_test_setup_teardown(what_cannot_begin_is_refused, talk_begin, talk_end),
        cmocka_unit_test_setup_teardown(megabytes_go_both_ways_unharmed, talk_begin, talk_end),
        cmocka_unit_test_setup_teardown(lost_frames_come_again, talk_begin, talk_end),
        cmocka_unit_test_setup_teardown(a_peer_that_closes_in_order_is_an_eof_behind_what_it_said, talk_begin,
                                        talk_end),
        cmocka_unit_test_setup_teardown(a_reset_is_an_error_and_no_eof, talk_begin, talk_end),
        cmocka_unit_test_setup_teardown(what_came_before_a_reset_is_handed_out, talk_begin, talk_end),
        cmocka_unit_test_setup_teardown(a_server_that_stops_reading_leaves_the_sender_at_again, talk_begin,
                                        talk_end),
        cmocka_unit_test_setup_teardown(a_reader_that_waits_loses_nothing_and_holds_up_nobody, talk_begin,
                                        talk_end),
        cmocka_unit_test_setup_teardown(a_close_is_heard_as_such_by_the_peer, talk_begin, talk_end),
        cmocka_unit_test_setup_teardown(a_close_with_bytes_unread_is_heard_too, talk_begin, talk_end),
        cmocka_unit_test_setup_teardown(connections_one_after_the_other_leave_nothing_behind, talk_begin,
                                        talk_end),
        cmocka_unit_test_setup_teardown(half_open_connections_do_not_shut_new_ones_out, talk_begin, talk_end),
        cmocka_unit_test_setup_teardown(words_that_were_never_acknowledged_leave_room_for_the_next_connection,
                                        talk_begin, talk_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

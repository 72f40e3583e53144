/* The updater's stream over lwIP, against sockets of this machine behind a router of user mode. */
#include "server.h"
#include "world.h"

#include "core/bytes.h"

#include <string.h>

#define BULK 300000u

static struct otter_net *net;
static struct server server;

static uint8_t byte_at(uint32_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

static int set_up(void **state)
{
    net = &world.stream.net;
    server_open(&server, 0);
    return world_begin(state);
}

static int tear_down(void **state)
{
    server_close(&server);
    return world_end(state);
}

/* Until something else than AGAIN comes; sends one byte where it can. */
static int32_t send_one(void)
{
    uint8_t byte = 'x';
    int32_t n = OTTER_NET_AGAIN;

    UNTIL((n = net->send(net, &byte, 1)) != OTTER_NET_AGAIN);
    return n;
}

static int32_t recv_one(void)
{
    uint8_t byte;
    int32_t n = OTTER_NET_AGAIN;

    UNTIL((n = net->recv(net, &byte, 1)) != OTTER_NET_AGAIN);
    return n;
}

static void connect_to(const char *host)
{
    uint8_t byte;

    assert_true(net->open(net, host, server.port, NULL));
    assert_int_equal(send_one(), 1);
    UNTIL(server_accept(&server));
    UNTIL(server_recv(&server, &byte, 1) == 1);
    assert_int_equal(byte, 'x');
}

static void a_connection_is_made_and_both_sides_hear_each_other(void **state)
{
    uint8_t buf[8] = {0};

    (void)state;
    connect_to(WORLD_HOST);
    assert_int_equal(net->recv(net, buf, sizeof(buf)), OTTER_NET_AGAIN);
    assert_int_equal(server_send(&server, "hello", 5), 5);
    UNTIL(net->recv(net, buf, sizeof(buf)) == 5);
    assert_memory_equal(buf, "hello", 5);
}

static void a_port_where_nobody_listens_is_an_error(void **state)
{
    (void)state;
    server_close(&server);
    assert_true(net->open(net, WORLD_HOST, server.port, NULL));
    assert_int_equal(send_one(), OTTER_NET_ERROR);
    assert_int_equal(recv_one(), OTTER_NET_ERROR);
    assert_true(world.now - world.stream.opened_ms < OTTER_LWIP_CONNECT_MS);
}

static void an_address_that_nobody_has_is_given_up(void **state)
{
    (void)state;
    world.deaf = true;
    assert_true(net->open(net, WORLD_HOST, server.port, NULL));
    world_skip(OTTER_LWIP_CONNECT_MS / 2);
    assert_int_equal(net->recv(net, &(uint8_t){0}, 1), OTTER_NET_AGAIN);
    assert_false(otter_lwip_net_ready(&world.stream, true));
    world_skip(OTTER_LWIP_CONNECT_MS / 2);
    assert_true(otter_lwip_net_ready(&world.stream, true));
    assert_int_equal(net->recv(net, &(uint8_t){0}, 1), OTTER_NET_ERROR);
}

static void what_cannot_begin_is_refused(void **state)
{
    const struct otter_net_tls tls = {.name = "x"};
    char longest[OTTER_URL_MAX + 2];

    (void)state;
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    assert_false(net->open(net, longest, 1, NULL));
    assert_false(net->open(net, "", 1, NULL));
    assert_false(net->open(net, WORLD_HOST, server.port, &tls));
    assert_int_equal(net->recv(net, longest, 1), OTTER_NET_ERROR);
    assert_int_equal(net->send(net, longest, 1), OTTER_NET_ERROR);
}

/* As fast as it goes, in pieces of a size: what is sent comes back. */
static void echo(uint32_t piece)
{
    static uint8_t buf[4096];
    static uint8_t pipe[65536];
    uint32_t sent = 0, received = 0, held = 0;

    connect_to(WORLD_HOST);
    while (received < BULK) {
        uint32_t want = BULK - sent < piece ? BULK - sent : piece;
        int32_t n = 0;

        for (uint32_t i = 0; i < want; i++)
            buf[i] = byte_at(sent + i);
        if (want > 0)
            n = net->send(net, buf, want);
        assert_true(n >= 0 && (uint32_t)n <= want);
        sent += (uint32_t)n;
        n = server_recv(&server, pipe + held, (uint32_t)sizeof(pipe) - held);
        assert_true(n >= 0);
        held += (uint32_t)n;
        n = held > 0 ? server_send(&server, pipe, held) : 0;
        assert_true(n >= 0);
        memmove(pipe, pipe + n, held - (uint32_t)n);
        held -= (uint32_t)n;
        n = net->recv(net, buf, piece);
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
    net->close(net);
    server_hang_up(&server, false);
    echo(1237);
}

static void lost_frames_come_again(void **state)
{
    (void)state;
    world.lose = 7;
    connect_to(WORLD_HOST);
    for (uint32_t round = 0; round < 20; round++) {
        uint8_t byte = (uint8_t)round;
        uint8_t got = 0xff;

        UNTIL(net->send(net, &byte, 1) == 1);
        UNTIL(server_recv(&server, &got, 1) == 1);
        assert_int_equal(got, round);
        assert_int_equal(server_send(&server, &got, 1), 1);
        got = 0xff;
        UNTIL(net->recv(net, &got, 1) == 1);
        assert_int_equal(got, round);
    }
}

static void a_peer_that_closes_in_order_is_an_eof_behind_what_it_said(void **state)
{
    uint8_t buf[8];

    (void)state;
    connect_to(WORLD_HOST);
    assert_int_equal(server_send(&server, "bye", 3), 3);
    server_hang_up(&server, false);
    UNTIL(world.stream.ended);
    assert_true(otter_lwip_net_ready(&world.stream, false));
    assert_int_equal(net->recv(net, buf, 2), 2);
    assert_int_equal(net->recv(net, buf, sizeof(buf)), 1);
    assert_int_equal(net->recv(net, buf, sizeof(buf)), OTTER_NET_EOF);
    assert_int_equal(net->recv(net, buf, sizeof(buf)), OTTER_NET_EOF);
}

static void a_reset_is_an_error_and_no_eof(void **state)
{
    (void)state;
    connect_to(WORLD_HOST);
    server_hang_up(&server, true);
    assert_int_equal(recv_one(), OTTER_NET_ERROR);
    assert_int_equal(send_one(), OTTER_NET_ERROR);
    assert_true(otter_lwip_net_ready(&world.stream, false));
    net->close(net);
    net->close(net);
    assert_int_equal(recv_one(), OTTER_NET_ERROR);
}

static void what_came_before_a_reset_is_handed_out(void **state)
{
    uint8_t buf[16];

    (void)state;
    connect_to(WORLD_HOST);
    assert_int_equal(server_send(&server, "answer", 6), 6);
    UNTIL(world.stream.held == 6);
    server_hang_up(&server, true);
    UNTIL(world.stream.state == OTTER_LWIP_FAILED);
    assert_int_equal(net->send(net, buf, 1), OTTER_NET_ERROR);
    assert_int_equal(net->recv(net, buf, sizeof(buf)), 6);
    assert_memory_equal(buf, "answer", 6);
    assert_int_equal(net->recv(net, buf, sizeof(buf)), OTTER_NET_ERROR);
}

/* Nothing is taken for some turns on end. */
static bool stands_still(uint32_t *total)
{
    static uint8_t zeros[1500];
    int32_t n;

    for (uint32_t turns = 0; turns < 200; turns++) {
        while ((n = net->send(net, zeros, sizeof(zeros))) > 0) {
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
    server_close(&server);
    server_open(&server, 4096);
    connect_to(WORLD_HOST);
    assert_true(stands_still(&total));
    assert_false(otter_lwip_net_ready(&world.stream, true));
    before = total;
    UNTIL((read += (uint32_t)server_recv(&server, sink, sizeof(sink))) == before);
    UNTIL(net->send(net, sink, 1) == 1);
    UNTIL(server_recv(&server, sink, 1) == 1);
}

/* A peer may send OTTER_LWIP_WINDOW ahead, whatever the size of its segments, and the stack goes on
 * meanwhile. */
static void a_reader_that_waits_loses_nothing_and_holds_up_nobody(void **state)
{
    uint8_t buf[512];
    uint32_t sent = 0, got = 0;

    (void)state;
    connect_to(WORLD_HOST);
    for (uint32_t quiet = 0; quiet < 100; quiet++) {
        uint8_t byte = byte_at(sent);

        if (sent < 3 * OTTER_LWIP_WINDOW && server_send(&server, &byte, 1) == 1) {
            sent++;
            quiet = 0;
        }
        world_turn();
        assert_true(world.stream.held <= OTTER_LWIP_WINDOW);
    }
    assert_true(otter_stack_is_up(&world.stack));
    while (got < sent) {
        int32_t n = net->recv(net, buf, sizeof(buf));

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
    connect_to(WORLD_HOST);
    net->close(net);
    assert_int_equal(net->recv(net, &byte, 1), OTTER_NET_ERROR);
    UNTIL(server_recv(&server, &byte, 1) == -1);
}

static void a_close_with_bytes_unread_is_heard_too(void **state)
{
    uint8_t buf[16];

    (void)state;
    connect_to(WORLD_HOST);
    assert_int_equal(server_send(&server, "unread", 6), 6);
    UNTIL(world.stream.held == 6);
    net->close(net);
    UNTIL(server_recv(&server, buf, sizeof(buf)) == -1);
}

/* Pools are small: a connection that is not given back would be missed soon. */
static void connections_one_after_the_other_leave_nothing_behind(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 60; i++) {
        connect_to(WORLD_HOST);
        if (i % 3 == 0)
            net->close(net); /* by open() otherwise */
        if (i % 5 == 0)
            (void)net->open(net, WORLD_HOST, server.port, NULL); /* given up at once */
        server_hang_up(&server, i % 2 == 0);
        while (server_accept(&server))
            server_hang_up(&server, false);
    }
}

static void half_open_connections_do_not_shut_new_ones_out(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 10; i++) {
        connect_to(WORLD_HOST);
        world.deaf_to = world.port;
        net->close(net); /* its FIN is never answered */
        server_hang_up(&server, false);
    }
}

static void a_name_is_looked_up_and_kept(void **state)
{
    (void)state;
    connect_to(WORLD_NAME);
    assert_int_equal(world.queries, 1);
    net->close(net);
    server_hang_up(&server, false);
    connect_to(WORLD_NAME);
    assert_int_equal(world.queries, 1);
    world_skip(20000); /* its TTL is 9 s */
    net->close(net);
    server_hang_up(&server, false);
    connect_to(WORLD_NAME);
    assert_int_equal(world.queries, 2);
}

static void a_name_behind_an_alias_is_found(void **state)
{
    (void)state;
    world.dns = DNS_ALIAS;
    connect_to("alias.otter.test");
}

static void names_that_cannot_be_had_are_errors(void **state)
{
    static const struct {
        const char *host;
        enum world_dns dns;
        bool at_once;
    } rows[] = {
        {"nx.test", DNS_NXDOMAIN, true},       {"fails.test", DNS_FAILS, true},
        {"silent.test", DNS_SILENT, false},    {"id.test", DNS_WRONG_ID, false},
        {"other.test", DNS_WRONG_NAME, false}, {"short.test", DNS_SHORT, false},
        {"a..test", DNS_SILENT, false},
    };

    (void)state;
    for (uint32_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        uint64_t begun = world.now;

        world.dns = rows[i].dns;
        assert_true(net->open(net, rows[i].host, server.port, NULL));
        if (!rows[i].at_once)
            world_skip(OTTER_LWIP_CONNECT_MS + 1000);
        assert_int_equal(send_one(), OTTER_NET_ERROR);
        assert_true(!rows[i].at_once || world.now - begun < OTTER_LWIP_CONNECT_MS);
        assert_true(world.queries > 0);
        net->close(net);
        world_skip(20000); /* lwIP gives its own question up */
    }
}

/* The question of a stream that was closed is answered while another name is waited for. */
static void a_late_answer_is_nobody_elses(void **state)
{
    uint8_t byte = 0;

    (void)state;
    world.dns = DNS_SILENT;
    assert_true(net->open(net, "late.test", server.port, NULL));
    net->close(net);
    assert_true(net->open(net, "second.test", server.port, NULL));
    assert_int_equal(world.queries, 2);
    world.dns = DNS_ANSWERS;
    world.dns_only = 'l';
    world_skip(1500);
    assert_true(world.answers > 0);
    assert_int_equal(world.stream.state, OTTER_LWIP_ASKING);
    world.dns_only = 0;
    world_skip(1500);
    assert_int_equal(send_one(), 1);
    UNTIL(server_accept(&server));
    UNTIL(server_recv(&server, &byte, 1) == 1);
}

static void an_open_stream_ends_when_the_link_is_gone_for_long(void **state)
{
    (void)state;
    connect_to(WORLD_HOST);
    world.plugged = false;
    world_skip(OTTER_LINK_LOST_MS - 1000);
    assert_int_equal(net->recv(net, &(uint8_t){0}, 1), OTTER_NET_AGAIN);
    world_skip(2000);
    assert_int_equal(net->recv(net, &(uint8_t){0}, 1), OTTER_NET_ERROR);
}

static void an_open_stream_outlives_a_short_break(void **state)
{
    uint8_t byte = 0;

    (void)state;
    connect_to(WORLD_HOST);
    world.plugged = false;
    world_skip(OTTER_LINK_LOST_MS - 1000);
    world.plugged = true;
    UNTIL(otter_stack_is_up(&world.stack));
    assert_int_equal(send_one(), 1);
    UNTIL(server_recv(&server, &byte, 1) == 1);
}

static void a_stream_opened_without_a_link_waits_for_one(void **state)
{
    (void)state;
    world.plugged = false;
    world_skip(1000);
    assert_true(net->open(net, WORLD_HOST, server.port, NULL));
    world_skip(2000);
    assert_int_equal(net->recv(net, &(uint8_t){0}, 1), OTTER_NET_AGAIN);
    world.plugged = true;
    assert_int_equal(send_one(), 1);
    UNTIL(server_accept(&server));
}

static void a_controller_without_room_is_tried_again(void **state)
{
    uint8_t byte = 0;

    (void)state;
    connect_to(WORLD_HOST);
    world.send_fails = true;
    assert_int_equal(send_one(), 1);
    world_turn();
    assert_true(world.stack.unsent > 0);
    world.send_fails = false;
    world_skip(4000);
    UNTIL(server_recv(&server, &byte, 1) == 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_connection_is_made_and_both_sides_hear_each_other, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_port_where_nobody_listens_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_address_that_nobody_has_is_given_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_begin_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(megabytes_go_both_ways_unharmed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lost_frames_come_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_peer_that_closes_in_order_is_an_eof_behind_what_it_said, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_reset_is_an_error_and_no_eof, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_came_before_a_reset_is_handed_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_server_that_stops_reading_leaves_the_sender_at_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_reader_that_waits_loses_nothing_and_holds_up_nobody, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_close_is_heard_as_such_by_the_peer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_close_with_bytes_unread_is_heard_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(connections_one_after_the_other_leave_nothing_behind, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(half_open_connections_do_not_shut_new_ones_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_is_looked_up_and_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_behind_an_alias_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_that_cannot_be_had_are_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_late_answer_is_nobody_elses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_open_stream_ends_when_the_link_is_gone_for_long, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_open_stream_outlives_a_short_break, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stream_opened_without_a_link_waits_for_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_controller_without_room_is_tried_again, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

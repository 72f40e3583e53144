/* Link, address and lease of the firmware's TCP/IP, with a real DHCP server. */
#include "server.h"
#include "world.h"

#include <string.h>

#define HOUR_MS  UINT64_C(3600000)
#define LEASE_MS (24 * HOUR_MS) /* libslirp's */
#define ICMP     1u

static char address[OTTER_ADDRESS_TEXT];

static const char *its_address(void)
{
    otter_stack_address(&world.stack, address);
    return address;
}

static void dhcp_gives_an_address_and_hears_a_name(void **state)
{
    (void)state;
    assert_string_equal(its_address(), "10.0.2.15");
    assert_string_equal(world.hostname, "unit-test-7"); /* of "unit.test_7" */
}

static void a_stack_with_nothing_to_do_may_sleep(void **state)
{
    uint32_t idle = 0;

    (void)state;
    for (uint32_t i = 0; i < 10; i++) {
        world_turn();
        world_skip(10);
    }
    world.now++;
    UNTIL((idle = otter_stack_poll(&world.stack, world.now)) > 0);
    assert_true(idle <= 100);
}

static void a_burst_of_frames_is_taken_in_bounded_portions(void **state)
{
    static const uint8_t noise[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint32_t before = world.stack.received;
    uint32_t polls = 0;

    (void)state;
    for (uint32_t i = 0; i < 30; i++)
        world_push(noise, sizeof(noise));
    for (; world.count > 0; polls++) {
        uint32_t idle = otter_stack_poll(&world.stack, world.now);

        assert_true(idle == 0 || world.count == 0);
    }
    assert_true(polls > 1);
    assert_int_equal(world.stack.received - before, 30);
}

static void without_a_link_there_is_no_address(void **state)
{
    (void)state;
    world.plugged = false;
    world_skip(200);
    assert_false(otter_stack_is_up(&world.stack));
    assert_string_equal(its_address(), "");
    world.plugged = true;
    UNTIL(otter_stack_is_up(&world.stack));
    assert_string_equal(its_address(), "10.0.2.15");
}

static void a_dhcp_server_that_comes_late_is_found(void **state)
{
    (void)state;
    world.plugged = false;
    world_skip(200);
    world.dhcp_gone = true;
    world.plugged = true;
    world_skip(60000);
    assert_false(otter_stack_is_up(&world.stack));
    world.dhcp_gone = false;
    world_skip(61000); /* the longest that DHCP waits between two tries */
    UNTIL(otter_stack_is_up(&world.stack));
}

static void a_lease_is_renewed(void **state)
{
    (void)state;
    world_skip(5 * LEASE_MS);
    assert_true(otter_stack_is_up(&world.stack));
    assert_string_equal(its_address(), "10.0.2.15");
}

static void a_lease_that_nobody_renews_ends_and_what_was_open_with_it(void **state)
{
    struct otter_net *net = &world.stream.net;
    struct server server;
    uint8_t byte = 0;

    (void)state;
    server_open(&server, 0);
    assert_true(net->open(net, WORLD_HOST, server.port, NULL));
    UNTIL(net->send(net, &byte, 1) == 1);
    UNTIL(server_accept(&server));
    world.dhcp_gone = true;
    world_skip(LEASE_MS + HOUR_MS);
    assert_false(otter_stack_is_up(&world.stack));
    assert_int_equal(net->recv(net, &byte, 1), OTTER_NET_ERROR);
    world.dhcp_gone = false;
    world_skip(61000);
    UNTIL(otter_stack_is_up(&world.stack));
    server_close(&server);
}

/* Does a connection come about, or is it given up? */
static bool connects(uint16_t port)
{
    struct otter_net *net = &world.stream.net;
    uint8_t byte = 0;
    int32_t n = OTTER_NET_AGAIN;

    assert_true(net->open(net, WORLD_HOST, port, NULL));
    UNTIL((n = net->send(net, &byte, 1)) != OTTER_NET_AGAIN);
    net->close(net);
    return n == 1;
}

static void a_lease_of_a_liar_is_doubted_when_nothing_is_reached(void **state)
{
    struct server server;

    (void)state;
    server_open(&server, 0);
    world.plugged = false;
    world_skip(200);
    world.dhcp_lies = true;
    world.plugged = true;
    UNTIL(otter_stack_is_up(&world.stack));
    world.dhcp_lies = false;
    for (uint32_t i = 0; i < OTTER_STACK_DOUBTS; i++) {
        assert_true(world.stream.net.open(&world.stream.net, WORLD_HOST, (uint16_t)server.port, NULL));
        world_skip(OTTER_LWIP_CONNECT_MS + 1000);
        assert_int_equal(world.stream.net.send(&world.stream.net, "", 1), OTTER_NET_ERROR);
    }
    world_turn();
    UNTIL(otter_stack_is_up(&world.stack));
    assert_true(connects(server.port));
    server_close(&server);
}

static void connections_that_come_about_leave_no_doubt(void **state)
{
    struct server server;

    (void)state;
    server_open(&server, 0);
    for (uint32_t i = 0; i < OTTER_STACK_DOUBTS - 1; i++)
        assert_false(connects(1));
    assert_true(connects(server.port));
    world.dhcp_gone = true;
    assert_false(connects(1));
    world_skip(10000);
    assert_true(otter_stack_is_up(&world.stack));
    server_close(&server);
}

/* lwIP's clock has 32 bits. */
static void fifty_days_are_nothing(void **state)
{
    (void)state;
    world_skip(50 * LEASE_MS);
    UNTIL(otter_stack_is_up(&world.stack));
    world_skip(LEASE_MS);
    assert_true(otter_stack_is_up(&world.stack));
}

static void ping(uint32_t len)
{
    uint8_t echo[1400] = {8, 0, 0xf7, 0xff}; /* zeros behind it: its checksum */
    uint8_t frame[WORLD_FRAME];

    world_push(frame, world_packet(frame, ICMP, echo, len));
    for (uint32_t i = 0; i < 20; i++)
        world_turn();
}

static void a_ping_is_answered_unless_it_is_large(void **state)
{
    (void)state;
    ping(64);
    assert_int_equal(world.pongs, 1);
    ping(1400);
    assert_int_equal(world.pongs, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(dhcp_gives_an_address_and_hears_a_name, world_begin, world_end),
        cmocka_unit_test_setup_teardown(a_stack_with_nothing_to_do_may_sleep, world_begin, world_end),
        cmocka_unit_test_setup_teardown(a_burst_of_frames_is_taken_in_bounded_portions, world_begin,
                                        world_end),
        cmocka_unit_test_setup_teardown(without_a_link_there_is_no_address, world_begin, world_end),
        cmocka_unit_test_setup_teardown(a_dhcp_server_that_comes_late_is_found, world_begin, world_end),
        cmocka_unit_test_setup_teardown(a_lease_is_renewed, world_begin, world_end),
        cmocka_unit_test_setup_teardown(a_lease_that_nobody_renews_ends_and_what_was_open_with_it,
                                        world_begin, world_end),
        cmocka_unit_test_setup_teardown(a_lease_of_a_liar_is_doubted_when_nothing_is_reached, world_begin,
                                        world_end),
        cmocka_unit_test_setup_teardown(connections_that_come_about_leave_no_doubt, world_begin, world_end),
        cmocka_unit_test_setup_teardown(fifty_days_are_nothing, world_begin, world_end),
        cmocka_unit_test_setup_teardown(a_ping_is_answered_unless_it_is_large, world_begin, world_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

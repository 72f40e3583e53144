/* How the updater's stream comes to its server: names, and links that come and go. */
#include "talk.h"

#include "core/bytes.h"

static void a_name_is_looked_up_and_kept(void **state)
{
    (void)state;
    talk_connect(WORLD_NAME);
    assert_int_equal(world.queries, 1);
    talk_net->close(talk_net);
    server_hang_up(&talk_server, false);
    talk_connect(WORLD_NAME);
    assert_int_equal(world.queries, 1);
    world_skip(20000); /* its TTL is 9 s */
    talk_net->close(talk_net);
    server_hang_up(&talk_server, false);
    talk_connect(WORLD_NAME);
    assert_int_equal(world.queries, 2);
}

static void a_name_behind_an_alias_is_found(void **state)
{
    (void)state;
    world.dns = DNS_ALIAS;
    talk_connect("alias.otter.test");
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
        assert_true(talk_net->open(talk_net, rows[i].host, talk_server.port, NULL));
        if (!rows[i].at_once)
            world_skip(OTTER_LWIP_CONNECT_MS + 1000);
        assert_int_equal(talk_send_one(), OTTER_NET_ERROR);
        assert_true(!rows[i].at_once || world.now - begun < OTTER_LWIP_CONNECT_MS);
        assert_true(world.queries > 0);
        talk_net->close(talk_net);
        world_skip(20000); /* lwIP gives its own question up */
    }
}

/* The question of a stream that was closed is answered while another name is waited for. */
static void a_late_answer_is_nobody_elses(void **state)
{
    uint8_t byte = 0;

    (void)state;
    world.dns = DNS_SILENT;
    assert_true(talk_net->open(talk_net, "late.test", talk_server.port, NULL));
    talk_net->close(talk_net);
    assert_true(talk_net->open(talk_net, "second.test", talk_server.port, NULL));
    assert_int_equal(world.queries, 2);
    world.dns = DNS_ANSWERS;
    world.dns_only = 'l';
    world_skip(1500);
    assert_true(world.answers > 0);
    assert_int_equal(world.stream.state, OTTER_LWIP_ASKING);
    world.dns_only = 0;
    world_skip(1500);
    assert_int_equal(talk_send_one(), 1);
    UNTIL(server_accept(&talk_server));
    UNTIL(server_recv(&talk_server, &byte, 1) == 1);
}

static void an_open_stream_ends_when_the_link_is_gone_for_long(void **state)
{
    (void)state;
    talk_connect(WORLD_HOST);
    world.plugged = false;
    world_skip(OTTER_LINK_LOST_MS - 1000);
    assert_int_equal(talk_net->recv(talk_net, &(uint8_t){0}, 1), OTTER_NET_AGAIN);
    world_skip(2000);
    assert_int_equal(talk_net->recv(talk_net, &(uint8_t){0}, 1), OTTER_NET_ERROR);
}

static void an_open_stream_outlives_a_short_break(void **state)
{
    uint8_t byte = 0;

    (void)state;
    talk_connect(WORLD_HOST);
    world.plugged = false;
    world_skip(OTTER_LINK_LOST_MS - 1000);
    world.plugged = true;
    UNTIL(otter_stack_is_up(&world.stack));
    assert_int_equal(talk_send_one(), 1);
    UNTIL(server_recv(&talk_server, &byte, 1) == 1);
}

static void a_stream_opened_without_a_link_waits_for_one(void **state)
{
    (void)state;
    world.plugged = false;
    world_skip(1000);
    assert_true(talk_net->open(talk_net, WORLD_HOST, talk_server.port, NULL));
    world_skip(2000);
    assert_int_equal(talk_net->recv(talk_net, &(uint8_t){0}, 1), OTTER_NET_AGAIN);
    world.plugged = true;
    assert_int_equal(talk_send_one(), 1);
    UNTIL(server_accept(&talk_server));
}

static void a_controller_without_room_is_tried_again(void **state)
{
    uint8_t byte = 0;

    (void)state;
    talk_connect(WORLD_HOST);
    world.send_fails = true;
    assert_int_equal(talk_send_one(), 1);
    world_turn();
    assert_true(world.stack.unsent > 0);
    world.send_fails = false;
    world_skip(4000);
    UNTIL(server_recv(&talk_server, &byte, 1) == 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_name_is_looked_up_and_kept, talk_begin, talk_end),
        cmocka_unit_test_setup_teardown(a_name_behind_an_alias_is_found, talk_begin, talk_end),
        cmocka_unit_test_setup_teardown(names_that_cannot_be_had_are_errors, talk_begin, talk_end),
        cmocka_unit_test_setup_teardown(a_late_answer_is_nobody_elses, talk_begin, talk_end),
        cmocka_unit_test_setup_teardown(an_open_stream_ends_when_the_link_is_gone_for_long, talk_begin,
                                        talk_end),
        cmocka_unit_test_setup_teardown(an_open_stream_outlives_a_short_break, talk_begin, talk_end),
        cmocka_unit_test_setup_teardown(a_stream_opened_without_a_link_waits_for_one, talk_begin, talk_end),
        cmocka_unit_test_setup_teardown(a_controller_without_room_is_tried_again, talk_begin, talk_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The posix stream against a listener on loopback, and the faults in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after those: */
#include <cmocka.h>

#include "emulator/clock.h"
#include "emulator/link.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 5000 /* only a failure waits so long */

struct rig {
    int listener;
    int peer; /* accepted; -1 */
    uint16_t port;
    struct emu_links links;
    struct emu_fault_plan plan;
    struct emu_link link;
    bool power_off;
    int tag; /* its address is the tag */
};

static int set_up(void **state)
{
    struct rig *r = calloc(1, sizeof(*r));
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    assert_non_null(r);
    r->peer = -1;
    r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(r->listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(r->listener, 4), 0);
    assert_int_equal(getsockname(r->listener, (struct sockaddr *)&at, &len), 0);
    r->port = ntohs(at.sin_port);
    r->links = (struct emu_links){.plan = &r->plan, .epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
    emu_link_init(&r->link, &r->links, 0, &r->tag, &r->power_off);
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *r = *state;

    r->link.net.close(&r->link.net);
    r->link.net.close(&r->link.net); /* harmless */
    assert_int_equal(r->links.open, 0);
    if (r->peer >= 0)
        close(r->peer);
    close(r->listener);
    close(r->links.epoll_fd);
    free(r);
    return 0;
}

/* Waits for one event and hands it over. */
static void take_event(struct rig *r)
{
    struct epoll_event e;

    assert_int_equal(epoll_wait(r->links.epoll_fd, &e, 1, PATIENCE_MS), 1);
    assert_ptr_equal(e.data.ptr, &r->tag);
    otter_posix_net_event(&r->link.socket, e.events);
}

static void wait_ready(struct rig *r, bool write)
{
    while (!otter_posix_net_ready(&r->link.socket, write))
        take_event(r);
}

static int32_t send_all(struct rig *r, const char *text)
{
    wait_ready(r, true);
    return r->link.net.send(&r->link.net, text, (uint32_t)strlen(text));
}

static void connect_both(struct rig *r)
{
    assert_true(r->link.net.open(&r->link.net, "127.0.0.1", r->port, NULL));
    r->peer = accept(r->listener, NULL, NULL);
    assert_true(r->peer >= 0);
    wait_ready(r, true);
}

static void from_peer(struct rig *r, const void *data, size_t len)
{
    assert_int_equal(write(r->peer, data, len), len);
    wait_ready(r, false);
}

static void a_server_sees_the_address_that_the_device_was_given(void **state)
{
    static const uint32_t devices[] = {0, 1, 99999};
    struct emu_sources sources = {0};
    struct rig *r = *state;
    struct sockaddr_in from;
    socklen_t len = sizeof(from);

    assert_true(emu_sources_parse("127.0.0.0/8", &sources));
    r->links.sources = &sources;
    for (unsigned i = 0; i < 3; i++) {
        emu_link_init(&r->link, &r->links, devices[i], &r->tag, &r->power_off);
        connect_both(r);
        assert_int_equal(getpeername(r->peer, (struct sockaddr *)&from, &len), 0);
        assert_int_equal(ntohl(from.sin_addr.s_addr), emu_source_of(&sources, devices[i]));
        r->link.net.close(&r->link.net);
        close(r->peer);
        r->peer = -1;
    }
    r->links.sources = NULL;
}

static void bytes_go_both_ways_and_again_means_nothing_now(void **state)
{
    struct rig *r = *state;
    char buf[16];
    int on = 0;
    socklen_t len = sizeof(on);

    connect_both(r);
    assert_int_equal(r->link.net.recv(&r->link.net, buf, sizeof(buf)), OTTER_NET_AGAIN);
    assert_int_equal(send_all(r, "hello"), 5);
    assert_int_equal(read(r->peer, buf, sizeof(buf)), 5);
    from_peer(r, "abcdef", 6);
    assert_int_equal(r->link.net.recv(&r->link.net, buf, 4), 4);
    assert_true(otter_posix_net_ready(&r->link.socket, false)); /* not drained, and no new event will come */
    assert_int_equal(r->link.net.recv(&r->link.net, buf, 4), 2);
    assert_int_equal(r->link.net.recv(&r->link.net, buf, 4), OTTER_NET_AGAIN);
    assert_false(otter_posix_net_ready(&r->link.socket, false));
    assert_int_equal(r->link.received, 6);
    assert_int_equal(r->link.sent, 5);
    assert_int_equal(getsockopt(r->link.socket.fd, IPPROTO_TCP, TCP_NODELAY, &on, &len), 0);
    assert_int_not_equal(on, 0);
}

static void the_peers_close_is_an_end_and_a_reset_an_error(void **state)
{
    struct rig *r = *state;
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    char buf[4];

    connect_both(r);
    assert_int_equal(shutdown(r->peer, SHUT_WR), 0);
    wait_ready(r, false);
    assert_int_equal(r->link.net.recv(&r->link.net, buf, sizeof(buf)), OTTER_NET_EOF);
    assert_int_equal(setsockopt(r->peer, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), 0);
    close(r->peer);
    r->peer = -1;
    take_event(r);
    assert_int_equal(r->link.net.send(&r->link.net, "x", 1), OTTER_NET_ERROR);
}

static void a_refused_connection_shows_in_send(void **state)
{
    struct rig *r = *state;

    close(r->listener);
    r->listener = -1;
    if (!r->link.net.open(&r->link.net, "127.0.0.1", r->port, NULL))
        return;
    wait_ready(r, true);
    assert_int_equal(r->link.net.send(&r->link.net, "x", 1), OTTER_NET_ERROR);
}

static void what_cannot_start_is_refused_by_open(void **state)
{
    struct rig *r = *state;
    char long_name[200];
    const struct otter_net_tls tls = {.name = "otter.test"};

    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    assert_false(r->link.net.open(&r->link.net, "127.0.0.1", r->port, &tls)); /* no TLS here */
    assert_false(r->link.net.open(&r->link.net, "", r->port, NULL));
    assert_false(r->link.net.open(&r->link.net, long_name, r->port, NULL));
    assert_int_equal(r->links.open, 0);
    assert_int_equal(r->link.net.send(&r->link.net, "x", 1), OTTER_NET_ERROR);
    assert_int_equal(r->link.net.recv(&r->link.net, long_name, 1), OTTER_NET_ERROR);
}

static void names_are_looked_up_once(void **state)
{
    struct otter_posix_resolver resolver = {0};
    struct sockaddr_storage at;
    socklen_t len;

    (void)state;
    assert_true(otter_posix_resolve(&resolver, "127.0.0.1", 80, &at, &len));
    assert_int_equal(((struct sockaddr_in *)&at)->sin_port, htons(80));
    assert_string_equal(resolver.host, "127.0.0.1");
    ((struct sockaddr_in *)&resolver.address)->sin_addr.s_addr =
        htonl(0x7f000002); /* remembered, not asked again */
    assert_true(otter_posix_resolve(&resolver, "127.0.0.1", 81, &at, &len));
    assert_int_equal(((struct sockaddr_in *)&at)->sin_addr.s_addr, htonl(0x7f000002));
    assert_int_equal(((struct sockaddr_in *)&at)->sin_port, htons(81));
    assert_true(otter_posix_resolve(&resolver, "::1", 82, &at, &len));
    assert_int_equal(at.ss_family, AF_INET6);
    assert_true(otter_posix_resolve(&resolver, "localhost", 83, &at, &len));
    assert_int_equal(((struct sockaddr_in *)&at)->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
}

static void opening_again_closes_the_stream_before(void **state)
{
    struct rig *r = *state;
    char c;

    connect_both(r);
    assert_true(r->link.net.open(&r->link.net, "127.0.0.1", r->port, NULL));
    assert_int_equal(r->links.open, 1);
    assert_int_equal(read(r->peer, &c, 1), 0);
}

static void a_drop_loses_the_connection_and_the_bytes(void **state)
{
    struct rig *r = *state;
    char buf[16];

    r->plan.drop_every = 8;
    connect_both(r);
    from_peer(r, "1234", 4);
    assert_int_equal(r->link.net.recv(&r->link.net, buf, sizeof(buf)), 4);
    from_peer(r, "5678", 4);
    assert_int_equal(r->link.net.recv(&r->link.net, buf, sizeof(buf)), OTTER_NET_ERROR);
    assert_false(emu_link_is_open(&r->link));
    assert_int_equal(r->links.open, 0);
    assert_int_equal(r->link.drops, 1);
}

static void a_corruption_flips_one_bit(void **state)
{
    struct rig *r = *state;
    uint8_t buf[8];
    unsigned flipped = 0;

    r->plan.corrupt_ppm = 1000000;
    connect_both(r);
    from_peer(r, "\0\0\0\0\0\0\0\0", 8);
    assert_int_equal(r->link.net.recv(&r->link.net, buf, sizeof(buf)), 8);
    for (size_t i = 0; i < sizeof(buf); i++)
        flipped += (unsigned)__builtin_popcount(buf[i]);
    assert_int_equal(flipped, 1);
    assert_int_equal(r->link.corrupted, 1);
}

static void a_slow_link_says_again_and_when(void **state)
{
    struct rig *r = *state;
    char buf[300];
    uint64_t due;

    r->plan.bytes_per_s = 1000;
    connect_both(r);
    memset(buf, 7, sizeof(buf));
    from_peer(r, buf, sizeof(buf));
    assert_int_equal(r->link.net.recv(&r->link.net, buf, sizeof(buf)), 100);
    assert_int_equal(r->link.net.recv(&r->link.net, buf, sizeof(buf)), OTTER_NET_AGAIN);
    assert_false(emu_link_ready(&r->link, false, &due));
    assert_int_equal(due, 100000);
    assert_true(emu_link_ready(&r->link, true, &due));
    r->links.now_us = due = 100000;
    assert_true(emu_link_ready(&r->link, false, &due));
    assert_int_equal(r->link.net.recv(&r->link.net, buf, sizeof(buf)), 100);
}

static void without_power_nothing_is_heard(void **state)
{
    struct rig *r = *state;
    char buf[4];

    connect_both(r);
    r->power_off = true;
    assert_int_equal(r->link.net.send(&r->link.net, "x", 1), OTTER_NET_ERROR);
    assert_int_equal(r->link.net.recv(&r->link.net, buf, 1), OTTER_NET_ERROR);
    assert_false(r->link.net.open(&r->link.net, "127.0.0.1", r->port, NULL));
    assert_int_equal(recv(r->peer, buf, 1, 0), 0);
}

static void a_closed_link_is_ready_so_that_its_client_finds_out(void **state)
{
    struct rig *r = *state;
    uint64_t due;

    assert_true(emu_link_ready(&r->link, false, &due));
    connect_both(r);
    otter_posix_net_event(&r->link.socket, 0);
    (void)r->link.net.recv(&r->link.net, &due, 1);
    assert_false(emu_link_ready(&r->link, false, &due));
    assert_int_equal(due, EMU_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_server_sees_the_address_that_the_device_was_given, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(bytes_go_both_ways_and_again_means_nothing_now, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_peers_close_is_an_end_and_a_reset_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refused_connection_shows_in_send, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_start_is_refused_by_open, set_up, tear_down),
        cmocka_unit_test(names_are_looked_up_once),
        cmocka_unit_test_setup_teardown(opening_again_closes_the_stream_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_drop_loses_the_connection_and_the_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_corruption_flips_one_bit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slow_link_says_again_and_when, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_power_nothing_is_heard, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_closed_link_is_ready_so_that_its_client_finds_out, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

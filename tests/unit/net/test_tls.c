/* The whole way of HTTPS on a board: BearSSL over the stream over lwIP, to OpenSSL behind a router. */
#include "tls_server.h"
#include "world.h"

#include "crypto/tls.h"

#include <string.h>

#define BULK 100000u

static struct otter_tls tls;
static struct otter_tls_work work;
static uint8_t in[OTTER_TLS_IN(OTTER_TLS_FRAGMENT)], out[OTTER_TLS_OUT(OTTER_TLS_FRAGMENT)];
static uint8_t ca[TLS_SERVER_CA];
static struct tls_server server;
static struct otter_net_tls ask;

static int set_up(void **state)
{
    ask = (struct otter_net_tls){
        .name = TLS_SERVER_NAME, .ca = ca, .ca_len = tls_server_open(&server, ca), .time_floor = 1800000000};
    (void)world_begin(state);
    otter_tls_init(&tls, &world.stream.net, &world.random, NULL);
    otter_tls_lend(&tls, &(struct otter_tls_memory){&work, in, sizeof(in), out, sizeof(out)});
    return 0;
}

static int tear_down(void **state)
{
    tls.net.close(&tls.net);
    tls_server_close(&server);
    return world_end(state);
}

static int32_t shake(const char *host)
{
    int32_t n = OTTER_NET_AGAIN;

    assert_true(tls.net.open(&tls.net, host, server.tcp.port, &ask));
    UNTIL(((void)tls_server_turn(&server), n = tls.net.send(&tls.net, "x", 1)) != OTTER_NET_AGAIN);
    return n;
}

static void shake_and_hear(const char *host)
{
    uint8_t byte;

    assert_int_equal(shake(host), 1);
    UNTIL(tls_server_turn(&server));
    UNTIL((tls.net.recv(&tls.net, &byte, 1), tls_server_recv(&server, &byte, 1)) == 1);
    assert_int_equal(byte, 'x');
}

static void a_download_over_tls_arrives_whole(void **state)
{
    static uint8_t chunk[1500], buf[777];
    uint32_t sent = 0, got = 0;
    int32_t n = 0;

    (void)state;
    shake_and_hear(WORLD_NAME);
    while (got < BULK) {
        uint32_t want = BULK - sent < sizeof(chunk) ? BULK - sent : (uint32_t)sizeof(chunk);

        for (uint32_t i = 0; i < want; i++)
            chunk[i] = (uint8_t)((sent + i) * 7);
        n = want > 0 ? tls_server_send(&server, chunk, want) : 0;
        assert_true(n >= 0);
        sent += (uint32_t)n;
        n = tls.net.recv(&tls.net, buf, sizeof(buf));
        assert_true(n >= 0);
        for (int32_t i = 0; i < n; i++)
            assert_int_equal(buf[i], (uint8_t)((got + (uint32_t)i) * 7));
        got += (uint32_t)n;
        world_turn();
    }
    tls_server_hang_up(&server);
    UNTIL((n = tls.net.recv(&tls.net, buf, sizeof(buf))) != OTTER_NET_AGAIN);
    assert_int_equal(n, OTTER_NET_EOF);
}

static void the_second_connection_resumes_the_session(void **state)
{
    (void)state;
    shake_and_hear(WORLD_HOST);
    tls.net.close(&tls.net);
    tls_server_hang_up(&server);
    shake_and_hear(WORLD_HOST);
    assert_int_equal(tls.handshakes, 2);
    assert_int_equal(tls.resumed, 1);
}

static void another_ca_is_refused(void **state)
{
    static uint8_t other_ca[TLS_SERVER_CA];
    struct tls_server other;

    (void)state;
    ask.ca_len = tls_server_open(&other, other_ca);
    ask.ca = other_ca;
    assert_int_equal(shake(WORLD_HOST), OTTER_NET_ERROR);
    assert_int_equal(tls.net.why(&tls.net), OTTER_TLS_UNTRUSTED);
    tls_server_close(&other);
}

static void frames_lost_during_the_handshake_come_again(void **state)
{
    int32_t n = OTTER_NET_AGAIN;

    (void)state;
    world.lose = 5;
    assert_true(tls.net.open(&tls.net, WORLD_HOST, server.tcp.port, &ask));
    UNTIL(((void)tls_server_turn(&server), n = tls.net.send(&tls.net, "x", 1)) != OTTER_NET_AGAIN);
    assert_int_equal(n, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_download_over_tls_arrives_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_second_connection_resumes_the_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_ca_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(frames_lost_during_the_handshake_come_again, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

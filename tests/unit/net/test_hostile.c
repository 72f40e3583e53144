/*
 * Frames that no honest network carries. Whatever comes: no memory is touched that is not meant to be (ASan,
 * UBSan), no assertion of lwIP's fires, and the stack works afterwards (world_end).
 */
#include "server.h"
#include "world.h"

#include "core/bytes.h"

#include <string.h>

#define TAPPED 48u
#define ETH    14u
#define IP     20u

static struct world_frame tapped[TAPPED];
static uint32_t tapped_count;
static uint32_t seed = 7;

static uint32_t random_u32(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static void take_in(void)
{
    while (world.count > 0)
        (void)otter_stack_poll(&world.stack, world.now);
}

static void say(const uint8_t *frame, uint32_t len)
{
    world_push(frame, len);
    take_in();
}

static void tap(const uint8_t *frame, uint32_t len)
{
    struct world_frame *f = &tapped[tapped_count];

    if (tapped_count == TAPPED || len > sizeof(f->bytes))
        return;
    memcpy(f->bytes, frame, len);
    f->len = len;
    tapped_count++;
}

/* Real frames of each kind, and a connection that stands: DHCP, ARP, and TCP with data. */
static void record(struct server *server)
{
    struct otter_net *net = &world.stream.net;
    uint8_t byte = 0;

    tapped_count = 0;
    world.tap = tap;
    world.plugged = false;
    world_skip(200);
    world.plugged = true;
    UNTIL(otter_stack_is_up(&world.stack));
    assert_true(net->open(net, WORLD_HOST, server->port, NULL));
    UNTIL(net->send(net, &byte, 1) == 1);
    UNTIL(server_accept(server));
    assert_int_equal(server_send(server, "some data", 9), 9);
    UNTIL(world.stream.held > 0);
    world.tap = NULL;
    assert_true(tapped_count >= 4);
}

static void noise_of_every_length_is_survived(void **state)
{
    uint8_t frame[WORLD_FRAME];

    (void)state;
    for (uint32_t len = 0; len <= OTTER_FRAME_MAX; len++) {
        for (uint32_t i = 0; i < len; i++)
            frame[i] = (uint8_t)random_u32();
        if (len >= ETH && len % 2 == 0) { /* for us, and IPv4 or ARP */
            memcpy(frame, world.stack.mac, 6);
            frame[12] = 8;
            frame[13] = len % 4 == 0 ? 0 : 6;
        }
        say(frame, len);
    }
}

static void a_frame_longer_than_any_is_dropped_and_counted(void **state)
{
    static const uint8_t frame[OTTER_FRAME_MAX + 1];
    uint32_t before = world.link.dropped;

    (void)state;
    say(frame, sizeof(frame));
    assert_int_equal(world.link.dropped - before, 1);
}

static void real_frames_cut_at_every_byte_are_survived(void **state)
{
    struct server server;

    (void)state;
    server_open(&server, 0);
    record(&server);
    for (uint32_t i = 0; i < tapped_count; i++)
        for (uint32_t len = 0; len < tapped[i].len; len++)
            say(tapped[i].bytes, len);
    server_close(&server);
}

static void real_frames_with_any_byte_changed_are_survived(void **state)
{
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    struct server server;

    (void)state;
    server_open(&server, 0);
    record(&server);
    for (uint32_t i = 0; i < tapped_count; i++) {
        struct world_frame *f = &tapped[i];

        for (uint32_t at = 0; at < f->len && at < 400; at++) {
            uint8_t was = f->bytes[at];

            for (uint32_t v = 0; v < sizeof(values); v++) {
                f->bytes[at] = values[v];
                say(f->bytes, f->len);
            }
            f->bytes[at] = was;
        }
    }
    server_close(&server);
}

/* An IPv4 packet with right checksums whatever its fields claim. */
static void lie(uint8_t protocol, const uint8_t *payload, uint32_t len, uint32_t claimed, uint8_t first)
{
    uint8_t frame[WORLD_FRAME];
    uint32_t whole = world_packet(frame, protocol, payload, len);

    frame[ETH] = first;
    frame[ETH + 2] = (uint8_t)(claimed >> 8);
    frame[ETH + 3] = (uint8_t)claimed;
    frame[ETH + 10] = frame[ETH + 11] = 0;
    world_checksum(frame + ETH, (first & 15u) * 4u, 10);
    say(frame, whole);
}

static void lengths_that_lie_are_survived(void **state)
{
    static const uint32_t claims[] = {0, 1, 19, 20, 27, 28, 40, 60, 100, 1499, 1500, 1501, 65535};
    static const uint8_t protocols[] = {1, 6, 17, 255};
    uint8_t payload[80];

    (void)state;
    for (uint32_t p = 0; p < sizeof(protocols); p++)
        for (uint32_t c = 0; c < OTTER_ARRAY_LEN(claims); c++)
            for (uint32_t first = 0; first < 256; first += first % 16 == 15 ? 49 : 1) {
                for (uint32_t i = 0; i < sizeof(payload); i++)
                    payload[i] = (uint8_t)random_u32();
                lie(protocols[p], payload, sizeof(payload), claims[c], (uint8_t)(first | 0x40));
            }
}

/* Resets, data and options for a connection that stands, by someone who does not know its numbers. */
static void a_connection_outlives_guesses(void **state)
{
    struct server server;
    struct otter_net *net = &world.stream.net;
    uint8_t segment[40];
    uint8_t buf[32];

    (void)state;
    server_open(&server, 0);
    record(&server);
    assert_int_equal(net->recv(net, buf, sizeof(buf)), 9);
    for (uint32_t i = 0; i < 5000; i++) {
        uint8_t frame[WORLD_FRAME];

        for (uint32_t at = 0; at < sizeof(segment); at++)
            segment[at] = (uint8_t)random_u32();
        segment[0] = (uint8_t)(server.port >> 8);
        segment[1] = (uint8_t)server.port;
        segment[2] = (uint8_t)(world.port >> 8);
        segment[3] = (uint8_t)world.port;
        segment[12] = (uint8_t)(5 + random_u32() % 6) << 4;
        segment[16] = segment[17] = 0;
        world_push(frame, world_tcp(frame, segment, sizeof(segment)));
        take_in();
    }
    assert_int_equal(world.stream.state, OTTER_LWIP_OPEN);
    assert_int_equal(server_send(&server, "still here", 10), 10);
    UNTIL(net->recv(net, buf, sizeof(buf)) == 10);
    assert_memory_equal(buf, "still here", 10);
    server_close(&server);
}

/* Everybody on the network asks who we are, pings, and knocks at closed ports: the heap is small. */
static void a_crowd_of_strangers_does_not_shut_the_device_off(void **state)
{
    struct server server;
    uint8_t echo[64] = {8, 0, 0xf7, 0xff};
    uint8_t frame[WORLD_FRAME];

    (void)state;
    server_open(&server, 0);
    record(&server);
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t len = world_packet(frame, 1, echo, sizeof(echo));

        frame[ETH + 15] = (uint8_t)(100 + i % 100);
        frame[ETH + 10] = frame[ETH + 11] = 0;
        world_checksum(frame + ETH, IP, 10);
        say(frame, len);
    }
    assert_int_equal(server_send(&server, "x", 1), 1);
    UNTIL(world.stream.held == 10);
    server_close(&server);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(noise_of_every_length_is_survived, world_begin, world_end),
        cmocka_unit_test_setup_teardown(a_frame_longer_than_any_is_dropped_and_counted, world_begin,
                                        world_end),
        cmocka_unit_test_setup_teardown(real_frames_cut_at_every_byte_are_survived, world_begin, world_end),
        cmocka_unit_test_setup_teardown(real_frames_with_any_byte_changed_are_survived, world_begin,
                                        world_end),
        cmocka_unit_test_setup_teardown(lengths_that_lie_are_survived, world_begin, world_end),
        cmocka_unit_test_setup_teardown(a_connection_outlives_guesses, world_begin, world_end),
        cmocka_unit_test_setup_teardown(a_crowd_of_strangers_does_not_shut_the_device_off, world_begin,
                                        world_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

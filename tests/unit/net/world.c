#include "world.h"

#include "core/bytes.h"
#include "port/board.h"

#include <arpa/inet.h>
#include <poll.h>
#include <slirp/libslirp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POLLED  64u
#define WAIT_MS 1 /* of the machine's time, for sockets, where nothing moves */
#define BUSY_MS 1
#define IDLE_MS 5
#define HOUR_MS UINT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

struct world world;

static Slirp *router;
static struct pollfd polled[POLLED];
static uint32_t polled_count;

/* --- the board that the stack panics on */

void board_putc(char c)
{
    (void)fputc(c, stderr);
}

void board_reset(void)
{
    abort();
}

/* --- time and chance */

uint64_t world_machine_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

static void fill(struct otter_random *self, void *buf, size_t len)
{
    (void)self;
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)buf)[i] = (uint8_t)((world.seed = world.seed * 1664525u + 1013904223u) >> 24);
}

/* --- the cable, as the device's controller sees it */

static bool lost(void)
{
    return world.lose != 0 && ++world.passed % world.lose == 0;
}

static bool link_start(struct otter_link *self, const uint8_t mac[6])
{
    (void)self;
    (void)mac;
    world.starts++;
    return !world.absent;
}

static bool link_is_up(struct otter_link *self)
{
    (void)self;
    return world.plugged;
}

static bool link_send(struct otter_link *self, const struct otter_frame_piece *piece, uint32_t count)
{
    uint8_t frame[OTTER_FRAME_MAX];
    uint32_t len = 0;

    (void)self;
    assert_false(world.absent);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(piece[i].len <= sizeof(frame) - len);
        memcpy(frame + len, piece[i].data, piece[i].len);
        len += piece[i].len;
    }
    if (world.send_fails)
        return false;
    if (world.plugged && !world_look(frame, len) && !lost())
        slirp_input(router, frame, (int)len);
    return true;
}

static uint32_t link_receive(struct otter_link *self, void *buf, uint32_t cap)
{
    while (world.count > 0) {
        const struct world_frame *f = &world.queue[world.head];

        world.head = (world.head + 1) % WORLD_QUEUE;
        world.count--;
        if (!world.plugged)
            continue;
        if (f->len > cap) {
            self->dropped++;
            continue;
        }
        memcpy(buf, f->bytes, f->len);
        return f->len;
    }
    return 0;
}

void world_push(const void *frame, uint32_t len)
{
    struct world_frame *f = &world.queue[(world.head + world.count) % WORLD_QUEUE];

    assert_true(len <= sizeof(f->bytes));
    if (world.count == WORLD_QUEUE)
        return; /* as a controller's FIFO that is full */
    memcpy(f->bytes, frame, len);
    f->len = len;
    world.count++;
}

/* --- the router */

static bool is_dhcp(const uint8_t *frame, size_t len)
{
    return len > 36 && frame[12] == 8 && frame[13] == 0 && frame[23] == 17 && frame[34] == 0 &&
           frame[35] == 67;
}

static bool is_for_deaf_port(const uint8_t *frame, size_t len)
{
    return len > 38 && frame[12] == 8 && frame[13] == 0 && frame[23] == 6 &&
           (uint32_t)(frame[36] << 8 | frame[37]) <= world.deaf_to;
}

/* Options 1 and 3, mask and router, as a liar gives them. */
static void lie(uint8_t *frame, size_t len)
{
    static const uint8_t nobody_near[4] = {255, 255, 255, 255};

    frame[40] = frame[41] = 0; /* UDP without a checksum */
    for (size_t at = 42 + 240; at + 5 < len && frame[at] != 255; at += 2u + frame[at + 1]) {
        if (frame[at] == 1)
            memcpy(frame + at + 2, nobody_near, sizeof(nobody_near));
        if (frame[at] == 3)
            frame[at + 5] = 99;
    }
}

static void push_from_router(const void *frame, size_t len)
{
    uint8_t copy[WORLD_FRAME];

    assert_true(len <= sizeof(copy));
    memcpy(copy, frame, len);
    if (world.dhcp_lies && is_dhcp(copy, len))
        lie(copy, len);
    world_push(copy, (uint32_t)len);
}

static ssize_t from_router(const void *frame, size_t len, void *opaque)
{
    (void)opaque;
    if (world.tap != NULL)
        world.tap(frame, (uint32_t)len);
    if (!world.deaf && !(world.dhcp_gone && is_dhcp(frame, len)) && !is_for_deaf_port(frame, len) && !lost())
        push_from_router(frame, len);
    return (ssize_t)len;
}

static void guest_error(const char *text, void *opaque)
{
    (void)text; /* hostile frames' answers */
    (void)opaque;
}

static int64_t clock_ns(void *opaque)
{
    (void)opaque;
    return (int64_t)world.now * 1000000;
}

static void *timer_new(SlirpTimerCb callback, void *callback_opaque, void *opaque)
{
    (void)callback; /* IPv6's advertisements: not here */
    (void)callback_opaque;
    return opaque;
}

static void timer_free(void *timer, void *opaque)
{
    (void)timer;
    (void)opaque;
}

static void timer_mod(void *timer, int64_t expires, void *opaque)
{
    (void)timer;
    (void)expires;
    (void)opaque;
}

static void poll_fd(int fd, void *opaque)
{
    (void)fd;
    (void)opaque;
}

static void notify(void *opaque)
{
    (void)opaque;
}

static const SlirpCb callbacks = {
    .send_packet = from_router,
    .guest_error = guest_error,
    .clock_get_ns = clock_ns,
    .timer_new = timer_new,
    .timer_free = timer_free,
    .timer_mod = timer_mod,
    .register_poll_fd = poll_fd,
    .unregister_poll_fd = poll_fd,
    .notify = notify,
};

static int add_poll(int fd, int events, void *opaque)
{
    struct pollfd *p = &polled[polled_count];

    (void)opaque;
    assert_true(polled_count < POLLED);
    *p = (struct pollfd){.fd = fd};
    p->events = (short)((events & SLIRP_POLL_IN ? POLLIN : 0) | (events & SLIRP_POLL_OUT ? POLLOUT : 0) |
                        (events & SLIRP_POLL_PRI ? POLLPRI : 0));
    return (int)polled_count++;
}

static int get_events(int index, void *opaque)
{
    short r = polled[index].revents;

    (void)opaque;
    return (r & POLLIN ? SLIRP_POLL_IN : 0) | (r & POLLOUT ? SLIRP_POLL_OUT : 0) |
           (r & POLLPRI ? SLIRP_POLL_PRI : 0) | (r & POLLERR ? SLIRP_POLL_ERR : 0) |
           (r & POLLHUP ? SLIRP_POLL_HUP : 0);
}

static void turn_router(void)
{
    uint32_t timeout = WAIT_MS;
    int n;

    polled_count = 0;
    slirp_pollfds_fill(router, &timeout, add_poll, NULL);
    n = poll(polled, polled_count, world.count > 0 ? 0 : WAIT_MS);
    world.now += n != 0 || world.count > 0 ? BUSY_MS : IDLE_MS;
    slirp_pollfds_poll(router, n < 0, get_events, NULL);
}

static struct in_addr address(const char *text)
{
    struct in_addr a;

    assert_int_equal(inet_pton(AF_INET, text, &a), 1);
    return a;
}

static void start_router(void)
{
    const SlirpConfig config = {
        .version = 4,
        .in_enabled = true,
        .vnetwork = address("10.0.2.0"),
        .vnetmask = address("255.255.255.0"),
        .vhost = address(WORLD_HOST),
        .vdhcp_start = address("10.0.2.15"),
        .vnameserver = address("10.0.2.3"),
        .disable_dns = true, /* the name server is wire.c's */
    };

    router = slirp_new(&config, &callbacks, NULL);
    assert_non_null(router);
}

/* --- the world */

void world_start(const char *name)
{
    static const uint8_t mac[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};

    start_router();
    if (world.seed == 0)
        world.seed = 1;
    world.random.fill = fill;
    world.link = (struct otter_link){
        .start = link_start, .is_up = link_is_up, .send = link_send, .receive = link_receive};
    assert_int_equal(otter_stack_init(&world.stack, &world.link, mac, name, &world.random), !world.absent);
    otter_lwip_net_init(&world.stream, &world.stack);
}

void world_turn(void)
{
    (void)otter_stack_poll(&world.stack, world.now);
    turn_router();
}

void world_skip(uint64_t ms)
{
    uint64_t most = ms > 10 * DAY_MS ? 30000 : ms > HOUR_MS ? 1000 : 50;

    for (uint64_t step; ms > 0; ms -= step) {
        step = ms < most ? ms : most;
        world.now += step;
        (void)otter_stack_poll(&world.stack, world.now);
    }
}

int world_begin(void **state)
{
    (void)state;
    if (router == NULL)
        world_start("unit.test_7");
    world.stream.net.close(&world.stream.net);
    world.plugged = true;
    world.deaf = world.dhcp_gone = world.dhcp_lies = world.send_fails = false;
    world.lose = world.deaf_to = 0;
    world.tap = NULL;
    world.dns = DNS_ANSWERS;
    world.dns_only = 0;
    world.queries = world.answers = world.pongs = 0;
    UNTIL(otter_stack_is_up(&world.stack));
    return 0;
}

/* Whatever was done to it: with a good cable it gets an address, and a connection that is refused. */
int world_end(void **state)
{
    struct otter_net *net = &world.stream.net;
    uint8_t byte = 0;

    (void)world_begin(state);
    assert_true(net->open(net, WORLD_HOST, 1, NULL)); /* nobody listens on tcpmux */
    UNTIL(net->send(net, &byte, 1) != OTTER_NET_AGAIN);
    assert_int_equal(net->send(net, &byte, 1), OTTER_NET_ERROR);
    assert_true(world.stack.now_ms - world.stream.opened_ms <
                OTTER_LWIP_CONNECT_MS); /* refused, not given up */
    net->close(net);
    return 0;
}

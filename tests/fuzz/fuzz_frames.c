/*
 * Frames from a network into the firmware's TCP/IP, as the input tells: raw ones, and ones whose checksums,
 * addresses, ids and sequence numbers are mended so that they get as far as they can. Between inputs stack
 * and stream are what they were; whatever an input did, a connection comes about afterwards.
 */
#include "fuzz_frames.h"
#include "fuzz.h"

#include "net/lwip_net.h"
#include "port/board.h"

#include <stdio.h>

#define STEP_MS     50u
#define CALM_MS     400000u /* longer than ARP, DNS and TCP remember anything of an input */
#define CALM_STEP   1000u
#define PATIENCE_MS 120000u /* longer than DHCP waits between two tries */
#define PORT        4433u

static struct otter_stack stack;
static struct otter_lwip_net stream;
static struct fuzz_wire wire;
static uint64_t now;
static uint32_t chance;

void board_putc(char c)
{
    (void)fputc(c, stderr);
}

void board_reset(void)
{
    abort();
}

static void fill(struct otter_random *self, void *buf, size_t len)
{
    (void)self;
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)buf)[i] = (uint8_t)((chance = chance * 1664525u + 1013904223u) >> 24);
}

static void turn(uint32_t ms)
{
    now += ms;
    (void)otter_stack_poll(&stack, now);
}

static void start(void)
{
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    static struct otter_random random = {fill};

    fuzz_wire_init(&wire);
    MUST(otter_stack_init(&stack, &wire.link, mac, "fuzz", &random));
    otter_lwip_net_init(&stream, &stack);
}

static bool connects(void)
{
    uint64_t until;

    for (until = now + PATIENCE_MS; !otter_stack_is_up(&stack) && now < until;)
        turn(STEP_MS);
    MUST(otter_stack_is_up(&stack));
    MUST(stream.net.open(&stream.net, "10.0.2.2", PORT, NULL));
    for (until = now + PATIENCE_MS; stream.state == OTTER_LWIP_CONNECTING && now < until;)
        turn(STEP_MS);
    return stream.state == OTTER_LWIP_OPEN;
}

/* An honest network for a while: it must be enough for an address, and for a connection; not the first one
 * where a liar gave us mask and router. */
static void recover(void)
{
    uint64_t until;

    wire.honest = true;
    for (uint32_t tries = 0; !connects(); tries++)
        MUST(tries < OTTER_STACK_DOUBTS);
    stream.net.close(&stream.net);
    for (until = now + CALM_MS; now < until;)
        turn(CALM_STEP);
    MUST(otter_stack_is_up(&stack));
    wire.honest = false;
}

/* What a client may do with its stream, at any time. */
static void use_stream(uint8_t how)
{
    static const char *const hosts[] = {"10.0.2.2", "a.test", "b.a.test", "10.9.9.9"};
    uint8_t buf[600] = {0};
    int32_t n;

    switch (how % 4) {
    case 0:
        (void)stream.net.open(&stream.net, hosts[how / 4 % 4], PORT, NULL);
        stream.at = OTTER_LWIP_WINDOW - 10; /* the ring's end is near */
        break;
    case 1:
        n = stream.net.send(&stream.net, buf, 1 + how * 2u);
        MUST(n >= OTTER_NET_ERROR && n != OTTER_NET_EOF && n <= (int32_t)(1 + how * 2u));
        break;
    case 2:
        n = stream.net.recv(&stream.net, buf, 1 + how * 2u);
        MUST(n >= OTTER_NET_ERROR && n <= (int32_t)(1 + how * 2u));
        break;
    default:
        stream.net.close(&stream.net);
        break;
    }
    MUST(stream.held <= OTTER_LWIP_WINDOW && stream.at < OTTER_LWIP_WINDOW);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;
    struct fuzz_input in = {data, data + (size < 4096 ? size : 4096)};

    chance = 1;
    if (!started) {
        start();
        recover();
    }
    started = true;
    while (in.at < in.end) {
        uint8_t op = fuzz_byte(&in);

        if (op >= 0xf0) {
            wire.down = op >= 0xf8;
            turn((op & 7u) * 500u);
        } else if (op >= 0xc0) {
            use_stream(op & 0x3f);
            turn(1);
        } else {
            fuzz_wire_say(&wire, op, &in);
            turn(op & 1 ? STEP_MS : 1);
        }
    }
    wire.down = false;
    stream.net.close(&stream.net);
    recover();
    return 0;
}

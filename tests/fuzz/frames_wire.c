#include "fuzz.h"
#include "fuzz_frames.h"

#include "core/bytes.h"

#define ETH      14u
#define IP       20u
#define UDP      8u
#define TCP      20u
#define DHCP     240u
#define MOST     1400u
#define P_ICMP   1u
#define P_TCP    6u
#define P_UDP    17u
#define FIN      0x01u
#define SYN      0x02u
#define ACK      0x10u
#define OFFER    2u
#define DISCOVER 1u
#define DHCP_ACK 5u

static const uint8_t device[10] = {2, 0, 0, 0, 0, 1, 10, 0, 2, 15};
static const uint8_t router[10] = {2, 0, 0, 0, 0, 2, 10, 0, 2, 2};

uint8_t fuzz_byte(struct fuzz_input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

static uint32_t take(struct fuzz_input *in, uint8_t *out, uint32_t most)
{
    uint32_t len = fuzz_byte(in);
    uint32_t left = (uint32_t)(in->end - in->at);

    len = len >= 0xf0 ? (len - 0xef) * 90 : len; /* up to a full frame */
    len = len < most ? len : most;
    len = len < left ? len : left;
    memcpy(out, in->at, len);
    in->at += len;
    return len;
}

static uint32_t be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v);
}

static uint32_t sum(const uint8_t *p, uint32_t len, uint32_t sum)
{
    for (uint32_t i = 0; i < len; i++)
        sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static void push(struct fuzz_wire *w, const uint8_t *frame, uint32_t len)
{
    uint32_t at = (w->head + w->count) % FUZZ_QUEUE;

    if (w->count == FUZZ_QUEUE)
        return;
    memcpy(w->queue[at].bytes, frame, len);
    w->queue[at].len = len;
    w->count++;
}

/* frame has its payload behind the two headers, which are put before it. */
static void push_ip(struct fuzz_wire *w, uint8_t *frame, uint8_t protocol, uint32_t len)
{
    uint8_t *ip = frame + ETH;

    memcpy(frame, device, 6);
    memcpy(frame + 6, router, 6);
    put16(frame + 12, 0x0800);
    memset(ip, 0, IP);
    ip[0] = 0x45;
    put16(ip + 2, IP + len);
    ip[8] = 64;
    ip[9] = protocol;
    memcpy(ip + 12, router + 6, 4);
    memcpy(ip + 16, device + 6, 4);
    put16(ip + 10, ~sum(ip, IP, 0));
    push(w, frame, ETH + IP + len);
}

static void push_udp(struct fuzz_wire *w, uint8_t *frame, const uint8_t to[2], uint32_t from, uint32_t len)
{
    uint8_t *udp = frame + ETH + IP;

    put16(udp, from);
    memcpy(udp + 2, to, 2);
    put16(udp + 4, UDP + len);
    put16(udp + 6, 0);
    push_ip(w, frame, P_UDP, UDP + len);
}

/* A segment in sequence but for `off`; `extra` bytes of options and data are in place. */
static void push_tcp(struct fuzz_wire *w, uint8_t *frame, uint8_t flags, uint32_t off, uint32_t options,
                     uint32_t extra)
{
    uint8_t *tcp = frame + ETH + IP;

    put16(tcp, 4433);
    memcpy(tcp + 2, w->port, 2);
    put32(tcp + 4, w->expects + off);
    put32(tcp + 8, w->next);
    tcp[12] = (uint8_t)((TCP / 4 + options) << 4);
    tcp[13] = flags;
    put16(tcp + 14, 8000);
    put32(tcp + 16, 0);
    put16(tcp + 16,
          ~sum(tcp, TCP + extra, sum(router + 6, 4, 0) + sum(device + 6, 4, 0) + P_TCP + TCP + extra));
    push_ip(w, frame, P_TCP, TCP + extra);
}

/* The fixed part of a reply to the message that the device sent last, and the options that any has. */
static uint32_t dhcp_reply(const struct fuzz_wire *w, uint8_t *dhcp, uint8_t type)
{
    static const uint8_t options[] = {99, 130, 83, 99, 53, 1, 0, 54, 4, 10, 0, 2, 2};

    memset(dhcp, 0, DHCP);
    dhcp[0] = 2;
    dhcp[1] = 1;
    dhcp[2] = 6;
    memcpy(dhcp + 4, w->xid, 4);
    memcpy(dhcp + 16, device + 6, 4);
    memcpy(dhcp + 28, device, 6);
    memcpy(dhcp + 236, options, sizeof(options));
    dhcp[242] = type;
    return 236 + sizeof(options);
}

static void honest_dhcp(struct fuzz_wire *w, uint8_t type)
{
    static const uint8_t rest[] = {51, 4,  0, 1, 0x51, 0x80, 1, 4,  255, 255, 255, 0,  3,
                                   4,  10, 0, 2, 2,    6,    4, 10, 0,   2,   2,   255};
    static const uint8_t client[2] = {0, 68};
    uint8_t frame[OTTER_FRAME_MAX];
    uint8_t *dhcp = frame + ETH + IP + UDP;
    uint32_t len = dhcp_reply(w, dhcp, type == DISCOVER ? OFFER : DHCP_ACK);

    memcpy(dhcp + len, rest, sizeof(rest));
    push_udp(w, frame, client, 67, len + sizeof(rest));
}

static void arp_reply(struct fuzz_wire *w)
{
    static const uint8_t head[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 2};
    uint8_t frame[60] = {0};

    memcpy(frame, device, 6);
    memcpy(frame + 6, router, 6);
    memcpy(frame + 12, head, sizeof(head));
    memcpy(frame + 22, router, sizeof(router));
    memcpy(frame + 32, device, sizeof(device));
    push(w, frame, sizeof(frame));
}

/* --- what the device says */

static void hear_udp(struct fuzz_wire *w, const uint8_t *udp, uint32_t len)
{
    if (be16(udp + 2) == 67 && len > UDP + DHCP + 3) {
        memcpy(w->xid, udp + UDP + 4, 4);
        if (w->honest)
            honest_dhcp(w, udp[UDP + DHCP + 2]);
    }
    if (be16(udp + 2) == 53 && len - UDP <= sizeof(w->dns)) {
        memcpy(w->dns_port, udp, 2);
        w->dns_len = len - UDP;
        memcpy(w->dns, udp + UDP, w->dns_len);
    }
}

static void hear_tcp(struct fuzz_wire *w, const uint8_t *tcp, uint32_t len)
{
    uint8_t frame[OTTER_FRAME_MAX];
    bool syn = (tcp[13] & SYN) != 0;

    memcpy(w->port, tcp, 2);
    w->next = be16(tcp + 4) << 16 | be16(tcp + 6);
    w->next += len - (tcp[12] >> 4) * 4u + syn + (tcp[13] & FIN);
    w->expects = syn ? 1000 : be16(tcp + 8) << 16 | be16(tcp + 10);
    if (w->honest && syn)
        push_tcp(w, frame, SYN | ACK, 0, 0, 0);
}

static bool wire_send(struct otter_link *self, const struct otter_frame_piece *piece, uint32_t count)
{
    struct fuzz_wire *w = OTTER_CONTAINER_OF(self, struct fuzz_wire, link);
    uint8_t frame[OTTER_FRAME_MAX];
    uint32_t len = 0;

    for (uint32_t i = 0; i < count; i++) {
        MUST(piece[i].len <= sizeof(frame) - len);
        memcpy(frame + len, piece[i].data, piece[i].len);
        len += piece[i].len;
    }
    MUST(len >= ETH);
    if (be16(frame + 12) == 0x0806 && w->honest)
        arp_reply(w);
    if (be16(frame + 12) != 0x0800)
        return true;
    MUST(be16(frame + ETH + 2) == len - ETH && sum(frame + ETH, IP, 0) == 0xffff);
    if (frame[ETH + 9] == P_UDP)
        hear_udp(w, frame + ETH + IP, len - ETH - IP);
    else if (frame[ETH + 9] == P_TCP)
        hear_tcp(w, frame + ETH + IP, len - ETH - IP);
    return true;
}

static uint32_t wire_receive(struct otter_link *self, void *buf, uint32_t cap)
{
    struct fuzz_wire *w = OTTER_CONTAINER_OF(self, struct fuzz_wire, link);
    uint32_t at = w->head;

    if (w->count == 0)
        return 0;
    w->head = (w->head + 1) % FUZZ_QUEUE;
    w->count--;
    MUST(w->queue[at].len <= cap);
    memcpy(buf, w->queue[at].bytes, w->queue[at].len);
    return w->queue[at].len;
}

static bool wire_start(struct otter_link *self, const uint8_t mac[6])
{
    (void)self;
    (void)mac;
    return true;
}

static bool wire_is_up(struct otter_link *self)
{
    return !OTTER_CONTAINER_OF(self, struct fuzz_wire, link)->down;
}

void fuzz_wire_init(struct fuzz_wire *w)
{
    memset(w, 0, sizeof(*w));
    w->link = (struct otter_link){
        .start = wire_start, .is_up = wire_is_up, .send = wire_send, .receive = wire_receive};
}

/* --- what the input says */

static void say_dhcp(struct fuzz_wire *w, uint8_t *frame, struct fuzz_input *in)
{
    static const uint8_t client[2] = {0, 68};
    uint8_t *dhcp = frame + ETH + IP + UDP;
    uint32_t len = dhcp_reply(w, dhcp, fuzz_byte(in));

    push_udp(w, frame, client, 67, len + take(in, dhcp + len, 900));
}

/* The question comes back, with flags and counts of the input's, and its records behind. */
static void say_dns(struct fuzz_wire *w, uint8_t *frame, struct fuzz_input *in)
{
    uint8_t *dns = frame + ETH + IP + UDP;

    memcpy(dns, w->dns, w->dns_len);
    dns[2] = 0x80;
    dns[3] = fuzz_byte(in) & 0x8f;
    dns[7] = fuzz_byte(in);
    push_udp(w, frame, w->dns_port, 53, w->dns_len + take(in, dns + w->dns_len, 800));
}

static void say_tcp(struct fuzz_wire *w, uint8_t *frame, struct fuzz_input *in)
{
    uint8_t flags = fuzz_byte(in);
    uint32_t off = (uint32_t)(int32_t)(int8_t)fuzz_byte(in);
    uint32_t options = fuzz_byte(in) % 11;

    push_tcp(w, frame, flags, off * 16, options, take(in, frame + ETH + IP + TCP, MOST));
}

void fuzz_wire_say(struct fuzz_wire *w, uint8_t op, struct fuzz_input *in)
{
    uint8_t frame[OTTER_FRAME_MAX] = {0};
    uint8_t protocol;

    switch (op / 2 % 6) {
    case 0:
        push(w, frame, take(in, frame, sizeof(frame)));
        break;
    case 1:
        arp_reply(w);
        break;
    case 2:
        say_dhcp(w, frame, in);
        break;
    case 3:
        say_dns(w, frame, in);
        break;
    case 4:
        say_tcp(w, frame, in);
        break;
    default:
        protocol = fuzz_byte(in);
        push_ip(w, frame, protocol, take(in, frame + ETH + IP, MOST));
        break;
    }
}

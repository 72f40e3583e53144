/* What goes over the cable, byte by byte: the name server, and what tests want to see or to say themselves.
 */
#include "core/bytes.h"
#include "world.h"

#include <string.h>

#define ETH_LEN  14u
#define IP_LEN   20u
#define UDP_LEN  8u
#define DNS_LEN  12u
#define TCP_SYN  0x02u
#define TCP_ACK  0x10u
#define IP_ICMP  1u
#define IP_TCP   6u
#define IP_UDP   17u
#define NXDOMAIN 3u
#define SERVFAIL 2u

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static uint16_t checksum(const uint8_t *p, uint32_t len, uint32_t sum)
{
    for (uint32_t i = 0; i + 1 < len; i += 2)
        sum += be16(p + i);
    if (len % 2 != 0)
        sum += (uint32_t)p[len - 1] << 8;
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

void world_checksum(uint8_t *p, uint32_t len, uint32_t at)
{
    put16(p + at, checksum(p, len, 0));
}

uint32_t world_packet(uint8_t *out, uint8_t protocol, const void *payload, uint32_t len)
{
    static const uint8_t from[6] = {0x52, 0x55, 10, 0, 2, 2};
    static const uint8_t addresses[8] = {10, 0, 2, 2, 10, 0, 2, 15};
    uint8_t *ip = out + ETH_LEN;

    memset(out, 0, ETH_LEN + IP_LEN);
    memcpy(out, world.stack.mac, 6);
    memcpy(out + 6, from, 6);
    put16(out + 12, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, IP_LEN + len);
    ip[8] = 64;
    ip[9] = protocol;
    memcpy(ip + 12, addresses, 8);
    world_checksum(ip, IP_LEN, 10);
    memcpy(ip + IP_LEN, payload, len);
    return ETH_LEN + IP_LEN + len;
}

uint32_t world_tcp(uint8_t *out, uint8_t *segment, uint32_t len)
{
    const uint32_t pseudo = 0x0a00 + 0x0202 + 0x0a00 + 0x020f + IP_TCP + len;

    put16(segment + 16, checksum(segment, len, pseudo));
    return world_packet(out, IP_TCP, segment, len);
}

/* Resource records behind the question: an address, with an alias before it where that is wanted. */
static uint32_t put_records(uint8_t *at)
{
    static const uint8_t alias[] = {0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 6, 3, 'a', 'b', 'c', 0xc0, 12};
    static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 2, 2};
    uint32_t len = 0;

    if (world.dns == DNS_ALIAS) {
        memcpy(at, alias, sizeof(alias));
        len = sizeof(alias);
    }
    memcpy(at + len, record, sizeof(record));
    return len + sizeof(record);
}

/* Turns a query into its answer; its length. */
static uint32_t answer(uint8_t *dns, uint32_t len)
{
    bool failed = world.dns == DNS_NXDOMAIN || world.dns == DNS_FAILS;

    dns[2] |= 0x80;
    dns[3] = world.dns == DNS_NXDOMAIN ? NXDOMAIN : world.dns == DNS_FAILS ? SERVFAIL : 0;
    put16(dns + 6, failed ? 0 : world.dns == DNS_ALIAS ? 2 : 1);
    if (world.dns == DNS_WRONG_ID)
        dns[1] ^= 1;
    if (world.dns == DNS_WRONG_NAME)
        dns[DNS_LEN + 1] ^= 1;
    if (!failed)
        len += put_records(dns + len);
    return world.dns == DNS_SHORT ? len - 7 : len;
}

/* The query's datagram goes back as its answer: without a UDP checksum, as IPv4 allows. */
static void answer_query(const uint8_t *frame, uint32_t len)
{
    uint8_t udp[512], out[WORLD_FRAME];
    const uint8_t *query = frame + ETH_LEN + IP_LEN;
    uint32_t dns_len;

    world.queries++;
    if (world.dns == DNS_SILENT ||
        (world.dns_only != 0 && query[UDP_LEN + DNS_LEN + 1] != (uint8_t)world.dns_only))
        return;
    world.answers++;
    len -= ETH_LEN + IP_LEN;
    assert_true(len > UDP_LEN + DNS_LEN && len < 300);
    memcpy(udp, query, len);
    dns_len = answer(udp + UDP_LEN, len - UDP_LEN);
    put16(udp, be16(query + 2));
    put16(udp + 2, be16(query));
    put16(udp + 4, UDP_LEN + dns_len);
    put16(udp + 6, 0);
    len = world_packet(out, IP_UDP, udp, UDP_LEN + dns_len);
    out[ETH_LEN + 15] = 3; /* 10.0.2.3 */
    put16(out + ETH_LEN + 10, 0);
    world_checksum(out + ETH_LEN, IP_LEN, 10);
    world_push(out, len);
}

/* Option 12 of a DHCP message. */
static void note_hostname(const uint8_t *dhcp, uint32_t len)
{
    for (uint32_t at = 240; at + 1 < len && dhcp[at] != 255; at += dhcp[at] == 0 ? 1u : 2u + dhcp[at + 1]) {
        if (dhcp[at] != 12)
            continue;
        assert_true(dhcp[at + 1] < sizeof(world.hostname) && at + 2 + dhcp[at + 1] <= len);
        memcpy(world.hostname, dhcp + at + 2, dhcp[at + 1]);
        world.hostname[dhcp[at + 1]] = '\0';
    }
}

bool world_look(const uint8_t *frame, uint32_t len)
{
    const uint8_t *ip = frame + ETH_LEN;
    const uint8_t *up = ip + IP_LEN;

    if (len < ETH_LEN + IP_LEN + UDP_LEN || be16(frame + 12) != 0x0800)
        return false;
    if (ip[9] == IP_ICMP && up[0] == 0)
        world.pongs++;
    if (ip[9] == IP_TCP && (up[13] & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
        world.port = be16(up);
        world.sequence = (uint32_t)be16(up + 4) << 16 | be16(up + 6);
    }
    if (ip[9] != IP_UDP)
        return false;
    if (be16(up + 2) == 67)
        note_hostname(up + UDP_LEN, len - ETH_LEN - IP_LEN - UDP_LEN);
    if (be16(up + 2) == 53)
        answer_query(frame, len);
    return be16(up + 2) == 53;
}

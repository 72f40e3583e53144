/* One connection in memory: gathers the client's bytes into requests, hands out the server's in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world_net.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

static struct world *world_of(struct otter_net *net)
{
    return OTTER_CONTAINER_OF(net, struct world, net.net);
}

static bool net_open(struct otter_net *net, const char *host, uint16_t port, const struct otter_net_tls *tls)
{
    struct world *w = world_of(net);

    assert_false(w->net.open); /* at most one */
    w->net.open = true;
    w->net.in_len = w->net.out_len = w->net.out_at = 0;
    w->net.cut = false;
    assert_true(strlen(host) < sizeof(w->net.host));
    strncpy(w->net.host, host, sizeof(w->net.host) - 1);
    w->net.port = port;
    memset(w->net.tls_name, 0, sizeof(w->net.tls_name));
    if (tls != NULL) {
        assert_ptr_equal(tls->ca, w->factory.ca);
        assert_int_equal(tls->ca_len, w->factory.ca_len);
        assert_int_equal(tls->time_floor, w->client.facts.time_floor);
        strncpy(w->net.tls_name, tls->name, sizeof(w->net.tls_name) - 1);
    }
    w->server.connections++;
    return true;
}

/* The request in net->in, if it is whole. */
static bool take_request(struct world_net *net, struct world_request *r)
{
    const char *end;
    const char *length;
    uint32_t head_len;

    net->in[net->in_len] = '\0';
    end = strstr(net->in, "\r\n\r\n");
    if (end == NULL)
        return false;
    head_len = (uint32_t)(end - net->in) + 4;
    memset(r, 0, sizeof(*r));
    assert_true(head_len < sizeof(r->head));
    memcpy(r->head, net->in, head_len);
    length = strstr(r->head, "\r\nContent-Length: ");
    r->body_len = length != NULL ? (uint32_t)strtoul(length + 18, NULL, 10) : 0;
    assert_true(r->body_len < sizeof(r->body));
    if (net->in_len < head_len + r->body_len)
        return false;
    assert_int_equal(net->in_len, head_len + r->body_len); /* no pipelining */
    memcpy(r->body, net->in + head_len, r->body_len);
    net->in_len = 0;
    end = strchr(r->head, ' ');
    assert_non_null(end);
    memcpy(r->method, r->head, (size_t)(end - r->head));
    length = strchr(end + 1, ' ');
    assert_non_null(length);
    memcpy(r->target, end + 1, (size_t)(length - end - 1));
    assert_memory_equal(length, " HTTP/1.1\r\n", 11);
    return true;
}

static int32_t net_send(struct otter_net *net, const void *buf, uint32_t len)
{
    struct world *w = world_of(net);
    struct world_request r;

    assert_true(w->net.open && len > 0);
    if (w->net.refuse || w->net.cut)
        return OTTER_NET_ERROR;
    if (len > 700)
        len = 700; /* requests leave in parts */
    assert_true(w->net.in_len + len < sizeof(w->net.in));
    memcpy(w->net.in + w->net.in_len, buf, len);
    w->net.in_len += len;
    if (!w->net.silent && take_request(&w->net, &r)) {
        world_serve(w, &r);
        w->net.next_ms = w->now;
    }
    return (int32_t)len;
}

bool world_net_ready(const struct world *w)
{
    return w->net.open && (w->net.out_at < w->net.out_len || w->net.cut) && w->now >= w->net.next_ms;
}

static int32_t net_recv(struct otter_net *net, void *buf, uint32_t len)
{
    struct world *w = world_of(net);
    uint32_t n = w->net.out_len - w->net.out_at;

    assert_true(w->net.open && len > 0);
    if (n == 0)
        return w->net.cut ? OTTER_NET_EOF : OTTER_NET_AGAIN;
    if (!world_net_ready(w))
        return OTTER_NET_AGAIN;
    if (n > len)
        n = len;
    if (n > w->net.piece)
        n = w->net.piece;
    memcpy(buf, w->net.out + w->net.out_at, n);
    w->net.out_at += n;
    w->net.next_ms = w->now + w->net.trickle_ms;
    return (int32_t)n;
}

static void net_close(struct otter_net *net)
{
    world_of(net)->net.open = false;
}

static enum otter_status net_why(const struct otter_net *net)
{
    return OTTER_CONTAINER_OF_CONST(net, struct world, net.net)->net.why;
}

static bool net_waits_to_send(const struct otter_net *net)
{
    return OTTER_CONTAINER_OF_CONST(net, struct world, net.net)->net.waits_to_send;
}

void world_net_tls(struct world *w)
{
    w->net.net.why = net_why;
    w->net.net.waits_to_send = net_waits_to_send;
}

void world_net_init(struct world *w)
{
    w->net.net.open = net_open;
    w->net.net.send = net_send;
    w->net.net.recv = net_recv;
    w->net.net.close = net_close;
    w->net.piece = 1000;
    w->net.drop_after = UINT32_MAX;
}

#include "memory_net.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "network in memory: %s\n", what);
    abort();
}

static struct memory_net *self_of(struct otter_net *net)
{
    return OTTER_CONTAINER_OF(net, struct memory_net, net);
}

static void copy_name(char out[OTTER_URL_MAX + 1], const char *name)
{
    must(strlen(name) <= OTTER_URL_MAX, "a name that is too long");
    memset(out, 0, OTTER_URL_MAX + 1);
    memcpy(out, name, strlen(name));
}

static bool net_open(struct otter_net *net, const char *host, uint16_t port, const struct otter_net_tls *tls)
{
    struct memory_net *self = self_of(net);

    must(!self->open, "a second connection");
    self->open = true;
    self->in_len = self->out_len = self->out_at = 0;
    self->cut = false;
    copy_name(self->host, host);
    self->port = port;
    copy_name(self->tls_name, tls != NULL ? tls->name : "");
    if (self->opened != NULL)
        self->opened(self, tls);
    return true;
}

/* The request in self->in, if it is whole. */
static bool take_request(struct memory_net *self, struct memory_request *r)
{
    const char *end;
    const char *length;
    uint32_t head_len;

    self->in[self->in_len] = '\0';
    end = strstr(self->in, "\r\n\r\n");
    if (end == NULL)
        return false;
    head_len = (uint32_t)(end - self->in) + 4;
    memset(r, 0, sizeof(*r));
    must(head_len < sizeof(r->head), "a head that is too long");
    memcpy(r->head, self->in, head_len);
    length = strstr(r->head, "\r\nContent-Length: ");
    r->body_len = length != NULL ? (uint32_t)strtoul(length + 18, NULL, 10) : 0;
    must(r->body_len < sizeof(r->body), "a body that is too long");
    if (self->in_len < head_len + r->body_len)
        return false;
    must(self->in_len == head_len + r->body_len, "pipelining");
    memcpy(r->body, self->in + head_len, r->body_len);
    self->in_len = 0;
    end = strchr(r->head, ' ');
    length = end != NULL ? strchr(end + 1, ' ') : NULL;
    must(length != NULL && (size_t)(end - r->head) < sizeof(r->method) &&
             (size_t)(length - end) <= sizeof(r->target) && memcmp(length, " HTTP/1.1\r\n", 11) == 0,
         "a request line that is none");
    memcpy(r->method, r->head, (size_t)(end - r->head));
    memcpy(r->target, end + 1, (size_t)(length - end - 1));
    return true;
}

static int32_t net_send(struct otter_net *net, const void *buf, uint32_t len)
{
    struct memory_net *self = self_of(net);
    struct memory_request r;

    must(self->open && len > 0, "send() on nothing");
    if (self->refuse || self->cut)
        return OTTER_NET_ERROR;
    if (len > 700)
        len = 700; /* requests leave in parts */
    must(self->in_len + len < sizeof(self->in), "a request that is too long");
    memcpy(self->in + self->in_len, buf, len);
    self->in_len += len;
    if (!self->silent && take_request(self, &r)) {
        self->serve(self, &r);
        self->next_ms = *self->now;
    }
    return (int32_t)len;
}

bool memory_net_ready(const struct memory_net *self)
{
    return self->open && (self->out_at < self->out_len || self->cut) && *self->now >= self->next_ms;
}

static int32_t net_recv(struct otter_net *net, void *buf, uint32_t len)
{
    struct memory_net *self = self_of(net);
    uint32_t n = self->out_len - self->out_at;

    must(self->open && len > 0, "recv() on nothing");
    if (n == 0)
        return self->cut ? OTTER_NET_EOF : OTTER_NET_AGAIN;
    if (!memory_net_ready(self))
        return OTTER_NET_AGAIN;
    if (n > len)
        n = len;
    if (n > self->piece)
        n = self->piece;
    memcpy(buf, self->out + self->out_at, n);
    self->out_at += n;
    self->next_ms = *self->now + self->trickle_ms;
    return (int32_t)n;
}

static void net_close(struct otter_net *net)
{
    self_of(net)->open = false;
}

static enum otter_status net_why(const struct otter_net *net)
{
    return OTTER_CONTAINER_OF_CONST(net, struct memory_net, net)->why;
}

static bool net_waits_to_send(const struct otter_net *net)
{
    return OTTER_CONTAINER_OF_CONST(net, struct memory_net, net)->waits_to_send;
}

void memory_net_tls(struct memory_net *self)
{
    self->net.why = net_why;
    self->net.waits_to_send = net_waits_to_send;
}

void memory_net_init(struct memory_net *self)
{
    self->net.open = net_open;
    self->net.send = net_send;
    self->net.recv = net_recv;
    self->net.close = net_close;
    self->piece = 1000;
    self->drop_after = UINT32_MAX;
}

void memory_net_reply(struct memory_net *self, unsigned status, const char *headers, const void *body,
                      size_t len)
{
    int n = snprintf((char *)self->out, self->out_max, "HTTP/1.1 %u X\r\nContent-Length: %zu\r\n%s\r\n",
                     status, len, headers);

    must(n > 0 && (size_t)n + len <= self->out_max, "a reply that is too long");
    memcpy(self->out + n, body, len);
    self->out_at = 0;
    self->out_len = (uint32_t)n + (uint32_t)len;
}

/* http alone: https is refused by name, and nothing of it goes out in the clear. */
#include "updater/secure.h"

#include "core/bytes.h"

static struct plain {
    struct otter_net net;
    struct otter_net *raw;
    bool refused; /* the connection opened last was to be a secure one */
} plain;

static bool plain_open(struct otter_net *self, const char *host, uint16_t port,
                       const struct otter_net_tls *tls)
{
    struct plain *p = OTTER_CONTAINER_OF(self, struct plain, net);

    p->raw->close(p->raw);
    p->refused = tls != NULL;
    return p->refused || p->raw->open(p->raw, host, port, NULL); /* refused: send() says so, and why() why */
}

static int32_t plain_send(struct otter_net *self, const void *buf, uint32_t len)
{
    struct plain *p = OTTER_CONTAINER_OF(self, struct plain, net);

    return p->refused ? OTTER_NET_ERROR : p->raw->send(p->raw, buf, len);
}

static int32_t plain_recv(struct otter_net *self, void *buf, uint32_t len)
{
    struct plain *p = OTTER_CONTAINER_OF(self, struct plain, net);

    return p->refused ? OTTER_NET_ERROR : p->raw->recv(p->raw, buf, len);
}

static void plain_close(struct otter_net *self)
{
    struct plain *p = OTTER_CONTAINER_OF(self, struct plain, net);

    p->raw->close(p->raw);
}

static enum otter_status plain_why(const struct otter_net *self)
{
    return OTTER_CONTAINER_OF_CONST(self, struct plain, net)->refused ? OTTER_TLS_ABSENT : OTTER_OK;
}

struct otter_net *otter_updater_secure(struct otter_net *raw, struct otter_random *random,
                                       struct otter_wall_clock *clock)
{
    (void)random;
    (void)clock;
    plain = (struct plain){.net = {.open = plain_open,
                                   .send = plain_send,
                                   .recv = plain_recv,
                                   .close = plain_close,
                                   .why = plain_why},
                           .raw = raw};
    return &plain.net;
}

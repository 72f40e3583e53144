#include "secure.h"

#include "core/bytes.h"

#include <stdlib.h>

struct emu_secure_memory {
    struct otter_tls_work work;
    uint8_t in[OTTER_TLS_IN(OTTER_TLS_FRAGMENT)];
    uint8_t out[OTTER_TLS_OUT(OTTER_TLS_FRAGMENT)];
};

static struct emu_secure *from_net(struct otter_net *self)
{
    return OTTER_CONTAINER_OF(self, struct emu_secure, net);
}

static struct otter_net *tls_of(struct emu_secure *s)
{
    return &s->tls.net;
}

static void give_back(struct emu_secure *s)
{
    otter_tls_lend(&s->tls, NULL);
    free(s->memory);
    s->memory = NULL;
}

static void secure_close(struct otter_net *self)
{
    struct emu_secure *s = from_net(self);

    tls_of(s)->close(tls_of(s));
    give_back(s);
}

static bool secure_open(struct otter_net *self, const char *host, uint16_t port,
                        const struct otter_net_tls *tls)
{
    struct emu_secure *s = from_net(self);

    secure_close(self);
    if (tls != NULL) {
        struct otter_tls_memory lent;

        s->memory = malloc(sizeof(*s->memory));
        if (s->memory == NULL)
            return false;
        lent = (struct otter_tls_memory){
            .work = &s->memory->work,
            .in = s->memory->in,
            .in_len = sizeof(s->memory->in),
            .out = s->memory->out,
            .out_len = sizeof(s->memory->out),
        };
        otter_tls_lend(&s->tls, &lent);
    }
    return tls_of(s)->open(tls_of(s), host, port, tls);
}

static int32_t secure_send(struct otter_net *self, const void *buf, uint32_t len)
{
    struct emu_secure *s = from_net(self);

    return tls_of(s)->send(tls_of(s), buf, len);
}

static int32_t secure_recv(struct otter_net *self, void *buf, uint32_t len)
{
    struct emu_secure *s = from_net(self);

    return tls_of(s)->recv(tls_of(s), buf, len);
}

static enum otter_status secure_why(const struct otter_net *self)
{
    const struct emu_secure *s = OTTER_CONTAINER_OF_CONST(self, struct emu_secure, net);

    return s->tls.net.why(&s->tls.net);
}

static bool secure_waits_to_send(const struct otter_net *self)
{
    const struct emu_secure *s = OTTER_CONTAINER_OF_CONST(self, struct emu_secure, net);

    return s->tls.net.waits_to_send(&s->tls.net);
}

void emu_secure_init(struct emu_secure *s, struct emu_link *link, struct otter_random *random)
{
    *s = (struct emu_secure){.net = {.open = secure_open,
                                     .send = secure_send,
                                     .recv = secure_recv,
                                     .close = secure_close,
                                     .why = secure_why,
                                     .waits_to_send = secure_waits_to_send}};
    /* No clock: the boards have none that they could trust. */
    otter_tls_init(&s->tls, &link->net, random, NULL);
}

void emu_secure_reset(struct emu_secure *s)
{
    struct otter_net *raw = s->tls.raw;

    raw->close(raw); /* first: a device without power says no good-bye */
    secure_close(&s->net);
    otter_tls_forget(&s->tls);
}

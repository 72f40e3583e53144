#include "link.h"

#include "clock.h"
#include "core/bytes.h"

static struct emu_link *from_net(struct otter_net *self)
{
    return OTTER_CONTAINER_OF(self, struct emu_link, net);
}

bool emu_link_is_open(const struct emu_link *l)
{
    return l->socket.fd >= 0;
}

static void link_close(struct otter_net *self)
{
    struct emu_link *l = from_net(self);

    if (emu_link_is_open(l))
        l->links->open--;
    l->socket.net.close(&l->socket.net);
}

static bool link_open(struct otter_net *self, const char *host, uint16_t port,
                      const struct otter_net_tls *tls)
{
    struct emu_link *l = from_net(self);

    link_close(self);
    if (*l->power_off || !l->socket.net.open(&l->socket.net, host, port, tls))
        return false;
    l->links->open++;
    if (l->links->open > l->links->open_max_seen)
        l->links->open_max_seen = l->links->open;
    return true;
}

static int32_t link_send(struct otter_net *self, const void *buf, uint32_t len)
{
    struct emu_link *l = from_net(self);
    int32_t n;

    if (*l->power_off)
        return OTTER_NET_ERROR;
    n = l->socket.net.send(&l->socket.net, buf, len);
    if (n > 0)
        l->sent += (uint32_t)n;
    return n;
}

static int32_t link_recv(struct otter_net *self, void *buf, uint32_t len)
{
    struct emu_link *l = from_net(self);
    const struct emu_fault_plan *plan = l->links->plan;
    uint32_t allowed = emu_fault_allow(plan, &l->faults, l->links->now_us, len);
    struct emu_fault_verdict v;
    int32_t n;

    if (*l->power_off)
        return OTTER_NET_ERROR;
    if (allowed == 0)
        return OTTER_NET_AGAIN;
    n = l->socket.net.recv(&l->socket.net, buf, allowed);
    if (n <= 0)
        return n;
    l->received += (uint32_t)n;
    v = emu_fault_received(plan, &l->faults, l->links->now_us, (uint32_t)n);
    if (v.drop) {
        l->drops++;
        link_close(self);
        return OTTER_NET_ERROR;
    }
    if (v.corrupt) {
        l->corrupted++;
        ((uint8_t *)buf)[v.bit_at / 8] ^= (uint8_t)(1u << v.bit_at % 8);
    }
    return n;
}

void emu_link_init(struct emu_link *l, struct emu_links *links, uint32_t index, void *tag,
                   const bool *power_off)
{
    *l = (struct emu_link){
        .net = {.open = link_open, .send = link_send, .recv = link_recv, .close = link_close},
        .links = links,
        .power_off = power_off,
    };
    otter_posix_net_init(&l->socket, links->epoll_fd, tag, &links->resolver);
    if (links->sources != NULL)
        l->socket.source = emu_source_of(links->sources, index);
    emu_fault_link_init(&l->faults, links->plan, index);
}

bool emu_link_ready(const struct emu_link *l, bool write, uint64_t *ret_due_us)
{
    *ret_due_us = EMU_NEVER;
    if (!emu_link_is_open(l))
        return true; /* lost: the client must find out */
    if (!otter_posix_net_ready(&l->socket, write))
        return false;
    if (!write && l->links->now_us < l->faults.free_from_us) {
        *ret_due_us = l->faults.free_from_us;
        return false;
    }
    return true;
}

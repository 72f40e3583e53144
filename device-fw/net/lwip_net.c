#include "net/lwip_net.h"

#include "core/bytes.h"

#include "lwip/def.h"
#include "lwip/dns.h"
#include "lwip/tcp.h"

#include <string.h>

#define SEND_LEAST 64u
/* Pieces on their way that a connection may leave behind: the last word of TLS. */
#define LEFT_MOST 1u

_Static_assert(OTTER_LWIP_WINDOW == TCP_WND, "the ring holds what a peer may send ahead");
_Static_assert(DNS_MAX_NAME_LENGTH > OTTER_URL_MAX, "a URL's host can be asked for");

static struct otter_lwip_net *from_net(struct otter_net *self)
{
    return OTTER_CONTAINER_OF(self, struct otter_lwip_net, net);
}

/*
 * Gives the connection back to lwIP, which closes it in order; nothing of it is heard of again. Where nobody
 * can hear us, or bytes were left unread, it ends at once; so it does with much that nobody has acknowledged,
 * which would keep the heap from whoever connects next, who may have its place as well.
 */
static void drop(struct otter_lwip_net *n)
{
    struct tcp_pcb *pcb = n->pcb;

    n->pcb = NULL;
    if (pcb == NULL)
        return;
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_err(pcb, NULL);
    tcp_setprio(pcb, TCP_PRIO_MIN);
    if (!otter_stack_is_up(n->stack) || tcp_sndqueuelen(pcb) > LEFT_MOST || tcp_close(pcb) != ERR_OK)
        tcp_abort(pcb);
}

/* It has failed; while it was to come about, it says something of the network, too. */
static void set_failed(struct otter_lwip_net *n)
{
    if (n->state == OTTER_LWIP_ASKING || n->state == OTTER_LWIP_CONNECTING)
        otter_stack_connected(n->stack, false);
    n->state = OTTER_LWIP_FAILED;
}

static void fail(struct otter_lwip_net *n)
{
    drop(n);
    set_failed(n);
}

/* lwIP has taken the connection back: refused, reset, given up, or our address is gone. */
static void on_end(void *arg, err_t err)
{
    struct otter_lwip_net *n = arg;

    (void)err;
    n->pcb = NULL;
    set_failed(n);
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct otter_lwip_net *n = arg;

    (void)pcb;
    (void)err; /* always ERR_OK */
    n->state = OTTER_LWIP_OPEN;
    otter_stack_connected(n->stack, true);
    return ERR_OK;
}

/* Copies a segment behind what is held. */
static void keep(struct otter_lwip_net *n, const struct pbuf *p)
{
    uint32_t end = ((uint32_t)n->at + n->held) % OTTER_LWIP_WINDOW;
    uint32_t first = LWIP_MIN(p->tot_len, OTTER_LWIP_WINDOW - end);

    (void)pbuf_copy_partial(p, n->ring + end, (u16_t)first, 0);
    (void)pbuf_copy_partial(p, n->ring, (u16_t)(p->tot_len - first), (u16_t)first);
    n->held = (uint16_t)(n->held + p->tot_len);
}

static err_t on_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct otter_lwip_net *n = arg;
    bool fits;

    (void)err; /* always ERR_OK */
    if (p == NULL) {
        n->ended = true;
        return ERR_OK;
    }
    /* lwIP cuts what is beyond the window, and the window is what is free: it always fits. */
    fits = p->tot_len <= OTTER_LWIP_WINDOW - n->held;
    if (fits)
        keep(n, p);
    pbuf_free(p);
    if (fits)
        return ERR_OK;
    tcp_abort(pcb);
    return ERR_ABRT;
}

static void connect_to(struct otter_lwip_net *n, const ip_addr_t *address)
{
    struct tcp_pcb *pcb = tcp_new();

    n->pcb = pcb;
    if (pcb == NULL) {
        fail(n);
        return;
    }
    tcp_arg(pcb, n);
    tcp_recv(pcb, on_received);
    tcp_err(pcb, on_end);
    tcp_nagle_disable(pcb);
    n->state = OTTER_LWIP_CONNECTING;
    if (tcp_connect(pcb, address, n->port, on_connected) != ERR_OK)
        fail(n);
}

/* Late answers come here, too: whatever was asked, an answer is good for whoever waits for that name now. */
static void on_found(const char *name, const ip_addr_t *address, void *arg)
{
    struct otter_lwip_net *n = arg;

    if (n->state != OTTER_LWIP_ASKING || lwip_stricmp(name, n->host) != 0)
        return;
    if (address != NULL)
        connect_to(n, address);
    else
        fail(n);
}

static void look_up(struct otter_lwip_net *n)
{
    ip_addr_t address;

    n->state = OTTER_LWIP_ASKING;
    switch (dns_gethostbyname(n->host, &address, on_found, n)) {
    case ERR_OK: /* numeric, or known from before */
        connect_to(n, &address);
        break;
    case ERR_INPROGRESS:
        break;
    default: /* no server, or too many questions open */
        fail(n);
        break;
    }
}

static bool is_opening(const struct otter_lwip_net *n)
{
    return n->state >= OTTER_LWIP_WAITING && n->state < OTTER_LWIP_OPEN;
}

/* What the clock and the link do to it. */
static void advance(struct otter_lwip_net *n)
{
    const struct otter_stack *s = n->stack;

    if (is_opening(n) && s->now_ms - n->opened_ms >= OTTER_LWIP_CONNECT_MS)
        fail(n);
    if (n->state == OTTER_LWIP_OPEN && n->losses != s->losses)
        fail(n);
    if (n->state == OTTER_LWIP_WAITING && otter_stack_is_up(s))
        look_up(n);
}

static void net_close(struct otter_net *self)
{
    struct otter_lwip_net *n = from_net(self);

    drop(n);
    n->state = OTTER_LWIP_CLOSED;
    n->ended = false;
    n->at = 0;
    n->held = 0;
}

static bool net_open(struct otter_net *self, const char *host, uint16_t port, const struct otter_net_tls *tls)
{
    struct otter_lwip_net *n = from_net(self);
    size_t len = strlen(host);

    net_close(self);
    if (tls != NULL || len == 0 || len >= sizeof(n->host))
        return false;
    memcpy(n->host, host, len + 1);
    n->port = port;
    n->losses = n->stack->losses;
    n->opened_ms = n->stack->now_ms;
    n->state = OTTER_LWIP_WAITING;
    advance(n);
    return true;
}

static bool has_room(const struct otter_lwip_net *n)
{
    return tcp_sndbuf(n->pcb) > 0 && tcp_sndqueuelen(n->pcb) < TCP_SND_QUEUELEN;
}

static int32_t net_send(struct otter_net *self, const void *buf, uint32_t len)
{
    struct otter_lwip_net *n = from_net(self);
    uint32_t take = len;
    err_t err = ERR_MEM;

    advance(n);
    if (n->state == OTTER_LWIP_CLOSED || n->state == OTTER_LWIP_FAILED)
        return OTTER_NET_ERROR;
    if (n->state != OTTER_LWIP_OPEN || !has_room(n))
        return OTTER_NET_AGAIN;
    if (take > tcp_sndbuf(n->pcb))
        take = tcp_sndbuf(n->pcb);
    /* All or nothing: as long as the heap has less, less is tried. */
    while ((err = tcp_write(n->pcb, buf, (u16_t)take, TCP_WRITE_FLAG_COPY)) == ERR_MEM && take > SEND_LEAST)
        take /= 2;
    if (err == ERR_OK)
        (void)tcp_output(n->pcb); /* what does not go now goes by a timer */
    if (err != ERR_OK && err != ERR_MEM)
        fail(n);
    if (n->state == OTTER_LWIP_FAILED)
        return OTTER_NET_ERROR;
    return err == ERR_OK ? (int32_t)take : OTTER_NET_AGAIN;
}

static int32_t net_recv(struct otter_net *self, void *buf, uint32_t len)
{
    struct otter_lwip_net *n = from_net(self);
    uint32_t take;
    uint32_t first;

    advance(n);
    take = LWIP_MIN(len, n->held);
    if (take == 0 && n->ended)
        return OTTER_NET_EOF;
    if (take == 0)
        return n->state == OTTER_LWIP_CLOSED || n->state == OTTER_LWIP_FAILED ? OTTER_NET_ERROR
                                                                              : OTTER_NET_AGAIN;
    first = LWIP_MIN(take, OTTER_LWIP_WINDOW - n->at);
    memcpy(buf, n->ring + n->at, first);
    memcpy((uint8_t *)buf + first, n->ring, take - first);
    n->at = (uint16_t)((n->at + take) % OTTER_LWIP_WINDOW);
    n->held = (uint16_t)(n->held - take);
    if (n->pcb != NULL)
        tcp_recved(n->pcb, (u16_t)take);
    return (int32_t)take;
}

void otter_lwip_net_init(struct otter_lwip_net *n, struct otter_stack *stack)
{
    memset(n, 0, sizeof(*n));
    n->net = (struct otter_net){.open = net_open, .send = net_send, .recv = net_recv, .close = net_close};
    n->stack = stack;
}

bool otter_lwip_net_ready(struct otter_lwip_net *n, bool write)
{
    advance(n);
    if (is_opening(n))
        return false;
    if (n->state != OTTER_LWIP_OPEN)
        return true;
    return write ? has_room(n) : n->held > 0 || n->ended;
}

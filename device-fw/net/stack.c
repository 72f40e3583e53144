#include "net/stack.h"

#include "net/internal.h"

#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"

#include <string.h>

#define FRAMES_A_POLL 8u
#define LINK_EVERY_MS 100u
#define RETRY_MS      1000u
/* Header and each write of a segment; ARP and UDP have two at most. */
#define PIECES_MAX (TCP_SND_QUEUELEN + 2u)

_Static_assert(OTTER_FRAME_PAD == ETH_PAD_SIZE, "the frame is handed to lwIP with what is before it");

static struct otter_stack *the;
static struct netif netif;
static struct dhcp dhcp;
static struct pbuf_custom frame;

struct otter_stack *otter_stack_the(void)
{
    return the;
}

/* A name as DHCP servers may take it for a host's: letters, digits, hyphens (RFC 1123, 2.1). */
static void take_name(char hostname[OTTER_HOSTNAME_MAX + 1], const char *name)
{
    size_t i;

    for (i = 0; name != NULL && name[i] != '\0' && i < OTTER_HOSTNAME_MAX; i++) {
        char c = name[i];
        bool ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        hostname[i] = c;
        if (!ok)
            hostname[i] = '-';
    }
    hostname[i] = '\0';
}

/* lwIP has done with the frame. */
static void let_go(struct pbuf *p)
{
    (void)p;
    the->holding = false;
}

/* Sends what lwIP gathered, without the padding. lwIP sends again what does not go. */
static err_t send_frame(struct netif *n, struct pbuf *p)
{
    struct otter_frame_piece piece[PIECES_MAX];
    uint32_t count = 1;

    (void)n;
    piece[0].data = (const uint8_t *)p->payload + ETH_PAD_SIZE;
    piece[0].len = p->len - ETH_PAD_SIZE;
    for (const struct pbuf *q = p->next; q != NULL && count < PIECES_MAX; q = q->next)
        piece[count++] = (struct otter_frame_piece){q->payload, q->len};
    if (!the->started || !the->link->send(the->link, piece, count)) {
        the->unsent++;
        return ERR_BUF;
    }
    the->sent++;
    return ERR_OK;
}

static err_t set_up_netif(struct netif *n)
{
    n->name[0] = 'e';
    n->name[1] = 'n';
    n->mtu = OTTER_FRAME_MAX - SIZEOF_ETH_HDR + ETH_PAD_SIZE;
    n->hwaddr_len = ETH_HWADDR_LEN;
    memcpy(n->hwaddr, the->mac, ETH_HWADDR_LEN);
    n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
    n->output = etharp_output;
    n->linkoutput = send_frame;
    if (the->hostname[0] != '\0')
        netif_set_hostname(n, the->hostname);
    return ERR_OK;
}

bool otter_stack_init(struct otter_stack *s, struct otter_link *link, const uint8_t mac[6], const char *name,
                      struct otter_random *random)
{
    memset(s, 0, sizeof(*s));
    s->link = link;
    s->random = random;
    memcpy(s->mac, mac, sizeof(s->mac));
    take_name(s->hostname, name);
    the = s;
    frame.custom_free_function = let_go;
    lwip_init();
    (void)netif_add_noaddr(&netif, NULL, set_up_netif, ethernet_input);
    netif_set_default(&netif);
    netif_set_up(&netif);
    dhcp_set_struct(&netif, &dhcp);
    (void)dhcp_start(&netif); /* waits for the link */
    s->started = link->start(link, s->mac);
    return s->started;
}

/* Has the link come, gone, or been gone for too long? */
static void watch_link(struct otter_stack *s)
{
    bool up;

    if (s->asked && s->now_ms - s->asked_ms < LINK_EVERY_MS)
        return;
    up = s->link->is_up(s->link);
    if (!s->asked || up != (bool)netif_is_link_up(&netif)) {
        s->link_ms = s->now_ms;
        s->lost = false;
        if (up)
            netif_set_link_up(&netif); /* DHCP asks whether our address still holds here */
        else
            netif_set_link_down(&netif);
    }
    if (!up && !s->lost && s->now_ms - s->link_ms >= OTTER_LINK_LOST_MS) {
        s->lost = true;
        s->losses++;
    }
    s->asked = true;
    s->asked_ms = s->now_ms;
}

void otter_stack_connected(struct otter_stack *s, bool did)
{
    s->doubts = did ? 0 : s->doubts + 1;
}

/* Does the address that we have still lead anywhere? Asked as after a link that was down. */
static void doubt_lease(struct otter_stack *s)
{
    if (s->doubts < OTTER_STACK_DOUBTS || !otter_stack_is_up(s))
        return;
    s->doubts = 0;
    dhcp_network_changed(&netif);
}

/* Hands lwIP the next frame, if there is one. */
static bool take_frame(struct otter_stack *s)
{
    uint32_t len = s->link->receive(s->link, s->frame + OTTER_FRAME_PAD, OTTER_FRAME_MAX);
    struct pbuf *p;

    if (len == 0)
        return false;
    s->received++;
    if (len > OTTER_FRAME_MAX)
        return true; /* no driver may say so: it wrote no more than cap */
    s->holding = true;
    p = pbuf_alloced_custom(PBUF_RAW, (u16_t)(len + OTTER_FRAME_PAD), PBUF_REF, &frame, s->frame,
                            sizeof(s->frame));
    if (netif.input(p, &netif) != ERR_OK)
        pbuf_free(p);
    /* A PBUF_REF is copied wherever lwIP keeps anything of it: the next frame comes to the same place. */
    LWIP_ASSERT("the frame is free again", !s->holding);
    return true;
}

uint32_t otter_stack_poll(struct otter_stack *s, uint64_t now_ms)
{
    uint32_t frames = 0;
    uint32_t due;

    if (!s->polled)
        s->first_ms = now_ms;
    s->polled = true;
    s->now_ms = now_ms;
    if (!s->started && now_ms - s->asked_ms >= RETRY_MS) {
        s->asked_ms = now_ms;
        s->started = s->link->start(s->link, s->mac);
    }
    if (s->started) {
        watch_link(s);
        while (frames < FRAMES_A_POLL && take_frame(s))
            frames++;
    }
    doubt_lease(s);
    sys_check_timeouts();
    if (frames == FRAMES_A_POLL)
        return 0;
    due = sys_timeouts_sleeptime();
    return due < LINK_EVERY_MS ? due : LINK_EVERY_MS;
}

bool otter_stack_has_link(const struct otter_stack *s)
{
    (void)s;
    return netif_is_link_up(&netif);
}

bool otter_stack_is_up(const struct otter_stack *s)
{
    (void)s;
    return netif_is_link_up(&netif) && dhcp_supplied_address(&netif);
}

void otter_stack_address(const struct otter_stack *s, char text[OTTER_ADDRESS_TEXT])
{
    text[0] = '\0';
    if (otter_stack_is_up(s))
        (void)ip4addr_ntoa_r(netif_ip4_addr(&netif), text, OTTER_ADDRESS_TEXT);
}

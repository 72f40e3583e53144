#include "net/internal.h"

#include "port/board.h"
#include "port/console.h"

#include "lwip/ip.h"
#include "lwip/prot/ip4.h"
#include "lwip/sys.h"
#include "lwip_hooks.h"

/* As much as `ping` sends unasked. A larger one would take of the heap what sending needs, while ARP is asked
 * whom to answer. */
#define PING_MAX 128u

u32_t sys_now(void)
{
    const struct otter_stack *s = otter_stack_the();

    return (u32_t)(s->now_ms - s->first_ms);
}

uint32_t otter_lwip_random(void)
{
    struct otter_random *random = otter_stack_the()->random;
    uint32_t r;

    random->fill(random, &r, sizeof(r));
    return r;
}

int otter_lwip_ip4_input(struct pbuf *p, struct netif *netif)
{
    (void)netif;
    if (p->len < IP_HLEN || IPH_PROTO((const struct ip_hdr *)p->payload) != IP_PROTO_ICMP ||
        p->tot_len <= PING_MAX)
        return 0;
    pbuf_free(p);
    return 1;
}

void otter_lwip_panic(void)
{
    console_text("net: broken at ");
    console_hex((uint32_t)(uintptr_t)__builtin_return_address(0));
    console_line("");
    board_reset();
}

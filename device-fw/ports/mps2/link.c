/* The board's Ethernet controller. */
#include "port/board.h"
#include "ports/mps2/lan9118.h"

#define ETHERNET_BASE 0x40200000u

struct otter_link *board_link(void)
{
    static struct lan9118 ethernet;

    if (ethernet.base == NULL)
        lan9118_init(&ethernet, ETHERNET_BASE);
    return &ethernet.link;
}

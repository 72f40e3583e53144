/* The CMSDK watchdog (Arm DDI 0479): it interrupts when it expires first and resets when it does so again, so
 * that each is half of the time. */
#include "port/board.h"
#include "ports/cortex_m/cortex_m.h"
#include "ports/cortex_m/registers.h"
#include "ports/mps2/mps2.h"

#define WATCHDOG_LOAD   REG(0x40008000u)
#define WATCHDOG_CTRL   REG(0x40008008u)
#define WATCHDOG_INTCLR REG(0x4000800cu)
#define WATCHDOG_LOCK   REG(0x40008c00u)
#define UNLOCK          0x1acce551u
#define CTRL_INTERRUPT  1u
#define CTRL_RESET      2u
#define HALF_S          4u

void board_watchdog_start(void)
{
    WATCHDOG_LOCK = UNLOCK;
    WATCHDOG_LOAD = HALF_S * MPS2_CLOCK_HZ;
    WATCHDOG_CTRL = CTRL_INTERRUPT | CTRL_RESET;
    WATCHDOG_LOCK = 0;
}

/* Reloads it, and takes back a first expiry. */
void board_watchdog_feed(void)
{
    WATCHDOG_LOCK = UNLOCK;
    WATCHDOG_INTCLR = 1;
    WATCHDOG_LOCK = 0;
}

/* The first expiry. Nothing is fed here: only the main loop can say that it runs. */
void board_nmi(void)
{
}

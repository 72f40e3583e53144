/* ARM MPS2 with image AN386 (Arm DAI 0386): CMSDK UART0 and watchdog, FPGAIO counter and LEDs. Clock: 25 MHz.
 */
#include "app/board.h"

#define REG(addr) (*(volatile uint32_t *)(addr))

#define UART_DATA       REG(0x40004000u)
#define UART_STATE      REG(0x40004004u)
#define UART_CTRL       REG(0x40004008u)
#define UART_BAUDDIV    REG(0x40004010u)
#define WATCHDOG_INTCLR REG(0x4000800cu)
#define WATCHDOG_LOCK   REG(0x40008c00u)
#define FPGAIO_LED      REG(0x40028000u)
#define FPGAIO_COUNTER  REG(0x40028018u)
#define FPGAIO_PRESCALE REG(0x4002801cu)
#define SYST_CSR        REG(0xe000e010u)
#define SYST_RVR        REG(0xe000e014u)
#define SYST_CVR        REG(0xe000e018u)
#define CLOCK_HZ        25000000u
#define BAUD            115200u
#define UART_PATIENCE   20000u /* polls: several characters' time */

const char board_hardware[] = "mps2-an386";

static uint32_t started;

void board_init(void)
{
    UART_BAUDDIV = CLOCK_HZ / BAUD;
    UART_CTRL = 1;
    FPGAIO_PRESCALE = CLOCK_HZ / 1000 - 1;
    started = FPGAIO_COUNTER;
    /* Time comes from FPGAIO; SysTick only ends board_idle. */
    SYST_RVR = CLOCK_HZ / 1000 - 1;
    SYST_CVR = 0;
    SYST_CSR = 7;
}

uint32_t board_ms(void)
{
    return FPGAIO_COUNTER - started;
}

void board_tick(void)
{
}

void board_putc(char c)
{
    for (uint32_t i = 0; (UART_STATE & 1u) != 0 && i < UART_PATIENCE; i++) {
    }
    UART_DATA = (uint8_t)c;
}

void board_led(bool on)
{
    FPGAIO_LED = on;
}

void board_feed_watchdog(void)
{
    WATCHDOG_LOCK = 0x1acce551u;
    WATCHDOG_INTCLR = 1;
    WATCHDOG_LOCK = 0;
}

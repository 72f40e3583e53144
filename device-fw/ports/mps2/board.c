/* Console, time, LED, sleep and reset: CMSDK UART0, and the FPGA's own counter and LEDs. */
#include "port/board.h"

#include "port/console.h"
#include "ports/cortex_m/cortex_m.h"
#include "ports/cortex_m/registers.h"
#include "ports/mps2/mps2.h"
#include "ports/mps2/options.h"
#include "ports/mps2/semihost.h"

#define UART_DATA       REG(0x40004000u)
#define UART_STATE      REG(0x40004004u)
#define UART_CTRL       REG(0x40004008u)
#define UART_BAUDDIV    REG(0x40004010u)
#define UART_FULL       1u
#define UART_TRANSMIT   1u
#define UART_PATIENCE   20000u /* polls: several characters' time */
#define FPGAIO_LED      REG(0x40028000u)
#define FPGAIO_COUNTER  REG(0x40028018u)
#define FPGAIO_PRESCALE REG(0x4002801cu)
#define BAUD            115200u
#define TICKS_PER_MS    (MPS2_CLOCK_HZ / 1000u)
#define SLEEP_MAX_MS    500u /* SysTick counts 24 bits */

const char board_hardware[] = "mps2-an386";

static uint32_t counted;
static uint64_t elapsed;

void board_init(void)
{
    UART_BAUDDIV = MPS2_CLOCK_HZ / BAUD;
    UART_CTRL = UART_TRANSMIT;
    FPGAIO_PRESCALE = TICKS_PER_MS - 1;
    counted = FPGAIO_COUNTER;
    mps2_protect();
}

/* The counter's 32 bits last 49 days: whoever asks more often than that gets all of them. */
uint64_t board_ms(void)
{
    uint32_t now = FPGAIO_COUNTER;

    elapsed += now - counted;
    counted = now;
    return elapsed;
}

void board_putc(char c)
{
    for (uint32_t i = 0; (UART_STATE & UART_FULL) != 0 && i < UART_PATIENCE; i++) {
    }
    UART_DATA = (uint8_t)c;
}

void board_led(bool on)
{
    FPGAIO_LED = on;
}

void board_reset(void)
{
    mps2_note_reset();
    if (mps2_option_given("exit_on", "reset"))
        semihost_exit(0);
    cortex_m_reset();
}

void board_stranded(void)
{
    if (mps2_option_given("exit_on", "nothing"))
        semihost_exit(0);
}

/* SysTick only ends a sleep: time comes from the FPGA, since QEMU drops ticks. Never taken as an interrupt.
 */
void board_tick(void)
{
}

/*
 * Interrupts wake the core while masked, and are then taken back: none is ever handled. The Ethernet
 * controller's line stays up for as long as it has a frame, so that a sleep with one waiting ends at once.
 */
void board_idle(uint32_t max_ms)
{
    uint32_t ms = max_ms < SLEEP_MAX_MS ? max_ms : SLEEP_MAX_MS;

    if (ms == 0)
        return;
    __asm__ volatile("cpsid i");
    SYST_RVR = ms * TICKS_PER_MS - 1;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_ENABLE | SYST_CSR_TICKINT | SYST_CSR_CORE;
    NVIC_ISER[0] = 1u << MPS2_ETHERNET_IRQ;
    cortex_m_barrier();
    __asm__ volatile("wfi");
    NVIC_ICER[0] = 1u << MPS2_ETHERNET_IRQ;
    NVIC_ICPR[0] = 1u << MPS2_ETHERNET_IRQ;
    SYST_CSR = 0;
    SCB_ICSR = SCB_ICSR_PENDSTCLR;
    cortex_m_barrier();
    __asm__ volatile("cpsie i");
}

/* NUCLEO-F429ZI: USART3 on PD8 is the ST-Link's serial port, LD1 on PB0 (UM1974). Clock: HSI, 16 MHz
 * (RM0090). */
#include "port/board.h"

#include "ports/cortex_m/cortex_m.h"
#include "ports/cortex_m/registers.h"

#define RCC_AHB1ENR   REG(0x40023830u)
#define RCC_APB1ENR   REG(0x40023840u)
#define GPIOB_MODER   REG(0x40020400u)
#define GPIOB_BSRR    REG(0x40020418u)
#define GPIOD_MODER   REG(0x40020c00u)
#define GPIOD_AFRH    REG(0x40020c24u)
#define USART3_SR     REG(0x40004800u)
#define USART3_DR     REG(0x40004804u)
#define USART3_BRR    REG(0x40004808u)
#define USART3_CR1    REG(0x4000480cu)
#define IWDG_KR       REG(0x40003000u)
#define CLOCK_HZ      16000000u
#define BAUD          115200u
#define UART_PATIENCE 20000u /* polls: several characters' time */

const char board_hardware[] = "nucleo-f429zi";

static volatile uint32_t ticks;
static uint32_t counted;
static uint64_t elapsed;

void board_init(void)
{
    RCC_AHB1ENR |= 1u << 1 | 1u << 3; /* GPIOB, GPIOD */
    RCC_APB1ENR |= 1u << 18;          /* USART3 */
    GPIOB_MODER = (GPIOB_MODER & ~3u) | 1u;
    GPIOD_MODER = (GPIOD_MODER & ~(3u << 16)) | 2u << 16;
    GPIOD_AFRH = (GPIOD_AFRH & ~0xfu) | 7u;
    USART3_BRR = (CLOCK_HZ + BAUD / 2) / BAUD;
    USART3_CR1 = 1u << 13 | 1u << 3; /* enable, transmit */
    SYST_RVR = CLOCK_HZ / 1000 - 1;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_ENABLE | SYST_CSR_TICKINT | SYST_CSR_CORE;
}

/* Ticks last 49 days: whoever asks more often than that gets all of them. */
uint64_t board_ms(void)
{
    uint32_t now = ticks;

    elapsed += now - counted;
    counted = now;
    return elapsed;
}

void board_tick(void)
{
    ticks++;
}

/* The clock failed: nothing here enables that. */
void board_nmi(void)
{
    cortex_m_fault();
}

void board_putc(char c)
{
    for (uint32_t i = 0; (USART3_SR & 1u << 7) == 0 && i < UART_PATIENCE; i++) {
    }
    USART3_DR = (uint8_t)c;
}

void board_led(bool on)
{
    GPIOB_BSRR = on ? 1u : 1u << 16;
}

void board_watchdog_feed(void)
{
    IWDG_KR = 0xaaaau;
}

struct otter_handover *board_handover(void)
{
    return (struct otter_handover *)program_noinit;
}

void board_reset(void)
{
    cortex_m_reset();
}

/* The tick ends it. */
void board_idle(uint32_t max_ms)
{
    if (max_ms > 0)
        __asm__ volatile("wfi");
}

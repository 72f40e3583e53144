/* NUCLEO-F429ZI: what is left once flash, link, console and the rest have files of their own. */
#include "ports/cortex_m/cortex_m.h"
#include "ports/stm32f4/internal.h"

extern const uint32_t g_pfnVectors[]; /* ST's startup */

const char board_hardware[] = "nucleo-f429zi";

_Static_assert(sizeof(struct otter_handover) <= CORTEX_M_NOINIT_LEN, "NOINIT holds it");

/* LD1, PB0. */
static void led_init(void)
{
    GPIO_InitTypeDef pin = {
        .Pin = GPIO_PIN_0, .Mode = GPIO_MODE_OUTPUT_PP, .Pull = GPIO_NOPULL, .Speed = GPIO_SPEED_FREQ_LOW};

    __HAL_RCC_GPIOB_CLK_ENABLE();
    HAL_GPIO_Init(GPIOB, &pin);
}

/*
 * An application finds the clocks as the bootloader left them, and HAL_Init must know how fast it ticks.
 * VTOR and interrupts are right already, unless a debugger started the program.
 */
void board_init(void)
{
    SCB->VTOR = (uint32_t)(uintptr_t)g_pfnVectors;
    __enable_irq();
    SystemCoreClockUpdate();
    if (HAL_Init() != HAL_OK || !clock_init())
        board_reset();
    uart_init();
    led_init();
}

/* The HAL's tick, which wraps after 49 days, carried on. While the CPU stalls on an erase of its own bank it
 * stands still. */
uint64_t board_ms(void)
{
    static uint64_t ms;

    ms += HAL_GetTick() - (uint32_t)ms;
    return ms;
}

void board_led(bool on)
{
    HAL_GPIO_WritePin(GPIOB, GPIO_PIN_0, on ? GPIO_PIN_SET : GPIO_PIN_RESET);
}

struct otter_handover *board_handover(void)
{
    return (struct otter_handover *)(void *)program_noinit;
}

/* The bootloader's blinking says it. */
void board_stranded(void)
{
}

void board_reset(void)
{
    cortex_m_reset();
}

/* The tick ends each sleep after a millisecond at the latest. */
void board_idle(uint32_t max_ms)
{
    if (max_ms > 0 && !link_eth_pending())
        __WFI();
}

/* From the bootloader's jump to main: vector table, FPU, .data and .bss (ARMv7-M ARM, B1.5 and B3.2). */
#include "app/board.h"

#include <stddef.h>
#include <stdint.h>

#define SCB_VTOR  (*(volatile uint32_t *)0xe000ed08u)
#define SCB_CPACR (*(volatile uint32_t *)0xe000ed88u)
#define SCB_AIRCR (*(volatile uint32_t *)0xe000ed0cu)

#define INTERRUPTS 96u /* as many as an STM32F429 has, rounded up; more than an MPS2 has */

extern uint32_t app_stack_top[], app_data_load[], app_data_start[], app_data_end[], app_bss_start[],
    app_bss_end[];

int main(void);
void app_reset(void);

void app_restart(void)
{
    SCB_AIRCR = 0x05fa0004u;
    for (;;) {
    }
}

/* A fault or a stray interrupt: restart, and let the bootloader count the boot. */
static void unexpected(void)
{
    app_restart();
}

typedef void (*vector)(void);

#define FOUR    unexpected, unexpected, unexpected, unexpected
#define SIXTEEN FOUR, FOUR, FOUR, FOUR

static const struct {
    const uint32_t *stack;
    vector reset;
    vector system[14];
    vector interrupt[INTERRUPTS];
} vectors __attribute__((section(".vectors"), used, aligned(512))) = {
    .stack = app_stack_top,
    .reset = app_reset,
    .system = {FOUR, FOUR, FOUR, unexpected, board_tick},
    .interrupt = {SIXTEEN, SIXTEEN, SIXTEEN, SIXTEEN, SIXTEEN, SIXTEEN},
};

void app_reset(void)
{
    const uint32_t *from = app_data_load;

    SCB_VTOR = (uint32_t)(uintptr_t)&vectors;
    SCB_CPACR |= 0xfu << 20; /* CP10 and CP11: the FPU, before any code that may use it */
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    for (uint32_t *to = app_data_start; to < app_data_end; to++, from++)
        *to = *from;
    for (uint32_t *to = app_bss_start; to < app_bss_end; to++)
        *to = 0;
    (void)main();
    app_restart();
}

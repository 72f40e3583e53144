/* From reset to main: vector table, FPU, .data and .bss (ARMv7-M ARM, B1.5 and B3.2). */
#include "port/board.h"
#include "ports/cortex_m/cortex_m.h"
#include "ports/cortex_m/registers.h"

#define INTERRUPTS 32u /* as many as an MPS2 has; on other boards these programs enable none */

extern uint32_t program_stack_top[], program_data_load[], program_data_start[], program_data_end[],
    program_bss_start[], program_bss_end[];

int main(void);
void cortex_m_start(void);

typedef void (*vector)(void);

#define FOUR    cortex_m_fault, cortex_m_fault, cortex_m_fault, cortex_m_fault
#define SIXTEEN FOUR, FOUR, FOUR, FOUR

static const struct {
    const uint32_t *stack;
    vector reset;
    vector nmi;
    vector system[12]; /* the four faults, SVC, debug monitor, PendSV, and what is reserved */
    vector tick;
    vector interrupt[INTERRUPTS];
} vectors __attribute__((section(".vectors"), used, aligned(512))) = {
    .stack = program_stack_top,
    .reset = cortex_m_start,
    .nmi = board_nmi,
    .system = {FOUR, FOUR, FOUR},
    .tick = board_tick,
    .interrupt = {SIXTEEN, SIXTEEN},
};

void cortex_m_start(void)
{
    const uint32_t *from = program_data_load;

    SCB_VTOR = (uint32_t)(uintptr_t)&vectors;
    SCB_CPACR |= 0xfu << 20; /* CP10 and CP11: the FPU, before any code that may use it */
    cortex_m_barrier();
    for (uint32_t *to = program_data_start; to < program_data_end; to++, from++)
        *to = *from;
    for (uint32_t *to = program_bss_start; to < program_bss_end; to++)
        *to = 0;
    (void)main();
    board_reset();
}

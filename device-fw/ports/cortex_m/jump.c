#include "port/board.h"
#include "ports/cortex_m/registers.h"

/* The next program finds the core as after a reset: no interrupt enabled or pending, nothing protected: the
 * guard below our stack may lie in its data. */
static void quieten(void)
{
    SYST_CSR = 0;
    for (uint32_t i = 0; i < NVIC_WORDS; i++) {
        NVIC_ICER[i] = UINT32_MAX;
        NVIC_ICPR[i] = UINT32_MAX;
    }
    SCB_ICSR = SCB_ICSR_PENDSVCLR | SCB_ICSR_PENDSTCLR;
    MPU_CTRL = 0;
}

void board_jump(uint32_t vectors)
{
    const uint32_t *table = (const uint32_t *)(uintptr_t)vectors;
    uint32_t stack = table[0], start = table[1];

    __asm__ volatile("cpsid i");
    quieten();
    SCB_VTOR = vectors;
    cortex_m_barrier();
    /* In one piece, since the stack that the compiler knows is gone after the first of them. CONTROL 0: main
     * stack, no floating point state to save. */
    __asm__ volatile("msr msp, %0\n\t"
                     "msr control, %2\n\t"
                     "isb\n\t"
                     "cpsie i\n\t"
                     "bx %1" ::"r"(stack),
                     "r"(start), "r"(0)
                     : "memory");
    __builtin_unreachable();
}

/*
 * What ST's startup_stm32f429xx.s calls by name. Faults say where on the console, and reset: the next boot is
 * counted. Its default for every other interrupt, none of which is enabled, is an endless loop, which the
 * watchdog ends.
 */
#include <stm32f4xx_hal.h>

void SysTick_Handler(void);
void NMI_Handler(void);
void HardFault_Handler(void);
void MemManage_Handler(void);
void BusFault_Handler(void);
void UsageFault_Handler(void);
void __libc_init_array(void);

void SysTick_Handler(void)
{
    HAL_IncTick();
}

/*
 * The exception's frame lies at the stack pointer: nothing may be pushed before cortex_m_fault looks. If the
 * stack has run out of its memory there is no frame, and the report needs a stack to stand on.
 */
#define FAULT(name)                                                                                          \
    __attribute__((naked)) void name(void)                                                                   \
    {                                                                                                        \
        __asm__ volatile("ldr r0, =program_stack_limit\n\t"                                                  \
                         "cmp sp, r0\n\t"                                                                    \
                         "it lo\n\t"                                                                         \
                         "ldrlo sp, =_estack\n\t"                                                            \
                         "b cortex_m_fault");                                                                \
    }

FAULT(NMI_Handler)
FAULT(HardFault_Handler)
FAULT(MemManage_Handler)
FAULT(BusFault_Handler)
FAULT(UsageFault_Handler)

/* Constructors: C has none, and newlib's function would ask for files that are not linked. */
void __libc_init_array(void)
{
}

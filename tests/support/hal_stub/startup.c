/* Stands in for ST's startup where a program is linked without the HAL, to see that all else is there. */
#include <stdint.h>

extern uint32_t _estack[], _sidata[], _sdata[], _edata[], _sbss[], _ebss[];

int main(void);
void __libc_init_array(void);
void SysTick_Handler(void);
void NMI_Handler(void);
void HardFault_Handler(void);
void MemManage_Handler(void);
void BusFault_Handler(void);
void UsageFault_Handler(void);
void Reset_Handler(void);

void Reset_Handler(void)
{
    const uint32_t *from = _sidata;

    for (uint32_t *to = _sdata; to < _edata; to++, from++)
        *to = *from;
    for (uint32_t *to = _sbss; to < _ebss; to++)
        *to = 0;
    __libc_init_array();
    (void)main();
    for (;;) {
    }
}

typedef void (*vector)(void);

struct vectors {
    const uint32_t *stack;
    vector system[15];
};
extern const struct vectors g_pfnVectors;

__attribute__((section(".isr_vector"), used)) const struct vectors g_pfnVectors = {
    .stack = _estack,
    .system = {Reset_Handler, NMI_Handler, HardFault_Handler, MemManage_Handler, BusFault_Handler,
               UsageFault_Handler, [14] = SysTick_Handler},
};

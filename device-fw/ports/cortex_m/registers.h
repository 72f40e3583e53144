/* The core's own registers, as far as they are used (ARMv7-M ARM, B3.2 to B3.5). */
#ifndef OTTER_PORTS_CORTEX_M_REGISTERS_H
#define OTTER_PORTS_CORTEX_M_REGISTERS_H

#include <stdint.h>

#define REG(addr) (*(volatile uint32_t *)(addr))

#define SYST_CSR   REG(0xe000e010u)
#define SYST_RVR   REG(0xe000e014u)
#define SYST_CVR   REG(0xe000e018u)
#define NVIC_WORDS 8u
#define NVIC_ISER  ((volatile uint32_t *)0xe000e100u)
#define NVIC_ICER  ((volatile uint32_t *)0xe000e180u)
#define NVIC_ICPR  ((volatile uint32_t *)0xe000e280u)
#define SCB_ICSR   REG(0xe000ed04u)
#define SCB_VTOR   REG(0xe000ed08u)
#define SCB_AIRCR  REG(0xe000ed0cu)
#define SCB_CFSR   REG(0xe000ed28u)
#define SCB_MMFAR  REG(0xe000ed34u)
#define SCB_BFAR   REG(0xe000ed38u)
#define SCB_CPACR  REG(0xe000ed88u)
#define MPU_CTRL   REG(0xe000ed94u)
#define MPU_RNR    REG(0xe000ed98u)
#define MPU_RBAR   REG(0xe000ed9cu)
#define MPU_RASR   REG(0xe000eda0u)

#define SYST_CSR_ENABLE    1u
#define SYST_CSR_TICKINT   2u
#define SYST_CSR_CORE      4u
#define SCB_ICSR_PENDSVCLR (1u << 27)
#define SCB_ICSR_PENDSTCLR (1u << 25)
#define SCB_AIRCR_RESET    0x05fa0004u
#define SCB_CFSR_MMARVALID (1u << 7)
#define SCB_CFSR_BFARVALID (1u << 15)
#define SCB_CFSR_STACKING  (1u << 4 | 1u << 12) /* the frame could not be written: it is not there */

/* What was stored before is seen by what comes after, instructions included. */
static inline void cortex_m_barrier(void)
{
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}

#endif

/*
 * What every Cortex-M program of ours begins, fails and ends with: vectors and startup (startup.c), the fault
 * report (fault.c), the jump into another program (jump.c). sections.ld is their linker script, INCLUDEd by
 * one for each program, which says where the program and its RAM lie.
 */
#ifndef OTTER_PORTS_CORTEX_M_H
#define OTTER_PORTS_CORTEX_M_H

#include <stdint.h>

/* The linker script's NOINIT region: at one address for all programs of a board, and nothing clears it. */
#define CORTEX_M_NOINIT_LEN 64u
extern uint32_t program_noinit[];

/* The end of what is static, at a multiple of 32: below it the stack has overflowed. */
extern uint32_t program_stack_limit[];

/* What a board gives: SysTick's interrupt, and the NMI. Any other interrupt or exception is a fault. */
void board_tick(void);
void board_nmi(void);

/* Says `fault: ...` on the console, with where and why, and resets. For any vector. */
void cortex_m_fault(void);

/* Resets the chip, without a word about why. */
_Noreturn void cortex_m_reset(void);

#endif

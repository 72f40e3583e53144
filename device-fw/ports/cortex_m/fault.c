#include "port/board.h"
#include "port/console.h"
#include "ports/cortex_m/cortex_m.h"
#include "ports/cortex_m/registers.h"

#define FRAME_LR 5u
#define FRAME_PC 6u

void cortex_m_fault_report(const uint32_t *frame);

static void say(const char *name, uint32_t value)
{
    console_text(name);
    console_hex(value);
}

/* One line: the configurable faults are off, so that each of them arrives as exception 3, told apart by CFSR.
 */
__attribute__((used)) void cortex_m_fault_report(const uint32_t *frame)
{
    uint32_t cfsr = SCB_CFSR, ipsr;

    __asm__ volatile("mrs %0, ipsr" : "=r"(ipsr));
    console_line("");
    console_text("fault: exception ");
    console_number((int32_t)ipsr);
    say(" cfsr ", cfsr);
    if ((cfsr & SCB_CFSR_MMARVALID) != 0)
        say(" address ", SCB_MMFAR);
    else if ((cfsr & SCB_CFSR_BFARVALID) != 0)
        say(" address ", SCB_BFAR);
    if ((cfsr & SCB_CFSR_STACKING) == 0) {
        say(" pc ", frame[FRAME_PC]);
        say(" lr ", frame[FRAME_LR]);
    }
    console_line("");
    board_reset();
}

/* The frame lies where the stack pointer is at the entry: no instruction of the compiler's may come first. */
__attribute__((naked)) void cortex_m_fault(void)
{
    __asm__ volatile("mrs r0, msp\n\tb cortex_m_fault_report");
}

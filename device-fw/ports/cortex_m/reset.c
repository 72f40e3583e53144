#include "ports/cortex_m/cortex_m.h"
#include "ports/cortex_m/registers.h"

void cortex_m_reset(void)
{
    cortex_m_barrier();
    SCB_AIRCR = SCB_AIRCR_RESET;
    cortex_m_barrier();
    for (;;) {
    }
}

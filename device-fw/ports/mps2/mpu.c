/* The memory protection unit (ARMv7-M ARM, B3.5): what the program is not meant to write, it cannot. */
#include "ports/cortex_m/cortex_m.h"
#include "ports/cortex_m/registers.h"
#include "ports/mps2/mps2.h"

#define CTRL_ENABLE   1u
#define CTRL_PRIVDEF  4u /* the default map holds for what no region covers */
#define RASR_ENABLE   1u
#define RASR_SIZE(n)  (((n)-1u) << 1) /* 2^n bytes */
#define RASR_NORMAL   (1u << 19 | 1u << 17)
#define RASR_READ     (6u << 24) /* read-only, executable */
#define RASR_ALL      (3u << 24)
#define RBAR_VALID(n) (1u << 4 | (n))

#define REGION_FLASH 0u
#define REGION_BOOT  1u
#define REGION_GUARD 2u

#define FLASH_SHAPE (RASR_ENABLE | RASR_NORMAL | RASR_SIZE(24))
#define BOOT_SHAPE  (RASR_ENABLE | RASR_NORMAL | RASR_SIZE(22))
#define GUARD_SHAPE (RASR_ENABLE | RASR_NORMAL | RASR_SIZE(5)) /* no access at all */

_Static_assert(MPS2_FLASH_SIZE == 1u << 24, "the region covers the whole memory");

static void set_region(uint32_t number, uint32_t base, uint32_t shape)
{
    MPU_RBAR = base | RBAR_VALID(number);
    MPU_RASR = shape;
    cortex_m_barrier();
}

/*
 * Boot code lies at 0: that it cannot be written also catches stores through NULL. The guard stops a stack
 * that grows into static data; the fault handler runs without the unit, and so has room.
 */
void mps2_protect(void)
{
    set_region(REGION_BOOT, 0, BOOT_SHAPE | RASR_READ);
    set_region(REGION_FLASH, MPS2_FLASH_BASE, FLASH_SHAPE | RASR_READ);
    set_region(REGION_GUARD, (uint32_t)(uintptr_t)program_stack_limit, GUARD_SHAPE);
    MPU_CTRL = CTRL_ENABLE | CTRL_PRIVDEF;
    cortex_m_barrier();
}

void mps2_flash_unlock(void)
{
    set_region(REGION_FLASH, MPS2_FLASH_BASE, FLASH_SHAPE | RASR_ALL);
}

void mps2_flash_lock(void)
{
    set_region(REGION_FLASH, MPS2_FLASH_BASE, FLASH_SHAPE | RASR_READ);
}

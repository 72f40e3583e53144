/* No register says why QEMU's board was reset: RAM does, which a reset keeps, and a new process begins with
 * zeros. */
#include "port/board.h"
#include "ports/cortex_m/cortex_m.h"
#include "ports/mps2/mps2.h"

#define ALIVE  0x4f544c41u
#define WANTED 0x4f545357u

_Static_assert(sizeof(struct mps2_noinit) <= CORTEX_M_NOINIT_LEN, "fits the linker scripts' region");

struct mps2_noinit *mps2_noinit(void)
{
    return (struct mps2_noinit *)program_noinit;
}

struct otter_handover *board_handover(void)
{
    return &mps2_noinit()->handover;
}

void mps2_note_reset(void)
{
    mps2_noinit()->wanted = WANTED;
}

enum otter_reset_cause board_reset_cause(void)
{
    struct mps2_noinit *noinit = mps2_noinit();
    enum otter_reset_cause cause = noinit->wanted == WANTED ? OTTER_RESET_SOFTWARE : OTTER_RESET_WATCHDOG;

    if (noinit->alive != ALIVE)
        cause = OTTER_RESET_POWER;
    noinit->alive = ALIVE;
    noinit->wanted = 0;
    return cause;
}

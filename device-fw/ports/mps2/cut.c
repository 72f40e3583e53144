/* Power cuts that a test sets in the flash file's control page. */
#include "ports/mps2/mps2.h"
#include "ports/mps2/semihost.h"

static volatile struct mps2_control *control(void)
{
    return (volatile struct mps2_control *)MPS2_CONTROL_BASE;
}

bool mps2_cut_now(void)
{
    volatile struct mps2_control *c = control();

    if (c->magic != MPS2_CONTROL_MAGIC)
        return false;
    c->operations++;
    return c->cut_at != 0 && c->operations == c->cut_at;
}

/* xorshift: the same tears for the same seed. */
uint32_t mps2_cut_random(void)
{
    static uint32_t state;

    if (state == 0)
        state = control()->seed | 1u << 31; /* never 0 */
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

void mps2_cut(void)
{
    control()->fired = 1;
    semihost_exit(MPS2_EXIT_CUT);
}

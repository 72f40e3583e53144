/* The host's randomness: as good as what otterd goes by. */
#include "port/board.h"
#include "port/console.h"
#include "ports/mps2/semihost.h"

static void fill(struct otter_random *self, void *buf, size_t len)
{
    (void)self;
    if (len == 0 || semihost_read("/dev/urandom", buf, (uint32_t)len))
        return;
    console_line("random: no entropy");
    board_reset();
}

struct otter_random *board_random(void)
{
    static struct otter_random host_random = {.fill = fill};

    return &host_random;
}

#include "ports/posix/random_posix.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/types.h>

static void fill(struct otter_random *self, void *buf, size_t len)
{
    uint8_t *p = buf;

    (void)self;
    while (len > 0) {
        ssize_t n = getrandom(p, len, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            abort(); /* there is no going on without nonces */
        p += n;
        len -= (size_t)n;
    }
}

struct otter_random otter_posix_random = {.fill = fill};

/* Are the blobs there that a database asks for? For checks and restores, by files alone. */
#ifndef OTTER_SERVICE_NEEDED_H
#define OTTER_SERVICE_NEEDED_H

#include "core/crypto.h"

#include <stdbool.h>

struct needed {
    const char *blobs_dir;
    /* what: "blob", "bill of materials", "release notes". */
    void (*missing)(struct needed *self, const char *what, const char *hex);
};

/* Of a manifest, what it names beside images is looked for, too. One that cannot be read names nothing: it is
 * damaged, which the walk over all blobs finds. */
void needed_look(struct needed *n, const struct otter_digest *digest, bool manifest);

#endif

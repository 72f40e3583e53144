/* Who gives the passphrase of a key, or the PIN of a token: a prompt, a descriptor, a file, a test. */
#ifndef OTTER_HOST_PASSPHRASE_H
#define OTTER_HOST_PASSPHRASE_H

#include "host/error.h"

#include <stdbool.h>

#define HOST_PASSPHRASE_MAX 1024u /* bytes, the NUL included */

/*
 * ask() writes the passphrase of `what` with a NUL, or returns false and says why there is none. It is asked
 * `tries` times at most for one thing, `attempt` counting from 0: above 0, the one before opened nothing. Who
 * asked wipes what it got.
 */
struct host_passphrase {
    unsigned tries;
    bool (*ask)(struct host_passphrase *self, const char *what, unsigned attempt,
                char ret[HOST_PASSPHRASE_MAX], struct host_error *err);
};

#endif

/* What https is to the updater: updater_tls.c, or updater_plain.c, which refuses it. Linking chooses. */
#ifndef OTTER_UPDATER_SECURE_H
#define OTTER_UPDATER_SECURE_H

#include "port/net.h"
#include "port/system.h"

/*
 * A stream over raw, for http and for https as far as it goes; clock may be NULL. There is one in a program,
 * and its memory is static.
 */
struct otter_net *otter_updater_secure(struct otter_net *raw, struct otter_random *random,
                                       struct otter_wall_clock *clock);

#endif

/* The application's updates: by the updater where the board has a network (online_updater.c), else not at
 * all. */
#ifndef OTTER_APP_ONLINE_H
#define OTTER_APP_ONLINE_H

#include "app/health.h"

/* Both stay in place. `fails`: the self-test is to fail, whatever it finds. */
void online_init(const struct identity *identity, const struct health *health, bool fails);

/* One step; resets the chip when an update wants it. Milliseconds until the next, if no frame comes. */
uint32_t online_step(uint64_t now_ms);

#endif

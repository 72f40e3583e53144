/* What every status shows of a server that an operator has frozen. */
#ifndef OTTER_CLI_FROZEN_H
#define OTTER_CLI_FROZEN_H

#include "host/json.h"

/*
 * "FROZEN since 2026-11-23T01:22:20Z: REASON" of an object with a member `frozen`: {reason, since};
 * malloc'ed. NULL where it is not frozen (or out of memory). Of a device it is the server, not the device,
 * that is frozen.
 */
char *cli_frozen_banner(const json_t *object, bool color);

#endif

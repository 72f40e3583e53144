/* What a start needs of the machine and can be looked at without changing anything. */
#ifndef OTTER_SERVER_PREFLIGHT_H
#define OTTER_SERVER_PREFLIGHT_H

#include "server/config.h"

/*
 * Data directory (there, or to be made), certificate and key, devices' CAs and CRLs, admin token, the program
 * of events, the port file's folder. Both --check-config and a start look at it, so that the first says good
 * only if the second goes on.
 */
bool preflight(const struct config *config, struct host_error *err);

#endif

/* otterd, from start to stop. */
#ifndef OTTER_SERVER_DAEMON_H
#define OTTER_SERVER_DAEMON_H

#include "server/config.h"

/*
 * Serves until SIGTERM or SIGINT. Returns the exit status: 0 clean, 2 configuration, 3 address in use, 4
 * database damaged, 5 database newer. Call it before any other thread runs: it blocks the signals for all. A
 * SIGHUP reads the command line and its file again.
 */
int daemon_run(const struct config *config, int argc, char *const *argv);

/* The whole program: options, then what they ask for. */
int daemon_main(int argc, char *const *argv);

#endif

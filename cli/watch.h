/* `rollout status --watch`: asks, draws, waits, until there is nothing to watch any more. */
#ifndef OTTER_CLI_WATCH_H
#define OTTER_CLI_WATCH_H

#include "cli.h"

/*
 * A rollout by its API path. `interval`: seconds between two questions; `deadline`: by host_clock_mono_ms, 0
 * = none. A server that has answered once and then does not is asked again. CLI_DONE once it is complete,
 * CLI_REFUSED where it is aborted, halted or rolled back, CLI_NOT_IN_TIME, CLI_UNREACHABLE where the server
 * is away at the deadline. ^C ends the program.
 */
enum cli_exit cli_watch_rollout(struct cli *cli, const char *path, uint64_t interval, uint64_t deadline);

#endif

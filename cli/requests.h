/* Deciding on those who ask to be taken as devices. */
#ifndef OTTER_CLI_REQUESTS_H
#define OTTER_CLI_REQUESTS_H

#include "cli.h"
#include "options.h"

/* POST /api/v1/requests/VERB with the operands as ids, and --token of a single one; refusals are named on
 * err. */
enum cli_exit cli_requests_decide(struct cli *cli, const struct cli_args *args, const char *verb,
                                  const char *did);

#endif

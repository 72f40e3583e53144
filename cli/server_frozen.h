/* Freezing the server, and thawing it. */
#ifndef OTTER_CLI_SERVER_FROZEN_H
#define OTTER_CLI_SERVER_FROZEN_H

#include "cli.h"

#include "host/json.h"

/* POST /api/v1/server/ACTION, and how the server stands then; takes body over. */
enum cli_exit cli_server_frozen(struct cli *cli, const char *action, json_t *body);

#endif

/* The verbs that move a rollout. */
#ifndef OTTER_CLI_ROLLOUT_ACTION_H
#define OTTER_CLI_ROLLOUT_ACTION_H

#include "cli.h"

#include <stdint.h>

/* POST /rollouts/{id}/{action}; shows the rollout. */
enum cli_exit cli_rollout_action(struct cli *cli, const char *id, const char *action);

/* A rollout's number, as the operand of a verb. */
enum cli_exit cli_rollout_id(struct cli *cli, const char *text, uint64_t *ret);

#endif

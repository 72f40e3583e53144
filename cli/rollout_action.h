/* The verbs that move a rollout. */
#ifndef OTTER_CLI_ROLLOUT_ACTION_H
#define OTTER_CLI_ROLLOUT_ACTION_H

#include "api.h"

#include <stdint.h>

struct cli_args;

/* A rollout's number, as the operand of a verb. */
enum cli_exit cli_rollout_id(struct cli *cli, const char *text, uint64_t *ret);

#define CLI_ROLLOUT_PATH 96u
/* "/api/v1/rollouts/NUMBER" with `more` behind it, such as "/events". */
enum cli_exit cli_rollout_path(struct cli *cli, const char *text, const char *more,
                               char ret[CLI_ROLLOUT_PATH]);

/* Prints the list at such a path, as cli_api_list does. */
enum cli_exit cli_rollout_list(struct cli *cli, const char *id, const char *more,
                               const struct cli_column *columns);

/* GET /rollouts/{id} */
enum cli_exit cli_rollout_get(struct cli *cli, const char *id, struct cli_reply *ret);

/* POST /rollouts/{id}/{action} */
enum cli_exit cli_rollout_post(struct cli *cli, const char *id, const char *action, struct cli_reply *ret);

/* The same, and shows the rollout. */
enum cli_exit cli_rollout_action(struct cli *cli, const char *id, const char *action);
/* The like, in the phase that --phase names alone. */
enum cli_exit cli_rollout_phase_action(struct cli *cli, const struct cli_args *args, const char *action);

#endif

/* Why a device is offered what it is offered, as people read it. */
#ifndef OTTER_CLI_SHOW_EXPLAIN_H
#define OTTER_CLI_SHOW_EXPLAIN_H

#include "cli.h"

#include "host/json.h"

/* What each rollout answers, why, and what has to change: the newest first, ended ones last, and of these a
 * few unless `all` are wanted. */
enum cli_exit cli_show_explain(struct cli *cli, const json_t *explanation, bool all);

#endif

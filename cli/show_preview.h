/* Who a rollout would reach, as people read it. */
#ifndef OTTER_CLI_SHOW_PREVIEW_H
#define OTTER_CLI_SHOW_PREVIEW_H

#include "cli.h"

#include "host/json.h"

/* In the format that was asked for but JSON: a spreadsheet's rows are the phases. */
enum cli_exit cli_show_preview(struct cli *cli, const json_t *preview);

#endif

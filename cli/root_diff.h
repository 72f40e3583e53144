/* What a root changes of the one before it, said line by line: a signer signs no more than he has seen. */
#ifndef OTTER_CLI_ROOT_DIFF_H
#define OTTER_CLI_ROOT_DIFF_H

#include "cli.h"
#include "core/documents.h"

void cli_root_diff_say(struct cli *cli, const struct otter_root *old, const struct otter_root *new);

#endif

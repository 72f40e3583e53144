/* What of a server's a root would refuse that the root before it takes. */
#ifndef OTTER_CLI_ROOT_EFFECT_H
#define OTTER_CLI_ROOT_EFFECT_H

#include "cli.h"

#include "core/documents.h"

/*
 * Where a server is named (--server, OTTER_SERVER; a ceremony's machine has none): the releases that have to
 * be made and signed anew, with how many devices run each, and the products whose image key is revoked; as
 * notes. Silent without a server.
 */
enum cli_exit cli_root_effect(struct cli *cli, const struct otter_root *old, const struct otter_root *next);

#endif

#include "verb.h"

#include "rollout_action.h"

const char cli_notes_rollout_rollback[] =
    "It grants nothing more, and a rollout of its --rollback-release begins for the devices that run or try "
    "its\nrelease, with the same caps. Downgrades are not involved: the release to go back with has the "
    "higher "
    "sequence.";

enum cli_exit cli_run_rollout_rollback(struct cli *cli, const struct cli_args *args)
{
    return cli_rollout_action(cli, args->operand[0], "rollback");
}

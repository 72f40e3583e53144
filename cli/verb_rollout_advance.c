#include "verb.h"

#include "rollout_action.h"

enum cli_exit cli_run_rollout_advance(struct cli *cli, const struct cli_args *args)
{
    return cli_rollout_phase_action(cli, args, "advance");
}

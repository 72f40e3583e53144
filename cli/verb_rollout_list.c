#include "verb.h"

#include "api.h"
#include "show_rollout.h"

enum cli_exit cli_run_rollout_list(struct cli *cli, const struct cli_args *args)
{
    (void)args;
    return cli_api_list(cli, "/api/v1/rollouts", cli_rollout_columns);
}

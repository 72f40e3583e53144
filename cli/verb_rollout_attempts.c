#include "verb.h"

#include "api.h"
#include "rollout_action.h"

enum cli_exit cli_run_rollout_attempts(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {
        {"id", "id", CLI_KIND_NUMBER},
        {"device", "device"},
        {"state", "state", CLI_KIND_STATE},
        {"reason", "reason"},
        {"phase", "phase", CLI_KIND_NUMBER},
        {"bytes", "bytes", CLI_KIND_BYTES},
        {"updated", "updated", CLI_KIND_TIME},
        {"finished", "finished", CLI_KIND_TIME},
        {"detail", "detail"},
        {"created", "created", CLI_KIND_TIME, .extra = true},
        {"rollout", "rollout", CLI_KIND_NUMBER, .extra = true},
        {"release", "release", CLI_KIND_SHORT, .extra = true},
        {NULL},
    };

    return cli_rollout_list(cli, args->operand[0], "/attempts", columns);
}

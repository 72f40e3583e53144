#include "verb.h"

#include "api.h"
#include "rollout_action.h"

enum cli_exit cli_run_rollout_events(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {
        {"time", "at", CLI_KIND_TIME},
        {"what", "kind"},
        {"who", "who"},
        {"detail", "detail", CLI_KIND_DETAIL, .inside = true},
        {"id", "id", CLI_KIND_NUMBER, .extra = true},
        {NULL},
    };

    return cli_rollout_list(cli, args->operand[0], "/events", columns);
}

#include "verb.h"

#include "api.h"
#include "rollout_action.h"

enum cli_exit cli_run_rollout_events(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {
        {"time", "at", CLI_KIND_TIME},
        {"what", "kind"},
        {"who", "who"},
        {"detail", "detail", .inside = true},
        {"id", "id", CLI_KIND_NUMBER, .extra = true},
        {NULL},
    };
    char path[96];
    uint64_t number;
    enum cli_exit code = cli_rollout_id(cli, args->operand[0], &number);

    if (code != CLI_DONE)
        return code;
    snprintf(path, sizeof(path), "/api/v1/rollouts/%llu/events", (unsigned long long)number);
    return cli_api_list(cli, path, columns);
}

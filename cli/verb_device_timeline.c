#include "verb.h"

#include "api.h"

enum cli_exit cli_run_device_timeline(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {
        {"time", "at", CLI_KIND_TIME},
        {"what", "kind"},
        {"rollout", "rollout", CLI_KIND_NUMBER},
        {"state", "state", CLI_KIND_STATE},
        {"reason", "reason"},
        {"detail", "detail"},
        {"release", "release", CLI_KIND_SHORT, .extra = true},
        {"attempt", "attempt", CLI_KIND_NUMBER, .extra = true},
        {"step", "step", CLI_KIND_NUMBER, .extra = true},
        {NULL},
    };
    auto_free char *path = cli_api_path("devices", args->operand[0], "/timeline");

    return path != NULL ? cli_api_list(cli, path, columns) : cli_fail_memory(cli);
}

#include "verb.h"

#include "api.h"

enum cli_exit cli_run_server_status(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {
        {"version", "version"},
        {"time", "time", CLI_KIND_TIME},
        {"root", "root.version"},
        {"root's epoch", "root.sequence_epoch"},
        {"root expires", "root.expires", CLI_KIND_TIME},
        {"devices", "devices"},
        {"releases", "releases"},
        {"rollouts", "rollouts"},
        {"offer key", "offer_kid"},
        {"frozen", "frozen.reason", .extra = true},
        {NULL},
    };

    (void)args;
    return cli_api_show(cli, "/api/v1/status", columns);
}

#include "verb.h"

#include "api.h"
#include "server_frozen.h"

const struct cli_option cli_options_server_freeze[] = {
    {"reason", CLI_OPTION_VALUE, "TEXT", "why: every status shows it", .required = true},
    {NULL},
};

const char cli_notes_server_freeze[] =
    "From then on no device is granted an update of any rollout (`frozen`), also after a restart of otterd; "
    "updates\nunder way go on. `otter server unfreeze` ends it.";

enum cli_exit cli_run_server_freeze(struct cli *cli, const struct cli_args *args)
{
    return cli_server_frozen(cli, "freeze", json_pack("{s:s}", "reason", cli_arg(args, "reason")));
}

#include "verb.h"

#include "server_frozen.h"

enum cli_exit cli_run_server_unfreeze(struct cli *cli, const struct cli_args *args)
{
    (void)args;
    return cli_server_frozen(cli, "unfreeze", json_object());
}

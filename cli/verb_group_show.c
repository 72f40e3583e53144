#include "verb.h"

#include "api.h"
#include "show_group.h"

#include <stdlib.h>

enum cli_exit cli_run_group_show(struct cli *cli, const struct cli_args *args)
{
    auto_free char *path = cli_api_path("groups", args->operand[0], "");

    return path != NULL ? cli_api_show(cli, path, cli_group_fields) : cli_fail_memory(cli);
}

#include "verb.h"

#include "api.h"
#include "show_group.h"

enum cli_exit cli_run_group_list(struct cli *cli, const struct cli_args *args)
{
    (void)args;
    return cli_api_list(cli, "/api/v1/groups", cli_group_columns);
}

#include "verb.h"

#include "api.h"
#include "roles.h"

enum cli_exit cli_run_operator_list(struct cli *cli, const struct cli_args *args)
{
    (void)args;
    return cli_api_list(cli, "/api/v1/operators", cli_operator_columns);
}

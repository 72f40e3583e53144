#include "verb.h"

#include "api.h"
#include "show_release.h"

enum cli_exit cli_run_release_list(struct cli *cli, const struct cli_args *args)
{
    (void)args;
    return cli_api_list(cli, "/api/v1/releases", cli_release_columns);
}

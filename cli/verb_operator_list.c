#include "verb.h"

#include "api.h"

enum cli_exit cli_run_operator_list(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {
        {"name", "name"}, {"created", "created", CLI_KIND_TIME}, {NULL}};

    (void)args;
    return cli_api_list(cli, "/api/v1/operators", columns);
}

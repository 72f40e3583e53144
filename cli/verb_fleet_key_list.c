#include "verb.h"

#include "api.h"

enum cli_exit cli_run_fleet_key_list(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {
        {"product", "product"}, {"created", "created", CLI_KIND_TIME}, {"id", "id"}, {NULL}};

    (void)args;
    return cli_api_list(cli, "/api/v1/fleet-keys", columns);
}

#include "verb.h"

#include "api.h"
#include "roles.h"

const char cli_notes_token_list[] =
    "Your own; an admin sees everybody's. `used` is right within a quarter of an hour.";

enum cli_exit cli_run_token_list(struct cli *cli, const struct cli_args *args)
{
    (void)args;
    return cli_api_list(cli, "/api/v1/tokens", cli_token_columns);
}

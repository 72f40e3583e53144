#include "verb.h"

#include "api.h"

const char cli_notes_operator_remove[] =
    "Its tokens are worth nothing from then on; what it did stays noted under its name. `admin`, whose first "
    "token is in\nadmin.token, stays, and can be switched off: `otter operator disable admin`.";

enum cli_exit cli_run_operator_remove(struct cli *cli, const struct cli_args *args)
{
    return cli_api_delete(cli, "operators", args->operand[0], "Operator", "removed");
}

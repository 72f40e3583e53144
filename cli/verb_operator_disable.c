#include "verb.h"

#include "roles.h"

const char cli_notes_operator_disable[] =
    "No token of that operator counts until `otter operator enable`; roles and tokens are kept. `otter "
    "operator disable\nadmin` switches admin.token off, once another operator with a token may administer "
    "everything. When nobody is\nleft who can, `otterd --enable-admin` on the server's own machine switches "
    "it on again.";

enum cli_exit cli_run_operator_disable(struct cli *cli, const struct cli_args *args)
{
    return cli_operator_change(cli, args->operand[0], json_pack("{s:b}", "disabled", 1));
}

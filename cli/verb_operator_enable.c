#include "verb.h"

#include "roles.h"

enum cli_exit cli_run_operator_enable(struct cli *cli, const struct cli_args *args)
{
    return cli_operator_change(cli, args->operand[0], json_pack("{s:b}", "disabled", 0));
}

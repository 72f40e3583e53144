#include "verb.h"

#include "roles.h"

const struct cli_option cli_options_operator_grant[] = {CLI_ROLE_OPTION, {NULL}};

enum cli_exit cli_run_operator_grant(struct cli *cli, const struct cli_args *args)
{
    json_t *grants = NULL;
    enum cli_exit code = cli_roles_json(cli, args, &grants);

    if (code != CLI_DONE)
        return code;
    return cli_operator_change(cli, args->operand[0], json_pack("{s:o}", "grant", grants));
}

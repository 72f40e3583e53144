#include "verb.h"

#include "api.h"
#include "roles.h"

#include "host/cleanup.h"

const char cli_notes_operator_show[] = "Without a name: who asks, by which token, and what that one may do.";

enum cli_exit cli_run_operator_show(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column own[] = {
        {"name", "name"},         {"roles", "grants", CLI_KIND_GRANT},         {"token", "token.id"},
        {"label", "token.label"}, {"expires", "token.expires", CLI_KIND_TIME}, {NULL}};
    auto_free char *path = NULL;

    if (args->operand_count == 0)
        return cli_api_show(cli, "/api/v1/whoami", own);
    path = cli_api_path("operators", args->operand[0], "");
    return path != NULL ? cli_api_show(cli, path, cli_operator_fields) : cli_fail_memory(cli);
}

#include "verb.h"

#include "api.h"
#include "roles.h"

#include "host/cleanup.h"

const struct cli_option cli_options_operator_add[] = {CLI_ROLE_OPTION, CLI_TOKEN_OPTIONS, {NULL}};

const char cli_notes_operator_add[] =
    "A viewer sees; an operator works with devices, rollouts and groups; a publisher hands in releases; an "
    "approver\napproves what another one made; an admin does all that, and of everything (admin, without a "
    "product) operators,\ntoo. Roles add up: --role viewer --role operator:pump.\n\n"
    "Shows the new operator's first token, once: hand it over in private. `otter login` exchanges it.";

enum cli_exit cli_run_operator_add(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {{"name", "name"},
                                                {"roles", "grants", CLI_KIND_GRANT},
                                                {"created", "created", CLI_KIND_TIME},
                                                {"expires", "expires", CLI_KIND_TIME},
                                                {"token", "token"},
                                                {NULL}};
    auto_reply struct cli_reply reply = {0};
    auto_json json_t *body = json_object();
    json_t *grants = NULL;
    enum cli_exit code = cli_roles_json(cli, args, &grants);

    if (code != CLI_DONE)
        return code;
    cli_put_string(body, "name", args->operand[0]);
    (void)json_object_set_new(body, "grants", grants);
    code = cli_token_members(cli, args, body);
    if (code == CLI_DONE)
        code = cli_api_send(cli, "POST", "/api/v1/operators", HOST_STEAL(body), false, &reply);
    if (code != CLI_DONE)
        return code;
    if (cli->dry_run)
        cli_note(cli, "dry run: nothing was changed, and there is no token");
    return cli_api_result(cli, &reply, columns);
}

#include "verb.h"

#include "api.h"
#include "roles.h"

#include "host/cleanup.h"

const struct cli_option cli_options_token_new[] = {
    {"operator", CLI_OPTION_VALUE, "OPERATOR", "whose it is to be; your own if not given"},
    CLI_TOKEN_OPTIONS,
    {NULL},
};

const char cli_notes_token_new[] =
    "Shows the token, once. One that you make for yourself ends with the token that you ask with, at the "
    "latest, and is\nrevoked with it; admins may have it last longer, and make tokens for others.";

enum cli_exit cli_run_token_new(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {{"id", "id"},       {"operator", "operator"},
                                                {"label", "label"}, {"expires", "expires", CLI_KIND_TIME},
                                                {"token", "token"}, {NULL}};
    auto_reply struct cli_reply reply = {0};
    auto_json json_t *body = json_object();
    enum cli_exit code = cli_token_members(cli, args, body);

    if (code != CLI_DONE)
        return code;
    if (cli_arg(args, "operator") != NULL)
        cli_put_string(body, "operator", cli_arg(args, "operator"));
    code = cli_api_send(cli, "POST", "/api/v1/tokens", HOST_STEAL(body), false, &reply);
    if (code != CLI_DONE)
        return code;
    if (cli->dry_run)
        cli_note(cli, "dry run: nothing was changed, and there is no token");
    return cli_api_result(cli, &reply, columns);
}

#include "verb.h"

#include "api.h"

const char cli_notes_operator_add[] =
    "Shows the new operator's token, once: hand it over in private. It goes into a file for --token-file, "
    "or into\nOTTER_TOKEN. A lost token is replaced by remove and add. Only `admin`, whose token is in "
    "admin.token, may add.";

enum cli_exit cli_run_operator_add(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {
        {"name", "name"}, {"created", "created", CLI_KIND_TIME}, {"token", "token"}, {NULL}};
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code = cli_api_send(cli, "POST", "/api/v1/operators",
                                      json_pack("{s:s}", "name", args->operand[0]), false, &reply);

    if (code != CLI_DONE)
        return code;
    if (cli->dry_run)
        cli_note(cli, "dry run: nothing was changed, and there is no token");
    return cli_api_result(cli, &reply, columns);
}

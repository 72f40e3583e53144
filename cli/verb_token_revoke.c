#include "verb.h"

#include "api.h"

const char cli_notes_token_revoke[] = "With it go the tokens that were made by it. See: otter token list.";

enum cli_exit cli_run_token_revoke(struct cli *cli, const struct cli_args *args)
{
    return cli_api_delete(cli, "tokens", args->operand[0], "Token", "revoked");
}

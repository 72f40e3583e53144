#include "verb.h"

#include "api.h"
#include "image_keys_api.h"

const struct cli_option cli_options_image_key_add[] = {
    {"product", CLI_OPTION_VALUE, "P", "product whose images it signs", .required = true},
    CLI_KEY_OPTIONS,
    {NULL},
};

enum cli_exit cli_run_image_key_add(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {{"product", "product"}, {"kid", "kid"}, {NULL}};
    auto_reply struct cli_reply reply = {0};
    struct cli_public key;
    enum cli_exit code = cli_public_load(cli, args->operand[0], &key);

    if (code == CLI_DONE)
        code = cli_image_key_register(cli, cli_arg(args, "product"), &key, &reply);
    if (code != CLI_DONE)
        return code;
    code = cli_api_result(cli, &reply, columns);
    if (reply.http.status != 201)
        cli_note(cli, "The server knows the key already: nothing to do");
    return code;
}

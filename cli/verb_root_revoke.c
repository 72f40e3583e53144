#include "verb.h"

#include "keys.h"
#include "root_next.h"

const struct cli_option cli_options_root_revoke[] = {
    {"key", CLI_OPTION_LIST, "KEY", "a root, release or offer key, by id or file, to take out of each role"},
    {"image-key", CLI_OPTION_LIST, "KEY",
     "an image key, by id, KEYHASH or file, that is not trusted any more"},
    CLI_ROOT_NEXT_OPTIONS,
    CLI_KEY_OPTIONS,
    {NULL},
};

const char cli_notes_root_revoke[] =
    "FILE is the newest root. A release key takes the epoch with it: numbers that it spent are void, and "
    "releases are made and signed anew.\n"
    "With --server or OTTER_SERVER, what the next root would refuse of that server's is listed.";

static enum cli_exit revoke(struct cli *cli, const struct cli_args *args, const char *option,
                            enum cli_root_kind kind, struct cli_root_next *n)
{
    enum cli_exit code = CLI_DONE;

    for (size_t i = 0; code == CLI_DONE && i < cli_arg_count(args, option); i++) {
        struct cli_root_change c = {.kind = kind};
        const char *text = cli_arg_at(args, option, i);

        code = cli_root_kid(cli, text, &c.gone);
        if (code == CLI_DONE)
            code = cli_root_next_take(cli, n, &c, option, text);
    }
    return code;
}

enum cli_exit cli_run_root_revoke(struct cli *cli, const struct cli_args *args)
{
    auto_root_next struct cli_root_next n = {.file = {.text = NULL}};
    enum cli_exit code;

    if (cli_arg_count(args, "key") + cli_arg_count(args, "image-key") == 0)
        return cli_fail(cli, CLI_USAGE, "--key or --image-key says what is to be revoked");
    code = cli_root_next_begin(cli, args, &n);
    if (code == CLI_DONE)
        code = revoke(cli, args, "key", CLI_ROOT_REVOKE, &n);
    if (code == CLI_DONE)
        code = revoke(cli, args, "image-key", CLI_ROOT_REVOKE_IMAGE, &n);
    return code == CLI_DONE ? cli_root_next_end(cli, args, &n) : code;
}

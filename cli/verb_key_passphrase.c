#include "verb.h"

#include "keys.h"
#include "output.h"

#include <stdlib.h>

const struct cli_option cli_options_key_passphrase[] = {
    CLI_PASSPHRASE_OPTIONS,
    {"new-passphrase-fd", CLI_OPTION_VALUE, "N", "read the new passphrase, a line, from descriptor N"},
    {"new-passphrase-file", CLI_OPTION_VALUE, "F", "read the new one from the first line of this file"},
    {"remove", CLI_OPTION_FLAG, NULL, "leave the key without one: who reads the file has the key"},
    {NULL},
};

const char cli_notes_key_passphrase[] =
    "FILE is replaced in one step and is PKCS#8 afterwards (mode 0600), as `otter key new` writes it. Both "
    "descriptors may be the\n"
    "same one: the old passphrase is its first line, the new one its second. Copies of the file keep the old "
    "passphrase.";

static enum cli_exit change(struct cli *cli, const struct cli_args *args, const struct host_key *key,
                            const char *path)
{
    auto_passphrase struct cli_passphrase pass = {.kept = NULL};
    bool removes = cli_arg_flag(args, "remove");
    char passphrase[HOST_PASSPHRASE_MAX] = "";
    struct host_error err = {0};
    enum cli_exit code = cli_passphrase_begin_new(cli, &pass);
    bool ok;

    if (code == CLI_DONE && removes && (pass.fd_option != NULL || pass.file_option != NULL))
        code = cli_fail(cli, CLI_USAGE, "give either --remove or a new passphrase");
    if (code == CLI_DONE && !removes)
        code = cli_passphrase_new(&pass, path, passphrase);
    if (code != CLI_DONE)
        return code;
    ok =
        cli->dry_run || host_key_save_sealed(key, path, removes ? NULL : passphrase, HOST_FILE_REPLACE, &err);
    host_wipe(passphrase, sizeof(passphrase));
    return ok ? CLI_DONE : cli_fail_error(cli, &err);
}

enum cli_exit cli_run_key_passphrase(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {{"kid", "kid"}, {"private", "private"}, {NULL}};
    const char *path = args->operand[0];
    auto_key struct host_key *key = NULL;
    bool removes = cli_arg_flag(args, "remove");
    auto_json json_t *o = json_object();
    enum cli_exit code = cli_key_open(cli, path, &key);

    if (code == CLI_DONE)
        code = change(cli, args, key, path);
    if (code != CLI_DONE)
        return code;
    cli_put_kid(o, "kid", host_key_kid(key));
    cli_put_string(o, "private", path);
    code = cli_print_object(cli, o, columns);
    if (cli->dry_run)
        cli_note(cli, "Dry run: %s is as it was", path);
    else
        cli_note(cli, "%s %s", path,
                 removes ? "has no passphrase any more" : "opens with the new passphrase alone");
    return code;
}

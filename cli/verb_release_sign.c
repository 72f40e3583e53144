#include "verb.h"

#include "document.h"
#include "keys.h"
#include "show_release.h"

const struct cli_option cli_options_release_sign[] = {
    {"key", CLI_OPTION_VALUE, "FILE", "private release key", .required = true},
    {NULL},
};

enum cli_exit cli_run_release_sign(struct cli *cli, const struct cli_args *args)
{
    const char *path = args->operand[0];
    auto_document struct cli_document d = {0};
    auto_key struct host_key *key = NULL;
    struct otter_manifest m;
    enum cli_exit code = cli_document_load(cli, path, &d);

    if (code == CLI_DONE)
        code = cli_document_manifest(cli, path, &d, &m);
    if (code == CLI_DONE)
        code = cli_private_load(cli, args, &key);
    if (code == CLI_DONE)
        code = cli_document_sign(cli, path, &d, key);
    if (code == CLI_DONE)
        code = cli_show_manifest(cli, path, &d, &m);
    return code;
}

#include "verb.h"

#include "document.h"
#include "show_release.h"
#include "signature.h"

const struct cli_option cli_options_release_sign[] = {
    {"key", CLI_OPTION_VALUE, "KEY", "private release key: a PEM file, or pkcs11:..."},
    CLI_KEY_OPTIONS,
    CLI_SIGNATURE_OPTIONS,
    {NULL},
};

enum cli_exit cli_run_release_sign(struct cli *cli, const struct cli_args *args)
{
    const char *path = args->operand[0];
    auto_document struct cli_document d = {0};
    auto_signing struct cli_signing signing = {.key = NULL};
    struct otter_manifest m;
    enum cli_exit code = cli_document_load(cli, path, &d);

    if (code == CLI_DONE)
        code = cli_document_manifest(cli, path, &d, &m);
    if (code == CLI_DONE)
        code = cli_signing_begin(cli, args, true, &signing);
    if (code == CLI_DONE && signing.out != NULL)
        return cli_document_digest(cli, path, &d, &signing);
    if (code == CLI_DONE)
        code = cli_document_sign(cli, path, &d, &signing);
    if (code == CLI_DONE)
        code = cli_show_manifest(cli, path, &d, &m);
    return code;
}

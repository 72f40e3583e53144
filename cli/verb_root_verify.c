#include "verb.h"

#include "keys.h"
#include "root_signers.h"

const struct cli_option cli_options_root_verify[] = {
    {"from", CLI_OPTION_VALUE, "OLD", "the root before it, which is trusted"},
    {NULL},
};

const char cli_notes_root_verify[] =
    "The very checks that a device runs. Without --from, a root stands by its own signatures, as the first "
    "one does in factory data; with it, as the link that follows OLD.";

static enum otter_status judge(const struct cli_document *d, const struct cli_root_before *before)
{
    struct otter_root verified;
    struct otter_jws scratch;

    return before->has ? otter_verify_root_next(&otter_crypto_openssl, &before->root, d->text, d->len,
                                                &scratch, &verified)
                       : otter_verify_root_first(&otter_crypto_openssl, d->text, d->len, &scratch, &verified);
}

enum cli_exit cli_run_root_verify(struct cli *cli, const struct cli_args *args)
{
    const char *path = args->operand[0];
    auto_document struct cli_document d = {0};
    auto_root_before struct cli_root_before before = {.has = false};
    struct otter_root root;
    enum otter_status status;
    enum cli_exit code = cli_document_load(cli, path, &d);

    if (code == CLI_DONE)
        code = cli_document_root(cli, path, &d, &root);
    if (code == CLI_DONE)
        code = cli_root_before_load(cli, args, path, &root, &before);
    if (code == CLI_DONE)
        code = cli_root_signers_show(cli, path, &d, &root, &before, NULL);
    if (code != CLI_DONE)
        return code;
    if (!d.is_signed)
        return cli_fail(cli, CLI_REFUSED, "%s: bad-envelope: it is not signed yet", path);
    status = judge(&d, &before);
    if (status != OTTER_OK)
        return cli_fail_status(cli, path, status);
    if (root.expires <= cli->now)
        return cli_fail_status(cli, path, OTTER_ROOT_EXPIRED);
    cli_note(cli, "Verified: root %llu%s", (unsigned long long)root.version,
             before.has ? " follows the one before it" : ", by its own signatures");
    return CLI_DONE;
}

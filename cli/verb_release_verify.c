#include "verb.h"

#include "document.h"
#include "release_files.h"
#include "show_image.h"
#include "show_release.h"

const struct cli_option cli_options_release_verify[] = {
    {"root", CLI_OPTION_VALUE, "FILE", "the root whose release keys must have signed it", .required = true},
    {"images", CLI_OPTION_LIST, "FILE", "image files to check, too (also as operands)"},
    {"image-key", CLI_OPTION_LIST, "K.pub", "image keys, one of which must have signed the images"},
    CLI_KEY_OPTIONS,
    {NULL},
};

/* The root by its own signatures, then the release by the root: the very checks that a device runs. */
static enum cli_exit verify(struct cli *cli, const char *root_path, const char *path,
                            const struct cli_document *root_d, const struct cli_document *d,
                            struct otter_manifest *ret)
{
    struct otter_root root;
    struct otter_jws scratch;
    enum otter_status status;

    status = otter_verify_root_first(&otter_crypto_openssl, root_d->text, root_d->len, &scratch, &root);
    if (status != OTTER_OK)
        return cli_fail_status(cli, root_path, status);
    if (!d->is_signed)
        return cli_fail(cli, CLI_REFUSED,
                        "%s: bad-envelope: it is not signed yet\nNext: otter release sign %s --key "
                        "RELEASE.key",
                        path, path);
    status = otter_verify_release(&otter_crypto_openssl, &root, cli->now, d->text, d->len, &scratch, ret);
    return status == OTTER_OK ? CLI_DONE : cli_fail_status(cli, path, status);
}

enum cli_exit cli_run_release_verify(struct cli *cli, const struct cli_args *args)
{
    const char *path = args->operand[0], *root_path = cli_arg(args, "root");
    auto_document struct cli_document d = {0}, root_d = {0};
    bool with_keys = cli_arg_count(args, "image-key") > 0;
    struct otter_manifest m = {.image_count = 0};
    struct otter_image_keys keys;
    struct cli_release_files files;
    enum cli_exit code = cli_document_load(cli, root_path, &root_d);

    if (code == CLI_DONE)
        code = cli_document_load(cli, path, &d);
    if (code == CLI_DONE)
        code = verify(cli, root_path, path, &root_d, &d, &m);
    if (code == CLI_DONE && with_keys)
        code = cli_image_keys(cli, args, "image-key", &keys);
    if (code == CLI_DONE)
        code = cli_release_files(cli, args, &m, with_keys ? &keys : NULL, &files);
    if (code != CLI_DONE)
        return code;
    code = cli_show_manifest(cli, path, &d, &m);
    cli_note(cli, "Verified: the release and %u of its %u images", files.count, m.image_count);
    return code;
}

#include "verb.h"

#include "document.h"
#include "show_root.h"
#include "signature.h"

#include <string.h>

const struct cli_option cli_options_root_sign[] = {
    {"key", CLI_OPTION_VALUE, "KEY", "private root key: a PEM file, or pkcs11:..."},
    {"from", CLI_OPTION_VALUE, "OLD", "the root before it, whose keys may sign, too"},
    CLI_KEY_OPTIONS,
    CLI_SIGNATURE_OPTIONS,
    {NULL},
};

static bool in_role(const struct otter_root *root, const struct otter_digest *kid)
{
    const struct otter_root_role *role = &root->role[OTTER_ROLE_ROOT];

    for (unsigned i = 0; i < role->count; i++)
        if (memcmp(root->key[role->key[i]].kid.b, kid->b, OTTER_DIGEST_LEN) == 0)
            return true;
    return false;
}

/* A first root is signed by its own keys alone; a later one by keys of the one before it, too. */
static enum cli_exit may_sign(struct cli *cli, const char *path, const struct otter_root *root,
                              const struct otter_root *old, const struct otter_digest *kid)
{
    if (in_role(root, kid) || (old != NULL && in_role(old, kid)))
        return CLI_DONE;
    if (old == NULL && root->version > 1)
        return cli_fail(cli, CLI_REFUSED,
                        "%s: unknown-key: the key is not in this root's root role\n"
                        "A key of the root before it: add --from OLD",
                        path);
    return cli_fail(cli, CLI_REFUSED,
                    "%s: unknown-key: the key is not in the root role: its signature would not count", path);
}

static void say_missing(struct cli *cli, const struct cli_document *d, const struct otter_root *root,
                        const struct otter_root *old, const char *path)
{
    struct cli_signers own = cli_document_signers(d, root, OTTER_ROLE_ROOT);

    cli_note(cli, "%u of %u signatures by its own root keys", own.valid, own.threshold);
    if (old != NULL) {
        struct cli_signers before = cli_document_signers(d, old, OTTER_ROLE_ROOT);

        cli_note(cli, "%u of %u signatures by root %llu's keys", before.valid, before.threshold,
                 (unsigned long long)old->version);
        own.enough = own.enough && before.enough;
    } else if (root->version > 1) {
        cli_note(cli, "It also needs the signatures of root %llu's threshold",
                 (unsigned long long)root->version - 1);
    }
    if (own.enough)
        cli_note(cli, "Next: otter root publish %s", path);
}

enum cli_exit cli_run_root_sign(struct cli *cli, const struct cli_args *args)
{
    const char *path = args->operand[0], *from = cli_arg(args, "from");
    auto_document struct cli_document d = {0}, old_file = {0};
    auto_signing struct cli_signing signing = {.key = NULL};
    struct otter_root root, old;
    enum cli_exit code = cli_document_load(cli, path, &d);

    if (code == CLI_DONE)
        code = cli_document_root(cli, path, &d, &root);
    if (code == CLI_DONE && from != NULL)
        code = cli_document_load(cli, from, &old_file);
    if (code == CLI_DONE && from != NULL)
        code = cli_document_root(cli, from, &old_file, &old);
    if (code == CLI_DONE)
        code = cli_signing_begin(cli, args, true, &signing);
    if (code == CLI_DONE)
        code = may_sign(cli, path, &root, from != NULL ? &old : NULL, &signing.by.kid);
    if (code == CLI_DONE && d.jws.payload_len > CLI_ROOT_PAYLOAD_MAX)
        code = cli_fail_status(cli, path, OTTER_TOO_LARGE);
    if (code == CLI_DONE && signing.out != NULL)
        return cli_document_digest(cli, path, &d, &signing);
    if (code == CLI_DONE)
        code = cli_document_sign(cli, path, &d, &signing);
    if (code == CLI_DONE)
        code = cli_show_root(cli, path, &d, &root);
    if (code == CLI_DONE)
        say_missing(cli, &d, &root, from != NULL ? &old : NULL, path);
    return code;
}

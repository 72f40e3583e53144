#include "verb.h"

#include "document.h"
#include "root_signers.h"
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

enum cli_exit cli_run_root_sign(struct cli *cli, const struct cli_args *args)
{
    const char *path = args->operand[0];
    auto_document struct cli_document d = {0};
    auto_root_before struct cli_root_before before = {.has = false};
    auto_signing struct cli_signing signing = {.key = NULL};
    struct otter_root root;
    enum cli_exit code = cli_document_load(cli, path, &d);

    if (code == CLI_DONE)
        code = cli_document_root(cli, path, &d, &root);
    if (code == CLI_DONE)
        code = cli_root_before_load(cli, args, path, &root, &before);
    if (code == CLI_DONE)
        code = cli_signing_begin(cli, args, true, &signing);
    if (code == CLI_DONE)
        code = may_sign(cli, path, &root, before.has ? &before.root : NULL, &signing.by.kid);
    if (code == CLI_DONE && d.jws.payload_len > CLI_ROOT_PAYLOAD_MAX)
        code = cli_fail_status(cli, path, OTTER_TOO_LARGE);
    if (code == CLI_DONE && signing.out != NULL)
        return cli_document_digest(cli, path, &d, &signing);
    if (code == CLI_DONE)
        code = cli_document_sign(cli, path, &d, &signing);
    return code == CLI_DONE ? cli_root_signers_show(cli, path, &d, &root, &before, NULL) : code;
}

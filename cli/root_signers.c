#include "root_signers.h"

#include "core/bytes.h"
#include "parse.h"
#include "root_diff.h"
#include "show_root.h"

#include <stdio.h>
#include <string.h>

#define NAMES_STR (OTTER_ROOT_KEYS_MAX * (CLI_KID_STR + 2) + 1)

enum cli_exit cli_root_before_load(struct cli *cli, const struct cli_args *args, const char *path,
                                   const struct otter_root *root, struct cli_root_before *ret)
{
    const char *from = cli_arg(args, "from");
    enum cli_exit code;

    *ret = (struct cli_root_before){.has = from != NULL};
    if (from == NULL)
        return CLI_DONE;
    code = cli_document_load(cli, from, &ret->file);
    if (code == CLI_DONE)
        code = cli_document_root(cli, from, &ret->file, &ret->root);
    return code == CLI_DONE && root->version != ret->root.version + 1
               ? cli_fail_status(cli, path, OTTER_ROOT_VERSION)
               : code;
}

void cli_root_before_free(struct cli_root_before *before)
{
    cli_document_free(&before->file);
}

static bool has_signed(const struct cli_document *d, const struct otter_root_key *key)
{
    for (unsigned i = 0; d->is_signed && i < d->jws.count; i++) {
        struct otter_digest hash;

        if (memcmp(d->jws.signature[i].kid.b, key->kid.b, sizeof(key->kid.b)) != 0)
            continue;
        otter_jws_signing_hash(&otter_crypto_openssl, &d->jws, i, &hash);
        return otter_crypto_openssl.p256_verify(key->point, hash.b, d->jws.signature[i].sig);
    }
    return false;
}

static void append(char out[NAMES_STR], const struct otter_digest *kid)
{
    size_t len = strlen(out);
    char text[CLI_KID_STR];

    cli_kid_format(kid, text);
    (void)snprintf(out + len, NAMES_STR - len, "%s%s", len > 0 ? ", " : "", text);
}

/* A line of those who have, and one of those who may still: any of them, as many as are missing. */
static bool say(struct cli *cli, const struct cli_document *d, const struct otter_root *by)
{
    const struct otter_root_role *role = &by->role[OTTER_ROLE_ROOT];
    char there[NAMES_STR] = "", missing[NAMES_STR] = "";
    unsigned n = 0;

    for (unsigned i = 0; i < role->count; i++) {
        const struct otter_root_key *key = &by->key[role->key[i]];
        bool has = has_signed(d, key);

        append(has ? there : missing, &key->kid);
        n += has ? 1 : 0;
    }
    cli_note(cli, "Root %llu's keys: %u of %u signatures%s%s", (unsigned long long)by->version, n,
             role->threshold, n > 0 ? ", by " : "", there);
    if (n < role->threshold)
        cli_note(cli, "  missing %u of: %s", role->threshold - n, missing);
    return n >= role->threshold;
}

enum cli_exit cli_root_signers_show(struct cli *cli, const char *path, const struct cli_document *d,
                                    const struct otter_root *root, const struct cli_root_before *before,
                                    bool *ret_enough)
{
    enum cli_exit code = cli_show_root(cli, path, d, root);
    bool enough = true;

    if (code != CLI_DONE)
        return code;
    if (before->has) {
        cli_root_diff_say(cli, &before->root, root);
        enough = say(cli, d, &before->root);
    } else if (root->version > 1) {
        cli_note(cli, "It also needs the signatures of root %llu's threshold: --from OLD says which",
                 (unsigned long long)root->version - 1);
    }
    enough = say(cli, d, root) && enough;
    if (enough && (before->has || root->version == 1))
        cli_note(cli, "Next: otter root publish %s", path);
    if (ret_enough != NULL)
        *ret_enough = enough;
    return CLI_DONE;
}

#include "verb.h"

#include "host/file.h"
#include "host/jws.h"
#include "root_signers.h"

#include <string.h>

const struct cli_option cli_options_root_merge[] = {
    {"out", CLI_OPTION_VALUE, "FILE", "the root with the signatures of all", .required = true},
    {"from", CLI_OPTION_VALUE, "OLD", "the root before it, whose keys sign, too"},
    {NULL},
};

const char cli_notes_root_merge[] =
    "The files are copies of one root that signers have signed each alone. A signature by a key that neither "
    "root knows, or that is not right, is refused: it would spoil the rest.";

struct merging {
    struct cli_document whole;
    struct otter_root root;
    struct cli_root_before before;
};

static void merging_free(struct merging *m)
{
    cli_document_free(&m->whole);
    cli_root_before_free(&m->before);
}
#define auto_merging HOST_CLEANUP(merging_free)

static const uint8_t *point_of(const struct otter_root *root, const struct otter_digest *kid)
{
    const struct otter_root_role *role = &root->role[OTTER_ROLE_ROOT];

    for (unsigned i = 0; i < role->count; i++)
        if (memcmp(root->key[role->key[i]].kid.b, kid->b, OTTER_DIGEST_LEN) == 0)
            return root->key[role->key[i]].point;
    return NULL;
}

/* lib/core's word on a signature, with the file that it came in. */
static enum cli_exit check(struct cli *cli, const char *path, const struct merging *m,
                           const struct otter_jws *jws, unsigned i)
{
    const struct otter_digest *kid = &jws->signature[i].kid;
    const uint8_t *point = point_of(&m->root, kid);
    struct otter_digest hash;

    if (point == NULL && m->before.has)
        point = point_of(&m->before.root, kid);
    if (point == NULL && !m->before.has && m->root.version > 1)
        return cli_fail(cli, CLI_REFUSED,
                        "%s: unknown-key: a signature by none of this root's root keys\n"
                        "One of the root before it: add --from OLD",
                        path);
    if (point == NULL)
        return cli_fail_status(cli, path, OTTER_UNKNOWN_KEY);
    otter_jws_signing_hash(&otter_crypto_openssl, jws, i, &hash);
    return otter_crypto_openssl.p256_verify(point, hash.b, jws->signature[i].sig)
               ? CLI_DONE
               : cli_fail_status(cli, path, OTTER_BAD_SIGNATURE);
}

static bool holds(const struct otter_jws *jws, const struct otter_digest *kid)
{
    for (unsigned i = 0; i < jws->count; i++)
        if (memcmp(jws->signature[i].kid.b, kid->b, OTTER_DIGEST_LEN) == 0)
            return true;
    return false;
}

/* ECDSA is never twice the same: two signatures by one key are both right, and the first stays. */
static enum cli_exit attach(struct cli *cli, const char *path, struct cli_document *whole,
                            const struct otter_jws_signature *s)
{
    struct host_error err = {0};
    char *envelope = NULL;
    size_t len = 0;

    if (holds(&whole->jws, &s->kid))
        return CLI_DONE;
    if (!host_jws_attach(&s->kid, s->sig, whole->text, whole->len, &envelope, &len, &err))
        return cli_fail_error(cli, &err);
    cli_document_free(whole);
    return cli_document_take(cli, path, envelope, len, whole);
}

static enum cli_exit merge(struct cli *cli, const char *path, struct merging *m)
{
    auto_document struct cli_document d = {0};
    enum cli_exit code = cli_document_load(cli, path, &d);

    if (code == CLI_DONE && !d.is_signed)
        return cli_fail(cli, CLI_REFUSED, "%s: bad-envelope: it is not signed yet", path);
    if (code == CLI_DONE && (d.jws.payload_len != m->whole.jws.payload_len ||
                             memcmp(d.jws.payload, m->whole.jws.payload, d.jws.payload_len) != 0))
        return cli_fail(cli, CLI_REFUSED, "%s: conflict: it is another root than %s", path,
                        cli->args->operand[0]);
    for (unsigned i = 0; code == CLI_DONE && i < d.jws.count; i++) {
        code = check(cli, path, m, &d.jws, i);
        if (code == CLI_DONE)
            code = attach(cli, path, &m->whole, &d.jws.signature[i]);
    }
    return code;
}

static enum cli_exit write_out(struct cli *cli, const char *path, const struct cli_document *d)
{
    struct host_error err = {0};

    if (cli->dry_run)
        cli_note(cli, "Dry run: %s is not written", path);
    else if (!host_file_write(path, d->text, d->len, 0644, HOST_FILE_REPLACE, &err))
        return cli_fail_error(cli, &err);
    return CLI_DONE;
}

enum cli_exit cli_run_root_merge(struct cli *cli, const struct cli_args *args)
{
    const char *first = args->operand[0], *out = cli_arg(args, "out");
    auto_merging struct merging m = {.before = {.has = false}};
    enum cli_exit code = cli_document_load(cli, first, &m.whole);

    if (code == CLI_DONE)
        code = cli_document_root(cli, first, &m.whole, &m.root);
    if (code == CLI_DONE)
        code = cli_root_before_load(cli, args, first, &m.root, &m.before);
    for (size_t i = 0; code == CLI_DONE && i < args->operand_count; i++)
        code = merge(cli, args->operand[i], &m);
    if (code == CLI_DONE)
        code = write_out(cli, out, &m.whole);
    return code == CLI_DONE ? cli_root_signers_show(cli, out, &m.whole, &m.root, &m.before, NULL) : code;
}

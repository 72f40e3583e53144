#include "verb.h"

#include "document.h"
#include "keys.h"
#include "parse.h"
#include "root_next.h"
#include "show_root.h"

#include <string.h>

const struct cli_option cli_options_root_new[] = {
    {"out", CLI_OPTION_VALUE, "FILE", "root.json to write, not signed yet", .required = true},
    {"root-key", CLI_OPTION_LIST, "K.pub", "keys that sign roots"},
    {"release-key", CLI_OPTION_LIST, "K.pub", "keys that sign releases"},
    {"offer-key", CLI_OPTION_VALUE, "K.pub", "the server's offer.pub"},
    {"threshold-root", CLI_OPTION_VALUE, "N", "root keys that must sign, 1 if not given"},
    {"threshold-release", CLI_OPTION_VALUE, "N", "release keys that must sign, 1 if not given"},
    {"expires", CLI_OPTION_VALUE, "TIME", "how long it is valid: 365d if not given"},
    {"epoch", CLI_OPTION_VALUE, "N", "sequence epoch: raise it after a release key was stolen"},
    {"from", CLI_OPTION_VALUE, "OLD", "the root to follow: version + 1, its keys where none are given"},
    {"revoke-image", CLI_OPTION_LIST, "KEY",
     "image key that is not trusted any more: K.pub, its kid, or KEYHASH in hex"},
    CLI_KEY_OPTIONS,
    {NULL},
};

const char cli_notes_root_new[] = "FILE is the root's payload; `otter root sign` makes it a signed envelope. "
                                  "Key files may be public or private;\n"
                                  "only the public half is used. A root that follows another (--from) must "
                                  "be signed by the thresholds of both.";

/* The key's place in the root, added where it is new. */
static enum cli_exit place_key(struct cli *cli, struct otter_root *root, const struct cli_public *key,
                               uint8_t *ret)
{
    for (uint8_t i = 0; i < root->key_count; i++) {
        if (memcmp(root->key[i].kid.b, key->kid.b, OTTER_DIGEST_LEN) == 0) {
            *ret = i;
            return CLI_DONE;
        }
    }
    if (root->key_count == OTTER_ROOT_KEYS_MAX)
        return cli_fail(cli, CLI_REFUSED, "root-keys: a root holds at most %u keys", OTTER_ROOT_KEYS_MAX);
    root->key[root->key_count].kid = key->kid;
    memcpy(root->key[root->key_count].point, key->point, OTTER_POINT_LEN);
    *ret = root->key_count++;
    return CLI_DONE;
}

/* The keys of a role: those of the option, else those of the old root. */
static enum cli_exit fill_role(struct cli *cli, const struct cli_args *args, const char *option,
                               enum otter_role role, const struct otter_root *old, struct otter_root *root)
{
    struct cli_public key[OTTER_ROOT_KEYS_MAX];
    struct otter_root_role *to = &root->role[role];
    size_t n = 0;
    enum cli_exit code = cli_public_list(cli, args, option, key, OTTER_ROOT_KEYS_MAX, &n);

    if (code == CLI_DONE && n == 0 && old == NULL)
        return cli_fail(cli, CLI_USAGE, "--%s is missing (or --from OLD, to keep its keys)", option);
    if (code == CLI_DONE && n == 0) {
        n = old->role[role].count;
        for (size_t i = 0; i < n; i++) {
            const struct otter_root_key *k = &old->key[old->role[role].key[i]];

            key[i].kid = k->kid;
            memcpy(key[i].point, k->point, OTTER_POINT_LEN);
        }
    }
    to->count = (uint8_t)n;
    for (size_t i = 0; code == CLI_DONE && i < n; i++)
        code = place_key(cli, root, &key[i], &to->key[i]);
    return code;
}

static enum cli_exit threshold(struct cli *cli, const struct cli_args *args, const char *option,
                               enum otter_role role, const struct otter_root *old, struct otter_root *root)
{
    const char *text = cli_arg(args, option);
    uint64_t n = old != NULL ? old->role[role].threshold : 1;

    if (text != NULL && !cli_parse_number(text, OTTER_ROOT_KEYS_MAX, false, &n))
        n = 0;
    if (n == 0 || n > root->role[role].count)
        return cli_fail(cli, CLI_USAGE, "--%s %s: expected 1 to %u, the number of keys", option,
                        text != NULL ? text : "(the old root's)", root->role[role].count);
    root->role[role].threshold = (uint8_t)n;
    return CLI_DONE;
}

static enum cli_exit revoke(struct cli *cli, const char *text, struct otter_root *root)
{
    struct otter_digest kid;
    enum cli_exit code = cli_root_kid(cli, text, &kid);

    if (code != CLI_DONE)
        return code;
    for (unsigned i = 0; i < root->revoked_count; i++)
        if (memcmp(root->revoked[i].b, kid.b, sizeof(kid.b)) == 0)
            return CLI_DONE;
    if (root->revoked_count == OTTER_ROOT_REVOKED)
        return cli_fail(cli, CLI_REFUSED, "--revoke-image %s: a root revokes at most %u image keys", text,
                        OTTER_ROOT_REVOKED);
    root->revoked[root->revoked_count++] = kid;
    return CLI_DONE;
}

static enum cli_exit numbers(struct cli *cli, const struct cli_args *args, const struct otter_root *old,
                             struct otter_root *root)
{
    const char *expires = cli_arg(args, "expires"), *epoch = cli_arg(args, "epoch");
    uint64_t seconds = UINT64_C(365) * 86400;

    if (expires != NULL && !cli_parse_duration(expires, &seconds))
        return cli_fail(cli, CLI_USAGE, "--expires %s: expected a duration, as 365d or 12h", expires);
    root->version = old != NULL ? old->version + 1 : 1;
    root->created = cli->now;
    root->expires = cli->now + seconds;
    root->sequence_epoch = old != NULL ? old->sequence_epoch : 1;
    if (epoch != NULL && !cli_parse_number(epoch, OTTER_INT_MAX, false, &root->sequence_epoch))
        return cli_fail(cli, CLI_USAGE, "--epoch %s: expected a number", epoch);
    if (old != NULL && root->sequence_epoch < old->sequence_epoch)
        return cli_fail(cli, CLI_REFUSED, "root-epoch: --epoch %s is below the old root's %llu", epoch,
                        (unsigned long long)old->sequence_epoch);
    return CLI_DONE;
}

static enum cli_exit fill(struct cli *cli, const struct cli_args *args, const struct otter_root *old,
                          struct otter_root *root)
{
    static const char *const option[] = {"root-key", "release-key", "offer-key"};
    enum cli_exit code = numbers(cli, args, old, root);

    for (unsigned role = 0; code == CLI_DONE && role < OTTER_ROLE_COUNT; role++)
        code = fill_role(cli, args, option[role], (enum otter_role)role, old, root);
    if (code == CLI_DONE)
        code = threshold(cli, args, "threshold-root", OTTER_ROLE_ROOT, old, root);
    if (code == CLI_DONE)
        code = threshold(cli, args, "threshold-release", OTTER_ROLE_RELEASE, old, root);
    root->role[OTTER_ROLE_OFFER].threshold = 1;
    if (old != NULL) {
        root->revoked_count = old->revoked_count;
        memcpy(root->revoked, old->revoked, sizeof(root->revoked));
    }
    for (size_t i = 0; code == CLI_DONE && i < cli_arg_count(args, "revoke-image"); i++)
        code = revoke(cli, cli_arg_at(args, "revoke-image", i), root);
    return code;
}

enum cli_exit cli_run_root_new(struct cli *cli, const struct cli_args *args)
{
    const char *from = cli_arg(args, "from"), *out = cli_arg(args, "out");
    auto_document struct cli_document old_file = {0};
    struct otter_root old, root = {0};
    enum cli_exit code = CLI_DONE;

    if (from != NULL) {
        code = cli_document_load(cli, from, &old_file);
        if (code == CLI_DONE)
            code = cli_document_root(cli, from, &old_file, &old);
    }
    if (code == CLI_DONE)
        code = fill(cli, args, from != NULL ? &old : NULL, &root);
    if (code == CLI_DONE)
        code = cli_root_write(cli, out, &root);
    if (code == CLI_DONE)
        code = cli_show_root(cli, out, NULL, &root);
    if (code == CLI_DONE && !cli->dry_run)
        cli_note(cli, "%s is not signed yet. Next: otter root sign %s --key ROOT.key", out, out);
    return code;
}

#include "root_next.h"

#include "core/bytes.h"
#include "keys.h"
#include "parse.h"
#include "root_effect.h"
#include "show_root.h"

#include <string.h>

#define YEAR (UINT64_C(365) * 86400)

enum cli_exit cli_root_kid(struct cli *cli, const char *text, struct otter_digest *ret)
{
    size_t len = strlen(text);
    struct cli_public key;
    enum cli_exit code;

    if (otter_hex_decode(text, len, ret->b, sizeof(ret->b)) ||
        otter_b64_decode(text, len, ret->b, sizeof(ret->b)) == (int)sizeof(ret->b))
        return CLI_DONE;
    code = cli_public_load(cli, text, &key);
    if (code == CLI_DONE)
        *ret = key.kid;
    return code;
}

enum cli_exit cli_root_key(struct cli *cli, const char *text, struct otter_root_key *ret)
{
    struct cli_public key;
    enum cli_exit code = cli_public_load(cli, text, &key);

    if (code != CLI_DONE)
        return code;
    ret->kid = key.kid;
    memcpy(ret->point, key.point, sizeof(ret->point));
    return CLI_DONE;
}

enum cli_exit cli_root_role(struct cli *cli, const char *option, const char *text, enum otter_role *ret,
                            const char **ret_rest)
{
    size_t len = strcspn(text, "=");

    for (unsigned r = 0; r < OTTER_ROLE_COUNT; r++) {
        const char *name = otter_role_name((enum otter_role)r);

        if (strlen(name) != len || strncmp(name, text, len) != 0 || text[len] == '\0')
            continue;
        *ret = (enum otter_role)r;
        *ret_rest = text + len + 1;
        return CLI_DONE;
    }
    return cli_fail(cli, CLI_USAGE, "--%s %s: expected root=, release= or offer= and what it is", option,
                    text);
}

enum cli_exit cli_root_write(struct cli *cli, const char *path, const struct otter_root *root)
{
    struct otter_root again;
    char payload[OTTER_PAYLOAD_MAX + 1];
    enum otter_status status = otter_root_encode(root, payload, sizeof(payload));

    if (status == OTTER_OK && strlen(payload) > CLI_ROOT_PAYLOAD_MAX)
        status = OTTER_TOO_LARGE;
    if (status == OTTER_OK)
        status = otter_root_decode(&otter_crypto_openssl, payload, strlen(payload), &again);
    if (status != OTTER_OK)
        return cli_fail_status(cli, path, status);
    return cli_document_create(cli, path, payload);
}

enum cli_exit cli_root_next_take(struct cli *cli, struct cli_root_next *n,
                                 const struct cli_root_change *change, const char *option, const char *text)
{
    enum cli_root_verdict verdict = cli_root_change(&n->draft, change);

    return verdict == CLI_ROOT_OK
               ? CLI_DONE
               : cli_fail(cli, CLI_REFUSED, "--%s %s: %s", option, text, cli_root_meaning(verdict));
}

static enum cli_exit take_add(struct cli *cli, struct cli_root_next *n, const char *text)
{
    struct cli_root_change c = {.kind = CLI_ROOT_ADD};
    const char *key;
    enum cli_exit code = cli_root_role(cli, "add", text, &c.role, &key);

    if (code == CLI_DONE)
        code = cli_root_key(cli, key, &c.come);
    return code == CLI_DONE ? cli_root_next_take(cli, n, &c, "add", text) : code;
}

static enum cli_exit take_threshold(struct cli *cli, struct cli_root_next *n, const char *text)
{
    struct cli_root_change c = {.kind = CLI_ROOT_THRESHOLD};
    const char *number;
    enum cli_exit code = cli_root_role(cli, "threshold", text, &c.role, &number);

    if (code == CLI_DONE && !cli_parse_number(number, OTTER_ROOT_KEYS_MAX, false, &c.number))
        code = cli_fail(cli, CLI_USAGE, "--threshold %s: expected 1 to %u", text, OTTER_ROOT_KEYS_MAX);
    return code == CLI_DONE ? cli_root_next_take(cli, n, &c, "threshold", text) : code;
}

enum cli_exit cli_root_next_begin(struct cli *cli, const struct cli_args *args, struct cli_root_next *ret)
{
    const char *path = args->operand[0], *expires = cli_arg(args, "expires");
    uint64_t seconds = YEAR;
    enum cli_exit code;

    *ret = (struct cli_root_next){.file = {.text = NULL}};
    if (expires != NULL && !cli_parse_duration(expires, &seconds))
        return cli_fail(cli, CLI_USAGE, "--expires %s: expected a duration, as 365d or 12h", expires);
    code = cli_document_load(cli, path, &ret->file);
    if (code == CLI_DONE)
        code = cli_document_root(cli, path, &ret->file, &ret->old);
    if (code != CLI_DONE)
        return code;
    cli_root_begin(&ret->old, cli->now, seconds, &ret->draft);
    for (size_t i = 0; code == CLI_DONE && i < cli_arg_count(args, "add"); i++)
        code = take_add(cli, ret, cli_arg_at(args, "add", i));
    for (size_t i = 0; code == CLI_DONE && i < cli_arg_count(args, "threshold"); i++)
        code = take_threshold(cli, ret, cli_arg_at(args, "threshold", i));
    return code;
}

void cli_root_next_free(struct cli_root_next *n)
{
    cli_document_free(&n->file);
}

/* Who holds a key that goes may be gone, too, or not to be trusted. */
static void say_next(struct cli *cli, const struct otter_root *old, const struct otter_root *new,
                     const char *old_path, const char *path)
{
    const struct otter_root_role *a = &old->role[OTTER_ROLE_ROOT], *b = &new->role[OTTER_ROLE_ROOT];
    unsigned stay = cli_root_stay(old, new);

    cli_note(cli, "%u of root %llu's %u root keys must sign it, and %u of its own %u", a->threshold,
             (unsigned long long)old->version, a->count, b->threshold, b->count);
    if (stay < a->threshold)
        cli_note(cli, "Only %u of them stay: a key that goes has to sign once more", stay);
    if (!cli->dry_run)
        cli_note(cli, "Next, each signer: otter root sign %s --from %s --key ROOT.key", path, old_path);
}

enum cli_exit cli_root_next_end(struct cli *cli, const struct cli_args *args, const struct cli_root_next *n)
{
    const char *path = cli_arg(args, "out");
    enum otter_role role = OTTER_ROLE_ROOT;
    struct otter_root root;
    enum cli_root_verdict verdict = cli_root_end(&n->draft, &root, &role);
    enum cli_exit code;

    if (verdict != CLI_ROOT_OK)
        return cli_fail(cli, CLI_REFUSED, "root-roles: role %s: %s", otter_role_name(role),
                        cli_root_meaning(verdict));
    code = cli_root_write(cli, path, &root);
    if (code == CLI_DONE)
        code = cli_show_root(cli, path, NULL, &root);
    if (code == CLI_DONE)
        say_next(cli, &n->old, &root, args->operand[0], path);
    return code == CLI_DONE ? cli_root_effect(cli, &n->old, &root) : code;
}

#include "verb.h"

#include "keys.h"
#include "parse.h"
#include "root_next.h"

#include <string.h>

const struct cli_option cli_options_root_rotate[] = {
    {"root-key", CLI_OPTION_LIST, "OLD=NEW", "a root key, by id or file, and the one in its place"},
    {"release-key", CLI_OPTION_LIST, "OLD=NEW", "the like of a release key"},
    {"offer-key", CLI_OPTION_LIST, "OLD=NEW", "the like of the server's key: offer.next.key.pub"},
    {"remove", CLI_OPTION_LIST, "ROLE=KEY", "a key less in a role"},
    {"epoch", CLI_OPTION_VALUE, "N", "sequence epoch, or +1: releases of the old one are void"},
    CLI_ROOT_NEXT_OPTIONS,
    CLI_KEY_OPTIONS,
    {NULL},
};

const char cli_notes_root_rotate[] =
    "FILE is the newest root. Without a change, its successor is the same with a new expiry.\n"
    "A key that was stolen goes with `otter root revoke`.";

/* "OLD=NEW": no id and no sensible file's name has a '=', but a token's key has. */
static enum cli_exit replace(struct cli *cli, struct cli_root_next *n, const char *option,
                             enum otter_role role, const char *text)
{
    struct cli_root_change c = {.kind = CLI_ROOT_REPLACE, .role = role};
    const char *equals = strchr(text, '=');
    auto_free char *old = equals != NULL ? strndup(text, (size_t)(equals - text)) : NULL;
    enum cli_exit code;

    if (equals == NULL)
        return cli_fail(cli, CLI_USAGE, "--%s %s: expected OLD=NEW", option, text);
    if (old == NULL)
        return cli_fail_memory(cli);
    code = cli_root_kid(cli, old, &c.gone);
    if (code == CLI_DONE)
        code = cli_root_key(cli, equals + 1, &c.come);
    return code == CLI_DONE ? cli_root_next_take(cli, n, &c, option, text) : code;
}

static enum cli_exit remove_key(struct cli *cli, struct cli_root_next *n, const char *text)
{
    struct cli_root_change c = {.kind = CLI_ROOT_REMOVE};
    const char *key;
    enum cli_exit code = cli_root_role(cli, "remove", text, &c.role, &key);

    if (code == CLI_DONE)
        code = cli_root_kid(cli, key, &c.gone);
    return code == CLI_DONE ? cli_root_next_take(cli, n, &c, "remove", text) : code;
}

static enum cli_exit epoch(struct cli *cli, const char *text, struct otter_root *root)
{
    uint64_t old = root->sequence_epoch, n;

    if (text == NULL)
        return CLI_DONE;
    if (!cli_parse_number(text + (text[0] == '+'), OTTER_INT_MAX - old, false, &n))
        return cli_fail(cli, CLI_USAGE, "--epoch %s: expected +1, or a number", text);
    root->sequence_epoch = text[0] == '+' ? old + n : n;
    if (root->sequence_epoch < old)
        return cli_fail(cli, CLI_REFUSED, "root-epoch: --epoch %s is below the old root's %llu", text,
                        (unsigned long long)old);
    return CLI_DONE;
}

enum cli_exit cli_run_root_rotate(struct cli *cli, const struct cli_args *args)
{
    static const char *const option[] = {"root-key", "release-key", "offer-key"};
    auto_root_next struct cli_root_next n;
    enum cli_exit code = cli_root_next_begin(cli, args, &n);

    for (unsigned r = 0; r < OTTER_ROLE_COUNT; r++)
        for (size_t i = 0; code == CLI_DONE && i < cli_arg_count(args, option[r]); i++)
            code = replace(cli, &n, option[r], (enum otter_role)r, cli_arg_at(args, option[r], i));
    for (size_t i = 0; code == CLI_DONE && i < cli_arg_count(args, "remove"); i++)
        code = remove_key(cli, &n, cli_arg_at(args, "remove", i));
    if (code == CLI_DONE)
        code = epoch(cli, cli_arg(args, "epoch"), &n.draft.root);
    return code == CLI_DONE ? cli_root_next_end(cli, args, &n) : code;
}

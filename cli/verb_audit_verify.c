#include "verb.h"

#include "audit_log.h"
#include "host/cleanup.h"
#include "host/file.h"
#include "keys.h"
#include "output.h"
#include "parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct cli_option cli_options_audit_verify[] = {
    {"key", CLI_OPTION_VALUE, "K.pub", "the server's audit.pub: the head at the end must be by it"},
    {"head", CLI_OPTION_LIST, "FILE",
     "a head that was kept (otter audit head --save): an ancestor, or no proof"},
    {NULL},
};

const char cli_notes_audit_verify[] =
    "Without the server: each entry's hash, its place in the chain, the signed head at the end, and heads "
    "from "
    "earlier visits.\nThe first wrong line is named, and the exit status is 1. Several files are one log: "
    "archives of otter audit prune first.\nThe file of otterd's [audit] file has no head of its own: give "
    "one "
    "by --head.";

static enum cli_exit know_heads(struct cli *cli, const struct cli_args *args, struct audit_walk *walk,
                                char *texts[AUDIT_HEADS_MAX])
{
    for (size_t i = 0; i < cli_arg_count(args, "head"); i++) {
        const char *path = cli_arg_at(args, "head", i);
        struct host_error err = {0};
        size_t len = 0;

        if (i == AUDIT_HEADS_MAX)
            return cli_fail(cli, CLI_USAGE, "--head: at most %u", AUDIT_HEADS_MAX);
        if (!host_file_read(path, OTTER_ENVELOPE_MAX, &texts[i], &len, &err))
            return cli_fail_error(cli, &err);
        if (!audit_walk_know(walk, path, texts[i], len))
            return cli_fail(cli, CLI_REFUSED, "%s: no-head: it is no head of an audit log", path);
    }
    return CLI_DONE;
}

static enum cli_exit check_file(struct cli *cli, const char *path, struct audit_walk *walk)
{
    auto_file FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    enum cli_exit code;

    if (file == NULL)
        return cli_fail(cli, CLI_FILE, "%s cannot be read: %s", path, strerror(errno));
    code = cli_audit_check(cli, path, file, walk, NULL);
    if (file == stdin)
        file = NULL;
    return code;
}

static enum cli_exit check_files(struct cli *cli, const struct cli_args *args, struct audit_walk *walk)
{
    enum cli_exit code = CLI_DONE;

    for (size_t i = 0; i < args->operand_count && code == CLI_DONE; i++) {
        if (i > 0)
            audit_walk_next_file(walk);
        code = check_file(cli, args->operand[i], walk);
    }
    return code == CLI_DONE ? cli_audit_check_end(cli, args->operand[args->operand_count - 1], walk) : code;
}

/* The newest entry that something signed stands for. */
static uint64_t signed_upto(const struct audit_walk *walk)
{
    uint64_t upto = walk->headed ? walk->head.num : 0;

    for (unsigned i = 0; i < walk->known_count; i++)
        upto = walk->known[i].head.num > upto ? walk->known[i].head.num : upto;
    return upto;
}

static enum cli_exit show(struct cli *cli, const struct audit_walk *walk)
{
    static const struct cli_column columns[] = {{"verified", "verified"},
                                                {"entries", "entries", CLI_KIND_NUMBER},
                                                {"from", "from", CLI_KIND_NUMBER},
                                                {"to", "to", CLI_KIND_NUMBER},
                                                {"signed up to", "signed", CLI_KIND_NUMBER},
                                                {"head", "hash"},
                                                {"key", "kid"},
                                                {"heads", "heads", CLI_KIND_NUMBER, .extra = true},
                                                {NULL}};
    auto_json json_t *o = json_object();
    struct otter_digest id;
    char kid[CLI_KID_STR] = "";

    if (walk->key_count > 0) {
        otter_key_id(&otter_crypto_openssl, walk->keys[walk->key_count - 1], &id);
        cli_kid_format(&id, kid);
    }
    json_object_set_new(o, "verified", json_true());
    cli_put_uint(o, "entries", walk->entries);
    cli_put_uint(o, "from", walk->first);
    cli_put_uint(o, "to", walk->num);
    cli_put_uint(o, "signed", signed_upto(walk));
    cli_put_hex(o, "hash", &walk->hash);
    cli_put_string(o, "kid", kid);
    cli_put_uint(o, "heads", walk->known_count);
    return cli_print_object(cli, o, columns);
}

enum cli_exit cli_run_audit_verify(struct cli *cli, const struct cli_args *args)
{
    auto_free struct audit_walk *walk = calloc(1, sizeof(*walk));
    char *texts[AUDIT_HEADS_MAX] = {NULL};
    struct cli_public key;
    const char *path = cli_arg(args, "key");
    enum cli_exit code = walk != NULL ? CLI_DONE : cli_fail_memory(cli);

    if (code == CLI_DONE && path != NULL)
        code = cli_public_load(cli, path, &key);
    if (code == CLI_DONE && path != NULL)
        walk->key = key.point;
    if (code == CLI_DONE)
        code = know_heads(cli, args, walk, texts);
    if (code == CLI_DONE)
        code = check_files(cli, args, walk);
    if (code == CLI_DONE)
        code = show(cli, walk);
    if (code == CLI_DONE && walk->num > signed_upto(walk) && cli->format == CLI_FORMAT_TABLE)
        cli_note(cli, "what stands behind entry %llu is chained, and not signed for by any head here",
                 (unsigned long long)signed_upto(walk));
    if (code == CLI_DONE && path == NULL && walk->known_count == 0 && cli->format == CLI_FORMAT_TABLE)
        cli_note(cli, "by the log's own word: whose it is, --key audit.pub or a head that was kept says");
    for (unsigned i = 0; i < AUDIT_HEADS_MAX; i++)
        free(texts[i]);
    return code;
}

#include "verb.h"

#include "api.h"
#include "document.h"
#include "server_root.h"
#include "show_root.h"

#include <string.h>

/* Is this very root published already? One of the same number that differs is left to verify() to refuse. */
static enum cli_exit is_published(struct cli *cli, const struct cli_document *d, uint64_t version,
                                  uint64_t newest, bool *ret)
{
    auto_document struct cli_document held = {0};
    enum cli_exit code;

    *ret = false;
    if (version > newest)
        return CLI_DONE;
    code = cli_root_fetch(cli, version, &held);
    *ret = code == CLI_DONE && held.len == d->len && memcmp(held.text, d->text, d->len) == 0;
    return code;
}

/* Alone onto an empty server, by the chain onto another. */
static enum cli_exit verify(struct cli *cli, const char *path, const struct cli_document *d,
                            const struct cli_document *current, struct otter_root *ret)
{
    struct otter_root old;
    struct otter_jws scratch;
    enum otter_status status;

    if (!d->is_signed)
        return cli_fail(cli, CLI_REFUSED,
                        "%s: bad-envelope: it is not signed yet\nNext: otter root sign %s --key ROOT.key",
                        path, path);
    if (current == NULL) {
        status = otter_verify_root_first(&otter_crypto_openssl, d->text, d->len, &scratch, ret);
        if (status == OTTER_OK && ret->version != 1)
            return cli_fail(cli, CLI_REFUSED,
                            "%s: root-version: the server has no root yet, and this is number %llu\n"
                            "Publish root 1 first, then each that follows",
                            path, (unsigned long long)ret->version);
    } else {
        status =
            otter_root_decode(&otter_crypto_openssl, current->jws.payload, current->jws.payload_len, &old);
        if (status == OTTER_OK)
            status = otter_verify_root_next(&otter_crypto_openssl, &old, d->text, d->len, &scratch, ret);
    }
    if (status != OTTER_OK)
        return cli_fail_status(cli, path, status);
    if (ret->created > cli->now)
        return cli_fail_status(cli, path, OTTER_CREATED_IN_FUTURE);
    return CLI_DONE;
}

static enum cli_exit post(struct cli *cli, const struct cli_document *d, const char *path,
                          const struct otter_root *root)
{
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code = cli_document_post(cli, "/api/v1/roots", d, &reply);

    if (code != CLI_DONE)
        return code;
    if (cli->format == CLI_FORMAT_JSON)
        cli_print_text(cli, reply.http.body, reply.http.body_len);
    else
        code = cli_show_root(cli, path, d, root);
    if (cli->dry_run)
        cli_note(cli, "Would publish root %llu", (unsigned long long)root->version);
    else if (reply.http.status == 201)
        cli_note(cli, "Published root %llu", (unsigned long long)root->version);
    else
        cli_note(cli, "Root %llu is published already: nothing to do", (unsigned long long)root->version);
    return code;
}

enum cli_exit cli_run_root_publish(struct cli *cli, const struct cli_args *args)
{
    const char *path = args->operand[0];
    auto_document struct cli_document d = {0}, current = {0};
    struct otter_root root;
    uint64_t newest = 0;
    bool published = false;
    enum cli_exit code = cli_document_load(cli, path, &d);

    if (code == CLI_DONE)
        code = cli_document_root(cli, path, &d, &root);
    if (code == CLI_DONE)
        code = cli_root_newest(cli, &newest);
    if (code == CLI_DONE)
        code = is_published(cli, &d, root.version, newest, &published);
    if (code == CLI_DONE && published) {
        cli_note(cli, "Root %llu is published already: nothing to do", (unsigned long long)root.version);
        return CLI_DONE;
    }
    if (code == CLI_DONE && newest > 0)
        code = cli_root_fetch(cli, newest, &current);
    if (code == CLI_DONE)
        code = verify(cli, path, &d, newest > 0 ? &current : NULL, &root);
    return code == CLI_DONE ? post(cli, &d, path, &root) : code;
}

#include "verb.h"

#include "api.h"
#include "document.h"
#include "show_root.h"

#include <string.h>

/* The server's newest root, as a document; *ret_number 0 and no document if it has none. */
static enum cli_exit newest(struct cli *cli, struct cli_document *ret, uint64_t *ret_number)
{
    auto_json json_t *items = NULL;
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code = cli_api_all(cli, "/api/v1/roots", &items);
    const json_t *item;
    char path[64];
    size_t i;

    *ret_number = 0;
    json_array_foreach(items, i, item)
    {
        json_int_t version = json_integer_value(json_object_get(item, "version"));

        *ret_number = version > 0 && (uint64_t)version > *ret_number ? (uint64_t)version : *ret_number;
    }
    if (code != CLI_DONE || *ret_number == 0)
        return code;
    snprintf(path, sizeof(path), "/api/v1/roots/%llu", (unsigned long long)*ret_number);
    code = cli_api(cli, &(struct cli_request){.method = "GET", .path = path}, &reply);
    if (code != CLI_DONE)
        return code;
    return cli_document_take(cli, path, HOST_STEAL(reply.http.body), reply.http.body_len, ret);
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
    enum cli_exit code = cli_api(cli,
                                 &(struct cli_request){.method = "POST",
                                                       .path = "/api/v1/roots",
                                                       .body = d->text,
                                                       .body_len = d->len,
                                                       .content_type = "application/jose+json",
                                                       .creating = true,
                                                       .changing = true},
                                 &reply);

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
    uint64_t number = 0;
    enum cli_exit code = cli_document_load(cli, path, &d);

    if (code == CLI_DONE)
        code = newest(cli, &current, &number);
    if (code == CLI_DONE && number > 0 && current.len == d.len && memcmp(current.text, d.text, d.len) == 0) {
        cli_note(cli, "Root %llu is published already: nothing to do", (unsigned long long)number);
        return CLI_DONE;
    }
    if (code == CLI_DONE)
        code = verify(cli, path, &d, number > 0 ? &current : NULL, &root);
    return code == CLI_DONE ? post(cli, &d, path, &root) : code;
}

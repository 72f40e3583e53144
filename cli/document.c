#include "document.h"

#include "host/file.h"
#include "host/json.h"
#include "host/jws.h"

#include <stdlib.h>
#include <string.h>

/* Has the text the members of an envelope? A payload has a "type" instead. */
static bool is_envelope(const char *text, size_t len)
{
    auto_json json_t *j = host_json_load(text, len, "", NULL);

    return json_object_get(j, "signatures") != NULL;
}

static enum cli_exit take_payload(struct cli *cli, const char *what, const char *text, size_t len,
                                  struct cli_document *d)
{
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r' || text[len - 1] == ' '))
        len--;
    if (len > OTTER_PAYLOAD_MAX)
        return cli_fail(cli, CLI_REFUSED, "%s: too-large: the payload has %zu bytes, at most %u are allowed",
                        what, len, OTTER_PAYLOAD_MAX);
    memcpy(d->jws.payload, text, len);
    d->jws.payload[len] = '\0';
    d->jws.payload_len = (uint16_t)len;
    return CLI_DONE;
}

enum cli_exit cli_document_take(struct cli *cli, const char *what, char *text, size_t len,
                                struct cli_document *ret)
{
    enum otter_status status;

    *ret = (struct cli_document){.text = text, .len = len, .is_signed = is_envelope(text, len)};
    if (!ret->is_signed)
        return take_payload(cli, what, text, len, ret);
    status = otter_jws_decode(text, len, &ret->jws);
    if (status != OTTER_OK)
        return cli_fail_status(cli, what, status);
    return CLI_DONE;
}

enum cli_exit cli_document_load(struct cli *cli, const char *path, struct cli_document *ret)
{
    struct host_error err = {0};
    char *text = NULL;
    size_t len;

    *ret = (struct cli_document){0};
    /* One byte more than allowed, so that lib/core says what is wrong with a longer one. */
    if (!host_file_read(path, OTTER_ENVELOPE_MAX + 1, &text, &len, &err))
        return cli_fail_error(cli, &err);
    return cli_document_take(cli, path, text, len, ret);
}

void cli_document_free(struct cli_document *d)
{
    free(d->text);
    d->text = NULL;
}

enum cli_exit cli_document_root(struct cli *cli, const char *what, const struct cli_document *d,
                                struct otter_root *ret)
{
    enum otter_status status =
        otter_root_decode(&otter_crypto_openssl, d->jws.payload, d->jws.payload_len, ret);

    return status == OTTER_OK ? CLI_DONE : cli_fail_status(cli, what, status);
}

enum cli_exit cli_document_manifest(struct cli *cli, const char *what, const struct cli_document *d,
                                    struct otter_manifest *ret)
{
    enum otter_status status = otter_manifest_decode(d->jws.payload, d->jws.payload_len, ret);

    return status == OTTER_OK ? CLI_DONE : cli_fail_status(cli, what, status);
}

static enum cli_exit write_file(struct cli *cli, const char *path, const char *text, size_t len)
{
    struct host_error err = {0};

    if (cli->dry_run)
        cli_note(cli, "Dry run: %s is not written", path);
    else if (!host_file_write(path, text, len, 0644, HOST_FILE_REPLACE, &err))
        return cli_fail_error(cli, &err);
    return CLI_DONE;
}

/* With one more signature; *ret_envelope is malloc'ed. */
static bool add_signature(const struct cli_document *d, const struct otter_digest *kid,
                          const uint8_t sig[OTTER_SIG_LEN], char **ret_envelope, size_t *ret_len,
                          struct host_error *err)
{
    return d->is_signed
               ? host_jws_attach(kid, sig, d->text, d->len, ret_envelope, ret_len, err)
               : host_jws_begin(kid, sig, d->jws.payload, d->jws.payload_len, ret_envelope, ret_len, err);
}

enum cli_exit cli_document_sign(struct cli *cli, const char *path, struct cli_document *d,
                                const struct cli_signing *signing)
{
    const struct otter_digest *kid = &signing->by.kid;
    uint8_t sig[OTTER_SIG_LEN];
    struct host_error err = {0};
    struct otter_digest digest;
    char *envelope = NULL;
    size_t len = 0;
    enum cli_exit code;

    if (!host_jws_hash_for(kid, d->jws.payload, d->jws.payload_len, &digest))
        return cli_fail_status(cli, path, OTTER_TOO_LARGE);
    code = cli_signing_sign(cli, signing, path, OTTER_BAD_SIGNATURE, &digest, sig);
    if (code != CLI_DONE)
        return code;
    if (!add_signature(d, kid, sig, &envelope, &len, &err)) {
        /* A second signature by the same key is a refusal, no matter of files. */
        if (err.kind == HOST_ERROR_EXISTS)
            return cli_fail(cli, CLI_REFUSED, "%s: duplicate-signature: %s", path, err.message);
        return cli_fail_error(cli, &err);
    }
    cli_document_free(d);
    if (cli_document_take(cli, path, envelope, len, d) != CLI_DONE)
        return CLI_REFUSED;
    return write_file(cli, path, d->text, d->len);
}

enum cli_exit cli_document_digest(struct cli *cli, const char *path, const struct cli_document *d,
                                  const struct cli_signing *signing)
{
    auto_free char *input = host_jws_input_for(&signing->by.kid, d->jws.payload, d->jws.payload_len);

    return input != NULL ? cli_signing_write(cli, signing, path, input, strlen(input)) : cli_fail_memory(cli);
}

enum cli_exit cli_document_create(struct cli *cli, const char *path, const char *payload)
{
    auto_free char *line = NULL;
    int len = asprintf(&line, "%s\n", payload);

    if (len < 0)
        return cli_fail_memory(cli);
    return write_file(cli, path, line, (size_t)len);
}

static const struct otter_root_key *key_of(const struct otter_root *root, const struct otter_root_role *role,
                                           const struct otter_digest *kid)
{
    for (unsigned i = 0; i < role->count; i++)
        if (memcmp(root->key[role->key[i]].kid.b, kid->b, sizeof(kid->b)) == 0)
            return &root->key[role->key[i]];
    return NULL;
}

struct cli_signers cli_document_signers(const struct cli_document *d, const struct otter_root *by,
                                        enum otter_role name)
{
    const struct otter_root_role *role = &by->role[name];
    struct cli_signers s = {.threshold = role->threshold};

    for (unsigned i = 0; d->is_signed && i < d->jws.count; i++) {
        const struct otter_root_key *key = key_of(by, role, &d->jws.signature[i].kid);
        struct otter_digest hash;

        if (key == NULL)
            continue;
        otter_jws_signing_hash(&otter_crypto_openssl, &d->jws, i, &hash);
        s.valid += otter_crypto_openssl.p256_verify(key->point, hash.b, d->jws.signature[i].sig) ? 1 : 0;
    }
    s.enough = s.valid >= s.threshold;
    return s;
}

enum cli_exit cli_document_post(struct cli *cli, const char *path, const struct cli_document *d,
                                struct cli_reply *ret)
{
    const struct cli_request request = {.method = "POST",
                                        .path = path,
                                        .body = d->text,
                                        .body_len = d->len,
                                        .content_type = "application/jose+json",
                                        .creating = true,
                                        .changing = true};

    return cli_api(cli, &request, ret);
}

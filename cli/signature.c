#include "signature.h"
#include "verb.h"

#include "host/file.h"
#include "output.h"
#include "signature_forms.h"

#include <stdlib.h>
#include <string.h>

const char cli_signature_notes[] =
    "KEY is a PEM file, whose passphrase is asked for where it has one, or a key in a token by its PKCS#11 "
    "URI (RFC 7512).\n"
    "To sign outside of otter, run the verb twice: with --digest-only OUT, of which OUT is signed with ECDSA "
    "on "
    "P-256, and then with\n"
    "--signature FILE --signature-key K.pub, FILE being R || S, DER, or one of these in base64.";

/* How many of three are there? */
static unsigned given(const char *a, const char *b, const char *c)
{
    return (a != NULL ? 1u : 0u) + (b != NULL ? 1u : 0u) + (c != NULL ? 1u : 0u);
}

/* Exactly one way of signing. */
static enum cli_exit check(struct cli *cli, const struct cli_args *args, bool named)
{
    const char *key = cli_arg(args, "key"), *out = cli_arg(args, "digest-only");
    const char *signature = cli_arg(args, "signature"), *by = cli_arg(args, "signature-key");

    if (given(key, out, signature) != 1)
        return cli_fail(cli, CLI_USAGE, "give one of --key, --digest-only and --signature");
    if (by == NULL && (signature != NULL || (out != NULL && named)))
        return cli_fail(cli, CLI_USAGE, "--signature-key is missing: %s",
                        signature != NULL ? "with which the signature is checked"
                                          : "its id is part of what is signed");
    if (by != NULL && key != NULL)
        return cli_fail(cli, CLI_USAGE, "--signature-key goes with --digest-only or --signature, not --key");
    return CLI_DONE;
}

enum cli_exit cli_signing_begin(struct cli *cli, const struct cli_args *args, bool named,
                                struct cli_signing *ret)
{
    const char *by = cli_arg(args, "signature-key"), *signature = cli_arg(args, "signature");
    enum cli_exit code = check(cli, args, named);

    *ret = (struct cli_signing){.out = cli_arg(args, "digest-only")};
    if (code == CLI_DONE && cli_arg(args, "key") != NULL) {
        code = cli_private_load(cli, args, &ret->key);
        if (code == CLI_DONE) {
            memcpy(ret->by.point, host_key_point(ret->key), OTTER_POINT_LEN);
            ret->by.kid = *host_key_kid(ret->key);
        }
        return code;
    }
    if (code == CLI_DONE && by != NULL)
        code = cli_public_load(cli, by, &ret->by);
    if (code == CLI_DONE && signature != NULL)
        code = cli_signature_load(cli, signature, ret->sig);
    return code;
}

void cli_signing_end(struct cli_signing *s)
{
    host_key_free(s->key);
    s->key = NULL;
}

enum cli_exit cli_signing_sign(struct cli *cli, const struct cli_signing *s, const char *place,
                               enum otter_status refusal, const struct otter_digest *digest,
                               uint8_t ret_sig[OTTER_SIG_LEN])
{
    struct host_error err = {0};

    if (s->key != NULL)
        return host_key_sign_why(s->key, digest, ret_sig, &err) ? CLI_DONE : cli_fail_error(cli, &err);
    if (!otter_crypto_openssl.p256_verify(s->by.point, digest->b, s->sig))
        return cli_fail(cli, CLI_REFUSED,
                        "%s: %s: the signature is not one of this digest by the public key given\n"
                        "Was it made of another file, or with other options, or by another key?",
                        place, otter_status_name(refusal));
    memcpy(ret_sig, s->sig, OTTER_SIG_LEN);
    return CLI_DONE;
}

static enum cli_exit write_file(struct cli *cli, const char *path, const void *data, size_t len)
{
    struct host_error err = {0};

    return cli->dry_run || host_file_write(path, data, len, 0644, HOST_FILE_REPLACE, &err)
               ? CLI_DONE
               : cli_fail_error(cli, &err);
}

enum cli_exit cli_signing_write(struct cli *cli, const struct cli_signing *s, const char *place,
                                const void *input, size_t len)
{
    static const struct cli_column columns[] = {
        {"file", "file"}, {"digest", "digest"}, {"written to", "out"}, {"of", "input"}, {NULL}};
    auto_json json_t *o = json_object();
    auto_free char *path = NULL;
    struct otter_digest digest;
    enum cli_exit code;

    if (asprintf(&path, "%s.input", s->out) < 0)
        return cli_fail_memory(cli);
    otter_sha256_of(&otter_crypto_openssl, input, len, &digest);
    code = write_file(cli, path, input, len);
    if (code == CLI_DONE)
        code = write_file(cli, s->out, digest.b, sizeof(digest.b));
    if (code != CLI_DONE)
        return code;
    cli_put_string(o, "file", place);
    cli_put_hex(o, "digest", &digest);
    cli_put_string(o, "out", s->out);
    cli_put_string(o, "input", path);
    code = cli_print_object(cli, o, columns);
    if (cli->dry_run)
        cli_note(cli, "Dry run: %s is not written", s->out);
    else
        cli_note(cli,
                 "Next: sign %s with ECDSA on P-256, then the same with --signature instead of "
                 "--digest-only",
                 s->out);
    return code;
}

enum cli_exit cli_signature_load(struct cli *cli, const char *path, uint8_t ret_sig[OTTER_SIG_LEN])
{
    struct host_error err = {0};
    auto_free char *text = NULL;
    size_t len = 0;

    if (!host_file_read(path, CLI_SIGNATURE_MAX, &text, &len, &err))
        return cli_fail_error(cli, &err);
    if (cli_signature_decode(text, len, ret_sig))
        return CLI_DONE;
    return cli_fail(
        cli, CLI_REFUSED,
        "%s: bad-encoding: no signature on P-256: neither R || S of 64 bytes, nor DER, nor one of "
        "these in base64",
        path);
}

#include "keys.h"

#include "core/bytes.h"
#include "host/file.h"
#include "pkcs11/signer.h"

#include <string.h>

_Static_assert(CLI_SPKI_STR == OTTER_B64_LEN(OTTER_SPKI_LEN) + 1, "91 bytes in base64url and a NUL");

/* The public half of a PEM file; an encrypted one must be opened for it. */
static bool read_public(const char *path, struct host_passphrase *ask, uint8_t ret_point[OTTER_POINT_LEN],
                        struct host_error *err)
{
    auto_free char *pem = NULL;
    auto_key struct host_key *key = NULL;
    size_t len = 0;
    bool ok;

    if (!host_file_read(path, HOST_PEM_MAX, &pem, &len, err))
        return false;
    if (host_pem_is_encrypted(pem, len)) {
        key = host_key_parse_asking(pem, len, path, ask, err);
        ok = key != NULL;
        if (ok)
            memcpy(ret_point, host_key_point(key), OTTER_POINT_LEN);
    } else {
        ok = host_public_parse(pem, len, path, ret_point, err);
    }
    host_wipe(pem, len);
    return ok;
}

enum cli_exit cli_public_load(struct cli *cli, const char *name, struct cli_public *ret)
{
    struct cli_passphrase *pass;
    struct host_error err = {0};
    enum cli_exit code = cli_passphrase_of(cli, &pass);
    bool ok;

    if (code != CLI_DONE)
        return code;
    ok = pkcs11_is_uri(name)
             ? pkcs11_public_load(name, cli_arg(cli->args, "pkcs11-module"), &pass->ask, ret->point, &err)
             : read_public(name, &pass->ask, ret->point, &err);
    if (!ok)
        return cli_fail_error(cli, &err);
    otter_key_id(&otter_crypto_openssl, ret->point, &ret->kid);
    return CLI_DONE;
}

enum cli_exit cli_public_list(struct cli *cli, const struct cli_args *args, const char *option,
                              struct cli_public *ret, size_t cap, size_t *ret_count)
{
    size_t n = cli_arg_count(args, option);

    if (n > cap)
        return cli_fail(cli, CLI_USAGE, "--%s: %zu keys, at most %zu are possible", option, n, cap);
    for (size_t i = 0; i < n; i++) {
        const char *path = cli_arg_at(args, option, i);
        enum cli_exit code = cli_public_load(cli, path, &ret[i]);

        if (code != CLI_DONE)
            return code;
        for (size_t k = 0; k < i; k++)
            if (memcmp(ret[k].kid.b, ret[i].kid.b, OTTER_DIGEST_LEN) == 0)
                return cli_fail(cli, CLI_USAGE, "--%s %s: the same key as %s", option, path,
                                cli_arg_at(args, option, k));
    }
    *ret_count = n;
    return CLI_DONE;
}

enum cli_exit cli_key_open(struct cli *cli, const char *name, struct host_key **ret)
{
    struct cli_passphrase *pass;
    struct host_error err = {0};
    struct host_key *key;
    enum cli_exit code = cli_passphrase_of(cli, &pass);

    if (code != CLI_DONE)
        return code;
    key = pkcs11_is_uri(name) ? pkcs11_key_open(name, cli_arg(cli->args, "pkcs11-module"), &pass->ask, &err)
                              : host_key_open(name, &pass->ask, &err);
    if (key == NULL)
        return cli_fail_error(cli, &err);
    *ret = key;
    return CLI_DONE;
}

enum cli_exit cli_private_load(struct cli *cli, const struct cli_args *args, struct host_key **ret)
{
    return cli_key_open(cli, cli_arg(args, "key"), ret);
}

void cli_spki_format(const struct cli_public *key, char out[CLI_SPKI_STR])
{
    uint8_t spki[OTTER_SPKI_LEN];

    otter_spki_from_point(key->point, spki);
    otter_b64_encode(spki, sizeof(spki), out);
}

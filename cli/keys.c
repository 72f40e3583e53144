#include "keys.h"

#include "core/bytes.h"

#include <string.h>

_Static_assert(CLI_SPKI_STR == OTTER_B64_LEN(OTTER_SPKI_LEN) + 1, "91 bytes in base64url and a NUL");

enum cli_exit cli_public_load(struct cli *cli, const char *path, struct cli_public *ret)
{
    struct host_error err = {0};

    if (!host_public_load(path, ret->point, &err))
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

enum cli_exit cli_private_load(struct cli *cli, const struct cli_args *args, struct host_key **ret)
{
    struct host_error err = {0};
    struct host_key *key = host_key_load(cli_arg(args, "key"), &err);

    if (key == NULL)
        return cli_fail_error(cli, &err);
    *ret = key;
    return CLI_DONE;
}

void cli_spki_format(const struct cli_public *key, char out[CLI_SPKI_STR])
{
    uint8_t spki[OTTER_SPKI_LEN];

    otter_spki_from_point(key->point, spki);
    otter_b64_encode(spki, sizeof(spki), out);
}

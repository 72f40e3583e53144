/* Keys as the verbs take them: PEM files, private ones encrypted or not, and keys in tokens (pkcs11: URIs).
 */
#ifndef OTTER_CLI_KEYS_H
#define OTTER_CLI_KEYS_H

#include "cli.h"
#include "options.h"
#include "passphrase.h"

#include "host/crypto.h"

/* Rows for the option table of each verb that opens a key. */
#define CLI_KEY_OPTIONS                                                                                      \
    CLI_PASSPHRASE_OPTIONS,                                                                                  \
    {                                                                                                        \
        "pkcs11-module", CLI_OPTION_VALUE, "F", "library of a pkcs11: key's token; else what p11-kit knows"  \
    }

struct cli_public {
    uint8_t point[OTTER_POINT_LEN];
    struct otter_digest kid;
};

/* From a public or a private key's PEM file, or a token's key: `name` as the command line has it. */
enum cli_exit cli_public_load(struct cli *cli, const char *name, struct cli_public *ret);

/* All files of a list option, in order, each key once; more than cap are refused (exit 2). */
enum cli_exit cli_public_list(struct cli *cli, const struct cli_args *args, const char *option,
                              struct cli_public *ret, size_t cap, size_t *ret_count);

/* A private key, to sign with; the caller frees. The passphrase or PIN comes as passphrase.h says. */
enum cli_exit cli_key_open(struct cli *cli, const char *name, struct host_key **ret);

/* The like of --key. */
enum cli_exit cli_private_load(struct cli *cli, const struct cli_args *args, struct host_key **ret);

/* The SubjectPublicKeyInfo in base64url, as roots and the operators' API have it. */
#define CLI_SPKI_STR 123
void cli_spki_format(const struct cli_public *key, char out[CLI_SPKI_STR]);

#endif

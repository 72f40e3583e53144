/* Key files as the verbs take them. */
#ifndef OTTER_CLI_KEYS_H
#define OTTER_CLI_KEYS_H

#include "cli.h"
#include "options.h"

#include "host/crypto.h"

struct cli_public {
    uint8_t point[OTTER_POINT_LEN];
    struct otter_digest kid;
};

/* From a public or a private key's PEM file. */
enum cli_exit cli_public_load(struct cli *cli, const char *path, struct cli_public *ret);

/* All files of a list option, in order, each key once; more than cap are refused (exit 2). */
enum cli_exit cli_public_list(struct cli *cli, const struct cli_args *args, const char *option,
                              struct cli_public *ret, size_t cap, size_t *ret_count);

/* The private key of --key; the caller frees. */
enum cli_exit cli_private_load(struct cli *cli, const struct cli_args *args, struct host_key **ret);

/* The SubjectPublicKeyInfo in base64url, as roots and the operators' API have it. */
#define CLI_SPKI_STR 123
void cli_spki_format(const struct cli_public *key, char out[CLI_SPKI_STR]);

#endif

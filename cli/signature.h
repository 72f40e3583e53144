/*
 * Who signs what a verb has made: a key that otter opens (--key), or somebody outside of it, in two steps:
 * --digest-only OUT writes what is to be signed, --signature FILE --signature-key PUB takes the signature in.
 */
#ifndef OTTER_CLI_SIGNATURE_H
#define OTTER_CLI_SIGNATURE_H

#include "keys.h"

/* Rows for the option table of each verb that signs. */
#define CLI_SIGNATURE_OPTIONS                                                                                \
    {"digest-only", CLI_OPTION_VALUE, "OUT",                                                                 \
     "to sign elsewhere: write the SHA-256 to sign to OUT, and what it is of to OUT.input"},                 \
        {"signature", CLI_OPTION_VALUE, "FILE", "take the signature made elsewhere from FILE"},              \
    {                                                                                                        \
        "signature-key", CLI_OPTION_VALUE, "K.pub", "public key of who signs elsewhere"                      \
    }

struct cli_signing {
    struct cli_public by;       /* whose signature it is; with `named` of begin, known in each case */
    struct host_key *key;       /* NULL: signed elsewhere */
    const char *out;            /* of --digest-only; NULL: there is a signature, or will be by key */
    uint8_t sig[OTTER_SIG_LEN]; /* of --signature */
};

/*
 * Looks at the options, opens the key or reads the signature. `named`: the signer's key id is part of what is
 * signed, so that --digest-only wants --signature-key. Another mixture of the options is CLI_USAGE.
 */
enum cli_exit cli_signing_begin(struct cli *cli, const struct cli_args *args, bool named,
                                struct cli_signing *ret);
void cli_signing_end(struct cli_signing *s);
#define auto_signing HOST_CLEANUP(cli_signing_end)

/* The signature over a digest, by the key or as given; one that does not verify is refused by the status's
 * name (`place`: of what). */
enum cli_exit cli_signing_sign(struct cli *cli, const struct cli_signing *s, const char *place,
                               enum otter_status refusal, const struct otter_digest *digest,
                               uint8_t ret_sig[OTTER_SIG_LEN]);

/* --digest-only: writes both files (unless --dry-run), and shows what was written. */
enum cli_exit cli_signing_write(struct cli *cli, const struct cli_signing *s, const char *place,
                                const void *input, size_t len);

/* R || S, ECDSA-Sig-Value in DER, or one of these in base64 or base64url. */
enum cli_exit cli_signature_load(struct cli *cli, const char *path, uint8_t ret_sig[OTTER_SIG_LEN]);

#endif

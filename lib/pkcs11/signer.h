/*
 * Keys in PKCS#11 tokens (HSM, smart card, SoftHSM2), named by URIs (RFC 7512): the private half never leaves
 * the token. By GnuTLS, the one place that includes its PKCS#11 half. For one thread.
 */
#ifndef OTTER_PKCS11_SIGNER_H
#define OTTER_PKCS11_SIGNER_H

#include "host/crypto.h"

#include <stdbool.h>

/* Does this name a key in a token, rather than a file? */
bool pkcs11_is_uri(const char *text);

/*
 * The private key that the URI names, as a key that signs. `module`: the token's library; NULL: those that
 * p11-kit has registered. `pin` is asked where the token wants a login; one that the token refuses is
 * `wrong-pin`. A URI with a PIN in it (pin-value) is refused: others see command lines. NULL on error; the
 * caller frees.
 */
struct host_key *pkcs11_key_open(const char *uri, const char *module, struct host_passphrase *pin,
                                 struct host_error *err);

/* The like of the public half alone, which most tokens give without a login. */
bool pkcs11_public_load(const char *uri, const char *module, struct host_passphrase *pin,
                        uint8_t ret_point[OTTER_POINT_LEN], struct host_error *err);

#endif

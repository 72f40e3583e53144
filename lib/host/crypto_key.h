/* What lib/host/crypto_*.c share of OpenSSL's keys. Nobody else includes it: crypto.h is for them. */
#ifndef OTTER_HOST_CRYPTO_KEY_H
#define OTTER_HOST_CRYPTO_KEY_H

#include "host/crypto.h"

#include <openssl/evp.h>

/* The point of a key on P-256; false for any other key. */
bool host_pkey_point(EVP_PKEY *pkey, uint8_t ret_point[OTTER_POINT_LEN]);

/* A private key of ours; takes pkey over, also on failure. `what` names it in errors. */
struct host_key *host_key_wrap(EVP_PKEY *pkey, const char *what, struct host_error *err);

/* NULL: its private half is a signer's. */
EVP_PKEY *host_key_pkey(const struct host_key *key);

/* A key of PEM text that is not encrypted; NULL where there is none. */
EVP_PKEY *host_pem_read(const char *pem, size_t len, bool is_private);

/* OpenSSL's oldest reason, which is the cause; the queue is left empty. *kind becomes HOST_ERROR_MEMORY where
 * it says that memory ran out, else it stays. */
const char *host_openssl_reason(enum host_error_kind *kind);

#endif

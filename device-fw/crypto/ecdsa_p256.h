/*
 * ECDSA verification on P-256 over BearSSL's curve arithmetic. BearSSL has its own (ecdsa_i31_vrfy_raw),
 * which brings along arithmetic for any modulus, two more curves and a table for the generator: 4 KB that a
 * bootloader of 20 has not; this is a little faster, too.
 */
#ifndef OTTER_CRYPTO_ECDSA_P256_H
#define OTTER_CRYPTO_ECDSA_P256_H

#include "core/crypto.h"

/* True only for a valid signature by a valid point (FIPS 186-5, 6.4.2). */
bool otter_ecdsa_p256_verify(const uint8_t point[OTTER_POINT_LEN], const uint8_t hash[OTTER_DIGEST_LEN],
                             const uint8_t sig[OTTER_SIG_LEN]);

#endif

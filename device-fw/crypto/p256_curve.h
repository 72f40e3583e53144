/*
 * The curve P-256, small: the points by one formula that holds for any two of them (Renes, Costello, Batina:
 * Complete addition formulas for prime order elliptic curves, 2016, algorithm 4), so that no case is told
 * apart, and the time taken tells nothing of secret numbers.
 */
#ifndef OTTER_CRYPTO_P256_CURVE_H
#define OTTER_CRYPTO_P256_CURVE_H

#include "core/crypto.h"
#include "crypto/p256_modulo.h"

#include <bearssl.h>

/*
 * *ret = a p + b q; q NULL is the generator; ret may be p. The numbers may be any. False, and *ret is
 * undefined, if one of them is no point of the curve, or the sum is the point at infinity.
 */
bool otter_p256_muladd(uint8_t ret[OTTER_POINT_LEN], const uint8_t p[OTTER_POINT_LEN],
                       const uint8_t q[OTTER_POINT_LEN], const struct otter_p256_number *a,
                       const struct otter_p256_number *b);

/* The same for BearSSL's TLS. */
extern const br_ec_impl otter_ec_p256;

#endif

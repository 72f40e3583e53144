/*
 * What ECDSA asks of the curve P-256. Two files provide it, and linking chooses: p256_sum_library.c by the
 * functions of any BearSSL library, p256_sum_small.c by our own curve (p256_curve.h).
 */
#ifndef OTTER_CRYPTO_P256_SUM_H
#define OTTER_CRYPTO_P256_SUM_H

#include "core/crypto.h"
#include "crypto/p256_modulo.h"

/*
 * The x coordinate of u G + v Q, for public numbers u < n and 0 < v < n. False if `point` is no point of the
 * curve, or if the sum is the point at infinity.
 */
bool otter_p256_sum(const struct otter_p256_number *u, const uint8_t point[OTTER_POINT_LEN],
                    const struct otter_p256_number *v, uint8_t ret_x[OTTER_P256_LEN]);

#endif

/*
 * Numbers modulo n, the order of the curve P-256 (SEC 2, 2.4.2): what ECDSA needs beside the curve itself.
 * Below n, but where said otherwise.
 */
#ifndef OTTER_CRYPTO_P256_ORDER_H
#define OTTER_CRYPTO_P256_ORDER_H

#include "crypto/p256_modulo.h"

/* Any 32 bytes as a number: not reduced. */
void otter_p256_read(struct otter_p256_number *ret, const uint8_t in[OTTER_P256_LEN]);
void otter_p256_write(const struct otter_p256_number *a, uint8_t out[OTTER_P256_LEN]);

/* Is it one of 1 .. n - 1? */
bool otter_p256_in_range(const struct otter_p256_number *a);

/* Of any number below 2^256: that is less than 2 n. */
void otter_p256_reduce(struct otter_p256_number *a);

/* *ret is neither a nor b. */
void otter_p256_multiply(struct otter_p256_number *ret, const struct otter_p256_number *a,
                         const struct otter_p256_number *b);

/* 1 / a. a is in range. */
void otter_p256_invert(struct otter_p256_number *ret, const struct otter_p256_number *a);

#endif

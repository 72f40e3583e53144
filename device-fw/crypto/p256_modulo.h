/*
 * Numbers of 256 bits modulo a prime, in Montgomery's form: a stands as a 2^256. The curve's field and the
 * numbers that ECDSA reckons with are both of it. The time taken tells nothing of the numbers.
 */
#ifndef OTTER_CRYPTO_P256_MODULO_H
#define OTTER_CRYPTO_P256_MODULO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OTTER_P256_WORDS 8u
#define OTTER_P256_LEN   32u /* bytes, big endian */

/* Little end first. */
struct otter_p256_number {
    uint32_t w[OTTER_P256_WORDS];
};

struct otter_p256_modulus {
    struct otter_p256_number m;      /* a prime above 2^255 */
    struct otter_p256_number square; /* 2^512 modulo m: what brings a number into the form */
    uint32_t factor;                 /* -1 / m modulo 2^32 */
};

/* Of any number below 2^256: that is less than 2 m. */
void otter_p256_reduce_by(struct otter_p256_number *a, const struct otter_p256_modulus *m);

/* Is it below m? */
bool otter_p256_is_reduced(const struct otter_p256_number *a, const struct otter_p256_modulus *m);

/* Of numbers below m; *ret may be one of them. times: a b / 2^256. */
void otter_p256_plus(struct otter_p256_number *ret, const struct otter_p256_number *a,
                     const struct otter_p256_number *b, const struct otter_p256_modulus *m);
void otter_p256_minus(struct otter_p256_number *ret, const struct otter_p256_number *a,
                      const struct otter_p256_number *b, const struct otter_p256_modulus *m);
void otter_p256_times(struct otter_p256_number *ret, const struct otter_p256_number *a,
                      const struct otter_p256_number *b, const struct otter_p256_modulus *m);

/* Into the form, and out of it. *ret may be a. */
void otter_p256_enter(struct otter_p256_number *ret, const struct otter_p256_number *a,
                      const struct otter_p256_modulus *m);
void otter_p256_leave(struct otter_p256_number *ret, const struct otter_p256_number *a,
                      const struct otter_p256_modulus *m);

/* 1 / a, both in the form; 0 of 0. *ret is not a. */
void otter_p256_inverse(struct otter_p256_number *ret, const struct otter_p256_number *a,
                        const struct otter_p256_modulus *m);

/* All bits of a are 0: by no branch. */
bool otter_p256_is_zero(const struct otter_p256_number *a);

#endif

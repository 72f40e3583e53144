/*
 * The two primitives of Otter, SHA-256 (FIPS 180-4) and ECDSA P-256 verification (FIPS 186-4), as a table
 * passed in: lib/core decides, the adapters compute. Adapters: lib/host/crypto (OpenSSL), device-fw/crypto
 * (BearSSL). A table is constant and may be used by several threads at once; one otter_sha256 belongs to one
 * thread at a time.
 */
#ifndef OTTER_CORE_CRYPTO_H
#define OTTER_CORE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OTTER_DIGEST_LEN 32u
#define OTTER_POINT_LEN  65u /* 0x04 || X || Y (SEC 1, 2.3.3) */
#define OTTER_SIG_LEN    64u /* R || S, big endian (RFC 7518, 3.4) */
#define OTTER_SPKI_LEN   91u /* DER SubjectPublicKeyInfo of a P-256 key (RFC 5480) */

/* Large enough for both adapters, each of which pins it with a static assert. Plain data: copying it forks
 * the hash. */
struct otter_sha256 {
    uint64_t opaque[16];
};

struct otter_crypto {
    void (*sha256_init)(struct otter_sha256 *ctx);
    void (*sha256_update)(struct otter_sha256 *ctx, const void *data, size_t len);
    /* Leaves ctx as it was, so that one may go on hashing. */
    void (*sha256_final)(const struct otter_sha256 *ctx, uint8_t out[OTTER_DIGEST_LEN]);
    /* True only for a valid signature by a valid point on P-256. */
    bool (*p256_verify)(const uint8_t point[OTTER_POINT_LEN], const uint8_t hash[OTTER_DIGEST_LEN],
                        const uint8_t sig[OTTER_SIG_LEN]);
};

struct otter_digest {
    uint8_t b[OTTER_DIGEST_LEN];
};

#define OTTER_DIGEST_HEX ((size_t)64) /* digits of OTTER_DIGEST_LEN bytes */

/* SHA-256 of one piece. */
void otter_sha256_of(const struct otter_crypto *crypto, const void *data, size_t len,
                     struct otter_digest *ret);

/* HMAC-SHA256 (RFC 2104) of one piece, key at most 64 bytes. */
void otter_hmac_sha256(const struct otter_crypto *crypto, const uint8_t *key, size_t key_len,
                       const void *data, size_t len, struct otter_digest *ret);

/* The point inside a 91-byte P-256 SubjectPublicKeyInfo; NULL if the DER prefix is any other. */
const uint8_t *otter_spki_point(const uint8_t *spki, size_t len);

/* Writes the 91-byte SubjectPublicKeyInfo around a point. */
void otter_spki_from_point(const uint8_t point[OTTER_POINT_LEN], uint8_t ret_spki[OTTER_SPKI_LEN]);

/* Key id: SHA-256 of the SubjectPublicKeyInfo (what MCUboot's KEYHASH holds, and `kid` in base64url). */
void otter_key_id(const struct otter_crypto *crypto, const uint8_t point[OTTER_POINT_LEN],
                  struct otter_digest *ret);

/*
 * ECDSA-Sig-Value (RFC 3279, 2.2.3; strict DER, at most 72 bytes) to R || S.
 * False on anything that is not exactly one canonical signature filling len.
 */
bool otter_sig_from_der(const uint8_t *der, size_t len, uint8_t ret_sig[OTTER_SIG_LEN]);

#endif

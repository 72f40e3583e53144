#include "core/crypto.h"

#include "core/bytes.h"

#include <string.h>

#define BLOCK_LEN 64u

void otter_sha256_of(const struct otter_crypto *crypto, const void *data, size_t len,
                     struct otter_digest *ret)
{
    struct otter_sha256 ctx;

    crypto->sha256_init(&ctx);
    crypto->sha256_update(&ctx, data, len);
    crypto->sha256_final(&ctx, ret->b);
}

void otter_hmac_sha256(const struct otter_crypto *crypto, const uint8_t *key, size_t key_len,
                       const void *data, size_t len, struct otter_digest *ret)
{
    struct otter_sha256 ctx;
    struct otter_digest inner;
    uint8_t pad[BLOCK_LEN] = {0};

    /* RFC 2104, section 2: a key longer than a block is hashed first. */
    if (key_len > BLOCK_LEN) {
        otter_sha256_of(crypto, key, key_len, &inner);
        memcpy(pad, inner.b, sizeof(inner.b));
    } else if (key_len > 0) {
        memcpy(pad, key, key_len);
    }
    for (size_t i = 0; i < BLOCK_LEN; i++)
        pad[i] ^= 0x36;
    crypto->sha256_init(&ctx);
    crypto->sha256_update(&ctx, pad, BLOCK_LEN);
    crypto->sha256_update(&ctx, data, len);
    crypto->sha256_final(&ctx, inner.b);

    for (size_t i = 0; i < BLOCK_LEN; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    crypto->sha256_init(&ctx);
    crypto->sha256_update(&ctx, pad, BLOCK_LEN);
    crypto->sha256_update(&ctx, inner.b, sizeof(inner.b));
    crypto->sha256_final(&ctx, ret->b);
}

/*
 * SEQUENCE { SEQUENCE { OID id-ecPublicKey, OID prime256v1 }, BIT STRING (66 bytes, no unused bits) }:
 * DER leaves no choice up to the point, so the prefix is a constant (RFC 5480, section 2).
 */
static const uint8_t spki_prefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                      0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                      0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};

_Static_assert(sizeof(spki_prefix) + OTTER_POINT_LEN == OTTER_SPKI_LEN,
               "DER prefix and point make up the SPKI");

const uint8_t *otter_spki_point(const uint8_t *spki, size_t len)
{
    if (len != OTTER_SPKI_LEN || memcmp(spki, spki_prefix, sizeof(spki_prefix)) != 0)
        return NULL;
    /* Only the uncompressed form has 65 bytes. */
    return spki[sizeof(spki_prefix)] == 0x04 ? spki + sizeof(spki_prefix) : NULL;
}

void otter_spki_from_point(const uint8_t point[OTTER_POINT_LEN], uint8_t ret_spki[OTTER_SPKI_LEN])
{
    memcpy(ret_spki, spki_prefix, sizeof(spki_prefix));
    memcpy(ret_spki + sizeof(spki_prefix), point, OTTER_POINT_LEN);
}

void otter_key_id(const struct otter_crypto *crypto, const uint8_t point[OTTER_POINT_LEN],
                  struct otter_digest *ret)
{
    uint8_t spki[OTTER_SPKI_LEN];

    otter_spki_from_point(point, spki);
    otter_sha256_of(crypto, spki, sizeof(spki), ret);
}

/* One INTEGER at *p (at least one byte before end), right-aligned into 32 bytes; NULL if it is not canonical.
 */
static const uint8_t *der_integer(const uint8_t *p, const uint8_t *end, uint8_t ret[32])
{
    size_t len;

    if (end - p < 3 || p[0] != 0x02)
        return NULL;
    len = p[1];
    p += 2;
    /* 33 bytes at most, so the long form of a length never occurs. */
    if (len < 1 || len > 33 || (size_t)(end - p) < len)
        return NULL;
    if ((p[0] & 0x80) != 0)
        return NULL; /* negative */
    if (p[0] == 0x00 && len > 1) {
        if ((p[1] & 0x80) == 0)
            return NULL; /* a zero that is not needed */
        p++;
        len--;
    }
    if (len > 32)
        return NULL;
    memset(ret, 0, 32 - len);
    memcpy(ret + 32 - len, p, len);
    return p + len;
}

bool otter_sig_from_der(const uint8_t *der, size_t len, uint8_t ret_sig[OTTER_SIG_LEN])
{
    uint8_t sig[OTTER_SIG_LEN];
    const uint8_t *end;
    const uint8_t *p;

    /* 72 = 2 + 2 * (2 + 33): the length byte is always in the short form. */
    if (len < 8 || len > 72 || der[0] != 0x30 || der[1] != len - 2)
        return false;
    end = der + len;
    p = der_integer(der + 2, end, sig);
    if (p == NULL)
        return false;
    p = der_integer(p, end, sig + 32);
    if (p != end)
        return false;
    memcpy(ret_sig, sig, sizeof(sig));
    return true;
}

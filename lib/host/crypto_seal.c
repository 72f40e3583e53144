/* AES-256-GCM (NIST SP 800-38D): nonce (12) || ciphertext || tag (16). */
#include "host/crypto.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#define NONCE_LEN 12u
#define TAG_LEN   16u

_Static_assert(NONCE_LEN + TAG_LEN == HOST_SEAL_OVERHEAD, "layout of a seal");

static bool encrypt(EVP_CIPHER_CTX *ctx, const uint8_t *key, const void *aad, size_t aad_len, const void *in,
                    size_t len, uint8_t *out)
{
    int n = 0, tail = 0;

    return EVP_EncryptInit_ex2(ctx, EVP_aes_256_gcm(), key, out, NULL) == 1 &&
           (!aad_len || EVP_EncryptUpdate(ctx, NULL, &n, aad, (int)aad_len) == 1) &&
           (!len || EVP_EncryptUpdate(ctx, out + NONCE_LEN, &n, in, (int)len) == 1) &&
           EVP_EncryptFinal_ex(ctx, out + NONCE_LEN + len, &tail) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, out + NONCE_LEN + len) == 1;
}

bool host_seal(const uint8_t key[HOST_SEAL_KEY], const void *aad, size_t aad_len, const void *in, size_t len,
               uint8_t *out)
{
    EVP_CIPHER_CTX *ctx;
    bool ok;

    if (len > INT_MAX - HOST_SEAL_OVERHEAD || aad_len > INT_MAX)
        return false;
    host_random(out, NONCE_LEN);
    ctx = EVP_CIPHER_CTX_new();
    ok = ctx && encrypt(ctx, key, aad, aad_len, in, len, out);
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

static bool decrypt(EVP_CIPHER_CTX *ctx, const uint8_t *key, const void *aad, size_t aad_len,
                    const uint8_t *in, size_t len, uint8_t *out)
{
    size_t text_len = len - HOST_SEAL_OVERHEAD;
    uint8_t tag[TAG_LEN], none[1];
    int n = 0, tail = 0;

    memcpy(tag, in + NONCE_LEN + text_len, sizeof tag);
    return EVP_DecryptInit_ex2(ctx, EVP_aes_256_gcm(), key, in, NULL) == 1 &&
           (!aad_len || EVP_DecryptUpdate(ctx, NULL, &n, aad, (int)aad_len) == 1) &&
           (!text_len || EVP_DecryptUpdate(ctx, out, &n, in + NONCE_LEN, (int)text_len) == 1) &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) == 1 &&
           EVP_DecryptFinal_ex(ctx, none, &tail) == 1; /* GCM gives nothing more here: it checks the tag */
}

bool host_open(const uint8_t key[HOST_SEAL_KEY], const void *aad, size_t aad_len, const uint8_t *in,
               size_t len, void *out)
{
    EVP_CIPHER_CTX *ctx;
    bool ok;

    if (len < HOST_SEAL_OVERHEAD || len > INT_MAX || aad_len > INT_MAX)
        return false;
    ctx = EVP_CIPHER_CTX_new();
    ok = ctx && decrypt(ctx, key, aad, aad_len, in, len, out);
    EVP_CIPHER_CTX_free(ctx);
    if (!ok) {
        host_wipe(out, len - HOST_SEAL_OVERHEAD);
        ERR_clear_error();
    }
    return ok;
}

/* The low-level SHA256_* functions are deprecated in OpenSSL 3, but are the only ones whose state is plain
 * data. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "host/crypto.h"

#include "host/memory.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct otter_sha256), "otter_sha256 holds OpenSSL's state");
_Static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct otter_sha256), "and is aligned for it");

/* The state is copied in and out: 112 bytes, far less than hashing one block, and no cast between types. */
static void sha256_init(struct otter_sha256 *ctx)
{
    SHA256_CTX c;

    (void)SHA256_Init(&c);
    memcpy(ctx->opaque, &c, sizeof c);
}

static void sha256_update(struct otter_sha256 *ctx, const void *data, size_t len)
{
    SHA256_CTX c;

    memcpy(&c, ctx->opaque, sizeof c);
    (void)SHA256_Update(&c, data, len);
    memcpy(ctx->opaque, &c, sizeof c);
}

static void sha256_final(const struct otter_sha256 *ctx, uint8_t out[OTTER_DIGEST_LEN])
{
    SHA256_CTX c;

    memcpy(&c, ctx->opaque, sizeof c);
    (void)SHA256_Final(out, &c);
}

/* The curve's parameters, built once: looking them up by name costs a quarter of a verification. */
static _Atomic(EVP_PKEY *) curve;

static EVP_PKEY *make_curve(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    char name[] = "P-256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
                           OSSL_PARAM_construct_end()};

    EVP_PKEY *made = NULL;

    if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &made, EVP_PKEY_KEY_PARAMETERS, params) != 1)
        made = NULL;
    EVP_PKEY_CTX_free(ctx);
    return made;
}

/* NULL for want of memory: the next one tries again. */
static EVP_PKEY *get_curve(void)
{
    EVP_PKEY *have = atomic_load(&curve), *made;

    if (have)
        return have;
    made = make_curve();
    if (!made || atomic_compare_exchange_strong(&curve, &have, made))
        return made;
    EVP_PKEY_free(made); /* another thread was faster */
    return have;
}

/* Where memory is short, OpenSSL says that, or something else than what it has against a point, or nothing.
 */
static bool is_said_of_the_point(void)
{
    unsigned long error;
    bool curves = false, memory = false;

    while ((error = ERR_get_error()) != 0) {
        curves = curves || ERR_GET_LIB(error) == ERR_LIB_EC;
        memory = memory || ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
    }
    return curves && !memory;
}

/* A public key from a point, checked to lie on the curve; NULL if it does not. */
static EVP_PKEY *key_of_point(const uint8_t point[OTTER_POINT_LEN])
{
    EVP_PKEY *parameters = get_curve(), *key;

    if (!parameters)
        host_memory_refused();
    if (!parameters || point[0] != 0x04) /* OpenSSL would take hybrid encodings (0x06, 0x07), too */
        return NULL;
    ERR_clear_error();
    key = EVP_PKEY_new();
    if (key && EVP_PKEY_copy_parameters(key, parameters) == 1 &&
        EVP_PKEY_set1_encoded_public_key(key, point, OTTER_POINT_LEN) == 1)
        return key;
    if (!is_said_of_the_point())
        host_memory_refused();
    EVP_PKEY_free(key);
    return NULL;
}

static bool p256_verify(const uint8_t point[OTTER_POINT_LEN], const uint8_t hash[OTTER_DIGEST_LEN],
                        const uint8_t sig[OTTER_SIG_LEN])
{
    uint8_t der[OTTER_SIG_DER_MAX];
    size_t der_len = host_sig_to_der(sig, der);
    EVP_PKEY *key = key_of_point(point);
    EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    int verdict = der_len && ctx && EVP_PKEY_verify_init(ctx) == 1
                      ? EVP_PKEY_verify(ctx, der, der_len, hash, OTTER_DIGEST_LEN)
                      : -1;

    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    if (key && verdict < 0) /* 0: it is a wrong one */
        host_memory_refused();
    if (verdict != 1)
        ERR_clear_error(); /* a refusal is no error of this thread's next call */
    return verdict == 1;
}

const struct otter_crypto otter_crypto_openssl = {
    .sha256_init = sha256_init,
    .sha256_update = sha256_update,
    .sha256_final = sha256_final,
    .p256_verify = p256_verify,
};

/* One INTEGER: no leading zeros but the one that keeps it positive. Returns its length. */
static size_t put_integer(const uint8_t *be, uint8_t *out)
{
    size_t skip = 0, len;

    while (skip < 31 && be[skip] == 0)
        skip++;
    len = 32 - skip;
    out[0] = 0x02;
    if (be[skip] & 0x80) {
        out[1] = (uint8_t)(len + 1);
        out[2] = 0;
        memcpy(out + 3, be + skip, len);
        return len + 3;
    }
    out[1] = (uint8_t)len;
    memcpy(out + 2, be + skip, len);
    return len + 2;
}

size_t host_sig_to_der(const uint8_t sig[OTTER_SIG_LEN], uint8_t ret_der[OTTER_SIG_DER_MAX])
{
    size_t len = put_integer(sig, ret_der + 2); /* at most 35 + 35: one length byte does */

    len += put_integer(sig + 32, ret_der + 2 + len);
    ret_der[0] = 0x30;
    ret_der[1] = (uint8_t)len;
    return len + 2;
}

void host_random(void *out, size_t len)
{
    unsigned char *p = out;

    while (len) {
        int piece = len > 65536 ? 65536 : (int)len;

        /* Of the kernel where OpenSSL has no memory for it. */
        if (RAND_bytes(p, piece) != 1 && getrandom(p, (size_t)piece, 0) != piece)
            abort(); /* a key or nonce that can be guessed is worse than no program */
        p += piece;
        len -= (size_t)piece;
    }
}

void host_wipe(void *p, size_t len)
{
    OPENSSL_cleanse(p, len);
}

/* The low-level ECDSA functions are deprecated in OpenSSL 3, but are the only ones that give R and S as they
 * are and need no context to copy for each signature. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "host/crypto.h"

#include "core/bytes.h"
#include "core/jws.h"
#include "host/crypto_key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* Of bytes, or of a signer. */
struct host_key {
    EVP_PKEY *pkey;
    EC_KEY *ec; /* the same key; only read, which is what makes signing thread safe */
    struct host_signer *signer;
    struct otter_digest kid;
    uint8_t point[OTTER_POINT_LEN];
    char header[OTTER_JWS_HEADER_B64 + 1];
};

const char *host_openssl_reason(enum host_error_kind *kind)
{
    unsigned long code = ERR_get_error();
    const char *text = code ? ERR_reason_error_string(code) : NULL;

    for (; code; code = ERR_get_error()) {
        if (ERR_GET_REASON(code) != ERR_R_MALLOC_FAILURE)
            continue;
        *kind = HOST_ERROR_MEMORY;
        text = "out of memory";
    }
    return text ? text : "no reason given";
}

bool host_pkey_point(EVP_PKEY *pkey, uint8_t ret_point[OTTER_POINT_LEN])
{
    char group[32] = "";
    size_t len = 0, group_len = 0;

    if (EVP_PKEY_is_a(pkey, "EC") != 1 ||
        EVP_PKEY_get_group_name(pkey, group, sizeof group, &group_len) != 1 ||
        strcmp(group, "prime256v1") != 0)
        return false;
    return EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, ret_point, OTTER_POINT_LEN, &len) ==
               1 &&
           len == OTTER_POINT_LEN && ret_point[0] == 0x04;
}

static void name_it(struct host_key *key)
{
    otter_key_id(&otter_crypto_openssl, key->point, &key->kid);
    otter_jws_header(&key->kid, key->header);
}

/* A file may hold a point that is not its private number's: what such a key signs verifies nowhere. */
static bool halves_match(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    bool ok = ctx && EVP_PKEY_pairwise_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static struct host_key *refuse(struct host_key *key, const char *what, const char *why,
                               struct host_error *err)
{
    enum host_error_kind kind = HOST_ERROR_CRYPTO;
    const char *reason = host_openssl_reason(&kind);

    host_key_free(key);
    (void)host_fail(err, kind, kind == HOST_ERROR_MEMORY ? "%s: %s" : "%s %s", what,
                    kind == HOST_ERROR_MEMORY ? reason : why);
    return NULL;
}

struct host_key *host_key_wrap(EVP_PKEY *pkey, const char *what, struct host_error *err)
{
    struct host_key *key = calloc(1, sizeof *key);

    if (!key) {
        EVP_PKEY_free(pkey);
        (void)host_fail(err, HOST_ERROR_MEMORY, "out of memory");
        return NULL;
    }
    key->pkey = pkey;
    ERR_clear_error();
    if (!host_pkey_point(pkey, key->point))
        return refuse(key, what,
                      "is no key on P-256: Otter signs with ES256 alone; make one with `otter key new`", err);
    if (!halves_match(pkey))
        return refuse(key, what, "is damaged: its public key is not its private key's", err);
    name_it(key);
    key->ec = EVP_PKEY_get1_EC_KEY(pkey);
    if (!key->ec || !EC_KEY_get0_private_key(key->ec))
        return refuse(key, what, "cannot sign: OpenSSL does not give its private number", err);
    return key;
}

struct host_key *host_key_generate(struct host_error *err)
{
    enum host_error_kind kind = HOST_ERROR_CRYPTO;
    EVP_PKEY *pkey = EVP_EC_gen("P-256");

    if (!pkey) {
        const char *reason = host_openssl_reason(&kind);

        (void)host_fail(err, kind, "OpenSSL makes no key: %s", reason);
        return NULL;
    }
    return host_key_wrap(pkey, "the new key", err);
}

struct host_key *host_key_of_signer(const uint8_t point[OTTER_POINT_LEN], struct host_signer *signer,
                                    struct host_error *err)
{
    struct host_key *key = calloc(1, sizeof *key);

    if (!key) {
        signer->release(signer);
        (void)host_fail(err, HOST_ERROR_MEMORY, "out of memory");
        return NULL;
    }
    key->signer = signer;
    memcpy(key->point, point, sizeof key->point);
    name_it(key);
    return key;
}

EVP_PKEY *host_key_pkey(const struct host_key *key)
{
    return key->pkey;
}

void host_key_free(struct host_key *key)
{
    if (!key)
        return;
    if (key->signer)
        key->signer->release(key->signer);
    EC_KEY_free(key->ec);
    EVP_PKEY_free(key->pkey);
    free(key);
}

void host_cleanup_key(struct host_key **key)
{
    host_key_free(*key);
    *key = NULL;
}

const uint8_t *host_key_point(const struct host_key *key)
{
    return key->point;
}

const struct otter_digest *host_key_kid(const struct host_key *key)
{
    return &key->kid;
}

const char *host_key_header(const struct host_key *key)
{
    return key->header;
}

bool host_key_sign_why(const struct host_key *key, const struct otter_digest *hash,
                       uint8_t ret_sig[OTTER_SIG_LEN], struct host_error *err)
{
    enum host_error_kind kind = HOST_ERROR_CRYPTO;
    const char *reason;
    ECDSA_SIG *sig;
    bool ok;

    if (key->signer)
        return key->signer->sign(key->signer, hash, ret_sig, err);
    sig = ECDSA_do_sign(hash->b, sizeof hash->b, key->ec);
    ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), ret_sig, 32) == 32 &&
         BN_bn2binpad(ECDSA_SIG_get0_s(sig), ret_sig + 32, 32) == 32;
    ECDSA_SIG_free(sig);
    if (ok)
        return true;
    reason = host_openssl_reason(&kind);
    return host_fail(err, kind, "OpenSSL does not sign: %s", reason);
}

bool host_key_sign(const struct host_key *key, const struct otter_digest *hash,
                   uint8_t ret_sig[OTTER_SIG_LEN])
{
    return host_key_sign_why(key, hash, ret_sig, NULL);
}

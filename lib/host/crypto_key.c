/* The low-level ECDSA functions are deprecated in OpenSSL 3, but are the only ones that give R and S as they
 * are and need no context to copy for each signature. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "host/crypto.h"

#include "core/bytes.h"
#include "core/jws.h"
#include "host/file.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#define PEM_MAX 16384u

struct host_key {
    EVP_PKEY *pkey;
    EC_KEY *signer; /* the same key; only read, which is what makes signing thread safe */
    struct otter_digest kid;
    uint8_t point[OTTER_POINT_LEN];
    char header[OTTER_JWS_HEADER_B64 + 1];
};

/* OpenSSL's oldest reason, which is the cause; the queue is left empty. */
static const char *reason(void)
{
    unsigned long code = ERR_get_error();
    const char *text = code ? ERR_reason_error_string(code) : NULL;

    ERR_clear_error();
    return text ? text : "no reason given";
}

static bool point_of(EVP_PKEY *pkey, uint8_t ret_point[OTTER_POINT_LEN])
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

/* Takes pkey over, also on failure. */
static struct host_key *wrap(EVP_PKEY *pkey, const char *what, struct host_error *err)
{
    struct host_key *key = calloc(1, sizeof *key);

    if (!key) {
        EVP_PKEY_free(pkey);
        (void)host_fail(err, HOST_ERROR_MEMORY, "out of memory");
        return NULL;
    }
    key->pkey = pkey;
    if (!point_of(pkey, key->point)) {
        host_key_free(key);
        ERR_clear_error();
        (void)host_fail(err, HOST_ERROR_CRYPTO,
                        "%s is no key on P-256: Otter signs with ES256 alone; make one with `otter key new`",
                        what);
        return NULL;
    }
    otter_key_id(&otter_crypto_openssl, key->point, &key->kid);
    otter_jws_header(&key->kid, key->header);
    key->signer = EVP_PKEY_get1_EC_KEY(pkey);
    if (!key->signer || !EC_KEY_get0_private_key(key->signer)) {
        host_key_free(key);
        (void)host_fail(err, HOST_ERROR_CRYPTO, "%s cannot sign: OpenSSL says: %s", what, reason());
        return NULL;
    }
    return key;
}

struct host_key *host_key_generate(struct host_error *err)
{
    EVP_PKEY *pkey = EVP_EC_gen("P-256");

    if (!pkey) {
        (void)host_fail(err, HOST_ERROR_CRYPTO, "OpenSSL makes no key: %s", reason());
        return NULL;
    }
    return wrap(pkey, "the new key", err);
}

/* Never asks for a passphrase on the terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *user)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)user;
    return -1;
}

static EVP_PKEY *read_pem(const char *pem, size_t len, bool is_private)
{
    BIO *bio = len <= PEM_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
    EVP_PKEY *pkey = NULL;

    if (bio)
        pkey = is_private ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL)
                          : PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    return pkey;
}

struct host_key *host_key_parse(const char *pem, size_t len, const char *what, struct host_error *err)
{
    EVP_PKEY *pkey = read_pem(pem, len, true);

    if (!pkey) {
        (void)host_fail(err, HOST_ERROR_FORMAT, "%s holds no unencrypted private key in PEM (OpenSSL: %s)",
                        what, reason());
        return NULL;
    }
    return wrap(pkey, what, err);
}

struct host_key *host_key_load(const char *path, struct host_error *err)
{
    auto_free char *pem = NULL;
    struct host_key *key;
    size_t len;

    if (!host_file_read(path, PEM_MAX, &pem, &len, err))
        return NULL;
    key = host_key_parse(pem, len, path, err);
    host_wipe(pem, len);
    return key;
}

bool host_key_save(const struct host_key *key, const char *path, struct host_error *err)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *pem = NULL;
    long len;
    bool ok;

    if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) != 1) {
        BIO_free(bio);
        return host_fail(err, HOST_ERROR_CRYPTO, "OpenSSL writes no PEM: %s", reason());
    }
    len = BIO_get_mem_data(bio, &pem);
    ok = host_file_write(path, pem, (size_t)len, 0600, HOST_FILE_NEW, err);
    BIO_free(bio); /* memory of this kind is wiped when freed */
    return ok;
}

void host_key_free(struct host_key *key)
{
    if (!key)
        return;
    EC_KEY_free(key->signer);
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

bool host_key_sign(const struct host_key *key, const struct otter_digest *hash,
                   uint8_t ret_sig[OTTER_SIG_LEN])
{
    ECDSA_SIG *sig = ECDSA_do_sign(hash->b, sizeof hash->b, key->signer);
    bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), ret_sig, 32) == 32 &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), ret_sig + 32, 32) == 32;

    ECDSA_SIG_free(sig);
    if (!ok)
        ERR_clear_error();
    return ok;
}

bool host_public_parse(const char *pem, size_t len, const char *what, uint8_t ret_point[OTTER_POINT_LEN],
                       struct host_error *err)
{
    EVP_PKEY *pkey = read_pem(pem, len, false);
    uint8_t point[OTTER_POINT_LEN];
    bool ok;

    if (!pkey)
        pkey = read_pem(pem, len, true);
    if (!pkey)
        return host_fail(err, HOST_ERROR_FORMAT, "%s holds no public key in PEM (OpenSSL: %s)", what,
                         reason());
    ok = point_of(pkey, point);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    if (!ok)
        return host_fail(err, HOST_ERROR_CRYPTO, "%s is no key on P-256: Otter verifies ES256 alone", what);
    memcpy(ret_point, point, sizeof point);
    return true;
}

bool host_public_load(const char *path, uint8_t ret_point[OTTER_POINT_LEN], struct host_error *err)
{
    auto_free char *pem = NULL;
    size_t len;
    bool ok;

    if (!host_file_read(path, PEM_MAX, &pem, &len, err))
        return false;
    ok = host_public_parse(pem, len, path, ret_point, err);
    host_wipe(pem, len);
    return ok;
}

char *host_public_pem(const uint8_t point[OTTER_POINT_LEN])
{
    uint8_t spki[OTTER_SPKI_LEN];
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL, *copy = NULL;
    long len;

    otter_spki_from_point(point, spki);
    if (bio && PEM_write_bio(bio, "PUBLIC KEY", "", spki, sizeof spki) > 0) {
        len = BIO_get_mem_data(bio, &text);
        copy = strndup(text, (size_t)len);
    }
    BIO_free(bio);
    return copy;
}

bool host_public_save(const uint8_t point[OTTER_POINT_LEN], const char *path, struct host_error *err)
{
    auto_free char *pem = host_public_pem(point);

    if (!pem)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    return host_file_write(path, pem, strlen(pem), 0644, HOST_FILE_REPLACE, err);
}

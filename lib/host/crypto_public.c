/* Public keys as PEM: SubjectPublicKeyInfo (RFC 5480). */
#include "host/crypto.h"

#include "core/bytes.h"
#include "host/crypto_key.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

bool host_public_parse(const char *pem, size_t len, const char *what, uint8_t ret_point[OTTER_POINT_LEN],
                       struct host_error *err)
{
    enum host_error_kind kind = HOST_ERROR_FORMAT;
    EVP_PKEY *pkey = host_pem_read(pem, len, false);
    uint8_t point[OTTER_POINT_LEN];
    const char *reason;
    bool ok;

    if (!pkey)
        pkey = host_pem_read(pem, len, true);
    if (!pkey) {
        reason = host_openssl_reason(&kind);
        return host_fail(err, kind, "%s holds no public key in PEM (OpenSSL: %s)", what, reason);
    }
    ERR_clear_error();
    ok = host_pkey_point(pkey, point);
    EVP_PKEY_free(pkey);
    kind = HOST_ERROR_CRYPTO;
    reason = host_openssl_reason(&kind);
    if (!ok)
        return host_fail(err, kind, "%s is no key on P-256 (OpenSSL: %s): Otter verifies ES256 alone", what,
                         reason);
    memcpy(ret_point, point, sizeof point);
    return true;
}

bool host_public_load(const char *path, uint8_t ret_point[OTTER_POINT_LEN], struct host_error *err)
{
    auto_free char *pem = NULL;
    size_t len;
    bool ok;

    if (!host_file_read(path, HOST_PEM_MAX, &pem, &len, err))
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

#include "host/certificate.h"

#include "core/factory.h"
#include "host/cleanup.h"
#include "host/crypto_key.h"
#include "host/file.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX 65536u /* a bundle may hold more than one; the first counts */

/* NULL: neither PEM nor DER. */
static X509 *parse(const char *text, size_t len)
{
    const unsigned char *der = (const unsigned char *)text;
    BIO *bio;
    X509 *cert;

    if (len > 0 && der[0] == 0x30)
        return d2i_X509(NULL, &der, (long)len);
    bio = BIO_new_mem_buf(text, (int)len); /* len <= FILE_MAX */
    cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return cert;
}

static bool key_fits(X509 *cert)
{
    EVP_PKEY *key = X509_get0_pubkey(cert);
    char group[32] = "";
    size_t len = 0;

    if (key != NULL && EVP_PKEY_is_a(key, "RSA") == 1)
        return EVP_PKEY_get_bits(key) >= 2048 && EVP_PKEY_get_bits(key) <= 4096;
    return key != NULL && EVP_PKEY_is_a(key, "EC") == 1 &&
           EVP_PKEY_get_group_name(key, group, sizeof(group), &len) == 1 &&
           (strcmp(group, "prime256v1") == 0 || strcmp(group, "secp384r1") == 0 ||
            strcmp(group, "secp521r1") == 0);
}

static bool encode(const char *path, X509 *cert, uint8_t *out, size_t cap, size_t *ret_len,
                   struct host_error *err)
{
    unsigned char *at = out;
    int len = i2d_X509(cert, NULL);
    int name = i2d_X509_NAME(X509_get_subject_name(cert), NULL);

    if (X509_check_ca(cert) != 1)
        return host_fail(err, HOST_ERROR_FORMAT,
                         "%s: is not the certificate of a CA (basicConstraints CA:TRUE); give that of the CA "
                         "that signed the server's",
                         path);
    if (!key_fits(cert))
        return host_fail(
            err, HOST_ERROR_FORMAT,
            "%s: devices know RSA keys of 2,048 to 4,096 bits, and those on P-256, P-384 and P-521", path);
    if (len <= 0 || (size_t)len > cap || name <= 0 || (size_t)name >= OTTER_CA_NAME_MAX)
        return host_fail(err, HOST_ERROR_FORMAT,
                         "%s: the certificate is too long for a device: %zu bytes at most, its subject %u",
                         path, cap, OTTER_CA_NAME_MAX - 1);
    *ret_len = (size_t)i2d_X509(cert, &at);
    return true;
}

bool host_ca_read(const char *path, uint8_t *out, size_t cap, size_t *ret_len, struct host_error *err)
{
    enum host_error_kind kind = HOST_ERROR_NONE;
    auto_free char *text = NULL;
    X509 *cert;
    size_t len;
    bool ok;

    if (!host_file_read(path, FILE_MAX, &text, &len, err))
        return false;
    ERR_clear_error();
    cert = parse(text, len);
    ok = cert != NULL ? encode(path, cert, out, cap, ret_len, err)
                      : host_fail(err, HOST_ERROR_FORMAT, "%s: no certificate in PEM or DER", path);
    X509_free(cert);
    (void)host_openssl_reason(&kind);
    if (!ok && kind == HOST_ERROR_MEMORY)
        return host_fail(err, kind, "%s: out of memory", path);
    return ok;
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pki.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>

static EVP_PKEY *new_key(enum pki_key kind)
{
    EVP_PKEY *key = NULL;

    switch (kind) {
    case PKI_P256:
        key = EVP_EC_gen("P-256");
        break;
    case PKI_P384:
        key = EVP_EC_gen("P-384");
        break;
    case PKI_RSA2048:
        key = EVP_RSA_gen(2048);
        break;
    case PKI_RSA1024:
        key = EVP_RSA_gen(1024);
        break;
    case PKI_KEYS:
        break;
    }
    assert_non_null(key);
    return key;
}

static void extend(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_non_null(e);
    assert_int_equal(X509_add_ext(x, e, -1), 1);
    X509_EXTENSION_free(e);
}

struct pki_cert pki_make(const struct pki_spec *spec, const struct pki_cert *issuer)
{
    static long serial = 1000;
    struct pki_cert c = {.x = X509_new(), .key = new_key(spec->key)};
    X509_NAME *name = X509_get_subject_name(c.x);
    char san[128];

    assert_int_equal(X509_set_version(c.x, 2), 1);
    ASN1_INTEGER_set(X509_get_serialNumber(c.x), ++serial);
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(c.x), spec->from));
    assert_non_null(ASN1_TIME_set(X509_getm_notAfter(c.x), spec->until));
    assert_int_equal(
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)spec->subject, -1, -1, 0),
        1);
    assert_int_equal(X509_set_issuer_name(c.x, issuer != NULL ? X509_get_subject_name(issuer->x) : name), 1);
    assert_int_equal(X509_set_pubkey(c.x, c.key), 1);
    extend(c.x, NID_basic_constraints, spec->ca ? "critical,CA:TRUE" : "CA:FALSE");
    if (spec->dns != NULL) {
        snprintf(san, sizeof(san), "DNS:%s", spec->dns);
        extend(c.x, NID_subject_alt_name, san);
    }
    assert_true(X509_sign(c.x, issuer != NULL ? issuer->key : c.key, EVP_sha256()) > 0);
    return c;
}

void pki_free(struct pki_cert *c)
{
    X509_free(c->x);
    EVP_PKEY_free(c->key);
    *c = (struct pki_cert){0};
}

uint32_t pki_der(const struct pki_cert *c, uint8_t *out, uint32_t cap)
{
    int len = i2d_X509(c->x, NULL);

    assert_true(len > 0 && (uint32_t)len <= cap);
    assert_int_equal(i2d_X509(c->x, &out), len);
    return (uint32_t)len;
}

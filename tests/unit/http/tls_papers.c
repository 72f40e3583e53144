#include "tls_papers.h"

#include "test.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_S 86400

static void write_pem(const char *path, gnutls_datum_t *pem)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(pem->data, 1, pem->size, f), pem->size);
    fclose(f);
    gnutls_free(pem->data);
}

static void set_dates(gnutls_x509_crt_t crt, const struct paper_spec *spec)
{
    bool given = spec->from_days != 0 || spec->until_days != 0;
    time_t now = time(NULL);

    assert_int_equal(gnutls_x509_crt_set_activation_time(crt, now + (given ? spec->from_days : -1) * DAY_S),
                     0);
    assert_int_equal(gnutls_x509_crt_set_expiration_time(crt, now + (given ? spec->until_days : 30) * DAY_S),
                     0);
}

static void set_uses(gnutls_x509_crt_t crt, const struct paper_spec *spec)
{
    assert_int_equal(gnutls_x509_crt_set_basic_constraints(crt, spec->is_ca, -1), 0);
    if (spec->is_ca)
        assert_int_equal(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN),
                         0);
    if (spec->use)
        assert_int_equal(gnutls_x509_crt_set_key_purpose_oid(crt, spec->use, 0), 0);
}

void paper_make(struct paper *paper, const struct paper *ca, const struct paper_spec *spec)
{
    if (!ca)
        ca = paper;
    assert_int_equal(gnutls_x509_privkey_init(&paper->key), 0);
    assert_int_equal(gnutls_x509_privkey_generate(paper->key, GNUTLS_PK_ECDSA,
                                                  GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
                     0);
    assert_int_equal(gnutls_x509_crt_init(&paper->crt), 0);
    assert_int_equal(gnutls_x509_crt_set_version(paper->crt, 3), 0);
    assert_int_equal(gnutls_x509_crt_set_serial(paper->crt, &spec->serial, 1), 0);
    assert_int_equal(gnutls_x509_crt_set_dn_by_oid(paper->crt, GNUTLS_OID_X520_COMMON_NAME, 0, spec->name,
                                                   (unsigned)strlen(spec->name)),
                     0);
    assert_int_equal(gnutls_x509_crt_set_key(paper->crt, paper->key), 0);
    set_dates(paper->crt, spec);
    set_uses(paper->crt, spec);
    assert_int_equal(gnutls_x509_crt_sign2(paper->crt, ca->crt, ca->key, GNUTLS_DIG_SHA256, 0), 0);
}

void paper_free(struct paper *paper)
{
    gnutls_x509_crt_deinit(paper->crt);
    gnutls_x509_privkey_deinit(paper->key);
}

void paper_write(const char *path, const struct paper *paper)
{
    gnutls_datum_t pem = {NULL, 0};

    assert_int_equal(gnutls_x509_crt_export2(paper->crt, GNUTLS_X509_FMT_PEM, &pem), 0);
    write_pem(path, &pem);
}

void paper_write_key(const char *path, const struct paper *paper)
{
    gnutls_datum_t pem = {NULL, 0};

    assert_int_equal(gnutls_x509_privkey_export2(paper->key, GNUTLS_X509_FMT_PEM, &pem), 0);
    write_pem(path, &pem);
}

void paper_write_crl(const char *path, const struct paper *ca, unsigned char revoked, int until_days)
{
    time_t now = time(NULL), made = now - 100 * DAY_S;
    gnutls_datum_t pem = {NULL, 0};
    gnutls_x509_crl_t crl;

    assert_int_equal(gnutls_x509_crl_init(&crl), 0);
    assert_int_equal(gnutls_x509_crl_set_version(crl, 2), 0);
    assert_int_equal(gnutls_x509_crl_set_this_update(crl, made), 0);
    assert_int_equal(gnutls_x509_crl_set_next_update(crl, now + until_days * DAY_S), 0);
    if (revoked)
        assert_int_equal(gnutls_x509_crl_set_crt_serial(crl, &revoked, 1, made), 0);
    assert_int_equal(gnutls_x509_crl_sign2(crl, ca->crt, ca->key, GNUTLS_DIG_SHA256, 0), 0);
    assert_int_equal(gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_PEM, &pem), 0);
    write_pem(path, &pem);
    gnutls_x509_crl_deinit(crl);
}

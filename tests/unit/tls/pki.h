/* Certificates made for a test: any key, any dates, any defect that a row asks for. */
#ifndef OTTER_TESTS_TLS_PKI_H
#define OTTER_TESTS_TLS_PKI_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

enum pki_key { PKI_P256, PKI_P384, PKI_RSA2048, PKI_RSA1024, PKI_KEYS };

struct pki_spec {
    const char *subject; /* CN */
    const char *dns;     /* SAN, NULL = none */
    enum pki_key key;
    bool ca;             /* basicConstraints CA:TRUE, else CA:FALSE */
    int64_t from, until; /* validity, Unix seconds */
};

struct pki_cert {
    X509 *x;
    EVP_PKEY *key;
};

/* Signed by issuer, or by itself (NULL). Freed by pki_free(). */
struct pki_cert pki_make(const struct pki_spec *spec, const struct pki_cert *issuer);
void pki_free(struct pki_cert *c);

/* DER, at most cap bytes. */
uint32_t pki_der(const struct pki_cert *c, uint8_t *out, uint32_t cap);

#endif

/* Certificates of clients and lists of revoked ones, of the moment: as GnuTLS makes them, in a folder of
 * their own. */
#ifndef OTTER_TEST_TLS_PAPERS_H
#define OTTER_TEST_TLS_PAPERS_H

#include <gnutls/x509.h>
#include <stdbool.h>
#include <stddef.h>

struct paper {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;
};

struct paper_spec {
    const char *name;     /* common name */
    unsigned char serial; /* at least 1 */
    bool is_ca;
    int from_days, until_days; /* from now; both 0: a month */
    const char *use;           /* OID of its extended key usage; NULL: none */
};

/* Signed by ca; NULL: by itself. */
void paper_make(struct paper *paper, const struct paper *ca, const struct paper_spec *spec);
void paper_free(struct paper *paper);
void paper_write(const char *path, const struct paper *paper);
void paper_write_key(const char *path, const struct paper *paper);

/* The list of ca, until so many days from now; revoked: a serial number, 0: none is in it. */
void paper_write_crl(const char *path, const struct paper *ca, unsigned char revoked, int until_days);

#endif

/*
 * Lists of revoked certificates (RFC 5280, 5), read from a file once and then only asked, by any thread.
 * Private to server/http.
 */
#ifndef OTTER_HTTP_TLS_CRL_H
#define OTTER_HTTP_TLS_CRL_H

#include "host/error.h"

#include <gnutls/x509.h>
#include <stdint.h>

struct http_tls_crls;

/* PEM, one list or more, each signed by one of the CAs. NULL with *err. */
struct http_tls_crls *http_tls_crls_load(const char *path, const gnutls_x509_crt_t *cas, unsigned n_cas,
                                         struct host_error *err);
/* NULL is nothing to do. */
void http_tls_crls_free(struct http_tls_crls *crls);

/*
 * What the lists of its issuer say of a certificate, in bits of policy/client_name.h: REVOKED (by any of
 * them), NO_CRL, OLD_CRL (not one of them holds any more).
 */
unsigned http_tls_crls_ask(const struct http_tls_crls *crls, gnutls_x509_crt_t certificate, int64_t now);

size_t http_tls_crls_count(const struct http_tls_crls *crls);

/* When the first issuer's last list ends, in Unix seconds; INT64_MAX: never. */
int64_t http_tls_crls_end(const struct http_tls_crls *crls);

#endif

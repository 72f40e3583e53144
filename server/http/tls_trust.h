/*
 * What devices' certificates are judged by: CAs, lists of revoked ones, the form of names. Counted, and
 * immutable once loaded. Private to server/http.
 */
#ifndef OTTER_HTTP_TLS_TRUST_H
#define OTTER_HTTP_TLS_TRUST_H

#include "http/tls.h"
#include "http/tls_crl.h"
#include "policy/client_name.h"

#include <stdatomic.h>

#define HTTP_TLS_PATTERN 256u

struct http_tls_trust {
    atomic_uint users;
    gnutls_x509_trust_list_t list;
    struct http_tls_crls *crls; /* NULL: none */
    char name[HTTP_TLS_PATTERN];
    struct policy_client_pattern pattern; /* of name */
    unsigned cas, revoked;                /* trusted; in the file, and not trusted */
};

/* One user, the caller. NULL with *err. A CA that is in one of the lists is not trusted. */
struct http_tls_trust *http_tls_trust_load(const struct http_tls_devices *devices, struct host_error *err);
struct http_tls_trust *http_tls_trust_use(struct http_tls_trust *trust);
/* The last user frees it. NULL is nothing to do. */
void http_tls_trust_drop(struct http_tls_trust *trust);

/* What it is, in the log. */
void http_tls_trust_tell(const struct http_tls_trust *trust);

/* When the lists end, in the log: a warning if it is soon, an error if it was. True: something was said. */
bool http_tls_trust_log(const struct http_tls_trust *trust, int64_t now);

#endif

/* A certificate with its key, counted: it lives as long as a connection uses it. Private to server/http. */
#ifndef OTTER_HTTP_TLS_PAIR_H
#define OTTER_HTTP_TLS_PAIR_H

#include "host/error.h"

#include <gnutls/gnutls.h>
#include <stdatomic.h>
#include <stdint.h>

#define HTTP_TLS_SUBJECT 256u

struct http_tls_pair {
    atomic_uint users;
    gnutls_certificate_credentials_t credentials;
    char subject[HTTP_TLS_SUBJECT]; /* of the certificate, as text; cut where it is too long */
    int64_t not_before, not_after;  /* Unix seconds */
};

/* One user, the caller. NULL with *err. */
struct http_tls_pair *http_tls_pair_load(const char *cert, const char *key, struct host_error *err);
struct http_tls_pair *http_tls_pair_use(struct http_tls_pair *pair);
/* The last user frees it. NULL is nothing to do. */
void http_tls_pair_drop(struct http_tls_pair *pair);

/* Whole days until `end`; below 0 once it has passed. Pure. */
int64_t http_tls_days_left(int64_t end, int64_t now);

/* What a pair is and until when, in the log: info, a warning if it ends soon, an error outside its time. */
void http_tls_pair_log(const struct http_tls_pair *pair, int64_t now);

#endif

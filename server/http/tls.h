/*
 * TLS of all loops: the certificate in use, the keys of session tickets, the sessions kept by ID. By GnuTLS,
 * under libmicrohttpd. TLS 1.2 and 1.3 alone, and of these only what is sound and what a BearSSL client
 * speaks: ECDHE with AES-GCM or ChaCha20.
 */
#ifndef OTTER_HTTP_TLS_H
#define OTTER_HTTP_TLS_H

#include "host/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Below so many days a certificate's end is a warning in the log. */
#define HTTP_TLS_WARN_DAYS 14

struct http_tls;

struct http_tls_config {
    const char *cert;    /* PEM: the certificate, and its chain behind it */
    const char *key;     /* PEM, not encrypted */
    bool tickets;        /* session tickets */
    unsigned cached_max; /* sessions kept by ID; 0 = none */
};

/* NULL with *err unless certificate and key are read and fit. Says in the log what it has. */
struct http_tls *http_tls_new(const struct http_tls_config *config, struct host_error *err);

/* After the front that uses it has stopped. NULL is nothing to do. */
void http_tls_free(struct http_tls *tls);

/*
 * Another pair, for connections that begin from now on; the others keep theirs. On failure the old pair stays
 * in use. Any thread.
 */
bool http_tls_reload(struct http_tls *tls, const char *cert, const char *key, struct host_error *err);

/* Could a pair be used? */
bool http_tls_check(const char *cert, const char *key, struct host_error *err);

/* When the certificate in use ends, in Unix seconds. Any thread. */
int64_t http_tls_expires(struct http_tls *tls);

/* Says in the log that the certificate ends soon, or has ended; at most once a day. Call it now and then. */
void http_tls_watch(struct http_tls *tls, int64_t now);

#endif

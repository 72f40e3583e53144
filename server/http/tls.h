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

/* What devices' certificates are taken by; docs/operations.md, Certificates of devices. */
struct http_tls_devices {
    const char *ca;   /* PEM, one CA or more; NULL: no client is asked for a certificate */
    const char *crl;  /* PEM, one list or more; NULL: none */
    const char *name; /* policy_client_pattern() */
};

struct http_tls_config {
    const char *cert;    /* PEM: the certificate, and its chain behind it */
    const char *key;     /* PEM, not encrypted */
    bool tickets;        /* session tickets */
    unsigned cached_max; /* sessions kept by ID; 0 = none */
    struct http_tls_devices devices;
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

/*
 * The like for what devices' certificates are taken by. From the next request on, connections and sessions of
 * before are judged by it, too. Whether clients are asked at all stays as it was at the start.
 */
bool http_tls_reload_devices(struct http_tls *tls, const struct http_tls_devices *devices,
                             struct host_error *err);

/* Is it a policy_client_pattern()? */
bool http_tls_check_name(const char *name, struct host_error *err);

/* Could a pair be used, and what devices' certificates are taken by? */
bool http_tls_check(const char *cert, const char *key, struct host_error *err);
bool http_tls_check_devices(const struct http_tls_devices *devices, struct host_error *err);

/* When the certificate in use ends, in Unix seconds. Any thread. */
int64_t http_tls_expires(struct http_tls *tls);

/* Says in the log that the certificate, or a list of revoked ones, ends soon, or has ended; at most once a
 * day. Call it now and then. */
void http_tls_watch(struct http_tls *tls, int64_t now);

#endif

/* The parts of struct http_tls. Private to server/http. */
#ifndef OTTER_HTTP_TLS_INTERNAL_H
#define OTTER_HTTP_TLS_INTERNAL_H

#include "http/tls.h"
#include "http/tls_cache.h"
#include "http/tls_pair.h"
#include "http/tls_trust.h"

#include <pthread.h>

struct http_tls {
    pthread_mutex_t lock;       /* over pair, trust, both warned_at and the tickets' key */
    struct http_tls_pair *pair; /* for new connections */
    int64_t warned_at;
    bool asks;                    /* clients for certificates: since the start, and to the end */
    struct http_tls_trust *trust; /* NULL: !asks */
    atomic_uint trust_number;     /* rises by each one; 0: none */
    int64_t trust_warned_at;
    bool tickets;
    gnutls_datum_t ticket_key;    /* .data NULL: none yet */
    uint64_t ticket_key_ms;       /* when it was made, monotonic */
    struct http_tls_cache *cache; /* NULL: none */
};

/* The pair for a new connection, which is one more user of it. */
struct http_tls_pair *http_tls_pair_now(struct http_tls *tls);

/* The like for a certificate to judge; of one that asks alone. *ret_number is the one of this trust. */
struct http_tls_trust *http_tls_trust_now(struct http_tls *tls, unsigned *ret_number);

/* Tickets for a session, under the key of now: it is made anew once a day, and the tickets before it are
 * void. */
bool http_tls_tickets_use(struct http_tls *tls, gnutls_session_t session, uint64_t now_ms);

#endif

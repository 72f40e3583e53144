/* What the certificate of a connection's client says, judged by what is trusted now. Private to server/http.
 */
#ifndef OTTER_HTTP_TLS_CLIENT_H
#define OTTER_HTTP_TLS_CLIENT_H

#include "http/tls_trust.h"

struct http_tls_client {
    enum policy_client verdict;
    char device[OTTER_NAME_BUF]; /* of a good one */
    bool shown;                  /* false: it has shown none, and the rest is nothing */
    unsigned by;                 /* the number of the trust that judged; 0: not yet */
    uint64_t judged_ms;          /* monotonic */
};

/*
 * May the signature that proves the certificate's key be looked at? A key can be made so that this takes
 * minutes, by anybody: here it is not known yet who shows it.
 */
bool http_tls_client_bearable(gnutls_session_t session);

/* Judges, of a whole handshake or a resumed one. */
void http_tls_client_judge(struct http_tls_client *client, gnutls_session_t session,
                           const struct http_tls_trust *trust, int64_t now);

#endif

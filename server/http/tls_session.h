/*
 * TLS of one connection. The bytes go through functions of ours, which is how the loop learns whether
 * anything moves. Private to server/http.
 */
#ifndef OTTER_HTTP_TLS_SESSION_H
#define OTTER_HTTP_TLS_SESSION_H

#include "http/tls.h"
#include "http/tls_client.h"

#include <microhttpd.h>

struct http_daemon;

/* For MHD_OPTION_HTTPS_PRIORITIES. */
extern const char http_tls_priorities[];

/* libmicrohttpd's callback; cls is a struct http_daemon of a TLS listener. */
void http_tls_connection(void *cls, struct MHD_Connection *connection, void **ctx,
                         enum MHD_ConnectionNotificationCode toe);

/*
 * The certificate of a connection's client, judged by what is trusted now, and again after a minute, since
 * certificates and lists end. NULL: it was not asked, or has shown none. ctx is what http_tls_connection()
 * made; valid until the next call.
 */
const struct http_tls_client *http_tls_client_of(void *ctx, uint64_t now_ms);

#endif

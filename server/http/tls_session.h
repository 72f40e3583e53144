/*
 * TLS of one connection. The bytes go through functions of ours, which is how the loop learns whether
 * anything moves. Private to server/http.
 */
#ifndef OTTER_HTTP_TLS_SESSION_H
#define OTTER_HTTP_TLS_SESSION_H

#include "http/tls.h"

#include <microhttpd.h>

struct http_daemon;

/* For MHD_OPTION_HTTPS_PRIORITIES. */
extern const char http_tls_priorities[];

/* libmicrohttpd's callback; cls is a struct http_daemon of a TLS listener. */
void http_tls_connection(void *cls, struct MHD_Connection *connection, void **ctx,
                         enum MHD_ConnectionNotificationCode toe);

#endif

/* What libcurl's failures mean to a person. Between http.c and http_error.c. */
#ifndef OTTER_HOST_HTTP_ERROR_H
#define OTTER_HOST_HTTP_ERROR_H

#include "host/error.h"

#include <curl/curl.h>
#include <stdbool.h>

struct http_failure {
    CURLcode code;
    long verify;        /* CURLINFO_SSL_VERIFYRESULT: OpenSSL's X509_V_ERR_..., 0 = the chain is good */
    bool https;         /* the URL said so */
    const char *reason; /* libcurl's words */
};

enum host_error_kind http_error_kind(const struct http_failure *f);

/* "; what to do next", or "". Static. */
const char *http_error_advice(const struct http_failure *f);

#endif

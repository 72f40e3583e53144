/*
 * HTTP client for the CLI and tools, by libcurl. One `struct host_http` keeps its connection alive between
 * requests; it belongs to one thread at a time. Redirects are never followed, only http and https are spoken.
 */
#ifndef OTTER_HOST_HTTP_H
#define OTTER_HOST_HTTP_H

#include "host/cleanup.h"
#include "host/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host_http;

/* What holds for all requests. Strings are copied; NULL or 0: default. */
struct host_http_options {
    const char *cacert;       /* PEM file of the CAs to trust instead of the system's */
    const char *unix_socket;  /* connect there whatever the URL's host */
    const char *bearer;       /* token for Authorization: Bearer */
    unsigned connect_timeout; /* seconds, default 10 */
    unsigned idle_timeout;    /* seconds without a byte either way, default 30 */
    unsigned total_timeout;   /* seconds for a request, default none */
};

/* NULL only when out of memory. The caller frees. */
struct host_http *host_http_new(const struct host_http_options *options, struct host_error *err);
void host_http_free(struct host_http *http);
void host_cleanup_http(struct host_http **http);
#define auto_http HOST_CLEANUP(host_cleanup_http)

/* Asked now and then while bytes move; false cancels (HOST_ERROR_CANCELLED). total is 0 while unknown. */
struct host_http_progress {
    bool (*step)(struct host_http_progress *self, bool upload, uint64_t done, uint64_t total);
};

struct host_http_request {
    const char *method;         /* "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" */
    const char *url;            /* http://... or https://... */
    const char *const *headers; /* "Name: value", NULL-ended; or NULL */
    const void *body;           /* from memory, or */
    size_t body_len;
    bool has_body_fd; /* from body_fd, body_fd_len bytes from body_fd_at on (pread) */
    int body_fd;
    uint64_t body_fd_at;
    uint64_t body_fd_len;
    size_t max_response;  /* to memory: bytes at most, default 1 MiB; longer is an error */
    bool has_response_fd; /* a 2xx body goes there instead, in order (write) */
    int response_fd;
    struct host_http_progress *progress;
};

struct host_http_response {
    int status;
    char *body; /* NUL behind body_len bytes; the caller's (host_http_response_clear) */
    size_t body_len;
    uint64_t fd_len; /* bytes written to response_fd */
    bool has_upload_offset;
    uint64_t upload_offset; /* Upload-Offset */
    char content_type[96];  /* "" when absent, and so on */
    char location[256];
    char etag[96];
    char content_range[64];
    unsigned retry_after; /* seconds; 0: absent */
    uint64_t otter_root;  /* Otter-Root; 0: absent */
};

/*
 * One exchange. True when a whole reply came, whatever its status; false (CONNECT, TLS, TIMEOUT, NETWORK,
 * CANCELLED, FORMAT for a reply over max_response, FILE for body_fd or response_fd) says what to do next.
 * *ret is valid, and to be cleared, only when true.
 */
bool host_http_do(struct host_http *http, const struct host_http_request *request,
                  struct host_http_response *ret, struct host_error *err);
void host_http_response_clear(struct host_http_response *r);
#define auto_response HOST_CLEANUP(host_http_response_clear)

/* base + path with each "/" between them once; malloc'ed. path must be escaped already. NULL: out of memory.
 */
char *host_http_url(const char *base, const char *path);

/* Percent-encodes one segment or query value (RFC 3986 unreserved stay); malloc'ed. NULL: out of memory. */
char *host_http_escape(const char *value);

#endif

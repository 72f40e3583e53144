/* Values of request headers, parsed strictly. Pure. */
#ifndef OTTER_HTTP_HEADERS_H
#define OTTER_HTTP_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_scheme {
    HTTP_SCHEME_NONE, /* no header, an unknown scheme, or malformed */
    HTTP_SCHEME_BEARER,
    HTTP_SCHEME_HMAC,
    HTTP_SCHEME_CERTIFICATE /* no header, and a client certificate that was taken (certificate.c) */
};

#define HTTP_TOKEN_MAX 256u

/* Pieces of Authorization; they point into the header's value. */
struct http_credentials {
    enum http_scheme scheme;
    const char *token; /* Bearer: to the value's end (RFC 6750, 2.1) */
    /* Otter-HMAC <device>:<nonce>:<mac>; a device may hold ':', so the last two separate. */
    const char *device;
    size_t device_len;
    const char *nonce;
    size_t nonce_len;
    const char *mac;
    size_t mac_len;
};

/* value NULL: no header. */
void http_credentials_parse(const char *value, struct http_credentials *ret);

#define HTTP_IP_STR 46u

/*
 * The last one of the addresses in X-Forwarded-For, which is the one that the nearest server added: the
 * others are anybody's word. In its usual form, without port and brackets. False: it is no address.
 */
bool http_forwarded_for(const char *value, char out[HTTP_IP_STR]);

/* By what an address of a network counts: IPv4 as ::ffff:a.b.c.d, IPv6 by its /64, of which whoever has one
 * has all. False: it is none. */
#define HTTP_SITE 16u
bool http_site_of(const char *address, uint8_t ret[HTTP_SITE]);

/* Is the last one of X-Forwarded-Proto "http"? */
bool http_forwarded_plain(const char *value);

/* Is it a field's name (RFC 9110, 5.6.2)? */
bool http_is_token(const char *s, size_t len);

/* Is a Content-Type (with or without parameters) this media type? */
bool http_media_type_is(const char *value, const char *type);

/* A decimal header or query value, at most max; false on anything else. */
bool http_number(const char *value, uint64_t max, uint64_t *ret);

#endif

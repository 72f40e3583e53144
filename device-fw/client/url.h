/* URLs as the device knows them: http or https, host, port, path prefix. Bounded, no query, no user info. */
#ifndef OTTER_CLIENT_URL_H
#define OTTER_CLIENT_URL_H

#include "core/names.h"

#include <stdbool.h>
#include <stdint.h>

struct otter_url {
    bool tls;
    uint16_t port;
    char host[OTTER_URL_MAX + 1]; /* without brackets, also for an IPv6 address */
    char path[OTTER_URL_MAX + 1]; /* prefix without a trailing slash; "" = the root */
};

/*
 * http://host[:port][/path] or https://... (RFC 3986, section 3, without user info, query and fragment).
 * False, and *ret untouched, on anything else or on more than OTTER_URL_MAX characters.
 */
bool otter_url_parse(const char *text, struct otter_url *ret);

/* Same scheme, host (ASCII case ignored) and port (RFC 6454): where the device's secret may be shown. */
bool otter_url_same_origin(const struct otter_url *a, const struct otter_url *b);

/* localhost, 127.0.0.0/8 or ::1: the only hosts to which a bearer token goes in the clear. */
bool otter_url_is_loopback(const struct otter_url *url);

#endif

/* Where the files of [tls] really are: credentials of systemd included. */
#ifndef OTTER_SERVER_TLS_PATHS_H
#define OTTER_SERVER_TLS_PATHS_H

#include "server/config.h"

#include <limits.h>

struct tls_paths {
    char cert[PATH_MAX], key[PATH_MAX];
    char device_ca[PATH_MAX], device_crl[PATH_MAX];
    struct http_tls_devices devices; /* points into this and the configuration */
};

/* Of a configuration with a certificate. */
bool tls_paths(const struct config *config, struct tls_paths *ret, struct host_error *err);

#endif

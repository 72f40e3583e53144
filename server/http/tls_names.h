/* The names of a certificate, as the bytes that stand in it. Private to server/http. */
#ifndef OTTER_HTTP_TLS_NAMES_H
#define OTTER_HTTP_TLS_NAMES_H

#include "policy/client_name.h"

#include <gnutls/x509.h>

/* GOOD with the device's id, or what is wrong with the names. Whether it may be believed is another matter.
 */
enum policy_client http_tls_device_of(gnutls_x509_crt_t certificate,
                                      const struct policy_client_pattern *pattern, char ret[OTTER_NAME_BUF]);

#endif

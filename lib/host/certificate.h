/* Certificates that devices are given. */
#ifndef OTTER_HOST_CERTIFICATE_H
#define OTTER_HOST_CERTIFICATE_H

#include "host/error.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The CA that devices are to trust (core/factory.h): the first certificate of a PEM file, or a DER file. It
 * must be one that a device can use: of a CA, an RSA key of 2,048 to 4,096 bits or one on P-256, P-384 or
 * P-521, at most OTTER_CA_MAX bytes of DER and a subject below OTTER_CA_NAME_MAX. False: FILE or FORMAT.
 */
bool host_ca_read(const char *path, uint8_t *out, size_t cap, size_t *ret_len, struct host_error *err);

#endif

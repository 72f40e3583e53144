#include "server/tls_paths.h"

#include "server/secrets.h"

/* *ret_given is NULL where the configuration has none. */
static bool path_of(const char *text, char place[PATH_MAX], const char **ret_given, struct host_error *err)
{
    *ret_given = text[0] != '\0' ? place : NULL;
    return text[0] == '\0' || secrets_path(text, place, err);
}

bool tls_paths(const struct config *config, struct tls_paths *ret, struct host_error *err)
{
    ret->devices.name = config->tls_device_name;
    return secrets_path(config->tls_cert, ret->cert, err) && secrets_path(config->tls_key, ret->key, err) &&
           path_of(config->tls_device_ca, ret->device_ca, &ret->devices.ca, err) &&
           path_of(config->tls_device_crl, ret->device_crl, &ret->devices.crl, err);
}

#include "server/config.h"

#include "core/bytes.h"
#include "host/ini.h"

#include <string.h>

void config_defaults(struct config *config)
{
    *config = (struct config){
        .audit_syslog = "no",
        .connections = 16384,
        .waiting = 4096,
        .device_rate = 600,
        .wrong_tokens = 10,
        .idle_timeout_s = 20,
        .drain_s = 10,
        .poll_interval_s = 3600,
        .max_blob = UINT64_C(64) << 20,
        .map_max = UINT64_C(256) << 20,
        .disk_low = UINT64_C(256) << 20,
        .tls_tickets = true,
        .tls_device_name = "cn:*",
        .tls_session_cache = 4096,
        .events_burst = 10,
        .events_burst_window = 300,
        .seccomp = true,
        .log_level = HOST_LOG_INFO,
        .log_format = HOST_LOG_KEY_VALUE,
    };
}

bool config_add_listen(struct config *config, const char *text, enum http_serves serves,
                       struct host_error *err)
{
    struct http_address address;

    if (!http_address_parse(text, &address, err))
        return false;
    for (unsigned i = 0; i < config->listens; i++) {
        if (strcmp(config->listen[i].text, text) == 0) {
            config->listen[i].serves |= serves;
            return true;
        }
    }
    if (config->listens == HTTP_LISTENERS_MAX)
        return host_fail(err, HOST_ERROR_FORMAT, "more than %u addresses to listen on", HTTP_LISTENERS_MAX);
    if (!config_set_text(config->listen[config->listens].text, text, err))
        return false;
    config->listen[config->listens++].serves = serves;
    return true;
}

struct reader {
    struct host_ini_visitor visitor;
    struct config *config;
};

static bool visit(struct host_ini_visitor *self, const char *section, const char *key, const char *value,
                  unsigned line, struct host_error *err)
{
    struct reader *reader = OTTER_CONTAINER_OF(self, struct reader, visitor);

    (void)line; /* host_ini puts it before the message */
    return config_set(reader->config, section, key, value, err);
}

bool config_read(struct config *config, const char *path, struct host_error *err)
{
    struct reader reader = {.visitor = {.visit = visit}, .config = config};

    return host_ini_parse_file(path, &reader.visitor, err);
}

bool config_parse(struct config *config, const char *text, size_t len, const char *what,
                  struct host_error *err)
{
    struct reader reader = {.visitor = {.visit = visit}, .config = config};

    return host_ini_parse(text, len, what, &reader.visitor, err);
}

const char *config_audit_syslog(const struct config *config)
{
    if (config->audit_syslog[0] == '\0' || strcmp(config->audit_syslog, "no") == 0)
        return NULL;
    return strcmp(config->audit_syslog, "yes") == 0 ? "/dev/log" : config->audit_syslog;
}

bool config_tls(const struct config *config, const struct http_address *address)
{
    return config->tls_cert[0] != '\0' && !http_address_is_unix(address);
}

bool config_proofs_only(const struct config *config, const struct http_address *address)
{
    return config->plain_devices && !config_tls(config, address) && !http_address_is_local(address);
}

/* Off this machine without TLS: devices' proofs may travel there, tokens only if told so. */
static bool may_listen(const struct config *config, const struct config_listen *listen,
                       const struct http_address *address)
{
    return http_address_is_local(address) || config_tls(config, address) || config->insecure_plain_http ||
           (config_proofs_only(config, address) && listen->serves == HTTP_SERVES_DEVICES);
}

static bool device_certificates_fit(const struct config *config, struct host_error *err)
{
    if (!http_tls_check_name(config->tls_device_name, err))
        return false;
    if (config->tls_device_ca[0] == '\0' && config->tls_device_crl[0] != '\0')
        return host_fail(err, HOST_ERROR_FORMAT, "tls.device_crl is given, and tls.device_ca is not");
    if (config->tls_device_ca[0] == '\0' && (config->enrol & CONFIG_ENROL_CERTIFICATE))
        return host_fail(err, HOST_ERROR_FORMAT,
                         "devices.enrol has the word certificate, and tls.device_ca is not given");
    if (config->tls_device_ca[0] != '\0' && config->tls_cert[0] == '\0')
        return host_fail(
            err, HOST_ERROR_FORMAT,
            "tls.device_ca is given, and tls.cert is not: without TLS nobody shows a certificate");
    return true;
}

bool config_check(const struct config *config, struct host_error *err)
{
    if ((config->tls_cert[0] == '\0') != (config->tls_key[0] == '\0'))
        return host_fail(err, HOST_ERROR_FORMAT, "--tls-cert and --tls-key go together: %s is not given",
                         config->tls_cert[0] ? "--tls-key" : "--tls-cert");
    if (!device_certificates_fit(config, err))
        return false;
    for (unsigned i = 0; i < config->listens; i++) {
        struct http_address address;

        if (!http_address_parse(config->listen[i].text, &address, err))
            return false;
        if (!may_listen(config, &config->listen[i], &address))
            return host_fail(err, HOST_ERROR_FORMAT,
                             "%s would carry tokens over the network without TLS; give --tls-cert and "
                             "--tls-key, listen on "
                             "127.0.0.1 or unix:PATH behind a server that ends TLS, say "
                             "--insecure-plain-http, or make it an "
                             "address for devices alone with --plain-devices",
                             config->listen[i].text);
    }
    return true;
}

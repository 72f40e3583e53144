#include "http/tls_trust.h"

#include "host/cleanup.h"
#include "host/file.h"
#include "host/log.h"
#include "http/tls_pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEM_MAX       ((size_t)256 * 1024)
#define CAS_MAX       64u
#define CRL_WARN_DAYS 3

struct http_tls_trust *http_tls_trust_use(struct http_tls_trust *trust)
{
    atomic_fetch_add_explicit(&trust->users, 1, memory_order_relaxed);
    return trust;
}

void http_tls_trust_drop(struct http_tls_trust *trust)
{
    if (!trust || atomic_fetch_sub_explicit(&trust->users, 1, memory_order_acq_rel) > 1)
        return;
    if (trust->list)
        gnutls_x509_trust_list_deinit(trust->list, 1);
    http_tls_crls_free(trust->crls);
    free(trust);
}

/* The CAs of a file. The list takes those over that it is given; the others are ours. */
struct cas {
    gnutls_x509_crt_t *crt;
    unsigned count;
};

static void free_cas(struct cas *cas)
{
    for (unsigned i = 0; i < cas->count; i++) {
        if (cas->crt[i])
            gnutls_x509_crt_deinit(cas->crt[i]);
    }
    gnutls_free(cas->crt);
}

static bool read_cas(const char *path, struct cas *cas, struct host_error *err)
{
    auto_free char *text = NULL;
    size_t len = 0;

    if (!host_file_read(path, PEM_MAX, &text, &len, err))
        return false;
    if (gnutls_x509_crt_list_import2(&cas->crt, &cas->count,
                                     &(gnutls_datum_t){(unsigned char *)text, (unsigned)len},
                                     GNUTLS_X509_FMT_PEM, 0) < 0)
        return host_fail(err, HOST_ERROR_FORMAT, "%s holds no certificate in PEM", path);
    if (cas->count > CAS_MAX)
        return host_fail(err, HOST_ERROR_FORMAT, "%s holds more than %u certificates", path, CAS_MAX);
    for (unsigned i = 0; i < cas->count; i++) {
        /* A device's own would be trusted as it is, whatever it may be used for. */
        if (gnutls_x509_crt_get_ca_status(cas->crt[i], NULL) <= 0)
            return host_fail(err, HOST_ERROR_FORMAT, "certificate %u of %s is not a CA's", i + 1, path);
    }
    return true;
}

static bool is_revoked(const struct http_tls_trust *trust, gnutls_x509_crt_t ca)
{
    return trust->crls && (http_tls_crls_ask(trust->crls, ca, 0) & 1u << POLICY_CLIENT_REVOKED) != 0;
}

static bool add_cas(struct http_tls_trust *trust, struct cas *cas, const char *path, struct host_error *err)
{
    if (gnutls_x509_trust_list_init(&trust->list, 0) < 0)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    for (unsigned i = 0; i < cas->count; i++) {
        if (is_revoked(trust, cas->crt[i])) {
            trust->revoked++;
            continue;
        }
        if (gnutls_x509_trust_list_add_cas(trust->list, &cas->crt[i], 1, 0) != 1)
            return host_fail(err, HOST_ERROR_FORMAT, "certificate %u of %s cannot be used", i + 1, path);
        cas->crt[i] = NULL;
        trust->cas++;
    }
    return trust->cas > 0 || host_fail(err, HOST_ERROR_FORMAT, "all CAs of %s are revoked", path);
}

bool http_tls_check_name(const char *name, struct host_error *err)
{
    struct policy_client_pattern pattern;
    const char *why;

    return policy_client_pattern(name, &pattern, &why) ||
           host_fail(err, HOST_ERROR_FORMAT, "tls.device_name: \"%s\": %s", name, why);
}

static bool set_name(struct http_tls_trust *trust, const char *name, struct host_error *err)
{
    const char *why = "too long";

    if (strlen(name) < sizeof trust->name) {
        memcpy(trust->name, name, strlen(name) + 1);
        if (policy_client_pattern(trust->name, &trust->pattern, &why))
            return true;
    }
    return host_fail(err, HOST_ERROR_FORMAT, "tls.device_name: \"%s\": %s", name, why);
}

static bool load(struct http_tls_trust *trust, const struct http_tls_devices *devices, struct host_error *err)
{
    struct cas cas = {.count = 0};
    bool ok = set_name(trust, devices->name, err) && read_cas(devices->ca, &cas, err);

    if (ok && devices->crl) {
        trust->crls = http_tls_crls_load(devices->crl, cas.crt, cas.count, err);
        ok = trust->crls != NULL;
    }
    ok = ok && add_cas(trust, &cas, devices->ca, err);
    free_cas(&cas);
    return ok;
}

struct http_tls_trust *http_tls_trust_load(const struct http_tls_devices *devices, struct host_error *err)
{
    struct http_tls_trust *trust = calloc(1, sizeof *trust);

    if (!trust) {
        (void)host_fail(err, HOST_ERROR_MEMORY, "out of memory");
        return NULL;
    }
    atomic_init(&trust->users, 1);
    if (load(trust, devices, err))
        return trust;
    http_tls_trust_drop(trust);
    return NULL;
}

void http_tls_trust_tell(const struct http_tls_trust *trust)
{
    host_log(trust->revoked ? HOST_LOG_WARNING : HOST_LOG_INFO, "device-ca", HOST_LOG_UINT("cas", trust->cas),
             HOST_LOG_UINT("revoked", trust->revoked),
             HOST_LOG_UINT("crls", trust->crls ? http_tls_crls_count(trust->crls) : 0),
             HOST_LOG_STR("name", trust->name));
}

bool http_tls_trust_log(const struct http_tls_trust *trust, int64_t now)
{
    int64_t end = trust->crls ? http_tls_crls_end(trust->crls) : INT64_MAX;
    bool ended = end <= now;

    if (end == INT64_MAX || http_tls_days_left(end, now) >= CRL_WARN_DAYS)
        return false;
    host_log(ended ? HOST_LOG_ERROR : HOST_LOG_WARNING, ended ? "device-crl-ended" : "device-crl-ends-soon",
             HOST_LOG_INT("days", http_tls_days_left(end, now)),
             HOST_LOG_STR("next", "put a newer one at tls.device_crl and send SIGHUP: certificates of its CA "
                                  "are refused once it has ended"));
    return true;
}

#include "http/tls_pair.h"

#include "host/cleanup.h"
#include "host/crypto.h"
#include "host/file.h"
#include "host/log.h"
#include "http/tls.h"

#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PEM_MAX  ((size_t)256 * 1024)
#define DAY_S    86400
#define TIME_STR 32u

struct http_tls_pair *http_tls_pair_use(struct http_tls_pair *pair)
{
    atomic_fetch_add_explicit(&pair->users, 1, memory_order_relaxed);
    return pair;
}

void http_tls_pair_drop(struct http_tls_pair *pair)
{
    if (!pair || atomic_fetch_sub_explicit(&pair->users, 1, memory_order_acq_rel) > 1)
        return;
    if (pair->credentials)
        gnutls_certificate_free_credentials(pair->credentials);
    free(pair);
}

/* Of the first certificate, which is the server's own. */
static bool describe(struct http_tls_pair *pair, const gnutls_datum_t *pem, const char *path,
                     struct host_error *err)
{
    gnutls_x509_crt_t *chain = NULL;
    size_t len = sizeof pair->subject;
    unsigned n = 0;
    int code = gnutls_x509_crt_list_import2(&chain, &n, pem, GNUTLS_X509_FMT_PEM, 0);

    if (code < 0)
        return host_fail(err, HOST_ERROR_FORMAT, "%s holds no certificate in PEM (%s)", path,
                         gnutls_strerror(code));
    pair->not_before = gnutls_x509_crt_get_activation_time(chain[0]);
    pair->not_after = gnutls_x509_crt_get_expiration_time(chain[0]);
    if (gnutls_x509_crt_get_dn(chain[0], pair->subject, &len) < 0)
        pair->subject[0] = '\0'; /* longer than anybody reads */
    for (unsigned i = 0; i < n; i++)
        gnutls_x509_crt_deinit(chain[i]);
    gnutls_free(chain);
    return true;
}

static bool fit(struct http_tls_pair *pair, const gnutls_datum_t *cert_pem, const gnutls_datum_t *key_pem,
                const char *cert, const char *key, struct host_error *err)
{
    int code = gnutls_certificate_allocate_credentials(&pair->credentials);

    if (code >= 0)
        code = gnutls_certificate_set_x509_key_mem2(pair->credentials, cert_pem, key_pem, GNUTLS_X509_FMT_PEM,
                                                    NULL, 0);
    if (code >= 0)
        return true;
    if (code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
        return host_fail(err, HOST_ERROR_FORMAT, "%s is not the key of the certificate in %s", key, cert);
    if (code == GNUTLS_E_DECRYPTION_FAILED)
        return host_fail(err, HOST_ERROR_FORMAT,
                         "%s is encrypted: otterd reads keys without a password alone", key);
    return host_fail(err, HOST_ERROR_FORMAT, "%s holds no key that can be used (%s)", key,
                     gnutls_strerror(code));
}

struct http_tls_pair *http_tls_pair_load(const char *cert, const char *key, struct host_error *err)
{
    struct http_tls_pair *pair = calloc(1, sizeof *pair);
    auto_free char *cert_text = NULL;
    auto_free char *key_text = NULL;
    size_t cert_len = 0, key_len = 0;
    bool ok;

    if (!pair) {
        (void)host_fail(err, HOST_ERROR_MEMORY, "out of memory");
        return NULL;
    }
    atomic_init(&pair->users, 1);
    ok = host_file_read(cert, PEM_MAX, &cert_text, &cert_len, err) &&
         host_file_read(key, PEM_MAX, &key_text, &key_len, err);
    if (ok) {
        gnutls_datum_t cert_pem = {(unsigned char *)cert_text, (unsigned)cert_len};
        gnutls_datum_t key_pem = {(unsigned char *)key_text, (unsigned)key_len};

        ok = describe(pair, &cert_pem, cert, err) && fit(pair, &cert_pem, &key_pem, cert, key, err);
    }
    if (key_text)
        host_wipe(key_text, key_len);
    if (!ok) {
        http_tls_pair_drop(pair);
        return NULL;
    }
    return pair;
}

int64_t http_tls_days_left(int64_t end, int64_t now)
{
    return end >= now ? (end - now) / DAY_S : -1 - (now - end - 1) / DAY_S;
}

void http_tls_pair_log(const struct http_tls_pair *pair, int64_t now)
{
    int64_t days = http_tls_days_left(pair->not_after, now);
    enum host_log_level level = HOST_LOG_INFO;
    const char *event = "certificate";
    time_t end = (time_t)pair->not_after;
    char until[TIME_STR] = "";
    struct tm tm;

    if (now < pair->not_before || days < 0) {
        level = HOST_LOG_ERROR;
        event = days < 0 ? "certificate-ended" : "certificate-not-yet-valid";
    } else if (days < HTTP_TLS_WARN_DAYS) {
        level = HOST_LOG_WARNING;
        event = "certificate-ends-soon";
    }
    if (gmtime_r(&end, &tm))
        (void)strftime(until, sizeof until, "%Y-%m-%dT%H:%M:%SZ", &tm);
    host_log(level, event, HOST_LOG_STR("subject", pair->subject), HOST_LOG_STR("until", until),
             HOST_LOG_INT("days", days));
}

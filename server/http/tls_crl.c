#include "http/tls_crl.h"

#include "host/cleanup.h"
#include "host/file.h"
#include "policy/client_name.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX   ((size_t)16 * 1024 * 1024)
#define SERIAL_MAX 24u /* bytes; RFC 5280 has 20 */

struct serial {
    uint8_t len, b[SERIAL_MAX];
};

/* A list of one issuer. */
struct list {
    unsigned char *issuer; /* its name, in DER */
    size_t issuer_len;
    int64_t end; /* the next list was to be there; INT64_MAX: nobody has said */
    struct serial *serials;
    size_t count;
};

struct http_tls_crls {
    size_t count;
    struct list list[];
};

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct serial)); /* what is behind the length is zero */
}

static struct serial serial_of(const unsigned char *bytes, size_t len)
{
    struct serial s = {.len = 0};

    while (len > 0 && bytes[0] == 0) {
        bytes++;
        len--;
    }
    s.len = (uint8_t)len; /* at most SERIAL_MAX, of callers */
    memcpy(s.b, bytes, len);
    return s;
}

/* ---- reading ---- */

static bool take_serials(gnutls_x509_crl_t crl, struct list *list)
{
    int count = gnutls_x509_crl_get_crt_count(crl), code = 0;
    gnutls_x509_crl_iter_t at = NULL;

    list->serials = calloc(count > 0 ? (size_t)count : 1, sizeof *list->serials);
    while (list->serials && (int)list->count < count && code >= 0) {
        unsigned char bytes[SERIAL_MAX];
        size_t len = sizeof bytes;

        code = gnutls_x509_crl_iter_crt_serial(crl, &at, bytes, &len, NULL);
        if (code >= 0)
            list->serials[list->count++] = serial_of(bytes, len);
    }
    gnutls_x509_crl_iter_deinit(at);
    if (!list->serials || (int)list->count < count)
        return false;
    qsort(list->serials, list->count, sizeof *list->serials, compare);
    return true;
}

static bool take(gnutls_x509_crl_t crl, struct list *list)
{
    time_t end = gnutls_x509_crl_get_next_update(crl);
    gnutls_datum_t issuer = {NULL, 0};

    if (gnutls_x509_crl_get_raw_issuer_dn(crl, &issuer) < 0)
        return false;
    list->issuer = malloc(issuer.size ? issuer.size : 1);
    if (list->issuer)
        memcpy(list->issuer, issuer.data, issuer.size);
    list->issuer_len = issuer.size;
    gnutls_free(issuer.data);
    list->end = end == (time_t)-1 ? INT64_MAX : (int64_t)end;
    return list->issuer && take_serials(crl, list);
}

/* By a CA, whatever the list's time: one that has ended is known to have. */
static bool is_signed_by(gnutls_x509_crl_t crl, gnutls_x509_crt_t ca)
{
    const unsigned times =
        GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED | GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE;
    unsigned wrong = 0;

    if (gnutls_x509_crl_verify(crl, &ca, 1, 0, &wrong) < 0)
        return false;
    if (wrong & times)
        wrong &= ~(times | GNUTLS_CERT_INVALID); /* which is there with any */
    return wrong == 0;
}

/* Lists are often fetched over a network that nobody vouches for. */
static bool is_signed(gnutls_x509_crl_t crl, const gnutls_x509_crt_t *cas, unsigned n_cas)
{
    for (unsigned i = 0; i < n_cas; i++) {
        if (is_signed_by(crl, cas[i]))
            return true;
    }
    return false;
}

static bool take_all(struct http_tls_crls *crls, const gnutls_x509_crl_t *crl, unsigned n,
                     const gnutls_x509_crt_t *cas, unsigned n_cas, const char *path, struct host_error *err)
{
    for (unsigned i = 0; i < n; i++) {
        if (!is_signed(crl[i], cas, n_cas))
            return host_fail(err, HOST_ERROR_FORMAT, "list %u of %s is not signed by a CA of device_ca",
                             i + 1, path);
        crls->count = i + 1;
        if (!take(crl[i], &crls->list[i]))
            return host_fail(err, HOST_ERROR_FORMAT, "list %u of %s cannot be used", i + 1, path);
    }
    return true;
}

struct http_tls_crls *http_tls_crls_load(const char *path, const gnutls_x509_crt_t *cas, unsigned n_cas,
                                         struct host_error *err)
{
    struct http_tls_crls *crls = NULL;
    gnutls_x509_crl_t *crl = NULL;
    auto_free char *text = NULL;
    size_t len = 0;
    unsigned n = 0;
    bool ok = false;

    if (!host_file_read(path, FILE_MAX, &text, &len, err))
        return NULL;
    if (gnutls_x509_crl_list_import2(&crl, &n, &(gnutls_datum_t){(unsigned char *)text, (unsigned)len},
                                     GNUTLS_X509_FMT_PEM, 0) < 0) {
        (void)host_fail(err, HOST_ERROR_FORMAT, "%s holds no CRL in PEM", path);
        return NULL;
    }
    crls = calloc(1, sizeof *crls + n * sizeof crls->list[0]);
    if (crls)
        ok = take_all(crls, crl, n, cas, n_cas, path, err);
    else
        (void)host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    for (unsigned i = 0; i < n; i++)
        gnutls_x509_crl_deinit(crl[i]);
    gnutls_free(crl);
    if (ok)
        return crls;
    http_tls_crls_free(crls);
    return NULL;
}

void http_tls_crls_free(struct http_tls_crls *crls)
{
    for (size_t i = 0; crls && i < crls->count; i++) {
        free(crls->list[i].issuer);
        free(crls->list[i].serials);
    }
    free(crls);
}

/* ---- asking ---- */

static bool holds(const struct list *list, const struct serial *serial)
{
    return bsearch(serial, list->serials, list->count, sizeof *serial, compare) != NULL;
}

/* A longer serial number is in no list that was taken. */
static struct serial serial_of_certificate(gnutls_x509_crt_t certificate)
{
    unsigned char bytes[SERIAL_MAX];
    size_t len = sizeof bytes;

    if (gnutls_x509_crt_get_serial(certificate, bytes, &len) < 0)
        return (struct serial){.len = UINT8_MAX};
    return serial_of(bytes, len);
}

unsigned http_tls_crls_ask(const struct http_tls_crls *crls, gnutls_x509_crt_t certificate, int64_t now)
{
    struct serial serial = serial_of_certificate(certificate);
    unsigned said = 1u << POLICY_CLIENT_NO_CRL;
    gnutls_datum_t issuer = {NULL, 0};
    bool held = false, current = false, revoked = false;

    if (gnutls_x509_crt_get_raw_issuer_dn(certificate, &issuer) < 0)
        return said;
    for (size_t i = 0; i < crls->count; i++) {
        const struct list *list = &crls->list[i];

        if (list->issuer_len != issuer.size || memcmp(list->issuer, issuer.data, issuer.size) != 0)
            continue;
        held = true;
        current |= now < list->end;
        revoked |= holds(list, &serial);
    }
    gnutls_free(issuer.data);
    if (held)
        said = (revoked ? 1u << POLICY_CLIENT_REVOKED : 0) | (current ? 0 : 1u << POLICY_CLIENT_OLD_CRL);
    return said;
}

size_t http_tls_crls_count(const struct http_tls_crls *crls)
{
    return crls->count;
}

/* Is there a list of the same issuer that lasts longer? */
static bool is_followed(const struct http_tls_crls *crls, const struct list *list)
{
    for (size_t i = 0; i < crls->count; i++) {
        const struct list *other = &crls->list[i];

        if (other->end > list->end && other->issuer_len == list->issuer_len &&
            memcmp(other->issuer, list->issuer, list->issuer_len) == 0)
            return true;
    }
    return false;
}

int64_t http_tls_crls_end(const struct http_tls_crls *crls)
{
    int64_t end = INT64_MAX;

    for (size_t i = 0; i < crls->count; i++) {
        if (crls->list[i].end < end && !is_followed(crls, &crls->list[i]))
            end = crls->list[i].end;
    }
    return end;
}

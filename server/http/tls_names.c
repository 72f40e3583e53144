#include "http/tls_names.h"

#include "core/bytes.h"

#include <gnutls/x509-ext.h>
#include <string.h>

#define NAMES_MAX 32u /* that are looked at; a certificate with more has too many */

/* Types of strings whose bytes are the text: UTF8String, PrintableString, IA5String. */
#define IS_PLAIN(tag) ((tag) == 12 || (tag) == 19 || (tag) == 22)

struct names {
    struct policy_client_name name[NAMES_MAX];
    size_t count;
    enum policy_client fault; /* GOOD: none so far */
};

static void add(struct names *n, const gnutls_datum_t *text)
{
    if (n->count == NAMES_MAX) {
        n->fault = POLICY_CLIENT_TWO_NAMES;
        return;
    }
    n->name[n->count++] = (struct policy_client_name){text->size ? (const char *)text->data : "", text->size};
}

static bool is_common_name(const gnutls_x509_ava_st *ava)
{
    static const char oid[] = GNUTLS_OID_X520_COMMON_NAME;

    /* With the zero behind it or without: that is the library's affair. */
    return (ava->oid.size == sizeof oid || ava->oid.size == sizeof oid - 1) &&
           memcmp(ava->oid.data, oid, sizeof oid - 1) == 0;
}

static void take_common_names(gnutls_x509_crt_t certificate, struct names *n)
{
    gnutls_x509_dn_t dn;
    gnutls_x509_ava_st ava;

    if (gnutls_x509_crt_get_subject(certificate, &dn) < 0)
        return;
    for (int rdn = 0; gnutls_x509_dn_get_rdn_ava(dn, rdn, 0, &ava) >= 0; rdn++) {
        for (int at = 0; gnutls_x509_dn_get_rdn_ava(dn, rdn, at, &ava) >= 0; at++) {
            if (!is_common_name(&ava))
                continue;
            if (!IS_PLAIN(ava.value_tag))
                n->fault = POLICY_CLIENT_BAD_NAME;
            add(n, &ava.value);
        }
    }
}

static unsigned san_type(enum policy_client_kind kind)
{
    return kind == POLICY_CLIENT_DNS ? GNUTLS_SAN_DNSNAME : GNUTLS_SAN_URI;
}

/* The names point into *sans. */
static void take_alternatives(gnutls_subject_alt_names_t sans, unsigned wanted, struct names *n)
{
    gnutls_datum_t text;
    unsigned type;

    for (unsigned i = 0; gnutls_subject_alt_names_get(sans, i, &type, &text, NULL) >= 0; i++) {
        if (type == wanted)
            add(n, &text);
    }
}

static enum policy_client judge(const struct names *n, const struct policy_client_pattern *pattern,
                                char ret[OTTER_NAME_BUF])
{
    return n->fault != POLICY_CLIENT_GOOD ? n->fault : policy_client_device(pattern, n->name, n->count, ret);
}

static enum policy_client by_alternatives(gnutls_x509_crt_t certificate,
                                          const struct policy_client_pattern *pattern,
                                          char ret[OTTER_NAME_BUF])
{
    struct names n = {.fault = POLICY_CLIENT_GOOD};
    enum policy_client said = POLICY_CLIENT_NO_NAME;
    gnutls_subject_alt_names_t sans;
    gnutls_datum_t extension;

    if (gnutls_x509_crt_get_extension_by_oid2(certificate, GNUTLS_X509EXT_OID_SAN, 0, &extension, NULL) < 0)
        return said;
    if (gnutls_subject_alt_names_init(&sans) >= 0) {
        if (gnutls_x509_ext_import_subject_alt_names(&extension, sans, 0) >= 0) {
            take_alternatives(sans, san_type(pattern->kind), &n);
            said = judge(&n, pattern, ret);
        }
        gnutls_subject_alt_names_deinit(sans);
    }
    gnutls_free(extension.data);
    return said;
}

enum policy_client http_tls_device_of(gnutls_x509_crt_t certificate,
                                      const struct policy_client_pattern *pattern, char ret[OTTER_NAME_BUF])
{
    struct names n = {.fault = POLICY_CLIENT_GOOD};

    if (pattern->kind != POLICY_CLIENT_CN)
        return by_alternatives(certificate, pattern, ret);
    take_common_names(certificate, &n);
    return judge(&n, pattern, ret);
}

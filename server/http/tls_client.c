#include "http/tls_client.h"

#include "host/log.h"
#include "http/tls_names.h"
#include "http/tls_pair.h"

#include <string.h>

#define CHAIN_MAX    8u
#define RSA_MAX      512u /* bytes of a modulus */
#define EXPONENT_MAX 8u   /* of a public exponent */

struct chain {
    gnutls_x509_crt_t crt[CHAIN_MAX]; /* the client's own first */
    unsigned count;
};

static void free_chain(struct chain *chain)
{
    for (unsigned i = 0; i < chain->count; i++)
        gnutls_x509_crt_deinit(chain->crt[i]);
}

static bool import(struct chain *chain, const gnutls_datum_t *der)
{
    gnutls_x509_crt_t crt;

    if (gnutls_x509_crt_init(&crt) < 0)
        return false;
    chain->crt[chain->count++] = crt;
    return gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER) >= 0;
}

/* What GnuTLS finds, in our bits. What we have no word for is a chain that does not hold. */
static unsigned translate(unsigned status)
{
    static const struct {
        unsigned status;
        enum policy_client found;
    } known[] = {
        {GNUTLS_CERT_INSECURE_ALGORITHM, POLICY_CLIENT_WEAK},
        {GNUTLS_CERT_NOT_ACTIVATED, POLICY_CLIENT_EARLY},
        {GNUTLS_CERT_EXPIRED, POLICY_CLIENT_ENDED},
        {GNUTLS_CERT_PURPOSE_MISMATCH, POLICY_CLIENT_USE},
    };
    unsigned found = 0, rest = status & ~(unsigned)GNUTLS_CERT_INVALID;

    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (status & known[i].status)
            found |= 1u << known[i].found;
        rest &= ~known[i].status;
    }
    if (rest != 0 || (status != 0 && found == 0))
        found |= 1u << POLICY_CLIENT_UNTRUSTED;
    return found;
}

/* Chain, dates, strength, and what it is for. */
static unsigned verify(const struct http_tls_trust *trust, struct chain *chain)
{
    gnutls_typed_vdata_st use = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
                                 .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT};
    unsigned status = 0;

    if (gnutls_x509_trust_list_verify_crt2(trust->list, chain->crt, chain->count, &use, 1,
                                           GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM), &status,
                                           NULL) < 0)
        return 1u << POLICY_CLIENT_UNTRUSTED;
    return translate(status);
}

/* The device's own CA must have a list, where there are any; of those above it, who has one is asked. */
static unsigned ask_crls(const struct http_tls_trust *trust, const struct chain *chain, int64_t now)
{
    unsigned found = 0;

    for (unsigned i = 0; trust->crls && i < chain->count; i++) {
        unsigned said = http_tls_crls_ask(trust->crls, chain->crt[i], now);

        found |= i == 0 ? said : said & ~(1u << POLICY_CLIENT_NO_CRL);
    }
    return found;
}

/* A stranger's certificate is nobody's news; one of ours that does not count is. */
static void log_refused(const struct http_tls_client *client, gnutls_x509_crt_t crt)
{
    enum host_log_level level = client->verdict == POLICY_CLIENT_UNTRUSTED ? HOST_LOG_DEBUG : HOST_LOG_INFO;
    char subject[HTTP_TLS_SUBJECT];
    size_t len = sizeof subject;

    if (!host_log_wanted(level))
        return;
    if (gnutls_x509_crt_get_dn(crt, subject, &len) < 0)
        subject[0] = '\0';
    host_log(level, "client-certificate-refused", HOST_LOG_STR("subject", subject),
             HOST_LOG_STR("detail", policy_client_text(client->verdict)));
}

static void judge(struct http_tls_client *client, const gnutls_datum_t *shown, unsigned count,
                  const struct http_tls_trust *trust, int64_t now)
{
    struct chain chain = {.count = 0};
    unsigned found = 0;
    bool read = count <= CHAIN_MAX;

    for (unsigned i = 0; i < count && read; i++)
        read = import(&chain, &shown[i]);
    if (read)
        found = verify(trust, &chain) | ask_crls(trust, &chain, now) |
                1u << http_tls_device_of(chain.crt[0], &trust->pattern, client->device);
    else
        found = 1u << POLICY_CLIENT_UNTRUSTED;
    client->verdict = policy_client_verdict(found);
    if (read && client->verdict != POLICY_CLIENT_GOOD)
        log_refused(client, chain.crt[0]);
    free_chain(&chain);
}

void http_tls_client_judge(struct http_tls_client *client, gnutls_session_t session,
                           const struct http_tls_trust *trust, int64_t now)
{
    unsigned count = 0;
    const gnutls_datum_t *shown = gnutls_certificate_get_peers(session, &count);

    client->shown = shown && count > 0;
    if (client->shown)
        judge(client, shown, count, trust, now);
}

/* DER has a zero before a number whose first bit is set. */
static bool is_small(const gnutls_datum_t *number, unsigned max)
{
    return number->size <= max || (number->size == max + 1 && number->data[0] == 0);
}

static bool is_small_rsa(gnutls_x509_crt_t crt)
{
    gnutls_datum_t modulus = {NULL, 0}, exponent = {NULL, 0};
    bool small = gnutls_x509_crt_get_pk_rsa_raw(crt, &modulus, &exponent) >= 0 &&
                 is_small(&modulus, RSA_MAX) && is_small(&exponent, EXPONENT_MAX);

    gnutls_free(modulus.data);
    gnutls_free(exponent.data);
    return small;
}

/* Of other keys the size is the curve's. */
static bool is_bearable(gnutls_x509_crt_t crt)
{
    switch (gnutls_x509_crt_get_pk_algorithm(crt, NULL)) {
    case GNUTLS_PK_RSA:
    case GNUTLS_PK_RSA_PSS:
        return is_small_rsa(crt);
    case GNUTLS_PK_ECDSA:
    case GNUTLS_PK_EDDSA_ED25519:
        return true;
    default:
        return false;
    }
}

bool http_tls_client_bearable(gnutls_session_t session)
{
    unsigned count = 0;
    const gnutls_datum_t *shown = gnutls_certificate_get_peers(session, &count);
    struct chain chain = {.count = 0};
    bool bearable = shown && count > 0 && import(&chain, &shown[0]) && is_bearable(chain.crt[0]);

    free_chain(&chain);
    return bearable;
}

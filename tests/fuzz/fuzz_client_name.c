/* A client's certificate, before it is known whose: whatever its names are, they are a device's id or a
 * refusal. */
#include "fuzz.h"

#include "http/tls_names.h"

#include <string.h>

static const char *const patterns[] = {"cn:*", "cn:device-*", "dns:*.devices.example.com", "uri:urn:otter:*"};

static void check(gnutls_x509_crt_t crt, const char *text)
{
    struct policy_client_pattern pattern;
    char id[OTTER_NAME_BUF], again[OTTER_NAME_BUF];
    enum policy_client said;
    const char *why;

    memset(id, '#', sizeof id);
    MUST(policy_client_pattern(text, &pattern, &why));
    said = http_tls_device_of(crt, &pattern, id);
    MUST(said == http_tls_device_of(crt, &pattern, again));
    if (said != POLICY_CLIENT_GOOD) {
        MUST(said >= POLICY_CLIENT_NO_NAME && id[0] == '#');
        return;
    }
    MUST(memchr(id, '\0', sizeof id) && strcmp(id, again) == 0);
    MUST(otter_device_id_valid(id, strlen(id)));
    MUST(pattern.kind != POLICY_CLIENT_DNS || !strchr(id, '.'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gnutls_datum_t der = {(unsigned char *)(uintptr_t)data, (unsigned)size};
    gnutls_x509_crt_t crt;

    MUST(gnutls_x509_crt_init(&crt) >= 0);
    if (gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER) >= 0) {
        for (unsigned i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
            check(crt, patterns[i]);
    }
    gnutls_x509_crt_deinit(crt);
    return 0;
}

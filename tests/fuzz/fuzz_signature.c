/* Signatures that were made elsewhere: what is taken in one form is taken, and the same, in each other one.
 */
#include "fuzz.h"

#include "core/bytes.h"
#include "host/crypto.h"
#include "signature_forms.h"

#include <stdio.h>

/* Standard base64, in lines as openssl writes them. */
static size_t base64_lines(const uint8_t *in, size_t len, char *out)
{
    char plain[256];
    size_t n = 0;

    otter_b64_encode(in, len, plain);
    for (size_t i = 0; plain[i] != '\0'; i++) {
        out[n++] = plain[i] == '-' ? '+' : plain[i] == '_' ? '/' : plain[i];
        if (i % 64 == 63)
            out[n++] = '\n';
    }
    for (size_t i = strlen(plain); i % 4 != 0; i++)
        out[n++] = '=';
    out[n++] = '\n';
    return n;
}

static void check_again(const char *form, size_t len, const uint8_t *sig)
{
    uint8_t back[OTTER_SIG_LEN];

    MUST(cli_signature_decode(form, len, back) && memcmp(sig, back, sizeof(back)) == 0);
}

static void check_forms(const uint8_t sig[OTTER_SIG_LEN])
{
    uint8_t der[OTTER_SIG_DER_MAX], other[OTTER_SIG_LEN];
    size_t len = host_sig_to_der(sig, der);
    char text[256];

    if (otter_sig_from_der(sig, OTTER_SIG_LEN, other))
        return; /* these 64 bytes are DER of another one */
    check_again((const char *)sig, OTTER_SIG_LEN, sig);
    check_again(text, base64_lines(sig, OTTER_SIG_LEN, text), sig);
    otter_b64_encode(sig, OTTER_SIG_LEN, text);
    check_again(text, strlen(text), sig);
    MUST(len > 0 && len <= sizeof(der));
    if (!otter_sig_from_der(der, len, other))
        return; /* R or S is 0 */
    check_again((const char *)der, len, sig);
    check_again(text, base64_lines(der, len, text), sig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t sig[OTTER_SIG_LEN];
    char *text = malloc(size > 0 ? size : 1);

    MUST(text != NULL);
    memcpy(text, data, size);
    if (cli_signature_decode(text, size, sig)) {
        MUST(size <= CLI_SIGNATURE_MAX);
        check_forms(sig);
    }
    free(text);
    return 0;
}

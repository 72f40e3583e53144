#include "signature_forms.h"

#include "pem.h"

#include <string.h>

/* base64url's two letters become base64's, and padding is put where it is missing. */
static int decode_text(const char *text, size_t len, uint8_t *out, size_t cap)
{
    char plain[CLI_SIGNATURE_MAX + 4];
    size_t n = 0;

    for (size_t i = 0; i < len && n < CLI_SIGNATURE_MAX; i++) {
        char c = text[i];

        if (c != '\n' && c != '\r' && c != ' ' && c != '\t')
            plain[n++] = c == '-' ? '+' : c == '_' ? '/' : c;
    }
    while (n % 4 != 0)
        plain[n++] = '=';
    return cli_base64_decode(plain, n, out, cap);
}

static bool take(const uint8_t *data, size_t len, uint8_t ret_sig[OTTER_SIG_LEN])
{
    if (otter_sig_from_der(data, len, ret_sig))
        return true;
    if (len != OTTER_SIG_LEN)
        return false;
    memcpy(ret_sig, data, OTTER_SIG_LEN);
    return true;
}

bool cli_signature_decode(const char *data, size_t len, uint8_t ret_sig[OTTER_SIG_LEN])
{
    uint8_t decoded[CLI_SIGNATURE_MAX];
    int n;

    if (len > CLI_SIGNATURE_MAX)
        return false;
    if (take((const uint8_t *)data, len, ret_sig))
        return true;
    n = decode_text(data, len, decoded, sizeof(decoded));
    return n >= 0 && take(decoded, (size_t)n, ret_sig);
}

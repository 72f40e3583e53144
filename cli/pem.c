#include "pem.h"

#include <string.h>

static int sextet(char c)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(alphabet, c) : NULL;

    return at != NULL ? (int)(at - alphabet) : -1;
}

int cli_base64_decode(const char *in, size_t len, uint8_t *out, size_t cap)
{
    uint32_t bits = 0;
    unsigned count = 0, padding = 0;
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        int v = sextet(in[i]);

        if (in[i] == '\n' || in[i] == '\r' || in[i] == ' ' || in[i] == '\t')
            continue;
        if (in[i] == '=') {
            padding++;
            continue;
        }
        if (v < 0 || padding > 0)
            return -1;
        bits = bits << 6 | (uint32_t)v;
        if (++count % 4 == 1)
            continue;
        if (n == cap)
            return -1;
        /* After 2, 3, 4 sextets of a group 4, 2, 0 bits wait for the next. */
        out[n++] = (uint8_t)(bits >> (count % 4 == 2 ? 4 : count % 4 == 3 ? 2 : 0));
    }
    return (count + padding) % 4 == 0 && padding < 3 && n > 0 ? (int)n : -1;
}

int cli_certificate_der(const char *in, size_t len, uint8_t *out, size_t cap)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    static const char end[] = "-----END CERTIFICATE-----";
    const char *from, *to;

    if (len > 1 && (uint8_t)in[0] == 0x30) {
        if (len > cap)
            return -1;
        memcpy(out, in, len);
        return (int)len;
    }
    from = memmem(in, len, begin, strlen(begin));
    if (from == NULL)
        return -1;
    from += strlen(begin);
    to = memmem(from, len - (size_t)(from - in), end, strlen(end));
    return to != NULL ? cli_base64_decode(from, (size_t)(to - from), out, cap) : -1;
}

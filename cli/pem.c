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

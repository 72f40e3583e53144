#include "width.h"

#include "core/bytes.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct range {
    uint32_t from, to;
};

#include "width_ranges.h"

/* The ranges rise. */
static bool in_ranges(const struct range *r, size_t n, uint32_t c)
{
    while (n > 0) {
        size_t half = n / 2;

        if (c > r[half].to) {
            r += half + 1;
            n -= half + 1;
        } else if (c >= r[half].from) {
            return true;
        } else {
            n = half;
        }
    }
    return false;
}

/* One character of valid UTF-8 (RFC 3629), its length in bytes; 0 if the bytes at s are none. */
static size_t decode(const char *s, uint32_t *ret)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = (uint8_t)s[0];
    size_t n = first < 0x80             ? 1
               : (first & 0xe0) == 0xc0 ? 2
               : (first & 0xf0) == 0xe0 ? 3
               : (first & 0xf8) == 0xf0 ? 4
                                        : 0;
    uint32_t c = n == 1 ? first : n == 0 ? 0 : first & (0x7fu >> n);

    for (size_t i = 1; i < n; i++) {
        if (((uint8_t)s[i] & 0xc0) != 0x80) /* the NUL at the end stops here, too */
            return 0;
        c = c << 6 | ((uint8_t)s[i] & 0x3f);
    }
    if (n == 0 || c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *ret = c;
    return n;
}

size_t cli_char(const char *s, unsigned *ret_width)
{
    uint32_t c;
    size_t n = decode(s, &c);

    if (n == 0) { /* the terminal shows one mark */
        *ret_width = 1;
        return 1;
    }
    *ret_width = in_ranges(wide, OTTER_ARRAY_LEN(wide), c)   ? 2
                 : in_ranges(zero, OTTER_ARRAY_LEN(zero), c) ? 0
                                                             : 1;
    return n;
}

size_t cli_width(const char *s)
{
    size_t width = 0;

    while (*s != '\0') {
        unsigned w;

        s += cli_char(s, &w);
        width += w;
    }
    return width;
}

/* C0, DEL, C1, and the marks that break a line or turn the direction of writing. */
static bool obeyed(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

size_t cli_obeyed(const char *s, size_t len, uint32_t *ret)
{
    char piece[5] = {0}; /* the longest character and a NUL, at which decode stops */
    uint32_t c = 0;
    size_t n;

    memcpy(piece, s, len < 4 ? len : 4);
    n = decode(piece, &c);
    *ret = c;
    return n > 0 && obeyed(c) ? n : 0;
}

char *cli_printable(const char *s)
{
    char *out = malloc(strlen(s) + 1); /* nothing grows: '?' is one byte */
    size_t at = 0;

    while (out != NULL && *s != '\0') {
        uint32_t c;
        size_t n = decode(s, &c);

        if (n == 0 || obeyed(c)) {
            out[at++] = '?';
            s += n == 0 ? 1 : n;
            continue;
        }
        memcpy(out + at, s, n);
        at += n;
        s += n;
    }
    if (out != NULL)
        out[at] = '\0';
    return out;
}

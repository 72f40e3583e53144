#include "width.h"

#include "core/bytes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct range {
    uint32_t from, to;
};

/* Unicode: general categories Mn, Me, Cf in the blocks that names are written in; rising. */
static const struct range zero[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
    {0x0900, 0x0902}, {0x093c, 0x093c}, {0x0941, 0x0948}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a},
    {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x202a, 0x202e},
    {0x2060, 0x206f}, {0x20d0, 0x20f0}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff},
};

/* Unicode East Asian Width W and F; rising. */
static const struct range wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec}, {0x2614, 0x2615},   {0x26a1, 0x26a1},
    {0x2705, 0x2705},   {0x274c, 0x274c},   {0x2e80, 0x303e}, {0x3041, 0x33ff},   {0x3400, 0x4dbf},
    {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xa960, 0xa97f}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},
    {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
    {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

static int in_ranges(const struct range *r, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n; i++)
        if (c >= r[i].from && c <= r[i].to)
            return 1;
    return 0;
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

size_t cli_width(const char *s)
{
    size_t width = 0;

    while (*s != '\0') {
        uint32_t c;
        size_t n = decode(s, &c);

        if (n != 0 && in_ranges(wide, OTTER_ARRAY_LEN(wide), c))
            width += 2;
        else if (n == 0 || !in_ranges(zero, OTTER_ARRAY_LEN(zero), c))
            width++; /* also a byte that is no UTF-8: the terminal shows one mark */
        s += n == 0 ? 1 : n;
    }
    return width;
}

/* C0, DEL, C1, and the marks that turn the direction of writing. */
static int obeyed(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
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

#include "core/bytes.h"

bool otter_equal_ct(const void *a, const void *b, size_t n)
{
    const uint8_t *x = a;
    const uint8_t *y = b;
    uint8_t diff = 0;

    for (size_t i = 0; i < n; i++)
        diff = (uint8_t)(diff | (x[i] ^ y[i]));
    return diff == 0;
}

void otter_hex_encode(const uint8_t *in, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        *out++ = digits[in[i] >> 4];
        *out++ = digits[in[i] & 15];
    }
    *out = '\0';
}

/* 0..15, or -1. Upper case is refused: one digest has one spelling. In a digest nobody can guess whether a
 * digit or a letter comes next: so no branch asks. */
static int hex_digit(char c)
{
    /* clang-format off */
    static const int8_t digits['f' - '0' + 1] = {
         0,  1,  2,  3,  4,  5,  6,  7,  8,  9, -1, -1, -1, -1, -1, -1, /* 0 to 9 */
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1, 10, 11, 12, 13, 14, 15,                                     /* a to f */
    };
    /* clang-format on */

    return c >= '0' && c <= 'f' ? digits[c - '0'] : -1;
}

bool otter_hex_decode(const char *in, size_t in_len, uint8_t *out, size_t n)
{
    /* Halving in_len instead of doubling n: nothing to wrap. */
    if (in_len % 2 != 0 || in_len / 2 != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = hex_digit(in[2 * i]);
        int low = hex_digit(in[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

uint32_t otter_crc32(uint32_t crc, const void *data, size_t n)
{
    /* A table of nibbles: 64 bytes of flash instead of 1 KB, at half the speed. */
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    const uint8_t *p = data;

    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

uint32_t otter_divide(uint64_t *value, uint32_t divisor)
{
    uint64_t quotient = 0;
    uint32_t rest = 0;

    for (int shift = 48; shift >= 0; shift -= 16) {
        uint32_t part =
            rest << 16 | (uint32_t)(*value >> shift & 0xffff); /* rest < 65,536: nothing is lost */

        quotient = quotient << 16 | part / divisor;
        rest = part % divisor;
    }
    *value = quotient;
    return rest;
}

bool otter_parse_uint(const char *s, size_t len, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;

    if (len == 0 || (len > 1 && s[0] == '0'))
        return false;
    for (size_t i = 0; i < len; i++) {
        uint64_t digit, tens;

        if (s[i] < '0' || s[i] > '9')
            return false;
        digit = (uint64_t)(s[i] - '0');
        if (value > UINT64_MAX / 10)
            return false;
        tens = value * 10; /* does not wrap; and no division that a Cortex-M would need a library for */
        if (tens > max || digit > max - tens)
            return false;
        value = tens + digit;
    }
    *ret = value;
    return true;
}

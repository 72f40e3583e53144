#include "core/bytes.h"

static const char alphabet[64] = {'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M',
                                  'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
                                  'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
                                  'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
                                  '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '-', '_'};

void otter_b64_encode(const uint8_t *in, size_t n, char *out)
{
    for (; n >= 3; n -= 3, in += 3) {
        uint32_t bits = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];

        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        *out++ = alphabet[bits >> 6 & 63];
        *out++ = alphabet[bits & 63];
    }
    if (n > 0) {
        uint32_t bits = (uint32_t)in[0] << 16 | (n == 2 ? (uint32_t)in[1] << 8 : 0);

        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        if (n == 2)
            *out++ = alphabet[bits >> 6 & 63];
    }
    *out = '\0';
}

/* clang-format off */
static const int8_t digits['z' - '-' + 1] = {
    62, -1, -1,                                                  /* - . / */
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61,                      /* 0 to 9 */
    -1, -1, -1, -1, -1, -1, -1,                                  /* : ; < = > ? @ */
     0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12,          /* A to Z */
    13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
    -1, -1, -1, -1, 63, -1,                                      /* [ \ ] ^ _ ` */
    26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38,          /* a to z */
    39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
};
/* clang-format on */

/* 0..63, or -1. */
static int b64_digit(char c)
{
    return c >= '-' && c <= 'z' ? digits[c - '-'] : -1;
}

int otter_b64_decode(const char *in, size_t in_len, uint8_t *out, size_t cap)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;

    if (in_len % 4 == 1)
        return -1;
    for (size_t i = 0; i < in_len; i++) {
        int digit = b64_digit(in[i]);

        if (digit < 0)
            return -1;
        /* Bits shifted out on the left have been written: at most 6 + 8 are live. */
        bits = bits << 6 | (uint32_t)digit;
        have += 6;
        if (have >= 8) {
            have -= 8;
            if (n == cap || n == INT32_MAX)
                return -1;
            out[n++] = (uint8_t)(bits >> have);
        }
    }
    /* Left-over bits must be zero, or one byte string would have several spellings. */
    if ((bits & ((1u << have) - 1)) != 0)
        return -1;
    return (int)n;
}

/*
 * Bounded reading and writing of bytes: integers in either order, hex, base64url, comparison in constant
 * time. Nothing here allocates or keeps state; all functions may be called from any thread or interrupt.
 */
#ifndef OTTER_CORE_BYTES_H
#define OTTER_CORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The object that embeds `member`, given a pointer to the member. A const pointer takes the second, and gives
 * a const object: that neither silently drops const is what -Wcast-qual sees to. */
#define OTTER_CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define OTTER_CONTAINER_OF_CONST(ptr, type, member)                                                          \
    ((const type *)(const void *)((const char *)(ptr)-offsetof(type, member)))

#define OTTER_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static inline uint16_t otter_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | (unsigned)p[1] << 8);
}

static inline uint32_t otter_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t otter_le64(const uint8_t *p)
{
    return otter_le32(p) | (uint64_t)otter_le32(p + 4) << 32;
}

static inline uint64_t otter_be64(const uint8_t *p)
{
    uint64_t v = 0;

    for (int i = 0; i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

static inline void otter_put_le16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline void otter_put_le32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static inline void otter_put_le64(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

/* Compares n bytes in time that depends on n alone. */
bool otter_equal_ct(const void *a, const void *b, size_t n);

/* Writes 2*n lower-case hex digits and a NUL: out has 2*n + 1 bytes. */
void otter_hex_encode(const uint8_t *in, size_t n, char *out);

/* Reads exactly 2*n lower-case hex digits; false on any other character or length. */
bool otter_hex_decode(const char *in, size_t in_len, uint8_t *out, size_t n);

/* Characters of unpadded base64url for n bytes, without NUL. */
#define OTTER_B64_LEN(n) (((n)*4 + 2) / 3)

/* Unpadded base64url (RFC 4648 section 5) and a NUL: out has OTTER_B64_LEN(n) + 1 bytes. */
void otter_b64_encode(const uint8_t *in, size_t n, char *out);

/*
 * Strict unpadded base64url: only the alphabet, no length of 4k+1, unused bits zero.
 * Returns the number of bytes written, or -1 (malformed, or more than cap bytes). In-place use is not
 * allowed.
 */
int otter_b64_decode(const char *in, size_t in_len, uint8_t *out, size_t cap);

/* CRC-32 (IEEE 802.3, reflected, as zlib's crc32). Start with crc = 0 and feed on. */
uint32_t otter_crc32(uint32_t crc, const void *data, size_t n);

/*
 * Decimal without sign, leading zeros (but "0") or other characters, at most max.
 * False, and *ret untouched, on anything else.
 */
bool otter_parse_uint(const char *s, size_t len, uint64_t max, uint64_t *ret);

/*
 * Divides *value by a divisor of 1 .. 65,536; the remainder. In place of / and %, for which a 32-bit
 * processor needs a library.
 */
uint32_t otter_divide(uint64_t *value, uint32_t divisor);

/* Integers in JSON stay below 2^53 (protocol.md, Common forms). */
#define OTTER_INT_MAX ((UINT64_C(1) << 53) - 1)

#endif

/*
 * What the bootloader calls of the C library, small: newlib's are made for speed, and take 1.9 KB more. Only
 * memcpy copies more than a few bytes here, on its way from flash to the digest.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static bool are_aligned(const void *a, const void *b)
{
    return (((uintptr_t)a | (uintptr_t)b) & 3u) == 0;
}

/* Upwards: they may overlap if `to` is below. */
static void *copy(void *to, const void *from, size_t len)
{
    uint8_t *out = (uint8_t *)to;
    const uint8_t *in = (const uint8_t *)from;

    if (are_aligned(to, from))
        for (; len >= 4; len -= 4, out += 4, in += 4)
            *(uint32_t *)(void *)out = *(const uint32_t *)(const void *)in;
    while (len-- > 0)
        *out++ = *in++;
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
    return copy(to, from, len);
}

void *memmove(void *to, const void *from, size_t len)
{
    uint8_t *out = (uint8_t *)to;
    const uint8_t *in = (const uint8_t *)from;

    if ((uintptr_t)out < (uintptr_t)in)
        return copy(to, from, len);
    while (len-- > 0)
        out[len] = in[len];
    return to;
}

void *memset(void *to, int value, size_t len)
{
    uint8_t *out = (uint8_t *)to;

    while (len-- > 0)
        *out++ = (uint8_t)value;
    return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
    const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;

    for (; len > 0; len--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

/* The casts are the C library's own: it takes what is const, and gives what is not. */
void *memchr(const void *s, int c, size_t len)
{
    const uint8_t *p = (const uint8_t *)s;

    for (; len > 0; len--, p++)
        if (*p == (uint8_t)c)
            return (void *)(uintptr_t)p;
    return NULL;
}

size_t strlen(const char *s)
{
    const char *end = s;

    while (*end != '\0')
        end++;
    return (size_t)(end - s);
}

int strcmp(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b)
        a++, b++;
    return (uint8_t)*a - (uint8_t)*b;
}

char *strchr(const char *s, int c)
{
    for (;; s++) {
        if (*s == (char)c)
            return (char *)(uintptr_t)s;
        if (*s == '\0')
            return NULL;
    }
}

size_t strspn(const char *s, const char *set)
{
    size_t len = 0;

    while (s[len] != '\0' && strchr(set, s[len]) != NULL)
        len++;
    return len;
}

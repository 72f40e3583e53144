/*
 * What bootloader and updater call of the C library, small: newlib's are made for speed, and take 1.9 KB
 * more.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A word at any address: the core takes it, and the compiler is told. */
struct word {
    uint32_t w;
} __attribute__((packed, may_alias));

/* Upwards: they may overlap if `to` is below. */
static void *copy(void *to, const void *from, size_t len)
{
    uint8_t *out = (uint8_t *)to;
    const uint8_t *in = (const uint8_t *)from;

    for (; len >= sizeof(struct word); len -= sizeof(struct word)) {
        *(struct word *)(void *)out = *(const struct word *)(const void *)in;
        out += sizeof(struct word);
        in += sizeof(struct word);
    }
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

    for (; len >= sizeof(struct word); len -= sizeof(struct word), out += sizeof(struct word))
        *(struct word *)(void *)out = (struct word){(uint8_t)value * 0x01010101u};
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

int strncmp(const char *a, const char *b, size_t len)
{
    for (; len > 0; len--, a++, b++)
        if (*a != *b || *a == '\0')
            return (uint8_t)*a - (uint8_t)*b;
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
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

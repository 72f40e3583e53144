#include "core/version.h"

#include "core/bytes.h"

/* The part of s up to the first `sep` (or all, if sep is 0): its length, or -1 if sep does not occur. */
static long part_len(const char *s, size_t len, char sep)
{
    for (size_t i = 0; i < len && i < OTTER_VERSION_STR; i++)
        if (s[i] == sep)
            return (long)i;
    return -1;
}

bool otter_version_parse(const char *s, size_t len, struct otter_version *ret)
{
    static const uint64_t max[3] = {UINT8_MAX, UINT8_MAX, UINT16_MAX};
    uint64_t part[4] = {0};
    long plus;

    if (len >= OTTER_VERSION_STR)
        return false;
    plus = part_len(s, len, '+');
    if (plus >= 0) {
        /* plus < len, so neither subtraction wraps. */
        if (!otter_parse_uint(s + plus + 1, len - (size_t)plus - 1, UINT32_MAX, &part[3]))
            return false;
        len = (size_t)plus;
    }
    for (int i = 0; i < 3; i++) {
        long dot = i < 2 ? part_len(s, len, '.') : (long)len;

        if (dot < 0 || !otter_parse_uint(s, (size_t)dot, max[i], &part[i]))
            return false;
        if (i < 2) {
            s += dot + 1;
            len -= (size_t)dot + 1; /* the dot was found within len */
        }
    }
    *ret = (struct otter_version){(uint8_t)part[0], (uint8_t)part[1], (uint16_t)part[2], (uint32_t)part[3]};
    return true;
}

static char *put_decimal(char *out, uint32_t value)
{
    char digits[10];
    unsigned n = 0;

    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (n > 0)
        *out++ = digits[--n];
    return out;
}

void otter_version_format(const struct otter_version *v, char out[OTTER_VERSION_STR])
{
    out = put_decimal(out, v->major);
    *out++ = '.';
    out = put_decimal(out, v->minor);
    *out++ = '.';
    out = put_decimal(out, v->revision);
    if (v->build != 0) {
        *out++ = '+';
        out = put_decimal(out, v->build);
    }
    *out = '\0';
}

int otter_version_compare(const struct otter_version *a, const struct otter_version *b)
{
    if (a->major != b->major)
        return a->major < b->major ? -1 : 1;
    if (a->minor != b->minor)
        return a->minor < b->minor ? -1 : 1;
    if (a->revision != b->revision)
        return a->revision < b->revision ? -1 : 1;
    if (a->build != b->build)
        return a->build < b->build ? -1 : 1;
    return 0;
}

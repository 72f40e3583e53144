#include "core/utf8.h"

#include <stdbool.h>

static bool continuation(char c, unsigned min, unsigned max)
{
    unsigned u = (unsigned char)c;

    return u >= min && u <= max;
}

unsigned otter_utf8_char(const char *s, size_t len)
{
    unsigned lead = (unsigned char)s[0];
    unsigned n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    unsigned min = 0x80;
    unsigned max = 0xbf;

    if (n == 1)
        return 1;
    if (lead < 0xc2 || lead > 0xf4 || len < n)
        return 0;
    /* The second byte's range excludes overlong forms, surrogates and what lies above U+10FFFF. */
    if (lead == 0xe0)
        min = 0xa0;
    else if (lead == 0xed)
        max = 0x9f;
    else if (lead == 0xf0)
        min = 0x90;
    else if (lead == 0xf4)
        max = 0x8f;
    if (!continuation(s[1], min, max))
        return 0;
    for (unsigned i = 2; i < n; i++)
        if (!continuation(s[i], 0x80, 0xbf))
            return 0;
    return n;
}

#include "core/bytes.h"
#include "core/documents.h"

#include <string.h>

static size_t skip_space(const char *s, size_t len, size_t at)
{
    while (at < len && (s[at] == ' ' || s[at] == '\t' || s[at] == '\n' || s[at] == '\r'))
        at++;
    return at;
}

bool otter_root_epoch(const char *payload, size_t len, uint64_t *ret)
{
    static const char name[] = "\"sequence_epoch\"";
    const size_t n = sizeof(name) - 1;
    size_t at = 0, digits = 0;

    while (len - at >= n && memcmp(payload + at, name, n) != 0) /* at <= len */
        at++;
    if (len - at < n)
        return false;
    at = skip_space(payload, len, at + n);
    if (at == len || payload[at] != ':')
        return false;
    at = skip_space(payload, len, at + 1);
    while (at + digits < len && payload[at + digits] >= '0' && payload[at + digits] <= '9')
        digits++;
    return otter_parse_uint(payload + at, digits, OTTER_INT_MAX, ret);
}

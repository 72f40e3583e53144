#include "http/range.h"

#include <string.h>
#include <strings.h>

static const char *skip_space(const char *s)
{
    while (*s == ' ' || *s == '\t')
        s++;
    return s;
}

/* Decimal digits at *s, saturating: a number beyond 2^64 lies outside every blob anyway. False if there is
 * none. */
static bool digits(const char **s, uint64_t *ret)
{
    const char *p = *s;
    uint64_t n = 0;

    for (; *p >= '0' && *p <= '9'; p++) {
        unsigned d = (unsigned)(*p - '0');

        n = n > (UINT64_MAX - d) / 10 ? UINT64_MAX : n * 10 + d;
    }
    if (p == *s)
        return false;
    *s = p;
    *ret = n;
    return true;
}

static struct http_slice range_from(uint64_t first, uint64_t last, uint64_t size)
{
    if (first >= size)
        return (struct http_slice){.part = HTTP_PART_UNSATISFIABLE};
    if (last >= size)
        last = size - 1; /* size > first >= 0 */
    return (struct http_slice){.part = HTTP_PART_RANGE, .first = first, .length = last - first + 1};
}

static struct http_slice range_suffix(uint64_t count, uint64_t size)
{
    if (count == 0 || size == 0)
        return (struct http_slice){.part = HTTP_PART_UNSATISFIABLE};
    if (count > size)
        count = size;
    return (struct http_slice){.part = HTTP_PART_RANGE, .first = size - count, .length = count};
}

struct http_slice http_range_parse(const char *range, uint64_t size)
{
    const struct http_slice whole = {.part = HTTP_PART_WHOLE, .length = size};
    uint64_t first = 0, last = UINT64_MAX;
    bool has_first, has_last;

    if (strncasecmp(range, "bytes=", 6) != 0)
        return whole;
    range = skip_space(range + 6);
    has_first = digits(&range, &first);
    if (*range++ != '-')
        return whole;
    has_last = digits(&range, &last);
    if (*skip_space(range) != '\0' || (!has_first && !has_last))
        return whole; /* several ranges, or none */
    if (!has_first)
        return range_suffix(last, size);
    if (last < first)
        return whole;
    return range_from(first, last, size);
}

bool http_etag_listed(const char *list, const char *etag)
{
    size_t len = strlen(etag);

    list = skip_space(list);
    if (strcmp(list, "*") == 0)
        return true;
    while (*list != '\0') {
        const char *end;

        if (list[0] == 'W' && list[1] == '/')
            list += 2;
        if (*list != '"' || !(end = strchr(list + 1, '"')))
            return false;
        end++;
        if ((size_t)(end - list) == len && memcmp(list, etag, len) == 0)
            return true;
        list = skip_space(end);
        while (*list == ',')
            list = skip_space(list + 1);
    }
    return false;
}

/* Strong comparison: a weak tag or a date never matches (RFC 9110, 13.1.5). */
static bool if_range_holds(const char *if_range, const char *etag)
{
    return !if_range || strcmp(if_range, etag) == 0;
}

struct http_slice http_slice_of(const struct http_conditions *c)
{
    const struct http_slice whole = {.part = HTTP_PART_WHOLE, .length = c->size};

    if (c->if_none_match && http_etag_listed(c->if_none_match, c->etag))
        return (struct http_slice){.part = HTTP_PART_NOT_MODIFIED};
    if (!c->range || c->is_head || !if_range_holds(c->if_range, c->etag))
        return whole;
    return http_range_parse(c->range, c->size);
}

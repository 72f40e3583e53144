/*
 * Which bytes of a blob a request gets: Range, If-Range and If-None-Match (RFC 9110, 13 and 14) against a
 * size and a strong ETag. Pure.
 */
#ifndef OTTER_HTTP_RANGE_H
#define OTTER_HTTP_RANGE_H

#include <stdbool.h>
#include <stdint.h>

enum http_part {
    HTTP_PART_WHOLE,        /* 200 */
    HTTP_PART_RANGE,        /* 206: first and length */
    HTTP_PART_NOT_MODIFIED, /* 304 */
    HTTP_PART_UNSATISFIABLE /* 416 */
};

struct http_conditions {
    const char *range; /* header values, NULL = absent */
    const char *if_range;
    const char *if_none_match;
    const char *etag; /* of the blob, strong, with its quotes */
    uint64_t size;
    bool is_head; /* Range is for GET alone (RFC 9110, 14.2) */
};

struct http_slice {
    enum http_part part;
    uint64_t first;
    uint64_t length; /* bytes from first on; at least 1 in a range */
};

/*
 * Order of RFC 9110, 13.2.2: If-None-Match, then If-Range, then Range. A Range that is malformed, of another
 * unit, or that asks for several ranges is ignored: the whole blob is always a correct answer.
 */
struct http_slice http_slice_of(const struct http_conditions *c);

/* The Range header alone. */
struct http_slice http_range_parse(const char *range, uint64_t size);

/* Is etag (strong, quoted) in a list of entity tags, or the list "*"? Weak comparison (RFC 9110, 8.8.3.2). */
bool http_etag_listed(const char *list, const char *etag);

#endif

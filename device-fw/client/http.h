/*
 * HTTP/1.1 responses, push style: bytes in, events out, one byte at a time if need be (RFC 9112). Bounded and
 * strict: CRLF only, no folding, no transfer codings, one Content-Length. Interim responses (1xx but 101) are
 * skipped.
 */
#ifndef OTTER_CLIENT_HTTP_H
#define OTTER_CLIENT_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#define OTTER_HTTP_HEAD_MAX    8192u /* status line and headers of one response, interim ones included */
#define OTTER_HTTP_HEADERS_MAX 64u
#define OTTER_HTTP_NAME_MAX    24u  /* longer names are none that we read */
#define OTTER_HTTP_VALUE_MAX   127u /* of a header that we read */
#define OTTER_ETAG_MAX         80u  /* longer ones are not kept */

enum otter_http_event {
    OTTER_HTTP_MORE, /* all bytes used, more are needed */
    OTTER_HTTP_HEAD, /* http->head is complete; feed on (also with len 0) */
    OTTER_HTTP_BODY, /* *ret_body, *ret_body_len: a piece of the body inside `in` */
    OTTER_HTTP_DONE, /* the response is complete; bytes not used are none of it */
    OTTER_HTTP_BAD   /* not HTTP/1.1 within bounds: close the connection */
};

struct otter_http_head {
    uint16_t status;
    bool close; /* the server closes after this response */
    bool has_length;
    bool has_range;       /* Content-Range: bytes first-last/total */
    bool has_retry_after; /* delta-seconds; a date is ignored, since the device has no clock */
    bool has_root;
    bool rotate; /* Otter-Rotate: the server asks for a new token */
    uint64_t length;
    uint64_t range_first, range_last, range_total;
    uint64_t retry_after;
    uint64_t root;                 /* Otter-Root: newest version that the server holds */
    char etag[OTTER_ETAG_MAX + 1]; /* as sent, quotes included; "" = none. To a new token: Otter-Taken */
};

struct otter_http {
    struct otter_http_head head;
    /* Private to http.c. */
    uint8_t state;
    uint8_t header; /* which of ours the line is */
    uint8_t name_len, value_len;
    uint8_t header_count;
    uint16_t head_bytes;
    uint64_t body_left;
    char name[OTTER_HTTP_NAME_MAX + 1];
    char value[OTTER_HTTP_VALUE_MAX + 1];
};

void otter_http_init(struct otter_http *http);

/*
 * Feeds len bytes; *ret_used of them are done with. The caller feeds the rest again until MORE, DONE or BAD.
 * A response without Content-Length (other than 204 and 304) ends with DONE at its head, has_length false.
 */
enum otter_http_event otter_http_feed(struct otter_http *http, const uint8_t *in, uint32_t len,
                                      uint32_t *ret_used, const uint8_t **ret_body, uint32_t *ret_body_len);

#endif

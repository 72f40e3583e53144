/*
 * GET and HEAD /v1/blobs/<sha256>: whole or one range. From a mapping that all who ask share, which a single
 * send(2) hands over; or, where there is none, from the file by sendfile(2), of which libmicrohttpd asks for
 * 128 KiB at a time.
 */
#include "core/bytes.h"
#include "host/cleanup.h"
#include "http/loop.h"
#include "http/range.h"
#include "http/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ETAG_STR (OTTER_DIGEST_HEX + 3u)

/* Where the bytes come from. */
struct source {
    struct host_mapped *mapped; /* NULL: fd */
    int fd;
    uint64_t size;
};

static bool open_source(const struct http_request *r, struct source *ret)
{
    ret->mapped = svc_blob_map(r->loop->svc, &r->digest);
    ret->fd = ret->mapped ? -1 : svc_blob_open(r->loop->svc, &r->digest, &ret->size);
    if (ret->mapped)
        ret->size = ret->mapped->len;
    return ret->mapped || ret->fd >= 0;
}

/* What no response took over. */
static void close_source(struct source *s)
{
    host_mapped_drop(s->mapped);
    host_cleanup_close(&s->fd);
}

static void drop_mapped(void *mapped)
{
    host_mapped_drop(mapped);
}

/* The response takes the source over: libmicrohttpd closes or drops it at the end. */
static struct MHD_Response *response_of(struct source *s, const struct http_slice *slice)
{
    struct MHD_Response *response;

    if (s->mapped) {
        void *bytes = (void *)(uintptr_t)(s->mapped->bytes + slice->first); /* it only reads */

        response = MHD_create_response_from_buffer_with_free_callback_cls(slice->length, bytes, drop_mapped,
                                                                          s->mapped);
    } else {
        response = MHD_create_response_from_fd_at_offset64(slice->length, s->fd, slice->first);
    }
    if (response)
        *s = (struct source){.fd = -1};
    return response;
}

static struct http_slice slice_of(const struct http_request *r, const char *etag, uint64_t size)
{
    struct http_conditions c = {
        .range = http_header(r, MHD_HTTP_HEADER_RANGE),
        .if_range = http_header(r, MHD_HTTP_HEADER_IF_RANGE),
        .if_none_match = http_header(r, MHD_HTTP_HEADER_IF_NONE_MATCH),
        .etag = etag,
        .size = size,
        .is_head = r->is_head,
    };

    return http_slice_of(&c);
}

static enum MHD_Result unsatisfiable(struct http_request *r, uint64_t size)
{
    struct http_problem problem = {.status = OTTER_RANGE_NOT_SATISFIABLE};
    struct MHD_Response *response = http_problem_response(&problem, MHD_HTTP_RANGE_NOT_SATISFIABLE);
    char text[48];

    snprintf(text, sizeof text, "bytes */%" PRIu64, size);
    if (response)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
    return http_reply_queue(r, MHD_HTTP_RANGE_NOT_SATISFIABLE, response);
}

static void describe(struct MHD_Response *response, const struct http_slice *slice, const char *etag,
                     uint64_t size)
{
    char text[80];

    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/octet-stream");
    /* The name is the digest of the bytes: they never change. */
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "max-age=31536000, immutable");
    if (slice->part != HTTP_PART_RANGE)
        return;
    snprintf(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, slice->first,
             slice->first + slice->length - 1, size);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
}

static unsigned number_of(enum http_part part)
{
    switch (part) {
    case HTTP_PART_RANGE:
        return MHD_HTTP_PARTIAL_CONTENT;
    case HTTP_PART_NOT_MODIFIED:
        return MHD_HTTP_NOT_MODIFIED;
    case HTTP_PART_UNSATISFIABLE:
        return MHD_HTTP_RANGE_NOT_SATISFIABLE;
    case HTTP_PART_WHOLE:
        break;
    }
    return MHD_HTTP_OK;
}

static enum MHD_Result reply_from(struct http_request *r, struct source *s)
{
    struct MHD_Response *response;
    struct http_slice slice;
    char etag[ETAG_STR];
    uint64_t size = s->size;

    snprintf(etag, sizeof etag, "\"%s\"", r->id);
    slice = slice_of(r, etag, size);
    if (slice.part == HTTP_PART_UNSATISFIABLE)
        return unsatisfiable(r, size);
    if (slice.part == HTTP_PART_NOT_MODIFIED)
        slice.length = size; /* Content-Length of a 304 is that of the 200 (RFC 9110, 8.6) */
    r->holds_file = !s->mapped;
    response = response_of(s, &slice);
    if (!response)
        return MHD_NO;
    r->sent = r->is_head || slice.part == HTTP_PART_NOT_MODIFIED ? 0 : slice.length;
    describe(response, &slice, etag, size);
    return http_reply_queue(r, number_of(slice.part), response);
}

enum MHD_Result http_reply_blob(struct http_request *r)
{
    struct source s = {.fd = -1};
    enum MHD_Result queued;

    if (r->asker && !svc_may_fetch(r->loop->svc, r->asker, &r->digest)) {
        http_refuse(r, OTTER_NOT_FOUND, NULL); /* as if it were not there */
        return http_reply_refusal(r);
    }
    if (!open_source(r, &s)) {
        http_refuse(r, svc_blob_fault(OTTER_NOT_FOUND), NULL);
        return http_reply_refusal(r);
    }
    queued = reply_from(r, &s);
    close_source(&s);
    return queued;
}

/*
 * PATCH /api/v1/uploads/{id}: bytes go to the upload as they arrive, in pieces of 64 KB, since
 * libmicrohttpd's pool hands them over by 2 KB. A connection that breaks leaves what it brought.
 */
#include "http/loop.h"
#include "http/request.h"

#include "core/bytes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 65536u

struct http_upload {
    struct http_request *request;
    struct http_job job;
    uint64_t offset; /* in the store */
    uint64_t size;   /* of the whole upload */
    size_t held;     /* in buf, to be appended at offset */
    char buf[PIECE];
};

void http_upload_begin(struct http_request *r, bool has_length, uint64_t length)
{
    const char *header = http_header(r, "Upload-Offset");
    uint64_t asked = 0, offset = 0, size = 0;
    enum otter_status status;

    if (!header || !http_number(header, OTTER_INT_MAX, &asked)) {
        http_refuse(r, OTTER_BAD_VALUE, "Upload-Offset: the number of bytes that HEAD answers");
        return;
    }
    status = svc_upload_stat(r->loop->svc, r->id, &offset, &size);
    if (status != OTTER_OK) {
        http_refuse(r, status, NULL);
    } else if (asked != offset) {
        http_refuse(r, OTTER_OFFSET_MISMATCH, "the upload stands at %" PRIu64 "; go on from there", offset);
    } else if (has_length && length > size - offset) {
        http_refuse(r, OTTER_BODY_TOO_LARGE, "%" PRIu64 " bytes are missing, %" PRIu64 " were announced",
                    size - offset, length);
    } else if (!(r->upload = malloc(sizeof *r->upload))) {
        http_refuse(r, OTTER_TOO_BUSY, "out of memory");
    } else {
        r->upload->request = r;
        r->upload->offset = offset;
        r->upload->size = size;
        r->upload->held = 0;
    }
}

/*
 * Bytes of a connection that broke may be stored only now, behind the back of the one that goes on: what is
 * there already is skipped. The digest at the end decides, whoever sent the bytes.
 */
static enum otter_status append_rest(struct http_request *r, const char *data, size_t len)
{
    struct svc *svc = r->loop->svc;
    uint64_t from = r->upload->offset, offset = 0, size = 0;
    enum otter_status status = svc_upload_stat(svc, r->id, &offset, &size);

    if (status != OTTER_OK)
        return status;
    if (offset < from || offset - from > len)
        return OTTER_OFFSET_MISMATCH;
    return svc_upload_append(svc, r->id, offset, data + (offset - from), len - (size_t)(offset - from));
}

static void append(struct http_request *r, const char *data, size_t len)
{
    enum otter_status status = svc_upload_append(r->loop->svc, r->id, r->upload->offset, data, len);

    if (status == OTTER_OFFSET_MISMATCH)
        status = append_rest(r, data, len);
    if (status == OTTER_OK)
        r->upload->offset += len;
    else
        http_refuse(r, status, NULL);
}

static void flush(struct http_request *r)
{
    size_t held = r->upload->held;

    r->upload->held = 0;
    if (held > 0)
        append(r, r->upload->buf, held);
}

void http_upload_data(struct http_request *r, const char *data, size_t len)
{
    struct http_upload *u = r->upload;

    if (len > u->size - u->offset - u->held) { /* offset + held <= size always */
        flush(r);
        http_refuse(r, OTTER_BODY_TOO_LARGE, "more bytes than the upload's size of %" PRIu64, u->size);
        return;
    }
    while (len > 0 && r->refusal == OTTER_OK) {
        size_t n = PIECE - u->held < len ? PIECE - u->held : len;

        memcpy(u->buf + u->held, data, n);
        u->held += n;
        data += n;
        len -= n;
        if (u->held == PIECE)
            flush(r);
    }
}

/* On the worker's thread, while the connection is suspended. */
static void finish(struct http_job *job)
{
    struct http_upload *u = OTTER_CONTAINER_OF(job, struct http_upload, job);
    struct http_request *r = u->request;

    r->refusal = svc_upload_finish(r->loop->svc, r->id, &r->call.out.error);
    http_loop_done(r);
}

bool http_upload_end(struct http_request *r)
{
    flush(r);
    r->call.in.number = r->upload->offset; /* for the reply */
    if (r->refusal != OTTER_OK || r->upload->offset < r->upload->size)
        return true;
    r->phase = HTTP_WAITING;
    http_loop_suspend(r);
    r->upload->job.run = finish;
    http_worker_post(r->loop->worker, &r->upload->job);
    return false;
}

uint64_t http_upload_patience(const struct http_request *r)
{
    return r->upload ? r->upload->size : 0;
}

void http_upload_drop(struct http_request *r)
{
    if (!r->upload)
        return;
    if (r->refusal == OTTER_OK)
        flush(r);
    free(r->upload);
    r->upload = NULL;
}

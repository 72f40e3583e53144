/* From the call's outputs to the response. */
#include "host/clock.h"
#include "http/loop.h"
#include "http/request.h"
#include "http/shed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_TYPE     "application/json"
#define ENVELOPE_TYPE "application/jose+json"
#define LINES_TYPE    "application/jsonl"

enum MHD_Result http_reply_queue(struct http_request *r, unsigned http, struct MHD_Response *response)
{
    enum MHD_Result queued;

    if (!response)
        return MHD_NO;
    r->http = http;
    queued = MHD_queue_response(r->connection, http, response);
    MHD_destroy_response(response);
    return queued;
}

/* The like for one of the loop's shared responses, which stays. */
static enum MHD_Result queue_shared(struct http_request *r, unsigned http, struct MHD_Response *response)
{
    r->http = http;
    return response ? MHD_queue_response(r->connection, http, response) : MHD_NO;
}

static bool is_plain(const struct http_request *r)
{
    return r->call.out.error.message[0] == '\0' && !r->call.out.has_at && r->allow == 0 &&
           r->refusal_http == 0;
}

/* Who is sent away together must not come again together. */
static unsigned wait_of(const struct http_request *r)
{
    return r->call.out.retry_after ? r->call.out.retry_after : http_shed_wait_s(r);
}

/* One of the loop's own; NULL: this refusal has more to say. */
static struct MHD_Response *shared_refusal(struct http_request *r, unsigned http)
{
    struct http_responses *all = &r->loop->responses;

    if (!is_plain(r))
        return NULL;
    if (r->refusal == OTTER_TOO_BUSY)
        return http_responses_busy(all, wait_of(r));
    if (r->refusal == OTTER_TOO_MANY_REQUESTS)
        return http_responses_too_many(all, wait_of(r));
    return http != MHD_HTTP_SERVICE_UNAVAILABLE ? http_responses_refusal(all, r->refusal, r->route) : NULL;
}

enum MHD_Result http_reply_refusal(struct http_request *r)
{
    struct http_problem problem = {.status = r->refusal,
                                   .detail = r->call.out.error.message,
                                   .has_at = r->call.out.has_at,
                                   .at = r->call.out.at};
    unsigned http = r->refusal_http ? r->refusal_http : http_status_of(r->refusal, r->route);
    struct MHD_Response *response = shared_refusal(r, http);
    char allow[40];

    if (response)
        return queue_shared(r, http, response);
    response = http_problem_response(&problem, http);
    if (!response)
        return MHD_NO;
    if (r->allow) {
        http_allow_format(r->allow, allow, sizeof allow);
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
    }
    if (http == MHD_HTTP_SERVICE_UNAVAILABLE || http == MHD_HTTP_TOO_MANY_REQUESTS ||
        r->refusal == OTTER_DEVICE_PENDING)
        (void)http_header_number(response, MHD_HTTP_HEADER_RETRY_AFTER, wait_of(r));
    return http_reply_queue(r, http, response);
}

struct MHD_Response *http_reply_body(struct http_request *r, char *body, size_t len, const char *type,
                                     const char *cache)
{
    struct MHD_Response *response =
        body ? MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE) : NULL;

    if (!response) {
        free(body);
        return NULL;
    }
    r->sent = r->is_head ? 0 : len;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (cache)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, cache);
    return response;
}

static enum MHD_Result reply_json(struct http_request *r)
{
    size_t len = 0;
    char *body = r->call.out.json ? host_json_dump(r->call.out.json, &len) : NULL;

    /* What a dry run would create, it does not. */
    bool created = r->call.out.created && !r->call.in.dry_run;

    return http_reply_queue(r, created ? MHD_HTTP_CREATED : MHD_HTTP_OK,
                            http_reply_body(r, body, len, JSON_TYPE, "no-store"));
}

static char *take_out_body(struct http_request *r)
{
    char *body = r->call.out.body;

    r->call.out.body = NULL;
    return body;
}

static enum MHD_Result reply_poll(struct http_request *r)
{
    struct http_responses *shared = &r->loop->responses;
    const struct svc_out *out = &r->call.out;
    int64_t now = host_clock_wall();
    bool signed_reply = out->body != NULL;
    struct MHD_Response *response;

    if (!out->body && !out->rotate)
        return queue_shared(r, MHD_HTTP_NO_CONTENT,
                            http_responses_wait(shared, out->retry_after, out->root, now));
    response = out->body ? http_reply_body(r, take_out_body(r), out->body_len, ENVELOPE_TYPE, NULL)
                         : MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    if (out->rotate)
        (void)http_header_number(response, "Otter-Rotate", 1);
    if (signed_reply && r->seat && !r->listener->tls)
        http_hold_take(&r->loop->hold, r->seat->fd, host_clock_mono_us());
    (void)http_responses_date(shared, response, now);
    (void)http_header_number(response, "Otter-Root", out->root);
    if (out->retry_after)
        (void)http_header_number(response, MHD_HTTP_HEADER_RETRY_AFTER, out->retry_after);
    return http_reply_queue(r, signed_reply ? MHD_HTTP_OK : MHD_HTTP_NO_CONTENT, response);
}

static enum MHD_Result reply_report(struct http_request *r)
{
    return queue_shared(r, MHD_HTTP_OK, http_responses_go_on(&r->loop->responses, r->call.out.go_on));
}

static enum MHD_Result reply_empty(struct http_request *r)
{
    return queue_shared(r, MHD_HTTP_NO_CONTENT, http_responses_empty(&r->loop->responses));
}

/* A new token: only who has it can say so (core/token.h). */
static enum MHD_Result reply_taken(struct http_request *r)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

    if (!response)
        return MHD_NO;
    (void)MHD_add_response_header(response, "Otter-Taken", r->call.out.id);
    return http_reply_queue(r, MHD_HTTP_NO_CONTENT, response);
}

static enum MHD_Result reply_envelope(struct http_request *r)
{
    size_t len = r->call.out.body_len;

    /* A published document never changes. */
    return http_reply_queue(r, MHD_HTTP_OK,
                            http_reply_body(r, take_out_body(r), len, ENVELOPE_TYPE, "max-age=86400"));
}

static enum MHD_Result reply_signed(struct http_request *r)
{
    size_t len = r->call.out.body_len;

    return http_reply_queue(r, MHD_HTTP_OK,
                            http_reply_body(r, take_out_body(r), len, ENVELOPE_TYPE, "no-store"));
}

static enum MHD_Result reply_lines(struct http_request *r)
{
    size_t len = r->call.out.body_len;

    return http_reply_queue(r, MHD_HTTP_OK,
                            http_reply_body(r, take_out_body(r), len, LINES_TYPE, "no-store"));
}

static struct MHD_Response *json_response(struct http_request *r, json_t *j)
{
    size_t len = 0;
    char *body = j ? host_json_dump(j, &len) : NULL;

    json_decref(j);
    return http_reply_body(r, body, len, JSON_TYPE, "no-store");
}

static enum MHD_Result reply_upload(struct http_request *r)
{
    const struct svc_out *out = &r->call.out;
    uint64_t offset = 0, size = r->call.in.number;
    struct MHD_Response *response;
    char location[sizeof "/api/v1/uploads/" + sizeof out->id];

    if (out->held)
        return http_reply_queue(r, MHD_HTTP_OK, json_response(r, json_pack("{s:b}", "held", 1)));
    if (out->id[0] == '\0') /* a dry run makes none */
        return http_reply_queue(r, MHD_HTTP_OK, json_response(r, json_pack("{s:b}", "held", 0)));
    (void)svc_upload_stat(r->loop->svc, out->id, &offset, &size);
    response = json_response(r, json_pack("{s:s, s:I, s:I}", "id", out->id, "offset", (json_int_t)offset,
                                          "size", (json_int_t)size));
    snprintf(location, sizeof location, "/api/v1/uploads/%s", out->id);
    if (response)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, location);
    return http_reply_queue(r, MHD_HTTP_CREATED, response);
}

static struct MHD_Response *upload_response(uint64_t offset)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

    if (response) {
        (void)http_header_number(response, "Upload-Offset", offset);
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    }
    return response;
}

static enum MHD_Result reply_upload_stat(struct http_request *r)
{
    struct MHD_Response *response;
    uint64_t offset = 0, size = 0;
    enum otter_status status = svc_upload_stat(r->loop->svc, r->id, &offset, &size);

    if (status != OTTER_OK) {
        http_refuse(r, status, NULL);
        return http_reply_refusal(r);
    }
    response = upload_response(offset);
    if (response)
        (void)http_header_number(response, "Upload-Length", size);
    return http_reply_queue(r, MHD_HTTP_OK, response);
}

static enum MHD_Result reply_upload_append(struct http_request *r)
{
    return http_reply_queue(r, MHD_HTTP_NO_CONTENT, upload_response(r->call.in.number));
}

static enum MHD_Result (*const shapes[])(struct http_request *r) = {
    [HTTP_REPLY_JSON] = reply_json,
    [HTTP_REPLY_POLL] = reply_poll,
    [HTTP_REPLY_REPORT] = reply_report,
    [HTTP_REPLY_EMPTY] = reply_empty,
    [HTTP_REPLY_TAKEN] = reply_taken,
    [HTTP_REPLY_ENVELOPE] = reply_envelope,
    [HTTP_REPLY_SIGNED] = reply_signed,
    [HTTP_REPLY_LINES] = reply_lines,
    [HTTP_REPLY_UPLOAD] = reply_upload,
    [HTTP_REPLY_METRICS] = http_reply_metrics,
    [HTTP_REPLY_ALIVE] = http_reply_alive,
    [HTTP_REPLY_READY] = http_reply_ready,
    [HTTP_REPLY_BLOB] = http_shed_blob,
    [HTTP_REPLY_UPLOAD_STAT] = reply_upload_stat,
    [HTTP_REPLY_UPLOAD_APPEND] = reply_upload_append,
};

enum MHD_Result http_reply(struct http_request *r)
{
    if (r->refusal == OTTER_OK && r->asked)
        r->refusal = r->call.out.status != OTTER_OK ? r->call.out.status : r->call.out.verdict;
    return r->refusal != OTTER_OK ? http_reply_refusal(r) : shapes[r->route->reply](r);
}

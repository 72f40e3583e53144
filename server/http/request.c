#include "http/request.h"

#include "core/bytes.h"
#include "host/clock.h"
#include "host/log.h"
#include "http/health.h"
#include "http/loop.h"
#include "http/problem.h"
#include "http/ration.h"
#include "http/shed.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A refused body up to this long is read, so that the client sees the refusal and keeps its connection. */
#define DISCARD_MAX 65536u

const char *http_header(const struct http_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

void http_refuse(struct http_request *r, enum otter_status status, const char *fmt, ...)
{
    struct host_error *error = &r->call.out.error;
    va_list args;

    r->refusal = status;
    error->message[0] = '\0';
    if (!fmt)
        return;
    va_start(args, fmt);
    (void)vsnprintf(error->message, sizeof error->message, fmt, args);
    va_end(args);
}

void http_refuse_request(struct http_request *r, enum otter_status status, const char *fmt, ...)
{
    struct host_error *error = &r->call.out.error;
    va_list args;

    r->refusal = status;
    r->refusal_http = MHD_HTTP_BAD_REQUEST;
    va_start(args, fmt);
    (void)vsnprintf(error->message, sizeof error->message, fmt, args);
    va_end(args);
}

static void call_done(struct svc_call *call)
{
    struct http_request *r = OTTER_CONTAINER_OF(call, struct http_request, call);

    http_loop_done(r);
}

/* False: the call waits in a service, the connection is suspended. */
static bool ask_service(struct http_request *r)
{
    struct svc *svc = r->loop->svc;

    if (r->call.op != SVC_DEVICE_ASK) /* access.c */
        r->call.op = r->route->op;
    r->call.done = call_done;
    r->asked = true;
    if (svc_try(svc, &r->call) || !http_shed_call(r))
        return true;
    r->phase = HTTP_WAITING;
    http_loop_suspend(r); /* before the submission: done may be called at once */
    if (!svc_submit(svc, &r->call)) {
        http_refuse(r, OTTER_TOO_BUSY, "otterd is stopping; ask again when it is back");
        http_loop_done(r);
    }
    return false;
}

/* The request is whole. False: it waits. */
static bool answer(struct http_request *r)
{
    if (r->refusal != OTTER_OK)
        return true;
    http_input_body(r);
    if (r->refusal == OTTER_OK)
        http_access_body(r);
    if (r->refusal != OTTER_OK)
        return true;
    switch (r->route->reply) {
    case HTTP_REPLY_BLOB:
    case HTTP_REPLY_UPLOAD_STAT:
    case HTTP_REPLY_ALIVE:
    case HTTP_REPLY_READY:
        return true;
    case HTTP_REPLY_UPLOAD_APPEND:
        return http_upload_end(r);
    default:
        return ask_service(r);
    }
}

static bool declared_length(const struct http_request *r, uint64_t *ret)
{
    return r->content_length && http_number(r->content_length, UINT64_MAX, ret);
}

/* All that can be decided before the body. True: answer now, and let the connection go with the unread body.
 */
static bool begin(struct http_request *r, const char *url, const char *method, const char *version)
{
    struct http_match match;
    uint64_t length = 0;
    bool has_length;

    r->is_head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    if (!http_framing_holds(r, version))
        return true;
    has_length = declared_length(r, &length);
    r->url = http_origin_form(url);
    http_route_find(method, r->url, r->listener->serves, &match);
    r->route = match.route;
    r->allow = match.allow;
    if (!match.route)
        http_refuse(r, match.allow ? OTTER_METHOD_NOT_ALLOWED : OTTER_NOT_FOUND, NULL);
    if (http_ration_address(r) && match.route)
        http_access_head(r);
    if (r->refusal == OTTER_OK)
        http_input_head(r, &match);
    if (r->refusal == OTTER_OK && r->route->body == HTTP_BODY_STREAM)
        http_upload_begin(r, has_length, length);
    else if (r->refusal == OTTER_OK && has_length && length > r->route->max_body)
        http_refuse(r, OTTER_BODY_TOO_LARGE, "%llu bytes; at most %u are taken here",
                    (unsigned long long)length, r->route->max_body);
    return r->refusal != OTTER_OK && has_length && length > DISCARD_MAX;
}

/* Room for len bytes more; the caller has checked them against max_body. */
static bool reserve(struct http_request *r, size_t len)
{
    size_t need = r->body_len + len, cap = r->body_cap;
    uint64_t declared = 0;
    char *grown;

    if (need <= cap)
        return true;
    if (r->body == r->inline_body && declared_length(r, &declared) && declared <= r->route->max_body &&
        declared > cap)
        cap = (size_t)declared;
    while (cap < need)
        cap *= 2; /* need <= 1 MiB, cap starts at HTTP_INLINE_BODY */
    grown = realloc(r->body == r->inline_body ? NULL : r->body, cap);
    if (!grown)
        return false;
    if (r->body == r->inline_body)
        memcpy(grown, r->inline_body, r->body_len);
    r->body = grown;
    r->body_cap = cap;
    return true;
}

static void receive(struct http_request *r, const char *data, size_t len)
{
    if (r->route->body == HTTP_BODY_STREAM) {
        http_upload_data(r, data, len);
    } else if (len > r->route->max_body - r->body_len) { /* body_len <= max_body always */
        http_refuse(r, OTTER_BODY_TOO_LARGE, "at most %u bytes are taken here", r->route->max_body);
    } else if (!reserve(r, len)) {
        http_refuse(r, OTTER_TOO_BUSY, "out of memory");
    } else {
        memcpy(r->body + r->body_len, data, len);
        r->body_len += len;
    }
}

/* A piece of the body. False: enough of a refused one was read. */
static bool take_body(struct http_request *r, const char *data, size_t len)
{
    if (r->refusal == OTTER_OK)
        receive(r, data, len);
    if (r->refusal == OTTER_OK)
        return true;
    r->phase = HTTP_DISCARDING;
    r->discarded += len;
    return r->discarded <= DISCARD_MAX || r->discarded <= http_upload_patience(r);
}

static struct http_request *new_request(struct http_daemon *d, struct MHD_Connection *connection)
{
    struct http_request *r = http_loop_request(d->loop);

    if (!r)
        return NULL;
    r->connection = connection;
    r->daemon = d;
    r->listener = d->listener;
    r->proofs_only = d->listener->proofs_only || (d->listener->proofs_if_http && http_came_plain(r));
    r->body = r->inline_body;
    r->body_cap = sizeof r->inline_body;
    http_shed_begins(r);
    if (host_log_wanted(HOST_LOG_DEBUG))
        r->started_us = host_clock_mono_us();
    return r;
}

enum MHD_Result http_request_handle(void *cls, struct MHD_Connection *connection, const char *url,
                                    const char *method, const char *version, const char *upload_data,
                                    size_t *upload_data_size, void **req_cls)
{
    struct http_request *r = *req_cls;
    struct http_daemon *d = cls;

    d->moved++;
    if (d->loop->hold.count > 0)
        http_hold_expire(&d->loop->hold, host_clock_mono_us());
    if (!r) {
        r = new_request(d, connection);
        if (!r)
            return MHD_NO;
        *req_cls = r;
        /* An answer at the first call closes the connection: the second one is for that. */
        r->unread = begin(r, url, method, version);
        if (r->unread)
            return http_reply(r);
        http_shed_receives(r); /* now: its body may never come */
        return MHD_YES;
    }
    if (*upload_data_size > 0) {
        bool more = take_body(r, upload_data, *upload_data_size);

        http_shed_receives(r);
        *upload_data_size = 0;
        return more ? MHD_YES : MHD_NO;
    }
    http_shed_works(r);
    if (r->phase != HTTP_WAITING && !answer(r))
        return MHD_YES; /* suspended; r belongs to a service until http_loop_done() */
    r->phase = HTTP_ANSWERED;
    return http_reply(r);
}

static void log_request(const struct http_request *r, enum MHD_RequestTerminationCode toe)
{
    const struct http_route *route = r->route;
    char client[HTTP_CLIENT_STR] = "";
    bool change = route && route->auth == HTTP_AUTH_OPERATOR && route->method != HTTP_GET &&
                  route->body != HTTP_BODY_STREAM && route->method != HTTP_HEAD && r->http < 300 &&
                  !r->call.in.dry_run;

    if (change || r->started_us != 0)
        http_client_of(r, client);
    if (change)
        host_log(HOST_LOG_INFO, "change", HOST_LOG_STR("method", http_method_name(route->method)),
                 HOST_LOG_STR("route", route->pattern), HOST_LOG_STR("id", r->id),
                 HOST_LOG_STR("operator", r->who), HOST_LOG_UINT("status", r->http),
                 HOST_LOG_STR("client", client));
    if (r->started_us == 0)
        return;
    host_log(HOST_LOG_DEBUG, "request", HOST_LOG_STR("method", route ? http_method_name(route->method) : ""),
             HOST_LOG_STR("route", route ? route->pattern : ""), HOST_LOG_STR("id", r->id),
             HOST_LOG_STR("device", r->device), HOST_LOG_STR("client", client),
             HOST_LOG_UINT("status", r->http), HOST_LOG_UINT("us", host_clock_mono_us() - r->started_us),
             HOST_LOG_UINT("whole", toe == MHD_REQUEST_TERMINATED_COMPLETED_OK));
}

/* The answer was sent, and libmicrohttpd closes now. */
static void linger(const struct http_request *r, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (info)
        http_linger_begin(&r->loop->linger, info->connect_fd, host_clock_mono_ms());
}

void http_request_completed(void *cls, struct MHD_Connection *connection, void **req_cls,
                            enum MHD_RequestTerminationCode toe)
{
    struct http_request *r = *req_cls;

    (void)cls;
    if (!r)
        return;
    *req_cls = NULL;
    if (r->unread && toe == MHD_REQUEST_TERMINATED_COMPLETED_OK)
        linger(r, connection);
    http_shed_ends(r);
    http_upload_drop(r);
    http_count_request(r, toe == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    log_request(r, toe);
    if (r->asked)
        svc_call_clear(&r->call);
    json_decref(r->call.in.json);
    svc_asker_free(r->asker);
    http_loop_release(r);
}

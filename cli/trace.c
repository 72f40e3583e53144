#include "trace.h"

#include "host/clock.h"
#include "host/file.h"
#include "host/json.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define BODY_MAX (1u << 20)
#define HIDDEN   "(secret)"

bool cli_trace_open(const char *path, struct cli_trace *ret, struct host_error *err)
{
    *ret = CLI_TRACE_NONE;
    if (path == NULL || path[0] == '\0')
        return true;
    ret->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (ret->fd < 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "%s: the trace cannot be written", path);
    ret->path = path;
    return true;
}

void cli_trace_close(struct cli_trace *trace)
{
    if (trace->fd >= 0)
        close(trace->fd);
    *trace = CLI_TRACE_NONE;
}

static bool is_secret(const char *name)
{
    return strcmp(name, "secret") == 0 || strcmp(name, "token") == 0;
}

/* Depth is bounded by the parser that made the value. */
static void hide_secrets(json_t *value)
{
    const char *name;
    json_t *inner;
    size_t i;
    void *next;

    json_array_foreach(value, i, inner) hide_secrets(inner);
    json_object_foreach_safe(value, next, name, inner)
    {
        if (is_secret(name) && json_is_string(inner))
            (void)json_object_set_new(value, name, json_string(HIDDEN));
        else
            hide_secrets(inner);
    }
}

/* What was sent and is no JSON stays out: who knows what it holds. What came is told as it is. */
static json_t *json_body(const char *body, size_t len, bool came)
{
    json_t *value;

    if (body == NULL || len == 0 || len > BODY_MAX)
        return json_null();
    value = host_json_load(body, len, "body", NULL);
    if (value == NULL)
        value = came ? json_stringn(body, len) : NULL;
    hide_secrets(value);
    return value != NULL ? value : json_null();
}

/* Of "Name: value" lines, those that tell something and no secret. */
static json_t *json_sent_headers(const char *const *lines)
{
    static const char *const told[] = {"Content-Type", "Idempotency-Key", "Upload-Offset"};
    json_t *headers = json_object();

    for (; lines != NULL && *lines != NULL; lines++) {
        const char *colon = strchr(*lines, ':');

        for (size_t i = 0; colon != NULL && i < sizeof(told) / sizeof(told[0]); i++)
            if (strlen(told[i]) == (size_t)(colon - *lines) &&
                strncasecmp(told[i], *lines, strlen(told[i])) == 0)
                (void)json_object_set_new(headers, told[i], json_string(colon + 1 + strspn(colon + 1, " ")));
    }
    return headers;
}

static void set_number(json_t *to, const char *name, bool there, uint64_t value)
{
    char text[24];

    if (!there)
        return;
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    (void)json_object_set_new(to, name, json_string(text));
}

static json_t *json_headers(const struct host_http_response *r)
{
    const struct {
        const char *name, *value;
    } texts[] = {{"Content-Type", r->content_type},
                 {"Location", r->location},
                 {"ETag", r->etag},
                 {"Content-Range", r->content_range}};
    json_t *headers = json_object();

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].value[0] != '\0')
            (void)json_object_set_new(headers, texts[i].name, json_string(texts[i].value));
    set_number(headers, "Retry-After", r->retry_after != 0, r->retry_after);
    set_number(headers, "Otter-Root", r->otter_root != 0, r->otter_root);
    set_number(headers, "Upload-Offset", r->has_upload_offset, r->upload_offset);
    return headers;
}

/* Behind scheme and host. */
static const char *path_of(const char *url)
{
    const char *host = strstr(url, "://");
    const char *path = strchr(host != NULL ? host + 3 : url, '/');

    return path != NULL ? path : "/";
}

static json_t *json_exchange(const struct host_http_request *q, const struct host_http_response *r,
                             const char *why)
{
    size_t sent = q->has_body_fd ? (size_t)q->body_fd_len : q->body_len;
    json_t *line = json_pack(
        "{s:I, s:s, s:s, s:o, s:o, s:I}", "time", (json_int_t)host_clock_wall(), "method", q->method, "path",
        path_of(q->url), "request_headers", json_sent_headers(q->headers), "request",
        json_body(q->has_body_fd ? NULL : q->body, q->body_len, false), "request_bytes", (json_int_t)sent);

    if (r == NULL) {
        (void)json_object_set_new(line, "status", json_integer(0));
        (void)json_object_set_new(line, "error", json_string(why));
        return line;
    }
    (void)json_object_set_new(line, "status", json_integer(r->status));
    (void)json_object_set_new(line, "headers", json_headers(r));
    (void)json_object_set_new(line, "response", json_body(r->body, r->body_len, true));
    (void)json_object_set_new(line, "response_bytes", json_integer((json_int_t)r->body_len));
    return line;
}

bool cli_trace_exchange(struct cli_trace *trace, const struct host_http_request *request,
                        const struct host_http_response *reply, const char *why, struct host_error *err)
{
    auto_json json_t *line = NULL;
    auto_free char *text = NULL;
    size_t len = 0;

    if (trace->fd < 0 || trace->broken)
        return true;
    line = json_exchange(request, reply, why);
    text = line != NULL ? host_json_dump(line, &len) : NULL;
    if (text == NULL) {
        trace->broken = true;
        return host_fail(err, HOST_ERROR_MEMORY, "%s: out of memory: the trace ends here", trace->path);
    }
    text[len] = '\n'; /* in place of the NUL: one write, so that lines of several programs do not mix */
    if (host_write_all(trace->fd, text, len + 1))
        return true;
    trace->broken = true;
    return host_fail_errno(err, HOST_ERROR_FILE, "%s: the trace ends here", trace->path);
}

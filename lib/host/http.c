#include "host/http.h"

#include "core/bytes.h"
#include "host/file.h"
#include "host/http_error.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEFAULT_RESPONSE (1u << 20)

struct host_http {
    CURL *curl;
    char *cacert;
    char *unix_socket;
    char *bearer;
    long connect_timeout;
    long idle_timeout;
    long total_timeout;
};

/* One request while it runs: what the callbacks of libcurl share. */
struct exchange {
    struct host_http *http;
    const struct host_http_request *request;
    struct host_http_response *response;
    uint64_t body_at;
    size_t max;
    bool over_max;
    bool cancelled;
    bool no_room;   /* in memory, for the reply */
    int file_errno; /* of body_fd or response_fd */
    char reason[CURL_ERROR_SIZE];
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void start_curl(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool copy(const char *from, char **to)
{
    if (!from)
        return true;
    *to = strdup(from);
    return *to != NULL;
}

struct host_http *host_http_new(const struct host_http_options *options, struct host_error *err)
{
    struct host_http *http = calloc(1, sizeof *http);

    (void)pthread_once(&curl_once, start_curl);
    if (http)
        http->curl = curl_easy_init();
    if (!http || !http->curl || !copy(options->cacert, &http->cacert) ||
        !copy(options->unix_socket, &http->unix_socket) || !copy(options->bearer, &http->bearer)) {
        host_http_free(http);
        (void)host_fail(err, HOST_ERROR_MEMORY, "out of memory");
        return NULL;
    }
    http->connect_timeout = options->connect_timeout ? options->connect_timeout : 10;
    http->idle_timeout = options->idle_timeout ? options->idle_timeout : 30;
    http->total_timeout = options->total_timeout;
    return http;
}

void host_http_free(struct host_http *http)
{
    if (!http)
        return;
    if (http->curl)
        curl_easy_cleanup(http->curl);
    free(http->cacert);
    free(http->unix_socket);
    if (http->bearer)
        explicit_bzero(http->bearer, strlen(http->bearer));
    free(http->bearer);
    free(http);
}

void host_cleanup_http(struct host_http **http)
{
    host_http_free(*http);
    *http = NULL;
}

void host_http_response_clear(struct host_http_response *r)
{
    free(r->body);
    *r = (struct host_http_response){0};
}

static uint64_t body_len(const struct host_http_request *r)
{
    return r->has_body_fd ? r->body_fd_len : r->body_len;
}

static size_t on_read(char *buffer, size_t size, size_t count, void *user)
{
    struct exchange *x = user;
    const struct host_http_request *r = x->request;
    uint64_t left = body_len(r) - x->body_at;
    size_t len = size * count < left ? size * count : (size_t)left;

    if (r->has_body_fd) {
        if (!host_pread_all(r->body_fd, buffer, len, (off_t)(r->body_fd_at + x->body_at))) {
            x->file_errno = errno;
            return CURL_READFUNC_ABORT;
        }
    } else if (len) {
        memcpy(buffer, (const char *)r->body + x->body_at, len);
    }
    x->body_at += len;
    return len;
}

/* libcurl sends the body again when a kept connection turned out to be dead. */
static int on_seek(void *user, curl_off_t offset, int origin)
{
    struct exchange *x = user;

    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > body_len(x->request))
        return CURL_SEEKFUNC_FAIL;
    x->body_at = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static size_t to_memory(struct exchange *x, const char *data, size_t len)
{
    struct host_http_response *r = x->response;
    char *grown;

    if (len > x->max - r->body_len) {
        x->over_max = true;
        return 0;
    }
    grown = realloc(r->body, r->body_len + len + 1);
    x->no_room = !grown;
    if (!grown)
        return 0;
    r->body = grown;
    memcpy(r->body + r->body_len, data, len);
    r->body_len += len;
    r->body[r->body_len] = '\0';
    return len;
}

static size_t on_write(char *data, size_t size, size_t count, void *user)
{
    struct exchange *x = user;
    size_t len = size * count;
    long status = 0;

    (void)curl_easy_getinfo(x->http->curl, CURLINFO_RESPONSE_CODE, &status);
    if (!x->request->has_response_fd || status / 100 != 2)
        return to_memory(x, data, len);
    if (!host_write_all(x->request->response_fd, data, len)) {
        x->file_errno = errno;
        return 0;
    }
    x->response->fd_len += len;
    return len;
}

/* The value of header `name` in a line, trimmed and cut into out; false if it is another header. */
static bool header_value(const char *line, size_t len, const char *name, char *out, size_t cap)
{
    size_t n = strlen(name);

    if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
        return false;
    line += n + 1;
    len -= n + 1;
    while (len && (*line == ' ' || *line == '\t')) {
        line++;
        len--;
    }
    while (len && strchr(" \t\r\n", line[len - 1]))
        len--;
    if (len >= cap)
        len = 0; /* longer than any valid one: as if absent */
    memcpy(out, line, len);
    out[len] = '\0';
    return true;
}

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
    struct exchange *x = user;
    struct host_http_response *r = x->response;
    size_t len = size * count;
    char number[24];
    uint64_t v;

    (void)(header_value(line, len, "Content-Type", r->content_type, sizeof r->content_type) ||
           header_value(line, len, "Location", r->location, sizeof r->location) ||
           header_value(line, len, "ETag", r->etag, sizeof r->etag) ||
           header_value(line, len, "Content-Range", r->content_range, sizeof r->content_range));
    if (header_value(line, len, "Retry-After", number, sizeof number) &&
        otter_parse_uint(number, strlen(number), UINT32_MAX, &v))
        r->retry_after = (unsigned)v;
    if (header_value(line, len, "Otter-Root", number, sizeof number) &&
        otter_parse_uint(number, strlen(number), OTTER_INT_MAX, &v))
        r->otter_root = v;
    if (header_value(line, len, "Upload-Offset", number, sizeof number))
        r->has_upload_offset = otter_parse_uint(number, strlen(number), OTTER_INT_MAX, &r->upload_offset);
    return len;
}

static int on_progress(void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    struct exchange *x = user;
    bool upload = body_len(x->request) > 0 && down == 0;

    if (x->request->progress->step(x->request->progress, upload, (uint64_t)(upload ? up : down),
                                   (uint64_t)(upload ? up_total : down_total)))
        return 0;
    x->cancelled = true;
    return 1;
}

static bool append(struct curl_slist **list, const char *line)
{
    struct curl_slist *grown = curl_slist_append(*list, line);

    if (grown)
        *list = grown;
    return grown != NULL;
}

static bool make_headers(const struct exchange *x, struct curl_slist **ret)
{
    auto_free char *authorization = NULL;

    for (const char *const *h = x->request->headers; h && *h; h++) {
        if (!append(ret, *h))
            return false;
    }
    if (x->http->bearer && (asprintf(&authorization, "Authorization: Bearer %s", x->http->bearer) < 0 ||
                            !append(ret, authorization)))
        return false;
    return append(ret, "Expect:"); /* no wait of a second for a 100 Continue */
}

/* curl_easy_reset() cannot say that memory ran out halfway through its defaults: without these nothing moves,
 * or anybody is believed. */
static unsigned set_defaults(CURL *c)
{
    unsigned bad = 0;

    bad |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    bad |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    bad |= curl_easy_setopt(c, CURLOPT_BUFFERSIZE, (long)CURL_MAX_WRITE_SIZE);
    bad |= curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, 65536L);
    bad |= curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    return bad;
}

/* Options that hold for the handle. CURLcodes are joined: each is 0 when it was taken. */
static unsigned set_transport(struct host_http *http)
{
    CURL *c = http->curl;
    unsigned bad = set_defaults(c);

    bad |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    bad |= curl_easy_setopt(c, CURLOPT_TCP_NODELAY, 1L);
    bad |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, http->connect_timeout);
    bad |= curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    bad |= curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, http->idle_timeout);
    bad |= curl_easy_setopt(c, CURLOPT_TIMEOUT, http->total_timeout);
    bad |= curl_easy_setopt(c, CURLOPT_USERAGENT, "otter/0.1");
    bad |= curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (http->cacert) { /* instead of the system's, which are in a directory, too */
        bad |= curl_easy_setopt(c, CURLOPT_CAINFO, http->cacert);
        bad |= curl_easy_setopt(c, CURLOPT_CAPATH, (char *)NULL);
    }
    if (http->unix_socket)
        bad |= curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, http->unix_socket);
    return bad;
}

static unsigned set_request(struct exchange *x, struct curl_slist *headers)
{
    const struct host_http_request *r = x->request;
    CURL *c = x->http->curl;
    unsigned bad = 0;

    bad |= curl_easy_setopt(c, CURLOPT_URL, r->url);
    bad |= curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L); /* "." and ".." are names that a device may have */
    /* Without TLS a proxy of the environment would read the token; with it, it sees the name alone. */
    if (!strncasecmp(r->url, "http://", 7))
        bad |= curl_easy_setopt(c, CURLOPT_PROXY, "");
    bad |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    bad |= curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x->reason);
    bad |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_write);
    bad |= curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
    bad |= curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    bad |= curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
    if (!strcmp(r->method, "HEAD")) {
        bad |= curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
    } else if (body_len(r) || strcmp(r->method, "GET") != 0) {
        bad |= curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
        bad |= curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read);
        bad |= curl_easy_setopt(c, CURLOPT_READDATA, x);
        bad |= curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, on_seek);
        bad |= curl_easy_setopt(c, CURLOPT_SEEKDATA, x);
        bad |= curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)body_len(r));
        bad |= curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method);
    }
    if (r->progress) {
        bad |= curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
        bad |= curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
        bad |= curl_easy_setopt(c, CURLOPT_XFERINFODATA, x);
    }
    return bad;
}

static bool explain(const struct exchange *x, CURLcode code, struct host_error *err)
{
    const struct host_http_request *r = x->request;
    struct http_failure f = {
        .code = code,
        .https = strncasecmp(r->url, "https://", 8) == 0,
        .reason = x->reason[0] ? x->reason : curl_easy_strerror(code),
    };

    (void)curl_easy_getinfo(x->http->curl, CURLINFO_SSL_VERIFYRESULT, &f.verify);
    if (x->cancelled)
        return host_fail(err, HOST_ERROR_CANCELLED, "%s %s: cancelled", r->method, r->url);
    if (x->no_room)
        return host_fail(err, HOST_ERROR_MEMORY, "%s %s: out of memory", r->method, r->url);
    if (x->over_max)
        return host_fail(err, HOST_ERROR_FORMAT, "%s %s: the reply is longer than %zu bytes", r->method,
                         r->url, x->max);
    if (x->file_errno) {
        errno = x->file_errno;
        return host_fail_errno(err, HOST_ERROR_FILE, "%s %s: the local file failed", r->method, r->url);
    }
    return host_fail(err, http_error_kind(&f), "%s %s: %s%s", r->method, r->url, f.reason,
                     http_error_advice(&f));
}

/* A NUL-terminated body even where none came, so that callers need no second case. */
static bool finish(struct exchange *x, struct host_error *err)
{
    long status = 0;

    (void)curl_easy_getinfo(x->http->curl, CURLINFO_RESPONSE_CODE, &status);
    x->response->status = (int)status;
    if (!x->response->body)
        x->response->body = calloc(1, 1);
    if (!x->response->body)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    return true;
}

bool host_http_do(struct host_http *http, const struct host_http_request *request,
                  struct host_http_response *ret, struct host_error *err)
{
    struct host_http_response response = {0};
    struct exchange x = {.http = http, .request = request, .response = &response};
    struct curl_slist *headers = NULL;
    CURLcode code;
    unsigned bad;
    bool ok;

    x.max = request->max_response ? request->max_response : DEFAULT_RESPONSE;
    curl_easy_reset(http->curl); /* options go, connections stay */
    bad = make_headers(&x, &headers) ? set_transport(http) | set_request(&x, headers) : CURLE_OUT_OF_MEMORY;
    if (bad) {
        curl_slist_free_all(headers);
        return host_fail(err, bad == CURLE_OUT_OF_MEMORY ? HOST_ERROR_MEMORY : HOST_ERROR_INTERNAL,
                         "%s %s: libcurl does not take the request%s", request->method, request->url,
                         bad == CURLE_OUT_OF_MEMORY ? ": out of memory" : "");
    }
    code = curl_easy_perform(http->curl);
    ok = code == CURLE_OK ? finish(&x, err) : explain(&x, code, err);
    curl_slist_free_all(headers);
    if (ok)
        *ret = response;
    else
        host_http_response_clear(&response);
    return ok;
}

char *host_http_url(const char *base, const char *path)
{
    size_t len = strlen(base);
    char *url;

    while (len && base[len - 1] == '/')
        len--;
    while (*path == '/')
        path++;
    return asprintf(&url, "%.*s/%s", (int)len, base, path) < 0 ? NULL : url;
}

char *host_http_escape(const char *value)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = malloc(strlen(value) * 3 + 1), *p = out;

    if (!out)
        return NULL;
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            (c && strchr("-._~", c))) {
            *p++ = (char)c;
        } else {
            *p++ = '%';
            *p++ = hex[c >> 4];
            *p++ = hex[c & 15];
        }
    }
    *p = '\0';
    return out;
}

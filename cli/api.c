#include "api.h"

#include "config.h"
#include "core/bytes.h"
#include "host/crypto.h"
#include "trace.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRIES           4u
#define BUSY_WAIT_MAX   10u
#define RESPONSE_MAX    (16u << 20)
#define IDEMPOTENCY_LEN 16u

struct cli_session {
    struct cli_config config;
    struct host_http *http;
    const char *base; /* config.server, or a stand-in host for a unix socket */
    struct cli_trace trace;
};

static const char *trace_path(const struct cli *cli)
{
    const char *option = cli_arg(cli->args, "trace");

    return option != NULL ? option : getenv("OTTER_TRACE");
}

static enum cli_exit open_session(struct cli *cli, struct cli_session **ret)
{
    struct cli_session *s;
    struct host_http_options options = {0};
    struct host_error err = {0};
    enum cli_exit code;

    if (cli->session != NULL) {
        *ret = cli->session;
        return CLI_DONE;
    }
    s = calloc(1, sizeof(*s));
    if (s == NULL)
        return cli_fail_memory(cli);
    s->trace = CLI_TRACE_NONE;
    code = cli_config_load(cli, cli->args, &s->config);
    if (code != CLI_DONE) {
        free(s);
        return code;
    }
    s->base = s->config.server;
    if (strncmp(s->base, "unix:", 5) == 0) {
        options.unix_socket = s->base + 5;
        s->base = "http://localhost";
    }
    options.cacert = s->config.cacert;
    options.bearer = s->config.token[0] != '\0' ? s->config.token : NULL;
    options.connect_timeout = options.total_timeout = cli->patience;
    s->http = host_http_new(&options, &err);
    cli->session = s;
    *ret = s;
    if (s->http == NULL || !cli_trace_open(trace_path(cli), &s->trace, &err))
        return cli_fail_error(cli, &err);
    return CLI_DONE;
}

const char *cli_session_server(struct cli *cli)
{
    struct cli_session *s = NULL;

    return open_session(cli, &s) == CLI_DONE && s != NULL ? s->config.server : NULL;
}

void cli_session_close(struct cli *cli)
{
    struct cli_session *s = cli->session;

    if (s == NULL)
        return;
    host_http_free(s->http);
    cli_config_free(&s->config);
    cli_trace_close(&s->trace);
    free(s);
    cli->session = NULL;
}

void cli_reply_free(struct cli_reply *reply)
{
    host_http_response_clear(&reply->http);
    json_decref(reply->json);
    reply->json = NULL;
}

/* Headers of a request, NULL-ended. */
struct headers {
    char idempotency[64];
    char content_type[96];
    const char *list[6];
};

static void make_headers(const struct cli_request *r, struct headers *h)
{
    size_t n = 0;

    h->list[n++] = "Accept: application/json";
    if (r->body != NULL || r->has_fd) {
        snprintf(h->content_type, sizeof(h->content_type), "Content-Type: %s",
                 r->content_type != NULL ? r->content_type : "application/json");
        h->list[n++] = h->content_type;
    }
    if (r->creating) {
        uint8_t random[IDEMPOTENCY_LEN];
        char text[OTTER_B64_LEN(IDEMPOTENCY_LEN) + 1];

        host_random(random, sizeof(random));
        otter_b64_encode(random, sizeof(random), text);
        snprintf(h->idempotency, sizeof(h->idempotency), "Idempotency-Key: %s", text);
        h->list[n++] = h->idempotency;
    }
    if (r->header != NULL)
        h->list[n++] = r->header;
    h->list[n] = NULL;
}

static char *make_url(const struct cli *cli, const struct cli_session *s, const struct cli_request *r)
{
    auto_free char *path = NULL;
    const char *mark = strchr(r->path, '?') != NULL ? "&" : "?";

    if (asprintf(&path, "%s%s%s", r->path, r->changing && cli->dry_run ? mark : "",
                 r->changing && cli->dry_run ? "dry_run=1" : "") < 0) {
        path = NULL; /* undefined after a failure */
        return NULL;
    }
    return host_http_url(s->base, path);
}

static bool may_repeat(const struct cli_request *r)
{
    return !r->once && (r->creating || strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0);
}

static bool was_lost(const struct host_error *err)
{
    return err->kind == HOST_ERROR_NETWORK || err->kind == HOST_ERROR_TIMEOUT;
}

/* One try. A trace that cannot be written is told, and changes nothing about the request. */
static bool try_once(struct cli *cli, struct cli_session *s, const struct host_http_request *http,
                     struct host_http_response *ret, struct host_error *err)
{
    bool came = host_http_do(s->http, http, ret, err);
    struct host_error trace_err = {0};

    if (!cli_trace_exchange(&s->trace, http, came ? ret : NULL, err->message, &trace_err))
        (void)cli_fail_error(cli, &trace_err);
    return came;
}

/* One reply, over as many tries as are allowed. */
static bool exchange(struct cli *cli, struct cli_session *s, const struct cli_request *r,
                     const struct host_http_request *http, struct host_http_response *ret,
                     struct host_error *err)
{
    unsigned tries = cli->patience != 0 ? 1 : TRIES;

    for (unsigned i = 1;; i++) {
        if (!try_once(cli, s, http, ret, err)) {
            if (i == tries || !may_repeat(r) || !was_lost(err))
                return false;
            sleep(i - 1); /* at once the first time */
            continue;
        }
        if (ret->status != 503 || i == tries || ret->retry_after == 0 || ret->retry_after > BUSY_WAIT_MAX ||
            !may_repeat(r))
            return true;
        sleep(ret->retry_after);
        host_http_response_clear(ret);
    }
}

/* JSON lines are known by their type alone: more than one is no JSON. */
static bool is_foreign(const struct cli_request *r, const struct cli_reply *reply)
{
    if (r->lines && reply->http.status == 200)
        return strncmp(reply->http.content_type, "application/jsonl", 17) != 0;
    return cli_api_is_foreign(reply);
}

enum cli_exit cli_api(struct cli *cli, const struct cli_request *r, struct cli_reply *ret)
{
    struct cli_session *s = NULL;
    struct headers headers;
    struct host_error err = {0};
    struct cli_reply reply = {0};
    auto_free char *url = NULL;
    enum cli_exit code = open_session(cli, &s);

    if (code != CLI_DONE || s == NULL)
        return code;
    url = make_url(cli, s, r);
    if (url == NULL)
        return cli_fail_memory(cli);
    make_headers(r, &headers);
    if (!exchange(cli, s, r,
                  &(struct host_http_request){.method = r->method,
                                              .url = url,
                                              .headers = headers.list,
                                              .body = r->body,
                                              .body_len = r->body_len,
                                              .has_body_fd = r->has_fd,
                                              .body_fd = r->fd,
                                              .body_fd_at = r->fd_at,
                                              .body_fd_len = r->fd_len,
                                              .max_response = RESPONSE_MAX,
                                              .progress = r->progress},
                  &reply.http, &err))
        return r->has_fd && was_lost(&err) ? CLI_UNREACHABLE : cli_api_no_reply(cli, s->config.server, &err);
    if (reply.http.body_len > 0)
        reply.json = host_json_load(reply.http.body, reply.http.body_len, "reply", NULL);
    code = cli_exit_of_http(reply.http.status);
    if ((code != CLI_DONE && !(r->tolerate && reply.http.status < 500)) || is_foreign(r, &reply)) {
        ret->http.status = reply.http.status;
        code = cli_api_problem(cli, &reply);
        cli_reply_free(&reply);
        return code;
    }
    *ret = reply;
    return code;
}

enum cli_exit cli_api_send(struct cli *cli, const char *method, const char *path, json_t *body, bool creating,
                           struct cli_reply *ret)
{
    size_t len = 0;
    auto_free char *text = body != NULL ? host_json_dump(body, &len) : NULL;
    bool failed = body != NULL && text == NULL;

    json_decref(body);
    if (failed)
        return cli_fail_memory(cli);
    return cli_api(cli,
                   &(struct cli_request){.method = method,
                                         .path = path,
                                         .body = text,
                                         .body_len = len,
                                         .creating = creating,
                                         .changing = true},
                   ret);
}

enum cli_exit cli_api_delete(struct cli *cli, const char *name, const char *id, const char *what,
                             const char *done)
{
    auto_free char *path = cli_api_path(name, id, "");
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code;

    if (path == NULL)
        return cli_fail_memory(cli);
    code = cli_api(cli, &(struct cli_request){.method = "DELETE", .path = path, .changing = true}, &reply);
    if (code == CLI_DONE)
        cli_note(cli, "%s %s %s %s", what, id, cli->dry_run ? "would be" : "is", done);
    return code;
}

enum cli_exit cli_api_result(struct cli *cli, const struct cli_reply *reply, const struct cli_column *columns)
{
    if (cli->format == CLI_FORMAT_JSON && reply->http.body_len > 0) {
        cli_print_text(cli, reply->http.body, reply->http.body_len);
        return CLI_DONE;
    }
    return reply->json != NULL ? cli_print_object(cli, reply->json, columns) : CLI_DONE;
}

enum cli_exit cli_api_show(struct cli *cli, const char *path, const struct cli_column *columns)
{
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code = cli_api(cli, &(struct cli_request){.method = "GET", .path = path}, &reply);

    if (code == CLI_DONE && !json_is_object(reply.json))
        return cli_api_problem(cli, &reply);
    return code == CLI_DONE ? cli_api_result(cli, &reply, columns) : code;
}

char *cli_api_path(const char *name, const char *id, const char *more)
{
    auto_free char *escaped = host_http_escape(id);
    char *path = NULL;

    if (escaped == NULL || asprintf(&path, "/api/v1/%s/%s%s", name, escaped, more) < 0)
        return NULL;
    return path;
}

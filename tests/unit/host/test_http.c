/* The HTTP client against a server of scripted replies on loopback: one connection, one reply, in a thread.
 */
#include "core/bytes.h"
#include "host/file.h"
#include "host/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "temp.h"

struct scripted {
    int listener;
    pthread_t thread;
    char url[64];
    const char *reply;
    size_t want_body; /* bytes of body to read before the reply */
    char request[8192];
};

/* Reads head and want_body bytes, answers, and closes. */
static void *serve(void *arg)
{
    struct scripted *s = arg;
    auto_close int fd = accept(s->listener, NULL, NULL);
    size_t len = 0;

    while (fd >= 0 && len < sizeof s->request - 1) {
        const char *head = strstr(s->request, "\r\n\r\n");
        ssize_t n;

        if (head && len >= (size_t)(head - s->request) + 4 + s->want_body)
            break;
        n = read(fd, s->request + len, sizeof s->request - 1 - len);
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    if (fd >= 0 && s->reply)
        (void)host_write_all(fd, s->reply, strlen(s->reply));
    return NULL;
}

static void start(struct scripted *s, const char *reply, size_t want_body)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;

    *s = (struct scripted){.reply = reply, .want_body = want_body};
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->listener, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->listener, 4), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &len), 0);
    (void)snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u/x?y=1", ntohs(at.sin_port));
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void finish(struct scripted *s)
{
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    (void)close(s->listener);
}

static const struct host_http_options defaults = {.idle_timeout = 5};

static void get_returns_status_body_and_headers(void **state)
{
    auto_http struct host_http *http = host_http_new(&(struct host_http_options){.bearer = "t0ken"}, NULL);
    struct host_http_response r = {0};
    static const char *const headers[] = {"X-Test: 1", NULL};
    struct scripted s;

    (void)state;
    start(&s,
          "HTTP/1.1 503 No\r\nContent-Type: application/json\r\nretry-after:  12 \r\nOtter-Root: 3\r\n"
          "ETag: \"e\"\r\nLocation: /l\r\nUpload-Offset: 99\r\nContent-Range: bytes */5\r\n"
          "Content-Length: 2\r\nConnection: close\r\n\r\n{}",
          0);
    assert_true(host_http_do(
        http, &(struct host_http_request){.method = "GET", .url = s.url, .headers = headers}, &r, NULL));
    finish(&s);
    assert_int_equal(r.status, 503);
    assert_string_equal(r.body, "{}");
    assert_string_equal(r.content_type, "application/json");
    assert_int_equal(r.retry_after, 12);
    assert_int_equal(r.otter_root, 3);
    assert_string_equal(r.etag, "\"e\"");
    assert_string_equal(r.location, "/l");
    assert_string_equal(r.content_range, "bytes */5");
    assert_true(r.has_upload_offset);
    assert_int_equal(r.upload_offset, 99);
    assert_non_null(strstr(s.request, "GET /x?y=1 HTTP/1.1\r\n"));
    assert_non_null(strstr(s.request, "Authorization: Bearer t0ken\r\n"));
    assert_non_null(strstr(s.request, "X-Test: 1\r\n"));
    host_http_response_clear(&r);
}

static void post_sends_a_body_from_memory_and_an_empty_one(void **state)
{
    static const struct {
        const char *body;
        const char *length;
    } row[] = {{"hello", "Content-Length: 5\r\n"}, {"", "Content-Length: 0\r\n"}};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(row); i++) {
        auto_http struct host_http *http = host_http_new(&defaults, NULL);
        struct host_http_response r = {0};
        struct scripted s;
        char *body;

        start(&s, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", strlen(row[i].body));
        assert_true(host_http_do(
            http,
            &(struct host_http_request){
                .method = "POST", .url = s.url, .body = row[i].body, .body_len = strlen(row[i].body)},
            &r, NULL));
        finish(&s);
        assert_int_equal(r.status, 204);
        assert_string_equal(r.body, "");
        assert_non_null(strstr(s.request, row[i].length));
        assert_null(strstr(s.request, "Expect:"));
        body = strstr(s.request, "\r\n\r\n");
        assert_non_null(body);
        assert_string_equal(body + 4, row[i].body);
        host_http_response_clear(&r);
    }
}

static void patch_sends_a_range_of_a_file(void **state)
{
    auto_http struct host_http *http = host_http_new(&defaults, NULL);
    struct host_http_response r = {0};
    auto_file FILE *f = tmpfile();
    struct scripted s;

    (void)state;
    assert_true(host_pwrite_all(fileno(f), "0123456789", 10, 0));
    start(&s, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", 4);
    assert_true(host_http_do(http,
                             &(struct host_http_request){.method = "PATCH",
                                                         .url = s.url,
                                                         .has_body_fd = true,
                                                         .body_fd = fileno(f),
                                                         .body_fd_at = 3,
                                                         .body_fd_len = 4},
                             &r, NULL));
    finish(&s);
    assert_non_null(strstr(s.request, "PATCH /x"));
    assert_non_null(strstr(s.request, "\r\n\r\n3456"));
    host_http_response_clear(&r);
}

static void body_goes_to_a_file_on_2xx_and_to_memory_otherwise(void **state)
{
    (void)state;
    for (unsigned good = 0; good < 2; good++) {
        auto_http struct host_http *http = host_http_new(&defaults, NULL);
        struct host_http_response r = {0};
        auto_file FILE *f = tmpfile();
        char got[8] = "";
        struct scripted s;

        start(&s,
              good ? "HTTP/1.1 206 Partial\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
                   : "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
              0);
        assert_true(host_http_do(
            http,
            &(struct host_http_request){
                .method = "GET", .url = s.url, .has_response_fd = true, .response_fd = fileno(f)},
            &r, NULL));
        finish(&s);
        assert_int_equal(pread(fileno(f), got, 7, 0), good ? 3 : 0);
        assert_string_equal(got, good ? "abc" : "");
        assert_string_equal(r.body, good ? "" : "abc");
        assert_int_equal(r.fd_len, good ? 3 : 0);
        host_http_response_clear(&r);
    }
}

static void redirect_is_returned_not_followed(void **state)
{
    auto_http struct host_http *http = host_http_new(&defaults, NULL);
    struct host_http_response r = {0};
    struct scripted s;

    (void)state;
    start(&s,
          "HTTP/1.1 302 F\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
          0);
    assert_true(host_http_do(http, &(struct host_http_request){.method = "GET", .url = s.url}, &r, NULL));
    finish(&s);
    assert_int_equal(r.status, 302);
    host_http_response_clear(&r);
}

static void head_reads_no_body(void **state)
{
    auto_http struct host_http *http = host_http_new(&defaults, NULL);
    struct host_http_response r = {0};
    struct scripted s;

    (void)state;
    start(&s, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nUpload-Offset: 7\r\nConnection: close\r\n\r\n", 0);
    assert_true(host_http_do(http, &(struct host_http_request){.method = "HEAD", .url = s.url}, &r, NULL));
    finish(&s);
    assert_int_equal(r.upload_offset, 7);
    assert_int_equal(r.body_len, 0);
    host_http_response_clear(&r);
}

static void broken_replies_fail_by_kind(void **state)
{
    static const struct {
        const char *reply;
        enum host_error_kind kind;
    } row[] = {
        {"", HOST_ERROR_NETWORK},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", HOST_ERROR_NETWORK},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n0123456789", HOST_ERROR_FORMAT},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(row); i++) {
        auto_http struct host_http *http = host_http_new(&defaults, NULL);
        struct host_http_response r = {0};
        struct host_error err = {0};
        struct scripted s;

        start(&s, row[i].reply, 0);
        assert_false(host_http_do(
            http, &(struct host_http_request){.method = "GET", .url = s.url, .max_response = 9}, &r, &err));
        finish(&s);
        assert_int_equal(err.kind, row[i].kind);
        assert_non_null(strstr(err.message, s.url));
        assert_null(r.body);
    }
}

static void no_listener_is_connect_and_other_schemes_are_refused(void **state)
{
    auto_http struct host_http *http = host_http_new(&defaults, NULL);
    struct host_http_response r = {0};
    struct host_error err = {0};
    struct scripted s;

    (void)state;
    start(&s, NULL, 0);
    assert_false(host_http_do(http, &(struct host_http_request){.method = "GET", .url = s.url}, &r, &err));
    finish(&s); /* the port is closed now */
    assert_false(host_http_do(http, &(struct host_http_request){.method = "GET", .url = s.url}, &r, &err));
    assert_int_equal(err.kind, HOST_ERROR_CONNECT);
    assert_false(host_http_do(http, &(struct host_http_request){.method = "GET", .url = "file:///etc/passwd"},
                              &r, &err));
    assert_int_equal(err.kind, HOST_ERROR_FORMAT);
}

struct canceller {
    struct host_http_progress base;
};

static bool cancel(struct host_http_progress *self, bool upload, uint64_t done, uint64_t total)
{
    (void)self;
    (void)upload;
    (void)done;
    (void)total;
    return false;
}

/* A device may be called "..": libcurl would take the step to the parent itself. */
static void path_is_sent_as_it_is(void **state)
{
    auto_http struct host_http *http = host_http_new(&defaults, NULL);
    struct host_http_response r = {0};
    auto_free char *url = NULL;
    struct scripted s;

    (void)state;
    start(&s, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", 0);
    *strrchr(s.url, '/') = '\0';
    url = host_http_url(s.url, "/devices/../attempts");
    assert_true(host_http_do(http, &(struct host_http_request){.method = "GET", .url = url}, &r, NULL));
    finish(&s);
    assert_non_null(strstr(s.request, "GET /devices/../attempts HTTP/1.1\r\n"));
    host_http_response_clear(&r);
}

/* What goes without TLS is meant for this machine: a proxy would read the token. */
static void plain_http_goes_by_no_proxy(void **state)
{
    static const char *const names[] = {"http_proxy", "all_proxy", "ALL_PROXY"};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(names); i++) {
        auto_http struct host_http *http =
            host_http_new(&(struct host_http_options){.bearer = "t0ken", .idle_timeout = 5}, NULL);
        struct host_http_response r = {0};
        struct scripted proxy, s;

        start(&proxy, "HTTP/1.1 502 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 0);
        start(&s, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", 0);
        assert_int_equal(setenv(names[i], proxy.url, 1), 0);
        assert_true(host_http_do(http, &(struct host_http_request){.method = "GET", .url = s.url}, &r, NULL));
        assert_int_equal(unsetenv(names[i]), 0);
        assert_int_equal(r.status, 204);
        finish(&s);
        (void)shutdown(proxy.listener, SHUT_RDWR); /* nobody came: wakes its accept() */
        finish(&proxy);
        host_http_response_clear(&r);
    }
}

static void progress_can_cancel(void **state)
{
    auto_http struct host_http *http = host_http_new(&defaults, NULL);
    struct host_http_response r = {0};
    struct host_error err = {0};
    struct host_http_progress p = {cancel};
    struct scripted s;

    (void)state;
    start(&s, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc", 0);
    assert_false(host_http_do(
        http, &(struct host_http_request){.method = "GET", .url = s.url, .progress = &p}, &r, &err));
    assert_int_equal(err.kind, HOST_ERROR_CANCELLED);
    (void)shutdown(s.listener, SHUT_RDWR); /* it may not have been connected to at all */
    finish(&s);
}

static void unix_socket_carries_a_request(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    auto_http struct host_http *http =
        host_http_new(&(struct host_http_options){.unix_socket = temp_path("sock")}, NULL);
    struct host_http_response r = {0};
    struct scripted s = {.reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"};

    (void)state;
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", temp_path("sock"));
    s.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s.listener, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s.listener, 1), 0);
    assert_int_equal(pthread_create(&s.thread, NULL, serve, &s), 0);
    assert_true(host_http_do(
        http, &(struct host_http_request){.method = "GET", .url = "http://otterd/healthz"}, &r, NULL));
    finish(&s);
    assert_string_equal(r.body, "ok");
    host_http_response_clear(&r);
}

static void url_joins_once_and_escapes(void **state)
{
    auto_free char *a = host_http_url("http://h//", "/p"), *b = host_http_url("http://h", "p");
    auto_free char *e = host_http_escape("a-Z_0~. /\xc3\xa4");

    (void)state;
    assert_string_equal(a, "http://h/p");
    assert_string_equal(b, "http://h/p");
    assert_string_equal(e, "a-Z_0~.%20%2F%C3%A4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_returns_status_body_and_headers),
        cmocka_unit_test(post_sends_a_body_from_memory_and_an_empty_one),
        cmocka_unit_test(patch_sends_a_range_of_a_file),
        cmocka_unit_test(body_goes_to_a_file_on_2xx_and_to_memory_otherwise),
        cmocka_unit_test(redirect_is_returned_not_followed),
        cmocka_unit_test(head_reads_no_body),
        cmocka_unit_test(broken_replies_fail_by_kind),
        cmocka_unit_test(no_listener_is_connect_and_other_schemes_are_refused),
        cmocka_unit_test(path_is_sent_as_it_is),
        cmocka_unit_test(plain_http_goes_by_no_proxy),
        cmocka_unit_test(progress_can_cancel),
        cmocka_unit_test_setup_teardown(unix_socket_carries_a_request, temp_setup, temp_teardown),
        cmocka_unit_test(url_joins_once_and_escapes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

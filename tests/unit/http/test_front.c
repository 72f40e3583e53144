/* The front over loopback, with faked services: what a device or an operator sees on the wire. */
#include "test.h"

#include "client.h"
#include "core/wire.h"
#include "fake_service.h"
#include "http/front.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEX_AB      "abababababababababababababababababababababababababababababababab"
#define BLOB        "/v1/blobs/" HEX_AB
#define AS_DEVICE   "Authorization: Bearer " FAKE_DEVICE "\r\n"
#define MAC43       "0123456789012345678901234567890123456789012"
#define AS_PROOF    "Authorization: Otter-HMAC dev1:NONCE:" MAC43 "\r\n"
#define AS_OPERATOR "Authorization: Bearer " FAKE_ADMIN "\r\n"

struct world {
    struct svc *svc;
    struct http_front *front;
    char address[HTTP_ADDRESS_STR];
};

static struct http_front_config config_of(struct svc *svc, const char *listen, enum http_serves serves)
{
    struct http_front_config config = {
        .svc = svc, .listeners = 1, .threads = 2, .connections = 2000, .idle_timeout_s = 30, .drain_s = 5};

    if (!http_address_parse(listen, &config.listener[0].address, NULL))
        abort();
    config.listener[0].serves = serves;
    return config;
}

static int start(void **state, const char *listen, enum http_serves serves, unsigned idle_timeout_s)
{
    struct world *w = calloc(1, sizeof *w);
    struct http_front_config config;
    struct host_error err;

    w->svc = fake_open();
    config = config_of(w->svc, listen, serves);
    config.idle_timeout_s = idle_timeout_s;
    if (http_front_start(&config, &w->front, &err) != HTTP_START_OK) {
        fprintf(stderr, "%s\n", err.message);
        return -1;
    }
    snprintf(w->address, sizeof w->address, "%s", http_front_address(w->front, 0));
    *state = w;
    return 0;
}

static int setup(void **state)
{
    return start(state, "127.0.0.1:0", HTTP_SERVES_ALL, 30);
}

static int setup_mapped(void **state)
{
    int failed = setup(state);

    if (!failed)
        ((struct world *)*state)->svc->blob_mapped = true;
    return failed;
}

static int setup_impatient(void **state)
{
    return start(state, "127.0.0.1:0", HTTP_SERVES_ALL, 1);
}

/* As an address off this machine is, where plain_devices is on. */
static int setup_proofs(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct http_front_config config;

    w->svc = fake_open();
    config = config_of(w->svc, "127.0.0.1:0", HTTP_SERVES_ALL);
    config.listener[0].proofs_only = true;
    if (http_front_start(&config, &w->front, NULL) != HTTP_START_OK)
        return -1;
    snprintf(w->address, sizeof w->address, "%s", http_front_address(w->front, 0));
    *state = w;
    return 0;
}

/* No patience for running requests at a stop. */
static int setup_hasty(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct http_front_config config;

    w->svc = fake_open();
    config = config_of(w->svc, "127.0.0.1:0", HTTP_SERVES_ALL);
    config.drain_s = 0;
    if (http_front_start(&config, &w->front, NULL) != HTTP_START_OK)
        return -1;
    snprintf(w->address, sizeof w->address, "%s", http_front_address(w->front, 0));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    http_front_stop(w->front);
    fake_close(w->svc);
    free(w);
    return 0;
}

static size_t poll_body(char *out, size_t cap, const char *device, const char *product, uint64_t sequence,
                        bool fresh)
{
    struct otter_poll poll = {.epoch = 1, .sequence = sequence, .root = 1, .fresh = fresh};
    int len;

    snprintf(poll.device, sizeof poll.device, "%s", device);
    snprintf(poll.product, sizeof poll.product, "%s", product);
    snprintf(poll.hardware, sizeof poll.hardware, "hw");
    poll.running.version.major = 1;
    poll.running.slot = OTTER_SLOT_A;
    poll.running.confirmed = true;
    len = otter_poll_encode(&poll, out, cap);
    if (len < 0)
        abort();
    return (size_t)len;
}

static size_t request_text(char *out, size_t cap, const char *method, const char *path, const char *headers,
                           const char *body, size_t len)
{
    int n = snprintf(out, cap, "%s %s HTTP/1.1\r\nHost: otter.test\r\n%sContent-Length: %zu\r\n\r\n", method,
                     path, headers, len);

    if (n < 0 || (size_t)n + len >= cap)
        abort();
    memcpy(out + n, body, len);
    return (size_t)n + len;
}

static void ask_bytes(int fd, const char *method, const char *path, const char *headers, const char *body,
                      size_t len, struct answer *a)
{
    size_t cap = len + 2048;
    char *text = malloc(cap);

    client_send(fd, text, request_text(text, cap, method, path, headers, body, len));
    free(text);
    client_read(fd, strcmp(method, "HEAD") == 0, a);
}

static void ask(int fd, const char *method, const char *path, const char *headers, const char *body,
                struct answer *a)
{
    ask_bytes(fd, method, path, headers, body, strlen(body), a);
}

static void send_poll(int fd, const char *device, const char *product, uint64_t sequence, bool fresh)
{
    char body[OTTER_POLL_MAX], text[OTTER_POLL_MAX + 512];
    size_t len = poll_body(body, sizeof body, device, product, sequence, fresh);

    client_send(fd, text, request_text(text, sizeof text, "POST", "/v1/device/poll", AS_DEVICE, body, len));
}

static int poll_status(int fd, const char *device, const char *product)
{
    struct answer a;

    send_poll(fd, device, product, 1, false);
    client_read(fd, false, &a);
    answer_clear(&a);
    return a.status;
}

/* One request on a connection of its own. */
static void ask_once(struct world *w, const char *method, const char *path, const char *headers,
                     const char *body, struct answer *a)
{
    int fd = client_connect(w->address);

    assert_true(fd >= 0);
    ask(fd, method, path, headers, body, a);
    close(fd);
}

static void expect(struct world *w, const char *method, const char *path, const char *headers,
                   const char *body, int status, const char *text_inside)
{
    struct answer a;

    ask_once(w, method, path, headers, body, &a);
    if (a.status != status || (text_inside && !strstr(a.body, text_inside)))
        fail_msg("%s %s: %d %s", method, path, a.status, a.body ? a.body : "");
    if (status >= 400 && strcmp(method, "HEAD") != 0)
        assert_string_equal(answer_header(&a, "Content-Type"), "application/problem+json");
    answer_clear(&a);
}

static void polls_share_a_connection(void **state)
{
    struct world *w = *state;
    int fd = client_connect(w->address);
    struct answer a;

    for (unsigned i = 0; i < 3; i++) {
        send_poll(fd, "dev1", "thing", 1, false);
        client_read(fd, false, &a);
        assert_int_equal(a.status, 204);
        assert_string_equal(answer_header(&a, "Retry-After"), "3584");
        assert_string_equal(answer_header(&a, "Otter-Root"), "3");
        assert_null(answer_header(&a, "Content-Length"));
        answer_clear(&a);
    }
    send_poll(fd, "dev1", "thing", 1, true);
    client_read(fd, false, &a);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "{\"offer\":1}");
    assert_string_equal(answer_header(&a, "Otter-Root"), "3");
    assert_string_equal(answer_header(&a, "Content-Type"), "application/jose+json");
    answer_clear(&a);
    close(fd);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct world *w = *state;
    static const char *const products[] = {"slow", "thing", "slow", "slow", "thing"};
    int fd = client_connect(w->address);
    char body[OTTER_POLL_MAX], text[5 * (OTTER_POLL_MAX + 512)];
    size_t n = 0;
    struct answer a;

    for (unsigned i = 0; i < 5; i++) {
        size_t len = poll_body(body, sizeof body, "dev1", products[i], 1, i % 2 == 1);

        n += request_text(text + n, sizeof text - n, "POST", "/v1/device/poll", AS_DEVICE, body, len);
    }
    client_send(fd, text, n);
    for (unsigned i = 0; i < 5; i++) {
        client_read(fd, false, &a);
        assert_int_equal(a.status, i % 2 == 1 ? 200 : 204);
        answer_clear(&a);
    }
    close(fd);
}

static void a_request_may_come_byte_by_byte_and_chunked(void **state)
{
    struct world *w = *state;
    int fd = client_connect(w->address);
    char body[OTTER_POLL_MAX], text[OTTER_POLL_MAX + 1024];
    size_t len = poll_body(body, sizeof body, "dev1", "thing", 1, true);
    struct answer a;
    size_t n;

    n = request_text(text, sizeof text, "POST", "/v1/device/poll", AS_DEVICE, body, len);
    for (size_t i = 0; i < n; i++)
        client_send(fd, text + i, 1);
    client_read(fd, false, &a);
    assert_int_equal(a.status, 200);
    answer_clear(&a);
    snprintf(text, sizeof text,
             "POST /v1/device/poll HTTP/1.1\r\nHost: x\r\n" AS_DEVICE
             "Transfer-Encoding: chunked\r\n\r\n10\r\n%.16s\r\n%zx\r\n%s\r\n0\r\n\r\n",
             body, len - 16, body + 16);
    client_text(fd, text);
    client_read(fd, false, &a);
    assert_int_equal(a.status, 200);
    answer_clear(&a);
    close(fd);
}

static void bodies_over_the_limit_are_refused_and_the_connection_lives(void **state)
{
    struct world *w = *state;
    int fd = client_connect(w->address);
    char body[8192];
    struct answer a;

    memset(body, ' ', sizeof body);
    ask_bytes(fd, "POST", "/v1/device/poll", AS_DEVICE, body, 2049, &a);
    assert_int_equal(a.status, 413);
    assert_non_null(strstr(a.body, "body-too-large"));
    assert_non_null(strstr(a.body, "2049 bytes; at most 2048"));
    answer_clear(&a);
    ask_bytes(fd, "POST", "/v1/device/report", AS_DEVICE, body, 1025, &a);
    assert_int_equal(a.status, 413);
    answer_clear(&a);
    ask_bytes(fd, "PUT", "/v1/device/attributes?device=dev1", AS_DEVICE, body, 1025, &a);
    assert_int_equal(a.status, 413);
    answer_clear(&a);
    ask_bytes(fd, "POST", "/api/v1/roots", AS_OPERATOR, body, 4609, &a);
    assert_int_equal(a.status, 413);
    answer_clear(&a);
    ask_bytes(fd, "POST", "/v1/device/poll", AS_DEVICE, body, 2048, &a); /* at the limit: only wrong JSON */
    assert_int_equal(a.status, 400);
    answer_clear(&a);
    assert_int_equal(poll_status(fd, "dev1", "thing"), 204);
    close(fd);
}

static void a_chunked_body_is_refused_while_it_streams(void **state)
{
    struct world *w = *state;
    int fd = client_connect(w->address);
    char chunk[1024 + 1];
    struct answer a;

    memset(chunk, ' ', 1024);
    chunk[1024] = '\0';
    client_text(fd, "POST /v1/device/poll HTTP/1.1\r\nHost: x\r\n" AS_DEVICE
                    "Transfer-Encoding: chunked\r\n\r\n");
    for (unsigned i = 0; i < 3; i++) {
        client_text(fd, "400\r\n");
        client_text(fd, chunk);
        client_text(fd, "\r\n");
    }
    client_text(fd, "0\r\n\r\n");
    client_read(fd, false, &a);
    assert_int_equal(a.status, 413);
    answer_clear(&a);
    assert_int_equal(poll_status(fd, "dev1", "thing"), 204);
    /* one without end is cut off */
    client_text(fd, "POST /v1/device/poll HTTP/1.1\r\nHost: x\r\n" AS_DEVICE
                    "Transfer-Encoding: chunked\r\n\r\n");
    for (unsigned i = 0; i < 200; i++) {
        client_text(fd, "400\r\n");
        client_text(fd, chunk);
        client_text(fd, "\r\n");
    }
    assert_true(client_ended(fd));
    close(fd);
}

/* A length far over the limit is refused before a byte of the body came, and is not waited for. */
static void a_huge_announced_body_is_refused_at_once(void **state)
{
    struct world *w = *state;
    int fd = client_connect(w->address);
    struct answer a;

    client_text(fd, "POST /api/v1/rollouts HTTP/1.1\r\nHost: x\r\n" AS_OPERATOR
                    "Content-Length: 99999999999\r\n\r\n");
    client_read(fd, false, &a);
    assert_int_equal(a.status, 413);
    assert_non_null(strstr(a.body, "99999999999 bytes; at most 1048576"));
    answer_clear(&a);
    assert_true(client_ended(fd));
    close(fd);
}

static void an_operator_may_send_a_megabyte_of_json(void **state)
{
    struct world *w = *state;
    int fd = client_connect(w->address);
    size_t len = 1048576;
    char *body = malloc(len);
    struct answer a;

    memset(body, ' ', len);
    memcpy(body, "{\"a\":1}", 7);
    ask_bytes(fd, "POST", "/api/v1/devices/batch", AS_OPERATOR, body, len, &a);
    assert_int_equal(a.status, 200);
    answer_clear(&a);
    assert_non_null(strstr(w->svc->last_text, "json={\"a\":1}"));
    free(body);
    close(fd);
}

static void expect_100_is_answered(void **state)
{
    struct world *w = *state;
    int fd = client_connect(w->address);
    struct answer a;

    client_text(fd, "POST /api/v1/roots HTTP/1.1\r\nHost: x\r\n" AS_OPERATOR
                    "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    client_text(fd, "{}");
    client_read(fd, false, &a);
    assert_int_equal(a.status, 201);
    answer_clear(&a);
    close(fd);
}

static void wrong_methods_and_paths_are_named(void **state)
{
    struct world *w = *state;
    struct answer a;

    ask_once(w, "DELETE", "/api/v1/roots", AS_OPERATOR, "", &a);
    assert_int_equal(a.status, 405);
    assert_string_equal(answer_header(&a, "Allow"), "GET, POST, HEAD");
    assert_non_null(strstr(a.body, "\"code\":\"method-not-allowed\""));
    answer_clear(&a);
    expect(w, "GET", "/", "", "", 404, "not-found");
    expect(w, "GET", "/v1/blobs/%00", AS_DEVICE, "", 404, "not-found");
    expect(w, "GET", "/api/v1/nothing?x=y", AS_OPERATOR, "", 404, "not-found");
    expect(w, "HEAD", "/nothing", "", "", 404, NULL);
}

static void tokens_are_asked_for(void **state)
{
    struct world *w = *state;
    char body[OTTER_POLL_MAX], other[OTTER_POLL_MAX];
    struct answer a;

    body[poll_body(body, sizeof body - 1, "dev1", "thing", 1, false)] = '\0';
    other[poll_body(other, sizeof other - 1, "stranger", "thing", 1, false)] = '\0';
    ask_once(w, "POST", "/v1/device/poll", "", body, &a);
    assert_int_equal(a.status, 401);
    assert_string_equal(answer_header(&a, "WWW-Authenticate"), "Bearer realm=\"otter\"");
    assert_non_null(strstr(a.body, "unauthorized"));
    answer_clear(&a);
    expect(w, "POST", "/v1/device/poll", "Authorization: Bearer wrong\r\n", body, 401, "unknown-device");
    expect(w, "POST", "/v1/device/poll", "Authorization: Basic YTpi\r\n", body, 401, "unauthorized");
    expect(w, "POST", "/v1/device/poll", AS_OPERATOR, body, 401, "unknown-device");
    expect(w, "POST", "/v1/device/poll", AS_DEVICE, other, 401, "unknown-device");
    expect(w, "PUT", "/v1/device/attributes?device=stranger", AS_DEVICE, "{}", 401, "unknown-device");
    expect(w, "GET", "/api/v1/status", "", "", 401, "unauthorized");
    expect(w, "GET", "/api/v1/status", AS_DEVICE, "", 401, "unauthorized");
    expect(w, "GET", "/api/v1/status", AS_OPERATOR, "", 200, "op");
    expect(w, "GET", BLOB, "", "", 401, "unauthorized");
    expect(w, "GET", BLOB, "Authorization: Bearer wrong\r\n", "", 401, "unauthorized");
    expect(w, "HEAD", BLOB, AS_DEVICE, "", 200, NULL);
    expect(w, "HEAD", BLOB, AS_OPERATOR, "", 200, NULL);
    w->svc->blobs_public = true;
    expect(w, "HEAD", BLOB, "", "", 200, NULL);
    expect(w, "GET", "/v1/roots/1", "", "", 200, "root");
}

static void a_proof_is_checked_over_what_was_asked(void **state)
{
    struct world *w = *state;
    char body[OTTER_POLL_MAX], want[128];
    size_t len = poll_body(body, sizeof body, "dev1", "thing", 1, false);

    body[len] = '\0';
    expect(w, "POST", "/v1/device/poll", AS_PROOF, body, 204, NULL);
    snprintf(want, sizeof want, "dev1 POST /v1/device/poll NONCE 43 %zu", len);
    assert_string_equal(w->svc->last_proof, want);
    expect(w, "PUT", "/v1/device/attributes?device=dev1&x", AS_PROOF, "{}", 204, NULL);
    assert_string_equal(w->svc->last_proof, "dev1 PUT /v1/device/attributes?device=dev1&x NONCE 43 2");
    expect(w, "HEAD", BLOB, AS_PROOF, "", 200, NULL);
    assert_string_equal(w->svc->last_proof, "dev1 HEAD " BLOB " NONCE 43 0");
    expect(w, "GET", BLOB, AS_PROOF "Range: bytes=0-1\r\n", "", 206, NULL);
    assert_string_equal(w->svc->last_proof, "dev1 GET " BLOB " NONCE 43 0");
}

static void a_wrong_proof_is_401_and_opens_nothing_else(void **state)
{
    struct world *w = *state;
    char body[OTTER_POLL_MAX], other[OTTER_POLL_MAX];

    body[poll_body(body, sizeof body, "dev1", "thing", 1, false)] = '\0';
    other[poll_body(other, sizeof other, "dev2", "thing", 1, false)] = '\0';
    /* Another device's poll: not even asked. */
    expect(w, "POST", "/v1/device/poll", AS_PROOF, other, 401, "unknown-device");
    assert_string_equal(w->svc->last_proof, "");
    expect(w, "GET", "/api/v1/status", AS_PROOF, "", 401, "unauthorized");
    w->svc->proof_status = OTTER_UNKNOWN_DEVICE;
    expect(w, "POST", "/v1/device/poll", AS_PROOF, body, 401, "unknown-device");
    expect(w, "GET", BLOB, AS_PROOF, "", 401, "unknown-device");
    w->svc->proof_status = OTTER_UNAUTHORIZED;
    expect(w, "POST", "/v1/device/poll", AS_PROOF, body, 401, "nonce");
    expect(w, "GET", BLOB, AS_PROOF, "", 401, "nonce");
}

static void tokens_of_devices_are_refused_where_only_proofs_are_taken(void **state)
{
    struct world *w = *state;
    char body[OTTER_POLL_MAX];

    body[poll_body(body, sizeof body, "dev1", "thing", 1, false)] = '\0';
    expect(w, "POST", "/v1/device/poll", AS_DEVICE, body, 401, "Otter-HMAC");
    expect(w, "GET", BLOB, AS_DEVICE, "", 401, "Otter-HMAC");
    expect(w, "POST", "/v1/device/poll", AS_PROOF, body, 204, NULL);
    expect(w, "HEAD", BLOB, AS_PROOF, "", 200, NULL);
    expect(w, "HEAD", BLOB, AS_OPERATOR, "", 200, NULL);
    expect(w, "GET", "/v1/roots/1", "", "", 200, "root");
}

static void malformed_bodies_are_refused_with_the_place(void **state)
{
    struct world *w = *state;

    expect(w, "POST", "/v1/device/poll", AS_DEVICE, "{\"device\":\"dev1\",}", 400, "\"code\":\"bad-json\"");
    expect(w, "POST", "/v1/device/poll", AS_DEVICE, "{\"device\":\"dev1\",}", 400, "\"at\":17");
    expect(w, "POST", "/v1/device/poll", AS_DEVICE, "{}", 400, "missing-member");
    expect(w, "POST", "/v1/device/poll", AS_DEVICE, "", 400, "bad-json");
    expect(w, "POST", "/v1/device/report", AS_DEVICE, "[]", 400, "\"at\":");
    expect(w, "POST", "/api/v1/rollouts", AS_OPERATOR, "{\"a\":1,\"a\":2}", 400, "bad-json");
    expect(w, "POST", "/api/v1/rollouts", AS_OPERATOR, "{\"a\":", 400, "line 1");
    expect(w, "POST", "/api/v1/rollouts", AS_OPERATOR, "", 400, "bad-json");
    expect(w, "PUT", "/v1/device/attributes", AS_DEVICE, "{}", 400, "Otter-Device");
    expect(w, "POST", "/api/v1/roots", AS_OPERATOR, "nonsense", 422, "no envelope");
    expect(w, "POST", "/api/v1/rollouts", AS_OPERATOR "Content-Type: text/plain\r\n", "{}", 415,
           "Content-Type must be application/json");
}

static void reports_are_answered_with_go_on_or_gone(void **state)
{
    struct world *w = *state;
    static const struct {
        uint32_t step;
        int status;
        const char *text;
    } rows[] = {
        {1, 200, "{\"continue\":true}"}, {2, 200, "{\"continue\":false}"}, {9, 410, "attempt-closed"}};
    struct otter_running running = {.slot = OTTER_SLOT_A, .confirmed = true};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct otter_report report = {
            .attempt = 111, .step = rows[i].step, .state = OTTER_UPDATE_DOWNLOADING};
        char body[OTTER_REPORT_MAX];

        assert_true(otter_report_encode("dev1", &running, &report, body, sizeof body) > 0);
        expect(w, "POST", "/v1/device/report", AS_DEVICE, body, rows[i].status, rows[i].text);
    }
    expect(w, "PUT", "/v1/device/attributes", AS_DEVICE "Otter-Device: dev1\r\n", "{\"tz\":\"UTC\"}", 204,
           NULL);
    assert_non_null(strstr(w->svc->last_text, "json={\"tz\":\"UTC\"}"));
}

static void a_server_without_root_says_when_to_come_again(void **state)
{
    struct world *w = *state;
    int fd = client_connect(w->address);
    struct answer a;

    send_poll(fd, "dev1", "thing", 503, false);
    client_read(fd, false, &a);
    assert_int_equal(a.status, 503);
    assert_string_equal(answer_header(&a, "Retry-After"), "77");
    assert_non_null(strstr(a.body, "no-root"));
    answer_clear(&a);
    close(fd);
}

static void operators_inputs_reach_the_service(void **state)
{
    struct world *w = *state;

    expect(w, "GET", "/api/v1/devices?limit=7&filter=tag%20%3D%3D%20lab", AS_OPERATOR, "", 200, NULL);
    assert_non_null(strstr(w->svc->last_text, "limit=7 filter=tag == lab"));
    expect(w, "GET", "/api/v1/devices/dev:1", AS_OPERATOR, "", 200, NULL);
    assert_non_null(strstr(w->svc->last_text, "id=dev:1"));
    expect(w, "POST", "/api/v1/rollouts/12/pause?dry_run=1", AS_OPERATOR, "", 200, NULL);
    assert_non_null(strstr(w->svc->last_text, "id=pause number=12"));
    assert_non_null(strstr(w->svc->last_text, "dry=1"));
    expect(w, "POST", "/api/v1/devices", AS_OPERATOR "Idempotency-Key: k1\r\n", "{}", 200, NULL);
    assert_non_null(strstr(w->svc->last_text, "key=k1"));
    expect(w, "POST", "/api/v1/roots", AS_OPERATOR "Content-Type: application/jose+json\r\n", "{}", 201,
           "{\"bytes\":2}");
    expect(w, "GET", "/api/v1/devices?limit=0", AS_OPERATOR, "", 400, "limit");
    expect(w, "GET", "/api/v1/devices?limit=1001", AS_OPERATOR, "", 400, "limit");
    expect(w, "GET", "/api/v1/devices?limit=x", AS_OPERATOR, "", 400, "limit");
    expect(w, "POST", "/api/v1/rollouts/12/pause?dry_run=yes", AS_OPERATOR, "", 400, "dry_run");
}

static void check_bytes(const struct answer *a, uint64_t first, size_t len)
{
    assert_int_equal(a->body_len, len);
    for (size_t i = 0; i < len; i++) {
        if (a->body[i] != fake_blob_byte(first + i))
            fail_msg("byte %zu", i);
    }
}

static void blobs_are_served_whole_and_in_ranges(void **state)
{
    struct world *w = *state;
    int fd = client_connect(w->address);
    static const struct {
        const char *headers;
        int status;
        uint64_t first;
        size_t len;
        const char *content_range;
    } rows[] = {
        {"", 200, 0, FAKE_BLOB_SIZE, NULL},
        {"Range: bytes=0-0\r\n", 206, 0, 1, "bytes 0-0/300000"},
        {"Range: bytes=65536-\r\n", 206, 65536, FAKE_BLOB_SIZE - 65536, "bytes 65536-299999/300000"},
        {"Range: bytes=-10\r\n", 206, FAKE_BLOB_SIZE - 10, 10, "bytes 299990-299999/300000"},
        {"Range: bytes=10-19\r\nIf-Range: \"" HEX_AB "\"\r\n", 206, 10, 10, "bytes 10-19/300000"},
        {"Range: bytes=10-19\r\nIf-Range: \"other\"\r\n", 200, 0, FAKE_BLOB_SIZE, NULL},
        {"Range: bytes=10-19,30-39\r\n", 200, 0, FAKE_BLOB_SIZE, NULL},
        {"Range: bytes=x\r\n", 200, 0, FAKE_BLOB_SIZE, NULL},
    };
    struct answer a;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char headers[512];

        snprintf(headers, sizeof headers, AS_DEVICE "%s", rows[i].headers);
        ask(fd, "GET", BLOB, headers, "", &a);
        assert_int_equal(a.status, rows[i].status);
        check_bytes(&a, rows[i].first, rows[i].len);
        assert_string_equal(answer_header(&a, "ETag"), "\"" HEX_AB "\"");
        assert_string_equal(answer_header(&a, "Accept-Ranges"), "bytes");
        if (rows[i].content_range)
            assert_string_equal(answer_header(&a, "Content-Range"), rows[i].content_range);
        else
            assert_null(answer_header(&a, "Content-Range"));
        answer_clear(&a);
    }
    close(fd);
}

static void blobs_have_heads_and_refusals(void **state)
{
    struct world *w = *state;
    int fd = client_connect(w->address);
    struct answer a;

    ask(fd, "HEAD", BLOB, AS_DEVICE "Range: bytes=1-2\r\n", "", &a);
    assert_int_equal(a.status, 200);
    assert_string_equal(answer_header(&a, "Content-Length"), "300000");
    assert_non_null(strstr(answer_header(&a, "Cache-Control"), "immutable"));
    answer_clear(&a);
    ask(fd, "GET", BLOB, AS_DEVICE "If-None-Match: \"" HEX_AB "\"\r\n", "", &a);
    assert_int_equal(a.status, 304);
    assert_string_equal(answer_header(&a, "Content-Length"), "300000");
    assert_string_equal(answer_header(&a, "ETag"), "\"" HEX_AB "\"");
    answer_clear(&a);
    ask(fd, "GET", BLOB, AS_DEVICE "Range: bytes=300000-\r\n", "", &a);
    assert_int_equal(a.status, 416);
    assert_string_equal(answer_header(&a, "Content-Range"), "bytes */300000");
    assert_non_null(strstr(a.body, "range-not-satisfiable"));
    answer_clear(&a);
    ask(fd, "GET", "/v1/blobs/00ababababababababababababababababababababababababababababababab", AS_DEVICE,
        "", &a);
    assert_int_equal(a.status, 404);
    answer_clear(&a);
    assert_int_equal(poll_status(fd, "dev1", "thing"), 204); /* the connection lives through all of them */
    close(fd);
}

/* A client that goes away in the middle of a blob must not take the process with it (SIGPIPE of sendfile). */
static void a_client_may_leave_during_a_download(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < 20; i++) {
        int fd = client_connect(w->address);
        struct linger now = {.l_onoff = 1};

        client_text(fd, "GET " BLOB " HTTP/1.1\r\nHost: x\r\n" AS_DEVICE "\r\n");
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close(fd);
    }
    expect(w, "HEAD", BLOB, AS_DEVICE, "", 200, NULL);
}

static void a_waiting_call_holds_up_nobody(void **state)
{
    struct world *w = *state;
    int waiting[8];
    struct answer a;

    fake_hold(w->svc, true);
    for (unsigned i = 0; i < 8; i++) { /* on both threads, most likely */
        waiting[i] = client_connect(w->address);
        send_poll(waiting[i], "dev1", "slow", 1, true);
    }
    fake_wait_calls(w->svc, 8);
    for (unsigned i = 0; i < 8; i++) {
        int fd = client_connect(w->address);

        assert_int_equal(poll_status(fd, "dev2", "thing"), 204);
        close(fd);
    }
    fake_hold(w->svc, false);
    for (unsigned i = 0; i < 8; i++) {
        client_read(waiting[i], false, &a);
        assert_int_equal(a.status, 200);
        answer_clear(&a);
        assert_int_equal(poll_status(waiting[i], "dev1", "slow"), 204); /* and the connection goes on */
        close(waiting[i]);
    }
}

/* The wake-up of a finished call must never be lost: each round would hang for a minute. */
static void no_wakeup_is_lost_in_a_thousand_rounds(void **state)
{
    struct world *w = *state;
    int fd[4];

    for (unsigned i = 0; i < 4; i++)
        fd[i] = client_connect(w->address);
    for (unsigned round = 0; round < 1000; round++) {
        for (unsigned i = 0; i < 4; i++)
            send_poll(fd[i], "dev1", "slow", 1, false);
        for (unsigned i = 0; i < 4; i++) {
            struct answer a;

            client_read(fd[i], false, &a);
            assert_int_equal(a.status, 204);
            answer_clear(&a);
        }
    }
    for (unsigned i = 0; i < 4; i++)
        close(fd[i]);
}

static void a_client_may_leave_while_its_call_waits(void **state)
{
    struct world *w = *state;

    fake_hold(w->svc, true);
    for (unsigned i = 0; i < 4; i++) {
        int fd = client_connect(w->address);

        send_poll(fd, "dev1", "slow", 1, true);
        fake_wait_calls(w->svc, i + 1);
        close(fd);
    }
    fake_hold(w->svc, false);
    expect(w, "GET", "/api/v1/status", AS_OPERATOR, "", 200, NULL);
}

static void a_closing_service_is_503(void **state)
{
    struct world *w = *state;
    struct answer a;

    w->svc->closing = true;
    ask_once(w, "GET", "/api/v1/status", AS_OPERATOR, "", &a);
    assert_int_equal(a.status, 503);
    assert_in_range(strtoul(answer_header(&a, "Retry-After"), NULL, 10), POLICY_DEFER_MIN_S,
                    POLICY_DEFER_MAX_S);
    assert_non_null(strstr(a.body, "too-busy"));
    answer_clear(&a);
}

static void what_the_service_puts_off_is_503_on_a_connection_that_lives_on(void **state)
{
    struct world *w = *state;
    struct answer a;
    int fd = client_connect(w->address);

    atomic_store(&w->svc->full, true);
    for (unsigned i = 0; i < 3; i++) {
        send_poll(fd, "dev1", "slow", 1, false);
        client_read(fd, false, &a);
        assert_int_equal(a.status, 503);
        assert_string_equal(answer_header(&a, "Retry-After"), "42");
        answer_clear(&a);
    }
    assert_int_equal(w->svc->calls, 0);
    atomic_store(&w->svc->full, false);
    send_poll(fd, "dev1", "slow", 1, false);
    client_read(fd, false, &a);
    assert_int_equal(a.status, 204);
    answer_clear(&a);
    close(fd);
}

static void five_hundred_connections_are_served_by_two_threads(void **state)
{
    struct world *w = *state;
    enum { N = 500 };
    static int fd[N];
    struct answer a;

    for (unsigned i = 0; i < N; i++) {
        fd[i] = client_connect(w->address);
        assert_true(fd[i] >= 0);
    }
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < N; i++)
            send_poll(fd[i], "dev1", i % 5 == round ? "slow" : "thing", 1, false);
        for (unsigned i = 0; i < N; i++) {
            client_read(fd[i], false, &a);
            if (a.status != 204)
                fail_msg("round %u, connection %u: %d", round, i, a.status);
            answer_clear(&a);
        }
    }
    for (unsigned i = 0; i < N; i++)
        close(fd[i]);
}

static void upload_headers(char *out, size_t cap, unsigned offset)
{
    snprintf(out, cap, AS_OPERATOR "Content-Type: application/offset+octet-stream\r\nUpload-Offset: %u\r\n",
             offset);
}

static void create_upload(struct world *w, unsigned size)
{
    char body[128];
    struct answer a;

    snprintf(body, sizeof body, "{\"sha256\":\"" HEX_AB "\",\"size\":%u}", size);
    ask_once(w, "POST", "/api/v1/uploads", AS_OPERATOR, body, &a);
    assert_int_equal(a.status, 201);
    assert_string_equal(answer_header(&a, "Location"), "/api/v1/uploads/" FAKE_UPLOAD);
    assert_non_null(strstr(a.body, "\"offset\":0"));
    answer_clear(&a);
}

static void check_offset(struct world *w, const char *offset)
{
    struct answer a;

    ask_once(w, "HEAD", "/api/v1/uploads/" FAKE_UPLOAD, AS_OPERATOR, "", &a);
    assert_int_equal(a.status, 200);
    assert_string_equal(answer_header(&a, "Upload-Offset"), offset);
    answer_clear(&a);
}

static void an_upload_streams_and_resumes(void **state)
{
    struct world *w = *state;
    enum { SIZE = 150000, FIRST = 100000 };
    char *bytes = malloc(SIZE), headers[256];
    int fd = client_connect(w->address);
    struct answer a;

    for (unsigned i = 0; i < SIZE; i++)
        bytes[i] = (char)(i % 241);
    create_upload(w, SIZE);
    upload_headers(headers, sizeof headers, 0);
    ask_bytes(fd, "PATCH", "/api/v1/uploads/" FAKE_UPLOAD, headers, bytes, FIRST, &a);
    assert_int_equal(a.status, 204);
    assert_string_equal(answer_header(&a, "Upload-Offset"), "100000");
    answer_clear(&a);
    check_offset(w, "100000");
    ask_bytes(fd, "PATCH", "/api/v1/uploads/" FAKE_UPLOAD, headers, bytes, 10, &a);
    assert_int_equal(a.status, 409);
    assert_non_null(strstr(a.body, "offset-mismatch"));
    answer_clear(&a);
    upload_headers(headers, sizeof headers, FIRST);
    ask_bytes(fd, "PATCH", "/api/v1/uploads/" FAKE_UPLOAD, headers, bytes + FIRST, SIZE - FIRST, &a);
    assert_int_equal(a.status, 204);
    assert_string_equal(answer_header(&a, "Upload-Offset"), "150000");
    answer_clear(&a);
    assert_memory_equal(w->svc->upload, bytes, SIZE);
    free(bytes);
    close(fd);
}

static void a_broken_upload_keeps_what_it_brought(void **state)
{
    struct world *w = *state;
    char bytes[5000];
    int fd = client_connect(w->address);

    memset(bytes, 'x', sizeof bytes);
    create_upload(w, 150000);
    client_text(fd, "PATCH /api/v1/uploads/" FAKE_UPLOAD " HTTP/1.1\r\nHost: x\r\n" AS_OPERATOR
                    "Upload-Offset: 0\r\nContent-Length: 150000\r\n\r\n");
    client_send(fd, bytes, sizeof bytes);
    assert_true(client_ended(fd)); /* the server's patience ends first */
    close(fd);
    check_offset(w, "5000");
}

/* A client comes again while the server still holds bytes of the connection that broke. */
static void two_connections_of_one_upload_meet(void **state)
{
    struct world *w = *state;
    int old = client_connect(w->address), fresh = client_connect(w->address);
    static const char head[] = "PATCH /api/v1/uploads/" FAKE_UPLOAD " HTTP/1.1\r\nHost: x\r\n" AS_OPERATOR
                               "Upload-Offset: 0\r\nTransfer-Encoding: chunked\r\n\r\n";
    struct answer a;

    create_upload(w, 8);
    client_text(fresh, head);
    client_text(fresh, "4\r\nabcd\r\n");
    fake_wait_stats(w->svc, 2); /* one of create_upload() */
    client_text(old, head);
    client_text(old, "2\r\nab\r\n0\r\n\r\n");
    client_read(old, false, &a);
    assert_int_equal(a.status, 204);
    answer_clear(&a);
    check_offset(w, "2");
    client_text(fresh, "4\r\nefgh\r\n0\r\n\r\n");
    client_read(fresh, false, &a);
    assert_int_equal(a.status, 204);
    answer_clear(&a);
    assert_memory_equal(w->svc->upload, "abcdefgh", 8);
    close(old);
    close(fresh);
}

static void bad_uploads_are_refused(void **state)
{
    struct world *w = *state;
    char headers[256];

    create_upload(w, 4);
    upload_headers(headers, sizeof headers, 0);
    expect(w, "PATCH", "/api/v1/uploads/" FAKE_UPLOAD, headers, "12345", 413, "4 bytes are missing");
    expect(w, "PATCH", "/api/v1/uploads/" FAKE_UPLOAD, AS_OPERATOR, "1234", 400, "Upload-Offset");
    expect(w, "PATCH", "/api/v1/uploads/nope", headers, "1234", 404, "not-found");
    expect(w, "HEAD", "/api/v1/uploads/nope", AS_OPERATOR, "", 404, NULL);
    expect(w, "PATCH", "/api/v1/uploads/" FAKE_UPLOAD, "Upload-Offset: 0\r\n", "1234", 401, "unauthorized");
    check_offset(w, "0");
    w->svc->upload_bad = true;
    expect(w, "PATCH", "/api/v1/uploads/" FAKE_UPLOAD, headers, "1234", 409, "another digest");
    expect(w, "POST", "/api/v1/uploads", AS_OPERATOR, "{\"sha256\":\"AB\",\"size\":1}", 400,
           "64 lower-case hex");
    expect(w, "POST", "/api/v1/uploads", AS_OPERATOR, "{\"sha256\":\"" HEX_AB "\",\"size\":0}", 400, "size");
    expect(w, "POST", "/api/v1/uploads", AS_OPERATOR, "{\"sha256\":\"" HEX_AB "\",\"size\":1,\"x\":1}", 400,
           "x");
}

/* More bytes than announced to the upload, where no Content-Length says so beforehand. */
static void a_chunked_upload_cannot_overrun_its_size(void **state)
{
    struct world *w = *state;
    int fd = client_connect(w->address);
    struct answer a;

    create_upload(w, 4);
    client_text(fd, "PATCH /api/v1/uploads/" FAKE_UPLOAD " HTTP/1.1\r\nHost: x\r\n" AS_OPERATOR
                    "Upload-Offset: 0\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    client_read(fd, false, &a);
    assert_int_equal(a.status, 413);
    answer_clear(&a);
    close(fd);
    check_offset(w, "3");
}

static void *stop_front(void *arg)
{
    http_front_stop(arg);
    return NULL;
}

static void a_stop_waits_for_a_suspended_call(void **state)
{
    struct world *w = *state;
    int fd = client_connect(w->address);
    struct answer a;
    pthread_t stopper;

    fake_hold(w->svc, true);
    send_poll(fd, "dev1", "slow", 1, true);
    fake_wait_calls(w->svc, 1);
    assert_int_equal(pthread_create(&stopper, NULL, stop_front, w->front), 0);
    for (int other; (other = client_connect(w->address)) >= 0;) /* until nobody listens any more */
        close(other);
    fake_hold(w->svc, false);
    client_read(fd, false, &a); /* written in the turn in which the call came back */
    assert_int_equal(a.status, 200);
    answer_clear(&a);
    assert_int_equal(pthread_join(stopper, NULL), 0);
    assert_true(client_ended(fd));
    close(fd);
    w->front = NULL;
}

static void a_second_server_on_the_port_is_refused(void **state)
{
    struct world *w = *state;
    struct http_front_config config = config_of(w->svc, w->address, HTTP_SERVES_ALL);
    struct http_front *second = NULL;
    struct host_error err = {.kind = HOST_ERROR_NONE};

    assert_int_equal(http_front_start(&config, &second, &err), HTTP_START_IN_USE);
    assert_null(second);
    assert_non_null(strstr(err.message, w->address));
    expect(w, "GET", "/api/v1/status", AS_OPERATOR, "", 200, NULL);
}

/* The watchdog asks; a loop answers as soon as it goes round. */
static void loops_show_that_they_live(void **state)
{
    struct world *w = *state;

    assert_true(http_front_alive(w->front));
    for (unsigned i = 0; i < 50 && !http_front_alive(w->front); i++)
        expect(w, "GET", "/api/v1/status", AS_OPERATOR, "", 200, NULL);
    assert_int_equal(http_front_port(w->front, 0), (unsigned)strtoul(strrchr(w->address, ':') + 1, NULL, 10));
}

static int setup_devices(void **state)
{
    return start(state, "127.0.0.1:0", HTTP_SERVES_DEVICES, 30);
}

static void a_devices_listener_knows_no_operators(void **state)
{
    struct world *w = *state;
    int fd = client_connect(w->address);

    expect(w, "GET", "/api/v1/status", AS_OPERATOR, "", 404, "not-found");
    assert_int_equal(poll_status(fd, "dev1", "thing"), 204);
    close(fd);
}

/* Between the largest head that is taken and the smallest that libmicrohttpd refuses none is carried out
 * unanswered. */
static void a_devices_listener_takes_heads_of_devices_and_answers_whatever_it_carries_out(void **state)
{
    struct world *w = *state;
    bool taken = true;

    for (unsigned size = 100; size < 3400; size += 50) {
        int fd = client_connect(w->address);
        char filler[3400], request[4096];
        struct answer a;

        memset(filler, 'a', size);
        filler[size] = '\0';
        snprintf(request, sizeof request,
                 "GET " BLOB " HTTP/1.1\r\nHost: x\r\n" AS_DEVICE "Range: bytes=10-19\r\nX-Big: %s\r\n\r\n",
                 filler);
        client_text(fd, request);
        client_read(fd, false, &a);
        if (taken && a.status == 431 && size > 1500)
            taken = false;
        if (taken ? a.status != 206 : a.status != 431 && a.status != 0) /* 0: closed by libmicrohttpd */
            fail_msg("%u bytes: %d", size, a.status);
        answer_clear(&a);
        close(fd);
    }
    assert_false(taken);
}

static char unix_dir[] = "/tmp/otter-front-XXXXXX";

static int setup_unix(void **state)
{
    char listen[64];

    if (!mkdtemp(unix_dir))
        return -1;
    snprintf(listen, sizeof listen, "unix:%s/otterd.sock", unix_dir);
    return start(state, listen, HTTP_SERVES_ALL, 30);
}

static int teardown_unix(void **state)
{
    int rc = teardown(state);

    return rc != 0 ? rc : rmdir(unix_dir); /* fails if the socket was left there */
}

static void a_unix_socket_serves_alike(void **state)
{
    struct world *w = *state;
    int fd[20];

    for (unsigned i = 0; i < 20; i++)
        fd[i] = client_connect(w->address);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(poll_status(fd[i], "dev1", i % 2 ? "slow" : "thing"), 204);
        close(fd[i]);
    }
    expect(w, "GET", BLOB, AS_DEVICE "Range: bytes=0-9\r\n", "", 206, NULL);
}

/* Sends bytes that are no good request; whatever the answer is, the server must go on. Returns its status. */
static int status_of_bytes(struct world *w, const char *bytes, size_t len)
{
    int fd = client_connect(w->address);
    struct answer a;

    client_send(fd, bytes, len);
    shutdown(fd, SHUT_WR);
    client_read(fd, false, &a);
    answer_clear(&a);
    close(fd);
    return a.status;
}

static void garbage_is_answered_or_dropped(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *bytes;
        int status; /* 0: the connection is closed without an answer */
    } rows[] = {
        {"\r\n\r\n\r\n", 0},
        {"GET\r\n\r\n", 0},
        {"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 505},
        {"GET /v1/roots/1 HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400},
        {"POST /v1/device/poll HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n", 413},
        {"\x16\x03\x01\x02\x00\x01\x00", 0}, /* a TLS client */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int status = status_of_bytes(w, rows[i].bytes, strlen(rows[i].bytes));

        if (status != rows[i].status)
            fail_msg("row %zu: %d", i, status);
    }
    expect(w, "GET", "/v1/roots/1", "", "", 200, NULL);
}

/* The pool of a connection has 4 KB: what does not fit is refused, and what fits is answered. */
static void headers_of_any_length_hurt_nobody(void **state)
{
    struct world *w = *state;
    static char text[20000];

    for (size_t len = 100; len < 16000; len += 97) {
        size_t n = (size_t)snprintf(text, sizeof text, "GET /v1/roots/1 HTTP/1.1\r\nHost: x\r\nX: ");
        int status;

        memset(text + n, 'x', len);
        memcpy(text + n + len, "\r\n\r\n", 4);
        status = status_of_bytes(w, text, n + len + 4);
        if (len < 2000 && status != 200)
            fail_msg("%zu bytes: %d", len, status);
        if (status != 200 && status != 0 && status != 431 && status != 413 && status != 414)
            fail_msg("%zu bytes: %d", len, status);
    }
    expect(w, "GET", "/v1/roots/1", "", "", 200, NULL);
}

static void a_client_of_http_1_0_is_served_once(void **state)
{
    struct world *w = *state;
    int fd = client_connect(w->address);
    char c[512];
    size_t n = 0;
    ssize_t got;

    client_text(fd, "GET /v1/roots/1 HTTP/1.0\r\n\r\n");
    while (n + 1 < sizeof c && (got = recv(fd, c + n, sizeof c - 1 - n, 0)) > 0)
        n += (size_t)got;
    c[n] = '\0';
    assert_non_null(strstr(c, " 200 OK\r\n"));
    assert_non_null(strstr(c, "{\"payload\":\"root\"}"));
    close(fd);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define M(f) cmocka_unit_test_setup_teardown(f, setup_mapped, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(polls_share_a_connection),
        T(pipelined_requests_are_answered_in_order),
        T(a_request_may_come_byte_by_byte_and_chunked),
        T(bodies_over_the_limit_are_refused_and_the_connection_lives),
        T(a_chunked_body_is_refused_while_it_streams),
        T(a_huge_announced_body_is_refused_at_once),
        T(an_operator_may_send_a_megabyte_of_json),
        T(expect_100_is_answered),
        T(wrong_methods_and_paths_are_named),
        T(tokens_are_asked_for),
        T(malformed_bodies_are_refused_with_the_place),
        T(reports_are_answered_with_go_on_or_gone),
        T(a_server_without_root_says_when_to_come_again),
        T(operators_inputs_reach_the_service),
        T(blobs_are_served_whole_and_in_ranges),
        T(blobs_have_heads_and_refusals),
        M(blobs_are_served_whole_and_in_ranges),
        M(blobs_have_heads_and_refusals),
        M(a_client_may_leave_during_a_download),
        T(a_client_may_leave_during_a_download),
        T(a_waiting_call_holds_up_nobody),
        T(no_wakeup_is_lost_in_a_thousand_rounds),
        T(a_client_may_leave_while_its_call_waits),
        T(a_closing_service_is_503),
        T(what_the_service_puts_off_is_503_on_a_connection_that_lives_on),
        T(five_hundred_connections_are_served_by_two_threads),
        T(an_upload_streams_and_resumes),
        cmocka_unit_test_setup_teardown(a_broken_upload_keeps_what_it_brought, setup_impatient, teardown),
        T(two_connections_of_one_upload_meet),
        T(bad_uploads_are_refused),
        T(a_chunked_upload_cannot_overrun_its_size),
        cmocka_unit_test_setup_teardown(a_stop_waits_for_a_suspended_call, setup_hasty, teardown),
        T(a_second_server_on_the_port_is_refused),
        T(loops_show_that_they_live),
        cmocka_unit_test_setup_teardown(garbage_is_answered_or_dropped, setup_impatient, teardown),
        T(headers_of_any_length_hurt_nobody),
        T(a_client_of_http_1_0_is_served_once),
        cmocka_unit_test_setup_teardown(a_devices_listener_knows_no_operators, setup_devices, teardown),
        cmocka_unit_test_setup_teardown(
            a_devices_listener_takes_heads_of_devices_and_answers_whatever_it_carries_out, setup_devices,
            teardown),
        cmocka_unit_test_setup_teardown(a_proof_is_checked_over_what_was_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wrong_proof_is_401_and_opens_nothing_else, setup, teardown),
        cmocka_unit_test_setup_teardown(tokens_of_devices_are_refused_where_only_proofs_are_taken,
                                        setup_proofs, teardown),
        cmocka_unit_test_setup_teardown(a_unix_socket_serves_alike, setup_unix, teardown_unix),
    };
    struct rlimit files;

    signal(SIGPIPE, SIG_IGN);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max < 4096 ? files.rlim_max : 4096;
    setrlimit(RLIMIT_NOFILE, &files);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

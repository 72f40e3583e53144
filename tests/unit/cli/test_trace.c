/* --trace FILE: what is written of an exchange, and what never is. */
#include "served.h"

#include "host/file.h"
#include "host/json.h"
#include "trace.h"

#include <fcntl.h>
#include <sys/stat.h>

#define JSON   "\r\nContent-Type: application/json\r\n"
#define STATUS "GET /api/v1/status HTTP"

static int leave_trace(void **state)
{
    unsetenv("OTTER_TRACE");
    return leave(state);
}

/* The n-th line of t.jsonl, parsed; the text of the whole file in *ret_text. */
static json_t *line_of(unsigned n, char **ret_text)
{
    size_t len = 0;
    char *at;

    assert_true(host_file_read("t.jsonl", 1 << 22, ret_text, &len, NULL));
    at = *ret_text;
    while (n-- > 0)
        at = strchr(at, '\n') + 1;
    return host_json_load(at, strcspn(at, "\n"), "line", NULL);
}

static const char *text_at(const json_t *line, const char *object, const char *name)
{
    return json_string_value(json_object_get(json_object_get(line, object), name));
}

static void each_exchange_is_one_line_that_is_appended(void **state)
{
    static const struct stub_reply replies[] = {
        {STATUS, "200 OK" JSON, "{\"version\":\"9\"}"}, {STATUS, "200 OK" JSON, "{}"}, {NULL, NULL, NULL}};
    auto_json json_t *line = NULL;
    auto_free char *text = NULL;
    struct stat st;

    (void)state;
    setenv("OTTER_TRACE", "elsewhere.jsonl", 1);
    assert_int_equal(ask(replies, "server status --trace t.jsonl"), CLI_DONE);
    assert_int_equal(run("server status --trace t.jsonl"), CLI_DONE);
    assert_int_equal(access("elsewhere.jsonl", F_OK), -1); /* the option wins */
    assert_int_equal(stat("t.jsonl", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    line = line_of(0, &text);
    assert_string_equal(json_string_value(json_object_get(line, "method")), "GET");
    assert_string_equal(json_string_value(json_object_get(line, "path")), "/api/v1/status");
    assert_int_equal(json_integer_value(json_object_get(line, "status")), 200);
    assert_string_equal(text_at(line, "response", "version"), "9");
    assert_string_equal(text_at(line, "headers", "Content-Type"), "application/json");
    assert_true(json_is_null(json_object_get(line, "request")));
    assert_int_equal(strchr(strchr(text, '\n') + 1, '\n') - text + 1, strlen(text)); /* two lines */
    assert_null(strstr(text, "operators-token"));
}

static void secrets_of_devices_are_hidden_both_ways(void **state)
{
    static const char csv[] = "id,product,hardware,secret,tags\n"
                              "a,cam,h,SECRETSECRETSECRETSECRETSECRETSECRETSECRETA,x\n";
    static const struct stub_reply replies[] = {{"POST /api/v1/devices/batch HTTP", "200 OK" JSON,
                                                 "{\"created\":1,\"unchanged\":0,\"errors\":[],\"echo\":[{"
                                                 "\"secret\":\"SECRET\",\"token\":\"SECRET\"}]}"},
                                                {NULL, NULL, NULL}};
    auto_json json_t *line = NULL;
    auto_free char *text = NULL;

    (void)state;
    write_file("d.csv", csv, strlen(csv));
    setenv("OTTER_TRACE", "t.jsonl", 1);
    assert_int_equal(ask(replies, "device enroll --from d.csv"), CLI_DONE);
    line = line_of(0, &text);
    assert_non_null(strstr(stub_request(stub, 0), "SECRETSECRET")); /* it was sent, of course */
    assert_null(strstr(text, "SECRET"));
    assert_non_null(strstr(text, "\"secret\":\"(secret)\""));
    assert_non_null(text_at(line, "request_headers", "Idempotency-Key"));
    assert_null(json_object_get(json_object_get(line, "request_headers"), "Authorization"));
}

static void a_reply_that_is_no_json_is_text_and_one_that_never_came_an_error(void **state)
{
    static const struct stub_reply replies[] = {{STATUS, "500 Oops\r\nContent-Type: text/html\r\n", "<html>"},
                                                {NULL, NULL, NULL}};
    auto_json json_t *html = NULL, *lost = NULL;
    auto_free char *text = NULL, *again = NULL;

    (void)state;
    assert_int_equal(ask(replies, "server status --trace t.jsonl"), CLI_UNREACHABLE);
    html = line_of(0, &text);
    assert_string_equal(json_string_value(json_object_get(html, "response")), "<html>");
    setenv("OTTER_SERVER", "http://127.0.0.1:1", 1);
    assert_int_equal(run("server status --trace t.jsonl"), CLI_UNREACHABLE);
    lost = line_of(1, &again);
    assert_int_equal(json_integer_value(json_object_get(lost, "status")), 0);
    assert_non_null(json_string_value(json_object_get(lost, "error")));
}

static void a_body_over_the_bound_is_left_out_and_counted(void **state)
{
    static char big[(1 << 20) + 3];
    const struct host_http_request request = {
        .method = "POST", .url = "http://x/api/v1/devices", .body = big, .body_len = sizeof(big) - 1};
    struct host_http_response reply = {.status = 200, .body = big, .body_len = sizeof(big) - 1};
    auto_json json_t *line = NULL;
    auto_free char *text = NULL;
    struct cli_trace trace;

    (void)state;
    memset(big, '1', sizeof(big) - 1);
    assert_true(cli_trace_open("t.jsonl", &trace, NULL));
    assert_true(cli_trace_exchange(&trace, &request, &reply, NULL, NULL));
    cli_trace_close(&trace);
    line = line_of(0, &text);
    assert_true(json_is_null(json_object_get(line, "request")) &&
                json_is_null(json_object_get(line, "response")));
    assert_int_equal(json_integer_value(json_object_get(line, "response_bytes")), sizeof(big) - 1);
}

static void a_trace_that_cannot_be_written_is_told(void **state)
{
    static const struct stub_reply replies[] = {
        {STATUS, "200 OK" JSON, "{}"}, {STATUS, "200 OK" JSON, "{}"}, {NULL, NULL, NULL}};

    (void)state;
    assert_int_equal(ask(replies, "server status --trace no/such/t.jsonl"), CLI_FILE);
    assert_null(stub_request(stub, 0)); /* before anything is asked */
    assert_non_null(strstr(said_err, "no/such/t.jsonl"));
    assert_int_equal(run("server status --trace /dev/full"), CLI_DONE); /* what was done stays done */
    assert_non_null(strstr(said_err, "/dev/full: the trace ends here"));
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_trace)
    const struct CMUnitTest tests[] = {
        FRESH(each_exchange_is_one_line_that_is_appended),
        FRESH(secrets_of_devices_are_hidden_both_ways),
        FRESH(a_reply_that_is_no_json_is_text_and_one_that_never_came_an_error),
        FRESH(a_body_over_the_bound_is_left_out_and_counted),
        FRESH(a_trace_that_cannot_be_written_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

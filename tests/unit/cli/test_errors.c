/* Every way to go wrong says what was wrong, where, and what to do next. */
#include "served.h"

#include "api.h"
#include "core/bytes.h"
#include "suggest.h"

#include <sys/stat.h>

#define JSON    "\r\nContent-Type: application/json\r\n"
#define PROBLEM "\r\nContent-Type: application/problem+json\r\n"
#define HTML    "\r\nContent-Type: text/html\r\n"

/* The last command said all of these, on standard error alone. */
static void says(const char *line, int code, int got, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n && words[i] != NULL; i++)
        if (got != code || strstr(said_err, words[i]) == NULL)
            fail_msg("otter %s -> %d, expected %d and \"%s\":\n%s", line, got, code, words[i], said_err);
    assert_string_equal(said_out, "");
    assert_int_equal(said_err[strlen(said_err) - 1], '\n');
    assert_null(strstr(said_err, "\n\n"));
}

static void test_what_a_server_answers(void **state)
{
    static const struct {
        const char *line, *status, *body;
        int code;
        const char *says[4];
    } rows[] = {
        {"device list",
         "401 No" PROBLEM,
         "{\"code\":\"unauthorized\",\"detail\":\"no token\"}",
         CLI_UNAUTHORIZED,
         {"otter device list: unauthorized: no token\n", "--token-file", "OTTER_TOKEN"}},
        {"device list",
         "403 No" PROBLEM,
         "{\"code\":\"forbidden\",\"detail\":\"a device's\"}",
         CLI_UNAUTHORIZED,
         {"forbidden: a device's\n", "otter operator show says who asks"}},
        {"rollout approve 7",
         "403 No" PROBLEM,
         "{\"code\":\"forbidden\",\"detail\":\"made by admin\"}",
         CLI_UNAUTHORIZED,
         {"forbidden: made by admin\n", "As another operator: --token-file F"}},
        {"device show x",
         "404 No" PROBLEM,
         "{\"code\":\"not-found\",\"detail\":\"no device x\"}",
         CLI_REFUSED,
         {"not-found: no device x\n", "otter device list shows them"}},
        {"rollout start 7",
         "404 No" PROBLEM,
         "{\"code\":\"not-found\",\"detail\":\"no rollout 7\"}",
         CLI_REFUSED,
         {"otter rollout list shows them"}},
        {"rollout explain --device x",
         "404 No" PROBLEM,
         "{\"code\":\"not-found\",\"detail\":\"no device x\"}",
         CLI_REFUSED,
         {"not-found: no device x\n", "otter device list shows them"}},
        {"group show x",
         "404 No" PROBLEM,
         "{\"code\":\"not-found\",\"detail\":\"no group x\"}",
         CLI_REFUSED,
         {"otter group list shows them"}},
        {"rollout start 7",
         "409 No" PROBLEM,
         "{\"code\":\"conflict\",\"detail\":\"it is complete\"}",
         CLI_REFUSED,
         {"conflict: it is complete\n", "otter rollout status"}},
        {"rollout start 7",
         "422 No" PROBLEM,
         "{\"code\":\"empty-target\",\"detail\":\"nobody\"}",
         CLI_REFUSED,
         {"empty-target: nobody\n", "--filter EXPR"}},
        {"server status",
         "500 No" PROBLEM,
         "{\"code\":\"internal\",\"detail\":\"oops\"}",
         CLI_UNREACHABLE,
         {"internal: oops\n", "log says more"}},
        {"server status",
         "503 No\r\nRetry-After: 600" PROBLEM,
         "{\"code\":\"too-busy\",\"detail\":\"full\"}",
         CLI_UNREACHABLE,
         {"too-busy: full\n", "Try again"}},
        {"rollout start 7",
         "507 No" PROBLEM,
         "{\"code\":\"store-full\",\"detail\":\"no room\"}",
         CLI_UNREACHABLE,
         {"store-full: no room\n", "otter server gc"}},
        {"server status",
         "400 No" PROBLEM,
         "{\"code\":\"new-name\",\"detail\":\"never heard of\"}",
         CLI_REFUSED,
         {"new-name: never heard of\n"}},
        {"server status",
         "400 No" PROBLEM,
         "{\"code\":\"new-name\",\"title\":\"Words\"}",
         CLI_REFUSED,
         {"new-name: Words\n"}},
        /* Something else than otterd. */
        {"server status",
         "502 Bad Gateway" HTML,
         "<html>nginx</html>",
         CLI_UNREACHABLE,
         {"answered 502 with text/html", "A proxy answered: otterd behind it is not running"}},
        {"server status", "504 Slow" HTML, "<html>", CLI_UNREACHABLE, {"504", "too slow"}},
        {"server status",
         "401 No" HTML,
         "<html>",
         CLI_UNAUTHORIZED,
         {"401", "before otterd asks for a login"}},
        {"server status", "404 No" HTML, "<html>", CLI_REFUSED, {"404", "Is this an otterd? --server"}},
        {"server status", "413 No" HTML, "<html>", CLI_REFUSED, {"413", "limit"}},
        {"server status",
         "302 Found\r\nLocation: https://h/" HTML,
         "<html>",
         CLI_REFUSED,
         {"302", "otterd's own address"}},
        {"server status",
         "200 OK" HTML,
         "<html>Sign in</html>",
         CLI_UNREACHABLE,
         {"answered 200 with text/html", "Is this an otterd?"}},
        {"server status --json",
         "200 OK" HTML,
         "<html>Sign in</html>",
         CLI_UNREACHABLE,
         {"Is this an otterd?"}},
        {"device list --json", "200 OK" JSON, "{\"items\":[", CLI_UNREACHABLE, {"Is this an otterd?"}},
        {"server status", "200 OK" JSON, "[1]", CLI_UNREACHABLE, {"Is this an otterd?"}},
        {"server status", "200 OK" JSON, "", CLI_UNREACHABLE, {"Is this an otterd?"}},
        {"device list", "200 OK" JSON, "{}", CLI_UNREACHABLE, {"no list", "is this an otterd?"}},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        const struct stub_reply replies[] = {{"", rows[i].status, rows[i].body}, {NULL, NULL, NULL}};
        int code = ask(replies, rows[i].line);

        says(rows[i].line, rows[i].code, code, rows[i].says, 4);
    }
}

static void test_no_server(void **state)
{
    static const struct {
        const char *line, *server;
        int code;
        const char *says[4];
    } rows[] = {
        {"server status",
         "http://127.0.0.1:1",
         CLI_UNREACHABLE,
         {"127.0.0.1 port 1", "server\nIs otterd running at http://127.0.0.1:1?", "OTTER_SERVER"}},
        {"server status",
         "unix:/nonexistent/otterd.sock",
         CLI_UNREACHABLE,
         {"Is otterd running at unix:/nonexistent/otterd.sock?"}},
        {"server status",
         "ftp://127.0.0.1",
         CLI_USAGE,
         {"ftp://127.0.0.1", "expected http://..., https://... or unix:/path"}},
        {"server status", "otter.example.com", CLI_USAGE, {"expected http://..., https://..."}},
        {"server status", "http://192.0.2.1", CLI_USAGE, {"readable by all", "https://"}},
        {"server status --token-file none",
         "http://127.0.0.1:1",
         CLI_FILE,
         {"'none': No such file", "--token-file"}},
        {"server status --token-file empty", "http://127.0.0.1:1", CLI_REFUSED, {"empty: holds no token"}},
    };

    (void)state;
    write_file("empty", "\n", 1);
    setenv("OTTER_TOKEN", "secret", 1);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        int code;

        setenv("OTTER_SERVER", rows[i].server, 1);
        code = run(rows[i].line);
        assert_int_not_equal(code, CLI_DONE);
        says(rows[i].line, rows[i].code < 0 ? code : rows[i].code, code, rows[i].says, 4);
    }
}

static void test_why_no_reply_came(void **state)
{
    static const struct {
        enum host_error_kind kind;
        const char *message, *says;
    } rows[] = {
        {HOST_ERROR_CONNECT, "GET http://h: refused", "Is otterd running at http://h?"},
        {HOST_ERROR_TIMEOUT, "GET http://h: too slow; try again", "try again"},
        {HOST_ERROR_NETWORK, "GET http://h: reset; try again", "try again"},
        {HOST_ERROR_TLS, "GET https://h: no trust; name the server's CA with --cacert", "--cacert"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct host_error err = {0};
        char *text = NULL;
        size_t len;
        struct cli cli = {.out = stdout, .err = open_memstream(&text, &len)};

        (void)host_fail(&err, rows[i].kind, "%s", rows[i].message);
        assert_int_equal(cli_api_no_reply(&cli, "http://h", &err), CLI_UNREACHABLE);
        fclose(cli.err);
        assert_non_null(strstr(text, "h: "));
        assert_non_null(strstr(text, rows[i].says));
        free(text);
    }
}

static void test_command_lines_that_are_wrong(void **state)
{
    static const struct {
        const char *line, *says[3];
    } rows[] = {
        {"rolout list", {"there is no \"rolout\"", "Did you mean: otter rollout\n"}},
        {"list rollout", {"Did you mean: otter rollout list\n"}},
        {"xyzzy", {"there is no \"xyzzy\"", "See: otter --help\n"}},
        {"rollout stat 7", {"\"rollout\" has no verb \"stat\"", "Did you mean: otter rollout status\n"}},
        {"rollout strat 7", {"Did you mean: otter rollout start\n"}},
        {"rollout frobnicate", {"See: otter rollout --help\n"}},
        {"device list --fitler x",
         {"no option --fitler here; did you mean --filter?\n", "See: otter device list --help\n"}},
        {"device list --xyzzy", {"no option --xyzzy here\n", "See: otter device list --help\n"}},
        {"device list --format yaml", {"--format yaml: expected table, json, jsonl or csv"}},
        {"device list --limit 0", {"--limit 0: expected a number from 1 on"}},
        {"rollout start", {"ID is missing", "See: otter rollout start --help\n"}},
        {"rollout start 7 8", {"\"8\" is one too many: expected ID"}},
        {"rollout start seven", {"\"seven\" is no rollout's number", "otter rollout list"}},
        {"key new", {"--out FILE is missing"}},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        int code = run(rows[i].line);

        says(rows[i].line, CLI_USAGE, code, rows[i].says, 3);
    }
}

static void test_local_files_are_named(void **state)
{
    static const struct {
        const char *line;
        int code;
        const char *says[2];
    } rows[] = {
        {"key show none.key", CLI_FILE, {"'none.key': No such file or directory"}},
        {"key show folder", CLI_FILE, {"folder"}},
        {"key new --out none/x.key", CLI_FILE, {"in 'none': No such file or directory"}},
        {"root sign none.json --key none.key", CLI_FILE, {"'none.json': "}},
        {"root show garbage", CLI_REFUSED, {"garbage: "}},
        {"release sign garbage --key none.key", CLI_REFUSED, {"garbage: "}},
        {"image info garbage", CLI_REFUSED, {"garbage: image-"}},
        {"device enroll garbage", CLI_REFUSED, {"garbage: "}},
    };

    (void)state;
    assert_int_equal(mkdir("folder", 0700), 0);
    write_file("garbage", "garbage", 7);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        int code = run(rows[i].line);

        says(rows[i].line, rows[i].code, code, rows[i].says, 2);
    }
}

static void test_paths_with_blanks_are_paths(void **state)
{
    char name[] = "otter", key[] = "key", verb[] = "new", out[] = "--out", path[] = "my keys/a b.key";
    char *argv[] = {name, key, verb, out, path, NULL};
    FILE *null = fopen("/dev/null", "w");

    (void)state;
    assert_int_equal(mkdir("my keys", 0700), 0);
    assert_int_equal(cli_main(5, argv, null, null), CLI_DONE);
    assert_int_equal(access("my keys/a b.key.pub", F_OK), 0);
    fclose(null);
}

static void test_words_that_are_near(void **state)
{
    static const struct {
        const char *a, *b;
        unsigned distance;
    } rows[] = {
        {"", "", 0},       {"abc", "abc", 0},       {"abc", "", 3},
        {"abc", "abd", 1}, {"abc", "ab", 1},        {"ab", "ba", 1},
        {"abc", "cab", 2}, {"filter", "fitler", 1}, {"kitten", "sitting", 3},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        assert_int_equal(cli_word_distance(rows[i].a, strlen(rows[i].a), rows[i].b, strlen(rows[i].b)),
                         rows[i].distance);
        assert_int_equal(cli_word_distance(rows[i].b, strlen(rows[i].b), rows[i].a, strlen(rows[i].a)),
                         rows[i].distance);
    }
    struct cli_guess far = cli_guess_begin("xy", 2);

    cli_guess_try(&far, "ab");
    assert_null(far.best);
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave)
    const struct CMUnitTest tests[] = {
        FRESH(test_what_a_server_answers),
        FRESH(test_no_server),
        FRESH(test_why_no_reply_came),
        FRESH(test_command_lines_that_are_wrong),
        FRESH(test_local_files_are_named),
        FRESH(test_paths_with_blanks_are_paths),
        cmocka_unit_test(test_words_that_are_near),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Errors, log lines, JSON getters, INI files, notification. */
#include "core/bytes.h"
#include "host/clock.h"
#include "host/ini.h"
#include "host/json.h"
#include "host/log.h"
#include "host/notify.h"

#include <errno.h>
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

static void error_says_what_where_and_why(void **state)
{
    struct host_error err = {0};

    (void)state;
    errno = ENOENT;
    assert_false(host_fail_errno(&err, HOST_ERROR_FILE, "cannot open '%s'", "x"));
    assert_string_equal(err.message, "cannot open 'x': No such file or directory");
    assert_int_equal(err.os_errno, ENOENT);
    assert_false(host_error_prefix(&err, "line %d", 3));
    assert_string_equal(err.message, "line 3: cannot open 'x': No such file or directory");
    assert_int_equal(err.kind, HOST_ERROR_FILE);
    assert_false(host_fail(NULL, HOST_ERROR_FILE, "nobody asks"));
    assert_false(host_error_prefix(NULL, "nobody asks"));
}

static void error_longer_than_its_buffer_is_cut(void **state)
{
    struct host_error err;

    (void)state;
    (void)host_fail(&err, HOST_ERROR_FILE, "%0600d", 1);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    (void)host_error_prefix(&err, "%s", "p");
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
}

#define LINE(format, ...)                                                                                    \
    host_log_line(out, sizeof out, format, INT64_C(1700000000123), HOST_LOG_INFO,                            \
                  (const struct host_log_field[]){__VA_ARGS__, HOST_LOG_LAST_})

static void log_quotes_only_what_needs_it(void **state)
{
    char out[512];
    size_t len =
        LINE(HOST_LOG_KEY_VALUE, HOST_LOG_STR("event", "x"), HOST_LOG_STR("a", "plain"),
             HOST_LOG_STR("b", "two words"), HOST_LOG_STR("c", ""), HOST_LOG_STR("d", NULL),
             HOST_LOG_STR("e", "q\"\\\n\x01\xff"), HOST_LOG_INT("n", -5), HOST_LOG_UINT("u", UINT64_MAX));

    (void)state;
    assert_string_equal(
        out, "time=2023-11-14T22:13:20.123Z level=info event=x a=plain b=\"two words\" c=\"\" d=\"\" "
             "e=\"q\\\"\\\\\\n\\u0001\\u00ff\" n=-5 u=18446744073709551615\n");
    assert_int_equal(len, strlen(out));
}

static void log_line_in_json_is_json(void **state)
{
    char out[512];
    size_t len = LINE(HOST_LOG_JSON, HOST_LOG_STR("event", "x"), HOST_LOG_STR("e", "q\"\\\n\x01\xff"),
                      HOST_LOG_INT("n", -5));
    auto_json json_t *j = host_json_load(out, len, "line", NULL);

    (void)state;
    assert_non_null(j);
    assert_string_equal(json_string_value(json_object_get(j, "time")), "2023-11-14T22:13:20.123Z");
    assert_int_equal(json_integer_value(json_object_get(j, "n")), -5);
}

static void log_line_too_long_is_cut_at_a_field_and_says_so(void **state)
{
    static const enum host_log_format format[] = {HOST_LOG_KEY_VALUE, HOST_LOG_JSON};
    char big[200], out[200];

    (void)state;
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    for (unsigned i = 0; i < 2; i++) {
        size_t len =
            LINE(format[i], HOST_LOG_STR("event", "e"), HOST_LOG_STR("big", big), HOST_LOG_STR("z", "z"));

        assert_int_equal(len, strlen(out));
        assert_null(strstr(out, "big"));
        assert_non_null(strstr(out, i ? ",\"cut\":1}\n" : " cut=1\n"));
    }
}

static void log_writes_wanted_levels_in_one_line_each(void **state)
{
    auto_file FILE *f = tmpfile();
    char got[256] = "";
    size_t n;

    (void)state;
    host_log_setup(HOST_LOG_WARNING, HOST_LOG_KEY_VALUE, fileno(f));
    host_log(HOST_LOG_INFO, "quiet");
    host_log(HOST_LOG_ERROR, "loud", HOST_LOG_STR("a", "b"));
    host_log_setup(HOST_LOG_INFO, HOST_LOG_KEY_VALUE, STDERR_FILENO);
    rewind(f);
    n = fread(got, 1, sizeof got - 1, f);
    got[n] = '\0';
    assert_null(strstr(got, "quiet"));
    assert_non_null(strstr(got, "level=error event=loud a=b\n"));
}

static void log_words_are_parsed_strictly(void **state)
{
    enum host_log_level level = HOST_LOG_ERROR;
    enum host_log_format format = HOST_LOG_KEY_VALUE;

    (void)state;
    assert_true(host_log_level_parse("debug", &level));
    assert_int_equal(level, HOST_LOG_DEBUG);
    assert_false(host_log_level_parse("Debug", &level));
    assert_true(host_log_format_parse("json", &format));
    assert_int_equal(format, HOST_LOG_JSON);
    assert_false(host_log_format_parse("", &format));
}

static void json_error_says_line_and_column(void **state)
{
    static const char *const bad[] = {"{\"a\":1,\n \"b\" 2}", "{\"a\":1}x", "{\"a\":1,\"a\":2}", "",
                                      "{\"a\":\"\\u0000\"}"};
    struct host_error err;

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(bad); i++)
        assert_null(host_json_load(bad[i], strlen(bad[i]), "body", &err));
    assert_null(host_json_load(bad[0], strlen(bad[0]), "body", &err));
    assert_non_null(strstr(err.message, "body is not valid JSON at line 2, column"));
}

static void json_with_a_nul_byte_is_none(void **state)
{
    static const char bad[][8] = {"[1\0]", "[true\0]", "{}\0", "\0[]", "[\"\0\"]"};
    static const size_t len[] = {4, 7, 3, 3, 5};
    struct host_error err;

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(bad); i++)
        assert_null(host_json_load(bad[i], len[i], "body", &err));
}

static void json_getters_enforce_type_presence_and_bounds(void **state)
{
    static const char text[] =
        "{\"s\":\"abc\",\"n\":7,\"b\":true,\"a\":[1,2],\"o\":{},\"z\":null,\"neg\":-1,\"r\":1.5}";
    auto_json json_t *j = host_json_load(text, strlen(text), "t", NULL);
    const char *s = "default";
    uint64_t n = 99;
    json_t *sub = NULL;
    bool b = false;
    struct host_error err;

    (void)state;
    assert_true(host_json_get_string(j, "s", HOST_JSON_REQUIRED, 3, &s, &err));
    assert_string_equal(s, "abc");
    assert_false(host_json_get_string(j, "s", HOST_JSON_REQUIRED, 2, &s, &err));
    assert_false(host_json_get_string(j, "n", HOST_JSON_REQUIRED, 9, &s, &err));
    assert_false(host_json_get_string(j, "none", HOST_JSON_REQUIRED, 9, &s, &err));
    assert_string_equal(err.message, "'none' is missing");
    assert_false(host_json_get_string(j, "z", HOST_JSON_REQUIRED, 9, &s, &err));
    assert_true(host_json_get_string(j, "z", HOST_JSON_OPTIONAL, 9, &s, &err));
    assert_string_equal(s, "abc");
    assert_true(host_json_get_uint(j, "n", HOST_JSON_REQUIRED, 7, 7, &n, &err));
    assert_int_equal(n, 7);
    assert_false(host_json_get_uint(j, "n", HOST_JSON_REQUIRED, 8, 9, &n, &err));
    assert_false(host_json_get_uint(j, "n", HOST_JSON_REQUIRED, 0, 6, &n, &err));
    assert_false(host_json_get_uint(j, "neg", HOST_JSON_REQUIRED, 0, UINT64_MAX, &n, &err));
    assert_false(host_json_get_uint(j, "r", HOST_JSON_REQUIRED, 0, 9, &n, &err));
    assert_int_equal(n, 7);
    assert_true(host_json_get_bool(j, "b", HOST_JSON_REQUIRED, &b, &err));
    assert_true(b);
    assert_false(host_json_get_bool(j, "n", HOST_JSON_REQUIRED, &b, &err));
    assert_true(host_json_get_array(j, "a", HOST_JSON_REQUIRED, 2, &sub, &err));
    assert_int_equal(json_array_size(sub), 2);
    assert_false(host_json_get_array(j, "a", HOST_JSON_REQUIRED, 1, &sub, &err));
    assert_true(host_json_get_object(j, "o", HOST_JSON_REQUIRED, &sub, &err));
    assert_false(host_json_get_object(j, "a", HOST_JSON_REQUIRED, &sub, &err));
    assert_false(host_json_get_object(sub, "a", HOST_JSON_REQUIRED, &sub, &err));
    assert_false(host_json_get_bool(json_object_get(j, "a"), "b", HOST_JSON_OPTIONAL, &b, &err));
}

static void json_only_names_the_unknown_member(void **state)
{
    static const char *const names[] = {"a", "b", NULL};
    auto_json json_t *good = json_pack("{s:i}", "b", 1), *bad = json_pack("{s:i,s:i}", "a", 1, "c", 1);
    auto_json json_t *array = json_array();
    struct host_error err;

    (void)state;
    assert_true(host_json_only(good, names, &err));
    assert_false(host_json_only(bad, names, &err));
    assert_non_null(strstr(err.message, "'c'"));
    assert_false(host_json_only(array, names, &err));
}

static void json_dumps_in_order_of_insertion(void **state)
{
    auto_json json_t *j = json_pack("{s:i,s:i}", "z", 1, "a", 2);
    auto_free char *compact = NULL, *pretty = NULL;
    size_t len;

    (void)state;
    compact = host_json_dump(j, &len);
    assert_string_equal(compact, "{\"z\":1,\"a\":2}");
    assert_int_equal(len, 13);
    pretty = host_json_dump_pretty(j, &len);
    assert_string_equal(pretty, "{\n  \"z\": 1,\n  \"a\": 2\n}\n");
    assert_int_equal(len, strlen(pretty));
}

struct recorder {
    struct host_ini_visitor base;
    char seen[512];
};

static bool record(struct host_ini_visitor *base, const char *section, const char *key, const char *value,
                   unsigned line, struct host_error *err)
{
    struct recorder *r = OTTER_CONTAINER_OF(base, struct recorder, base);
    size_t len = strlen(r->seen);

    if (!strcmp(key, "wrong"))
        return host_fail(err, HOST_ERROR_FORMAT, "unknown key 'wrong'");
    (void)snprintf(r->seen + len, sizeof r->seen - len, "%u:%s.%s=%s\n", line, section, key, value);
    return true;
}

static void ini_gives_section_key_value_and_line(void **state)
{
    static const char text[] = "# c\ntop = 1\n\n[poll]\ninterval=5 ; s\r\n; x\n[log]\nlevel = a b\nlast=1";
    struct recorder r = {.base = {record}};

    (void)state;
    assert_true(host_ini_parse(text, strlen(text), "t.conf", &r.base, NULL));
    assert_string_equal(r.seen, "2:.top=1\n5:poll.interval=5\n8:log.level=a b\n9:log.last=1\n");
}

static void ini_error_names_file_and_line(void **state)
{
    char longer[400] = "a=1\nb=";
    const struct {
        const char *text;
        size_t len;
        const char *want;
    } row[] = {
        {"a=1\nwrong=2\nb=3\n", 16, "t.conf:2: unknown key 'wrong'"},
        {"a=1\ngarbage\n", 12, "t.conf:2: neither"},
        {"[open\na=1\n", 10, "t.conf:1: neither"},
        {"a=1\n b=2\n", 9, "t.conf:2: the line begins with a space"},
        {"a=1\nb=\0\n", 8, "t.conf:2: a NUL byte"},
        {longer, sizeof longer, "t.conf:2: the line is longer"},
    };

    (void)state;
    memset(longer + 6, 'x', sizeof longer - 6);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(row); i++) {
        struct recorder r = {.base = {record}};
        struct host_error err = {0};

        assert_false(host_ini_parse(row[i].text, row[i].len, "t.conf", &r.base, &err));
        if (!strstr(err.message, row[i].want))
            fail_msg("'%s' does not say '%s'", err.message, row[i].want);
        assert_null(strstr(r.seen, "3:"));
    }
}

static void notify_reaches_path_and_abstract_sockets(void **state)
{
    for (unsigned abstract = 0; abstract < 2; abstract++) {
        struct sockaddr_un at = {.sun_family = AF_UNIX};
        auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        char got[64] = "";
        size_t len;

        (void)snprintf(at.sun_path, sizeof at.sun_path, "%s%s/n", abstract ? "@" : "", temp_dir);
        len = strlen(at.sun_path);
        assert_int_equal(setenv("NOTIFY_SOCKET", at.sun_path, 1), 0);
        if (abstract)
            at.sun_path[0] = '\0';
        assert_int_equal(
            bind(fd, (const struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
            0);
        assert_true(host_notify("READY=1"));
        assert_int_equal(recv(fd, got, sizeof got, MSG_DONTWAIT), 7);
        assert_string_equal(got, "READY=1");
    }
    (void)state;
    assert_int_equal(setenv("NOTIFY_SOCKET", "/nonexistent/otter", 1), 0);
    assert_false(host_notify("READY=1"));
    assert_int_equal(setenv("NOTIFY_SOCKET", "relative", 1), 0);
    assert_false(host_notify("READY=1"));
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    assert_true(host_notify("READY=1"));
}

static void clocks_agree_with_themselves(void **state)
{
    int64_t wall = host_clock_wall();
    uint64_t mono = host_clock_mono_ms();

    (void)state;
    assert_true(host_clock_wall_ms() / 1000 >= wall);
    assert_true(host_clock_mono_us() / 1000 >= mono);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_says_what_where_and_why),
        cmocka_unit_test(error_longer_than_its_buffer_is_cut),
        cmocka_unit_test(log_quotes_only_what_needs_it),
        cmocka_unit_test(log_line_in_json_is_json),
        cmocka_unit_test(log_line_too_long_is_cut_at_a_field_and_says_so),
        cmocka_unit_test(log_writes_wanted_levels_in_one_line_each),
        cmocka_unit_test(log_words_are_parsed_strictly),
        cmocka_unit_test(json_error_says_line_and_column),
        cmocka_unit_test(json_with_a_nul_byte_is_none),
        cmocka_unit_test(json_getters_enforce_type_presence_and_bounds),
        cmocka_unit_test(json_only_names_the_unknown_member),
        cmocka_unit_test(json_dumps_in_order_of_insertion),
        cmocka_unit_test(ini_gives_section_key_value_and_line),
        cmocka_unit_test(ini_error_names_file_and_line),
        cmocka_unit_test_setup_teardown(notify_reaches_path_and_abstract_sockets, temp_setup, temp_teardown),
        cmocka_unit_test(clocks_agree_with_themselves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

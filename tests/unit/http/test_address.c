#include "test.h"

#include "http/address.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void addresses_are_numeric_and_exact(void **state)
{
    static const struct {
        const char *text;
        bool ok, local;
        unsigned port;
    } rows[] = {
        {"127.0.0.1:8480", true, true, 8480},
        {"127.9.9.9:1", true, true, 1},
        {"0.0.0.0:0", true, false, 0},
        {"192.168.1.2:65535", true, false, 65535},
        {"[::1]:8480", true, true, 8480},
        {"[::]:8480", true, false, 8480},
        {"unix:/run/otter.sock", true, true, 0},
        {"unix:", false, false, 0},
        {"127.0.0.1", false, false, 0},
        {"127.0.0.1:", false, false, 0},
        {"127.0.0.1:65536", false, false, 0},
        {"127.0.0.1:-1", false, false, 0},
        {"127.0.0.1:80x", false, false, 0},
        {"127.0.0:80", false, false, 0},
        {"localhost:80", false, false, 0},
        {"::1:80", false, false, 0},
        {"[127.0.0.1]:80", false, false, 0},
        {"[::1]80", false, false, 0},
        {"[]:80", false, false, 0},
        {"[:80", false, false, 0},
        {":80", false, false, 0},
        {"", false, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_address a;
        struct host_error err = {.kind = HOST_ERROR_NONE};
        char text[HTTP_ADDRESS_STR];
        bool ok = http_address_parse(rows[i].text, &a, &err);

        if (ok != rows[i].ok)
            fail_msg("<%s>: %s", rows[i].text, ok ? "taken" : err.message);
        if (!ok) {
            assert_int_equal(err.kind, HOST_ERROR_FORMAT);
            continue;
        }
        http_address_format(&a, text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(http_address_is_local(&a), rows[i].local);
        assert_int_equal(http_address_port(&a), rows[i].port);
    }
}

static void a_unix_path_over_107_bytes_is_refused(void **state)
{
    char text[5 + 108 + 1] = "unix:";
    struct http_address a;

    (void)state;
    memset(text + 5, 'x', 108);
    assert_false(http_address_parse(text, &a, NULL));
    text[5 + 107] = '\0';
    assert_true(http_address_parse(text, &a, NULL));
}

static void a_port_in_use_is_found_in_spite_of_reuseport(void **state)
{
    struct host_error err;
    struct http_listen_error e = {.err = &err};
    struct http_address a;
    int fd, second, on = 0;
    socklen_t on_len = sizeof on;

    (void)state;
    assert_true(http_address_parse("127.0.0.1:0", &a, &err));
    fd = http_address_listen(&a, &e);
    assert_true(fd >= 0);
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &on_len), 0);
    assert_int_equal(on, 1); /* its connections inherit it */
    assert_true(http_address_of_socket(fd, &a, &err));
    assert_true(http_address_port(&a) > 0);
    assert_false(http_address_probe(&a, &e));
    assert_true(e.in_use);
    second = http_address_listen(&a, &e); /* our own threads share it */
    assert_true(second >= 0);
    close(second);
    close(fd);
    assert_true(http_address_probe(&a, &e));
}

static void a_stale_unix_socket_is_replaced_and_a_live_one_is_not(void **state)
{
    char dir[] = "/tmp/otter-address-XXXXXX", text[64];
    struct host_error err;
    struct http_listen_error e = {.err = &err};
    struct http_address a;
    struct stat st;
    int fd;
    FILE *f;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(text, sizeof text, "unix:%s/s", dir);
    assert_true(http_address_parse(text, &a, &err));
    assert_true(http_address_probe(&a, &e));
    fd = http_address_listen(&a, &e);
    assert_true(fd >= 0);
    assert_int_equal(stat(text + 5, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    assert_false(http_address_probe(&a, &e));
    assert_true(e.in_use);
    close(fd);
    assert_true(http_address_probe(&a, &e)); /* stale: removed */
    assert_int_not_equal(stat(text + 5, &st), 0);
    f = fopen(text + 5, "w"); /* some other file is never removed */
    fclose(f);
    assert_false(http_address_probe(&a, &e));
    assert_int_equal(stat(text + 5, &st), 0);
    unlink(text + 5);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_numeric_and_exact),
        cmocka_unit_test(a_unix_path_over_107_bytes_is_refused),
        cmocka_unit_test(a_port_in_use_is_found_in_spite_of_reuseport),
        cmocka_unit_test(a_stale_unix_socket_is_replaced_and_a_live_one_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What otterd is told: files, options, and the refusals of both. */
#include "test.h"

#include "core/bytes.h"
#include "host/cleanup.h"
#include "server/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void every_key_of_a_file_is_read(void **state)
{
    static const char text[] = "[listen]\ndevice = 127.0.0.1:1\noperators = 127.0.0.1:2\n"
                               "insecure_plain_http = yes\nport_file = /tmp/p\n"
                               "[devices]\nplain = yes\n"
                               "[store]\ndata = /srv/otter\ncommit_wait_us = 500\n"
                               "[blobs]\npublic = yes\nmax_size = 8MiB\nmapped = 1KiB\n"
                               "[poll]\ninterval = 60\n"
                               "[limits]\nthreads = 3\nconnections = 400\nper_address = 9\nwaiting = "
                               "64\nidle_timeout = 7\ndrain = 2\n"
                               "[log]\nlevel = debug\nformat = json\n";
    struct config c;
    struct host_error err = {.kind = HOST_ERROR_NONE};

    (void)state;
    config_defaults(&c);
    if (!config_parse(&c, text, strlen(text), "t.conf", &err))
        fail_msg("%s", err.message);
    assert_int_equal(c.listens, 2);
    assert_string_equal(c.listen[0].text, "127.0.0.1:1");
    assert_int_equal(c.listen[0].serves, HTTP_SERVES_DEVICES);
    assert_string_equal(c.listen[1].text, "127.0.0.1:2");
    assert_int_equal(c.listen[1].serves, HTTP_SERVES_OPERATORS);
    assert_true(c.insecure_plain_http);
    assert_true(c.plain_devices);
    assert_string_equal(c.port_file, "/tmp/p");
    assert_string_equal(c.data, "/srv/otter");
    assert_int_equal(c.commit_wait_us, 500);
    assert_true(c.blobs_public);
    assert_int_equal(c.max_blob, 8 << 20);
    assert_int_equal(c.map_max, 1024);
    assert_int_equal(c.poll_interval_s, 60);
    assert_int_equal(c.threads, 3);
    assert_int_equal(c.connections, 400);
    assert_int_equal(c.per_address, 9);
    assert_int_equal(c.waiting, 64);
    assert_int_equal(c.idle_timeout_s, 7);
    assert_int_equal(c.drain_s, 2);
    assert_int_equal(c.log_level, HOST_LOG_DEBUG);
    assert_int_equal(c.log_format, HOST_LOG_JSON);
}

static char *printed(const struct config *c)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    config_print(c, out);
    fclose(out);
    return text;
}

/* Every key away from its default, and texts as odd as a line can hold. */
static void what_is_printed_is_read_again_alike(void **state)
{
    static const struct {
        const char *section, *name, *value;
    } keys[] = {
        {"listen", "insecure_plain_http", "yes"},
        {"listen", "proxy_headers", "yes"},
        {"listen", "port_file", "/a b/c;d#e=f"},
        {"tls", "cert", "[tls]"},
        {"tls", "key", "credential:\"key\""},
        {"tls", "device_ca", "/c a.pem"},
        {"tls", "device_crl", "credential:crl"},
        {"tls", "device_name", "dns:*.example.com"},
        {"tls", "tickets", "no"},
        {"tls", "session_cache", "1000000"},
        {"devices", "plain", "yes"},
        {"store", "data", "/srv/\xc3\xb6tter"},
        {"store", "commit_wait_us", "100000"},
        {"store", "disk_low", "1GiB"},
        {"blobs", "public", "yes"},
        {"blobs", "max_size", "3GiB"},
        {"blobs", "mapped", "0"},
        {"poll", "interval", "86400"},
        {"limits", "threads", "256"},
        {"limits", "connections", "1000000"},
        {"limits", "per_address", "1000000"},
        {"limits", "waiting", "16"},
        {"limits", "idle_timeout", "3600"},
        {"limits", "drain", "3600"},
        {"events", "exec", "=x"},
        {"events", "burst", "1000000"},
        {"events", "burst_window", "86400"},
        {"log", "level", "debug"},
        {"log", "format", "json"},
        {"metrics", "public", "yes"},
    };
    struct config defaults, c, again;
    struct host_error err = {.kind = HOST_ERROR_NONE};
    auto_free char *first = NULL;
    auto_free char *second = NULL;
    auto_free char *untouched = NULL;

    (void)state;
    config_defaults(&defaults);
    untouched = printed(&defaults);
    config_defaults(&c);
    assert_true(config_add_listen(&c, "[::1]:9", HTTP_SERVES_ALL, &err));
    assert_true(config_add_listen(&c, "unix:/run/a b", HTTP_SERVES_DEVICES, &err));
    for (size_t i = 0; i < OTTER_ARRAY_LEN(keys); i++) {
        char line[256];

        if (!config_set(&c, keys[i].section, keys[i].name, keys[i].value, &err))
            fail_msg("%s", err.message);
        snprintf(line, sizeof line, "\n%s = ", keys[i].name);
        if (!strstr(untouched, line))
            snprintf(line, sizeof line, "\n;%s =\n", keys[i].name);
        assert_non_null(strstr(untouched, line)); /* nothing in the table that is not printed */
    }
    first = printed(&c);
    config_defaults(&again);
    if (!config_parse(&again, first, strlen(first), "printed", &err))
        fail_msg("%s", err.message);
    second = printed(&again);
    assert_string_equal(first, second);
    assert_int_equal(again.listens, 2);
    assert_int_equal(again.listen[0].serves, HTTP_SERVES_ALL);
    assert_string_equal(again.listen[1].text, "unix:/run/a b");
    assert_string_equal(again.port_file, "/a b/c;d#e=f");
    assert_non_null(strstr(first, "max_size = 3221225472"));
}

static void texts_that_no_line_of_a_file_holds_are_refused(void **state)
{
    static const char *const bad[] = {" /a", "/a ", "/a ;b", ";a", "/a\nb", "/a\tb", ""};
    char text[CONFIG_TEXT + 1];
    struct host_error err = {.kind = HOST_ERROR_NONE};
    auto_free char *text_of = NULL;
    struct config c;

    (void)state;
    config_defaults(&c);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(bad); i++) {
        if (config_set(&c, "store", "data", bad[i], &err))
            fail_msg("taken: \"%s\"", bad[i]);
    }
    memset(text, 'a', sizeof text);
    text[CONFIG_TEXT] = '\0';
    assert_false(config_set(&c, "store", "data", text, &err));
    text[CONFIG_TEXT - 1] = '\0';
    assert_true(config_set(&c, "store", "data", text, &err)); /* the command line may */
    text_of = printed(&c);
    config_defaults(&c);
    assert_true(config_parse(&c, text_of, strlen(text_of), "printed", &err));
    assert_string_equal(c.data, "");
    assert_non_null(strstr(text_of, ";data = (255 bytes, too long"));
}

static void a_reload_names_the_keys_that_need_a_restart(void **state)
{
    static const struct {
        const char *section, *name, *value, *changes;
    } rows[] = {
        {"log", "level", "debug", ""},
        {"log", "format", "json", "log.format"},
        {"limits", "threads", "7", "limits.threads"},
        {"store", "disk_low", "1KiB", "store.disk_low"},
        {"events", "exec", "/x", "events.exec"},
        {"listen", "proxy_headers", "yes", "listen.proxy_headers"},
    };
    struct config a, b;
    char changes[256], tiny[8];

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        config_defaults(&a);
        config_defaults(&b);
        assert_true(config_set(&b, rows[i].section, rows[i].name, rows[i].value, NULL));
        config_changes(&a, &b, changes, sizeof changes);
        assert_string_equal(changes, rows[i].changes);
    }
    config_defaults(&b);
    assert_true(config_add_listen(&b, "127.0.0.1:9", HTTP_SERVES_ALL, NULL));
    assert_true(config_set(&b, "limits", "threads", "7", NULL));
    assert_true(config_set(&b, "tls", "cert", "c", NULL));
    assert_true(config_set(&b, "log", "format", "json", NULL));
    config_defaults(&a);
    config_changes(&a, &b, changes, sizeof changes);
    assert_string_equal(changes, "listen tls limits.threads log.format");
    config_changes(&a, &b, tiny, sizeof tiny);
    assert_string_equal(tiny, "listen ");
    assert_true(config_set(&a, "tls", "cert", "other", NULL));
    config_changes(&a, &b, changes, sizeof changes);
    assert_string_equal(changes, "listen limits.threads log.format");
}

static void tls_opens_tcp_addresses_and_leaves_unix_sockets_plain(void **state)
{
    static const struct {
        const char *address;
        bool tls, plain_devices, may, proofs_only;
    } rows[] = {
        {"10.0.0.1:80", true, false, true, false},
        {"10.0.0.1:80", true, true, true, false},
        {"127.0.0.1:80", true, false, true, false},
        {"unix:/run/s", false, true, true, false},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct config c;
        struct http_address address;

        config_defaults(&c);
        assert_true(config_set(&c, "tls", "cert", "c", NULL));
        assert_true(config_set(&c, "tls", "key", "k", NULL));
        c.plain_devices = rows[i].plain_devices;
        assert_true(config_add_listen(&c, rows[i].address, HTTP_SERVES_ALL, NULL));
        assert_true(http_address_parse(rows[i].address, &address, NULL));
        if (config_tls(&c, &address) != rows[i].tls || config_check(&c, NULL) != rows[i].may ||
            config_proofs_only(&c, &address) != rows[i].proofs_only)
            fail_msg("row %zu", i);
    }
}

static void plain_devices_open_an_address_for_devices_alone_and_take_no_tokens_there(void **state)
{
    static const struct {
        const char *address;
        enum http_serves serves;
        bool plain, insecure, may, proofs_only;
    } rows[] = {
        {"10.0.0.1:80", HTTP_SERVES_DEVICES, false, false, false, false},
        {"10.0.0.1:80", HTTP_SERVES_DEVICES, true, false, true, true},
        {"10.0.0.1:80", HTTP_SERVES_OPERATORS, true, false, false, true},
        {"10.0.0.1:80", HTTP_SERVES_ALL, true, false, false, true},
        {"10.0.0.1:80", HTTP_SERVES_ALL, true, true, true, true},
        {"10.0.0.1:80", HTTP_SERVES_ALL, false, true, true, false},
        {"127.0.0.1:80", HTTP_SERVES_ALL, true, false, true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct config c;
        struct http_address address;

        config_defaults(&c);
        assert_false(c.plain_devices);
        c.plain_devices = rows[i].plain;
        c.insecure_plain_http = rows[i].insecure;
        assert_true(config_add_listen(&c, rows[i].address, rows[i].serves, NULL));
        assert_true(http_address_parse(rows[i].address, &address, NULL));
        if (config_check(&c, NULL) != rows[i].may || config_proofs_only(&c, &address) != rows[i].proofs_only)
            fail_msg("row %zu", i);
    }
}

static void bad_lines_are_named_with_their_number(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"[poll]\ninterval = 4\n", "t.conf:2: poll.interval: \"4\" is no number from 5 to 86400"},
        {"[poll]\n\ninterval = 86401\n", "t.conf:3: "},
        {"[poll]\ninterval = 5s\n", "t.conf:2: "},
        {"[poll]\ninterval = -5\n", "t.conf:2: "},
        {"[poll]\ninterval =\n", "t.conf:2: "},
        {"[poll]\ncolour = red\n", "t.conf:2: unknown key \"colour\" in section [poll]"},
        {"[paint]\ncolour = red\n", "t.conf:2: unknown key \"colour\" in section [paint]"},
        {"interval = 5\n", "t.conf:1: unknown key \"interval\" in section []"},
        {"[blobs]\npublic = true\n", "t.conf:2: blobs.public: \"true\" is neither yes nor no"},
        {"[blobs]\nmax_size = 1TiB\n", "t.conf:2: blobs.max_size: "},
        {"[blobs]\nmax_size = 99999999999GiB\n", "t.conf:2: blobs.max_size: "},
        {"[blobs]\nmax_size = 0\n", "t.conf:2: blobs.max_size: "},
        {"[blobs]\nmax_size = MiB\n", "t.conf:2: blobs.max_size: "},
        {"[listen]\ndevice = localhost:80\n", "t.conf:2: \"localhost:80\" is no address"},
        {"[log]\nlevel = loud\n", "t.conf:2: log.level: \"loud\""},
        {"[log]\nformat = xml\n", "t.conf:2: log.format: \"xml\""},
        {"[log\nformat = json\n", "t.conf:1: "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct config c;
        struct host_error err = {.kind = HOST_ERROR_NONE};

        config_defaults(&c);
        if (config_parse(&c, rows[i].text, strlen(rows[i].text), "t.conf", &err))
            fail_msg("taken: %s", rows[i].text);
        if (strncmp(err.message, rows[i].message, strlen(rows[i].message)) != 0)
            fail_msg("%s", err.message);
    }
}

static bool read_options(const char *line, struct config *c, enum options_then *then, struct host_error *err)
{
    char copy[512];
    char *argv[32] = {NULL}, *save = NULL;
    static char name[] = "otterd";
    int argc = 1;

    argv[0] = name;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        argv[argc++] = word;
    *err = (struct host_error){.kind = HOST_ERROR_NONE};
    return options_read(argc, argv, c, then, err);
}

static void options_are_read_and_refused(void **state)
{
    static const struct {
        const char *line;
        enum options_then then;
        const char *refusal; /* NULL: taken */
    } rows[] = {
        {"--data d", OPTIONS_RUN, NULL},
        {"--data=d --listen 127.0.0.1:0 --listen unix:/tmp/s --threads 2 --poll-interval 5", OPTIONS_RUN,
         NULL},
        {"--data d --listen 0.0.0.0:80 --insecure-plain-http", OPTIONS_RUN, NULL},
        {"--data d --plain-devices", OPTIONS_RUN, NULL},
        {"--data d --listen 0.0.0.0:80 --plain-devices", OPTIONS_RUN, "0.0.0.0:80 would carry tokens"},
        {"--check-config --data d", OPTIONS_CHECK, NULL},
        {"--check-config", OPTIONS_CHECK, "--data DIR is needed"},
        {"--print-config", OPTIONS_PRINT, NULL},
        {"--version", OPTIONS_VERSION, NULL},
        {"--help", OPTIONS_HELP, NULL},
        {"", OPTIONS_RUN, "--data DIR is needed"},
        {"--data", OPTIONS_RUN, "--data needs a value"},
        {"--data d extra", OPTIONS_RUN, "\"extra\" is no option"},
        {"--data d --bogus", OPTIONS_RUN, "unknown option --bogus"},
        {"--data d --listen 0.0.0.0:80", OPTIONS_RUN, "0.0.0.0:80 would carry tokens"},
        {"--data d --listen [::]:80", OPTIONS_RUN, "[::]:80 would carry tokens"},
        {"--data d --listen 0.0.0.0:80 --tls-cert c --tls-key k", OPTIONS_RUN, NULL},
        {"--data d --tls-cert c", OPTIONS_RUN, "--tls-key is not given"},
        {"--data d --tls-key k", OPTIONS_RUN, "--tls-cert is not given"},
        {"--check-config --listen 10.0.0.1:80", OPTIONS_RUN, "10.0.0.1:80 would carry tokens"},
        {"--data d --listen nonsense", OPTIONS_RUN, "--listen: \"nonsense\" is no address"},
        {"--data d --poll-interval 4", OPTIONS_RUN, "poll.interval: "},
        {"--data d --threads 257", OPTIONS_RUN, "limits.threads: "},
        {"--data d --config /nonexistent/otterd.conf", OPTIONS_RUN, "/nonexistent/otterd.conf"},
        {"--data d --listen 127.0.0.1:1 --listen 127.0.0.1:2 --listen 127.0.0.1:3 --listen 127.0.0.1:4 "
         "--listen "
         "127.0.0.1:5",
         OPTIONS_RUN, "--listen: more than 4 addresses"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct config c;
        enum options_then then = OPTIONS_RUN;
        struct host_error err;
        bool ok = read_options(rows[i].line, &c, &then, &err);

        if (ok != !rows[i].refusal || (ok && then != rows[i].then))
            fail_msg("%s: %s", rows[i].line, ok ? "taken" : err.message);
        if (!ok && !strstr(err.message, rows[i].refusal))
            fail_msg("%s: %s", rows[i].line, err.message);
    }
}

static void the_command_line_wins_over_the_file(void **state)
{
    char path[] = "/tmp/otterd-conf-XXXXXX", line[256];
    static const char text[] =
        "[listen]\ndevice = 127.0.0.1:1\n[poll]\ninterval = 60\n[limits]\nthreads = 3\n";
    int fd = mkstemp(path);
    struct config c;
    enum options_then then;
    struct host_error err;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (int)strlen(text));
    close(fd);
    snprintf(line, sizeof line, "--poll-interval 7 --listen 127.0.0.1:5 --data d --config %s", path);
    if (!read_options(line, &c, &then, &err))
        fail_msg("%s", err.message);
    assert_int_equal(c.poll_interval_s, 7);
    assert_int_equal(c.threads, 3);
    assert_int_equal(c.listens, 1);
    assert_string_equal(c.listen[0].text, "127.0.0.1:5");
    assert_int_equal(c.listen[0].serves, HTTP_SERVES_ALL);
    snprintf(line, sizeof line, "--data d --config %s", path);
    assert_true(read_options(line, &c, &then, &err));
    assert_string_equal(c.listen[0].text, "127.0.0.1:1");
    assert_int_equal(c.listen[0].serves, HTTP_SERVES_DEVICES);
    unlink(path);
}

/* A file that names one of the two: the other is still there, or nobody could publish. */
static void who_has_no_address_gets_the_default_one(void **state)
{
    static const struct {
        const char *line;
        unsigned listens;
        enum http_serves first, last;
    } rows[] = {
        {"device = 127.0.0.1:1", 2, HTTP_SERVES_DEVICES, HTTP_SERVES_OPERATORS},
        {"operators = unix:/run/otter.sock", 2, HTTP_SERVES_OPERATORS, HTTP_SERVES_DEVICES},
        {"device = 127.0.0.1:8480", 1, HTTP_SERVES_ALL, HTTP_SERVES_ALL},
        {"device = 127.0.0.1:1\noperators = 127.0.0.1:2", 2, HTTP_SERVES_DEVICES, HTTP_SERVES_OPERATORS},
    };
    char path[] = "/tmp/otterd-conf-XXXXXX", line[128];
    struct host_error err = {.kind = HOST_ERROR_NONE};
    enum options_then then;
    struct config c;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    snprintf(line, sizeof line, "--data d --config %s", path);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        FILE *f = fopen(path, "w");

        assert_non_null(f);
        fprintf(f, "[listen]\n%s\n", rows[i].line);
        fclose(f);
        assert_true(read_options(line, &c, &then, &err));
        assert_int_equal(c.listens, rows[i].listens);
        assert_int_equal(c.listen[0].serves, rows[i].first);
        assert_int_equal(c.listen[c.listens - 1].serves, rows[i].last);
        if (i < 2)
            assert_string_equal(c.listen[1].text, "127.0.0.1:8480");
    }
    unlink(path);
}

/* etc/otterd.conf shows every key with its default: so it must be what --print-config says without any. */
static void the_example_shows_every_key_and_its_default(void **state)
{
    FILE *f = fopen(OTTER_SOURCE "/etc/otterd.conf", "r");
    char line[256], *text = NULL, *defaults = NULL;
    size_t len = 0, defaults_len = 0;
    struct config c;
    struct host_error err = {.kind = HOST_ERROR_NONE};
    FILE *out = open_memstream(&text, &len);

    (void)state;
    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        fputs(line[0] == ';' && line[1] != ' ' ? line + 1 : line, out); /* ";key = value" switched on */
    fclose(f);
    fclose(out);
    config_defaults(&c);
    if (!config_parse(&c, text, len, "otterd.conf", &err))
        fail_msg("%s", err.message);
    assert_int_equal(c.listens, 1);
    char *const paths[] = {c.data,          c.port_file,      c.tls_cert,    c.tls_key,
                           c.tls_device_ca, c.tls_device_crl, c.events_exec, c.audit_file};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_string_not_equal(paths[i], ""); /* shown; there is none by default */
        paths[i][0] = '\0';
    }
    free(text);
    out = open_memstream(&text, &len);
    config_print(&c, out);
    fclose(out);
    config_defaults(&c);
    assert_true(config_add_listen(&c, "127.0.0.1:8480", HTTP_SERVES_ALL, &err));
    out = open_memstream(&defaults, &defaults_len);
    config_print(&c, out);
    fclose(out);
    assert_string_equal(text, defaults);
    free(text);
    free(defaults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_of_a_file_is_read),
        cmocka_unit_test(what_is_printed_is_read_again_alike),
        cmocka_unit_test(texts_that_no_line_of_a_file_holds_are_refused),
        cmocka_unit_test(a_reload_names_the_keys_that_need_a_restart),
        cmocka_unit_test(tls_opens_tcp_addresses_and_leaves_unix_sockets_plain),
        cmocka_unit_test(plain_devices_open_an_address_for_devices_alone_and_take_no_tokens_there),
        cmocka_unit_test(bad_lines_are_named_with_their_number),
        cmocka_unit_test(options_are_read_and_refused),
        cmocka_unit_test(the_command_line_wins_over_the_file),
        cmocka_unit_test(who_has_no_address_gets_the_default_one),
        cmocka_unit_test(the_example_shows_every_key_and_its_default),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

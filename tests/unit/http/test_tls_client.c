/* Client certificates at a front: which count, for whom, and what a reload changes for connections that are
 * open. */
#include "test.h"

#include "fake_service.h"
#include "host/log.h"
#include "http/front.h"
#include "http/tls_internal.h"
#include "tls_papers.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLIENTS 4u
#define POLLS   60u
#define RELOADS 30u

/* A front for devices and operators, one for operators alone, and what they are trusted by. */
struct scene {
    char folder[32], cert[64], key[64], ca_path[64], crl[64], other_crl[64];
    struct paper server, ca;
    struct http_front_config config;
    struct http_tls_devices devices;
    struct http_front *front;
};

static void name_files(struct scene *s)
{
    strcpy(s->folder, "/tmp/otter-client-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->cert, sizeof s->cert, "%s/c.pem", s->folder);
    snprintf(s->key, sizeof s->key, "%s/c.key", s->folder);
    snprintf(s->ca_path, sizeof s->ca_path, "%s/ca.pem", s->folder);
    snprintf(s->crl, sizeof s->crl, "%s/crl", s->folder);
    snprintf(s->other_crl, sizeof s->other_crl, "%s/other", s->folder);
}

static void begin(struct scene *s)
{
    struct http_tls_config tls = {.tickets = true, .cached_max = 10};
    struct host_error err = {.kind = HOST_ERROR_NONE};

    *s = (struct scene){.front = NULL};
    name_files(s);
    paper_make(&s->server, NULL, &(struct paper_spec){.name = "otter.test", .serial = 1});
    paper_make(&s->ca, NULL, &(struct paper_spec){.name = "devices", .serial = 2, .is_ca = true});
    paper_write(s->cert, &s->server);
    paper_write_key(s->key, &s->server);
    paper_write(s->ca_path, &s->ca);
    paper_write_crl(s->crl, &s->ca, 66, 30);
    paper_write_crl(s->other_crl, &s->ca, 11, 30);
    s->devices = (struct http_tls_devices){.ca = s->ca_path, .crl = s->crl, .name = "cn:*"};
    tls.cert = s->cert;
    tls.key = s->key;
    tls.devices = s->devices;
    s->config = (struct http_front_config){
        .listeners = 2, .threads = 2, .connections = 200, .idle_timeout_s = 30, .drain_s = 5};
    s->config.svc = fake_open();
    s->config.tls = http_tls_new(&tls, &err);
    if (!s->config.tls)
        fail_msg("%s", err.message);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(http_address_parse("127.0.0.1:0", &s->config.listener[i].address, NULL));
        s->config.listener[i].serves = i == 0 ? HTTP_SERVES_ALL : HTTP_SERVES_OPERATORS;
        s->config.listener[i].tls = true;
    }
    assert_int_equal(http_front_start(&s->config, &s->front, &err), HTTP_START_OK);
}

static void end(struct scene *s)
{
    const char *const files[] = {s->cert, s->key, s->ca_path, s->crl, s->other_crl};

    http_front_stop(s->front);
    http_tls_free(s->config.tls);
    fake_close(s->config.svc);
    paper_free(&s->server);
    paper_free(&s->ca);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        unlink(files[i]);
    rmdir(s->folder);
}

/* --- a client */

struct client {
    gnutls_session_t session;
    gnutls_certificate_credentials_t papers;
    int fd;
};

static int connect_to(unsigned port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval patience = {.tv_sec = 20};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&in, sizeof in) == 0)
        return fd;
    close(fd);
    return -1;
}

/* shown NULL: no certificate. False: the handshake failed. */
static bool open_client(struct client *c, unsigned port, struct paper *shown, const char *priorities)
{
    int code;

    c->fd = connect_to(port);
    if (c->fd < 0 || gnutls_init(&c->session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL) < 0 ||
        gnutls_certificate_allocate_credentials(&c->papers) < 0)
        return false;
    if (shown && gnutls_certificate_set_x509_key(c->papers, &shown->crt, 1, shown->key) < 0)
        return false;
    (void)gnutls_priority_set_direct(c->session, priorities, NULL);
    (void)gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, c->papers);
    gnutls_transport_set_int(c->session, c->fd);
    do {
        code = gnutls_handshake(c->session);
    } while (code < 0 && !gnutls_error_is_fatal(code));
    return code == 0;
}

static void close_client(struct client *c)
{
    gnutls_deinit(c->session);
    gnutls_certificate_free_credentials(c->papers);
    close(c->fd);
}

#define RUNNING                                                                                              \
    "\"running\":{\"version\":\"1.0.0\",\"sha256\":"                                                         \
    "\"0000000000000000000000000000000000000000000000000000000000000000\",\"slot\":\"A\",\"confirmed\":"     \
    "true}"

/* Is the answer whole? */
static bool is_whole(const char *text)
{
    const char *end = strstr(text, "\r\n\r\n"), *length = strstr(text, "Content-Length: ");

    return end && (!length || strlen(end + 4) >= strtoul(length + strlen("Content-Length: "), NULL, 10));
}

static void hear(struct client *c, char *out, size_t cap)
{
    size_t len = 0;
    ssize_t n;

    out[0] = '\0';
    while (!is_whole(out)) {
        n = gnutls_record_recv(c->session, out + len, cap - 1 - len);
        if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED) /* a ticket of TLS 1.3 */
            continue;
        if (n <= 0)
            return;
        len += (size_t)n;
        out[len] = '\0';
    }
}

/* Its number; the answer's text in out. 0: none came. */
static unsigned poll_as(struct client *c, const char *device, const char *token, char *out, size_t cap)
{
    char body[600], ask[1200];
    int len = snprintf(body, sizeof body,
                       "{\"device\":\"%s\",\"product\":\"p\",\"hardware\":\"h\"," RUNNING
                       ",\"epoch\":1,\"sequence\":0,\"root\":1,\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAA\","
                       "\"caps\":{\"ram\":0,\"covers\":0}}",
                       device);

    len = snprintf(ask, sizeof ask,
                   "POST /v1/device/poll HTTP/1.1\r\nHost: x\r\n%s%s%sContent-Length: %d\r\n\r\n%s",
                   token ? "Authorization: Bearer " : "", token ? token : "", token ? "\r\n" : "", len, body);
    if (gnutls_record_send(c->session, ask, (size_t)len) < 0)
        return 0;
    hear(c, out, cap);
    return strlen(out) > 12 ? (unsigned)strtoul(out + 9, NULL, 10) : 0;
}

static const char *const versions[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.3", "NORMAL:-VERS-ALL:+VERS-TLS1.2"};

/* --- tests */

static void a_certificate_counts_when_all_of_it_holds_and_for_its_device_alone(void **state)
{
    static const struct {
        const char *what;
        struct paper_spec spec;
        const char *device, *token;
        unsigned said;
        const char *code;
    } rows[] = {
        {"its device", {.name = "dev-1", .serial = 10}, "dev-1", NULL, 204, ""},
        {"for clients",
         {.name = "dev-1", .serial = 10, .use = GNUTLS_KP_TLS_WWW_CLIENT},
         "dev-1",
         NULL,
         204,
         ""},
        {"another device", {.name = "dev-1", .serial = 10}, "dev-2", NULL, 401, "unknown-device"},
        {"not registered", {.name = "dev-2", .serial = 10}, "dev-2", NULL, 401, "unknown-device"},
        {"with its token", {.name = "dev-1", .serial = 10}, "dev-1", FAKE_DEVICE, 204, ""},
        {"with a token that is another's, too",
         {.name = "dev-1", .serial = 10},
         "dev-2",
         FAKE_DEVICE,
         401,
         "unknown-device"},
        {"with a wrong token", {.name = "dev-1", .serial = 10}, "dev-1", "wrong", 401, "unknown-device"},
        {"revoked", {.name = "dev-1", .serial = 66}, "dev-1", NULL, 401, "revoked"},
        {"revoked, with a token", {.name = "dev-1", .serial = 66}, "dev-1", FAKE_DEVICE, 401, "revoked"},
        {"ended",
         {.name = "dev-1", .serial = 10, .from_days = -9, .until_days = -1},
         "dev-1",
         NULL,
         401,
         "has ended"},
        {"early",
         {.name = "dev-1", .serial = 10, .from_days = 1, .until_days = 9},
         "dev-1",
         NULL,
         401,
         "not valid yet"},
        {"a server's",
         {.name = "dev-1", .serial = 10, .use = GNUTLS_KP_TLS_WWW_SERVER},
         "dev-1",
         NULL,
         401,
         "extended key usage"},
        {"no id", {.name = "dev 1", .serial = 10}, "dev-1", NULL, 401, "holds no device's id"},
    };
    char answer[2048];
    struct scene s;

    (void)state;
    begin(&s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct client c;
        struct paper mine;

        paper_make(&mine, &s.ca, &rows[i].spec);
        assert_true(open_client(&c, http_front_port(s.front, 0), &mine, versions[i % 2]));
        if (poll_as(&c, rows[i].device, rows[i].token, answer, sizeof answer) != rows[i].said ||
            !strstr(answer, rows[i].code))
            fail_msg("%s: %s", rows[i].what, answer);
        close_client(&c);
        paper_free(&mine);
    }
    end(&s);
}

static void who_shows_none_needs_a_token_and_a_strangers_is_refused(void **state)
{
    struct paper stranger, forged;
    char answer[2048];
    struct client c;
    struct scene s;

    (void)state;
    begin(&s);
    assert_true(open_client(&c, http_front_port(s.front, 0), NULL, versions[0]));
    assert_int_equal(poll_as(&c, "dev-1", NULL, answer, sizeof answer), 401);
    assert_non_null(strstr(answer, "\"unauthorized\""));
    assert_int_equal(poll_as(&c, "dev-1", FAKE_DEVICE, answer, sizeof answer), 204);
    close_client(&c);
    paper_make(&stranger, NULL, &(struct paper_spec){.name = "devices", .serial = 2, .is_ca = true});
    paper_make(&forged, &stranger, &(struct paper_spec){.name = "dev-1", .serial = 10});
    assert_true(open_client(&c, http_front_port(s.front, 0), &forged, versions[0]));
    assert_int_equal(poll_as(&c, "dev-1", FAKE_DEVICE, answer, sizeof answer), 401);
    assert_non_null(strstr(answer, "leads to no CA"));
    close_client(&c);
    paper_free(&forged);
    paper_free(&stranger);
    end(&s);
}

static void addresses_for_operators_alone_ask_for_none(void **state)
{
    struct client c;
    struct scene s;

    (void)state;
    begin(&s);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(open_client(&c, http_front_port(s.front, i), NULL, versions[1]));
        assert_int_equal(gnutls_certificate_client_get_request_status(c.session) != 0, i == 0);
        close_client(&c);
    }
    end(&s);
}

static void a_reload_counts_on_connections_that_are_open_and_a_bad_one_for_nobody(void **state)
{
    char answer[2048];
    struct host_error err = {.kind = HOST_ERROR_NONE};
    struct http_tls_devices none = {.name = "cn:*"};
    struct paper mine;
    struct client c;
    struct scene s;

    (void)state;
    begin(&s);
    paper_make(&mine, &s.ca, &(struct paper_spec){.name = "dev-1", .serial = 11});
    assert_true(open_client(&c, http_front_port(s.front, 0), &mine, versions[0]));
    assert_int_equal(poll_as(&c, "dev-1", NULL, answer, sizeof answer), 204);
    s.devices.crl = s.other_crl;
    assert_true(http_tls_reload_devices(s.config.tls, &s.devices, &err));
    assert_int_equal(poll_as(&c, "dev-1", NULL, answer, sizeof answer), 401);
    assert_non_null(strstr(answer, "was revoked"));
    s.devices.crl = s.cert; /* no list */
    assert_false(http_tls_reload_devices(s.config.tls, &s.devices, &err));
    assert_false(http_tls_reload_devices(s.config.tls, &none, &err));
    assert_int_equal(poll_as(&c, "dev-1", NULL, answer, sizeof answer), 401);
    s.devices.crl = NULL;
    assert_true(http_tls_reload_devices(s.config.tls, &s.devices, &err));
    assert_int_equal(poll_as(&c, "dev-1", NULL, answer, sizeof answer), 204);
    s.devices.name = "cn:device-*";
    assert_true(http_tls_reload_devices(s.config.tls, &s.devices, &err));
    assert_int_equal(poll_as(&c, "dev-1", NULL, answer, sizeof answer), 401);
    close_client(&c);
    paper_free(&mine);
    end(&s);
}

struct crowd {
    pthread_t thread;
    unsigned port;
    struct paper mine;
    const char *priorities;
    unsigned taken, refused; /* out */
};

static void *poll_and_poll(void *arg)
{
    struct crowd *crowd = arg;
    char answer[2048];
    struct client c;

    for (unsigned i = 0; i < POLLS; i++) {
        unsigned said = 0;

        if (i % 10 == 0 && !open_client(&c, crowd->port, &crowd->mine, crowd->priorities))
            break;
        said = poll_as(&c, "dev-1", NULL, answer, sizeof answer);
        crowd->taken += said == 204;
        crowd->refused += said == 401;
        if (i % 10 == 9)
            close_client(&c);
    }
    return NULL;
}

static void many_clients_are_judged_while_the_lists_change(void **state)
{
    struct host_error err = {.kind = HOST_ERROR_NONE};
    struct crowd crowd[CLIENTS] = {{.port = 0}};
    struct scene s;

    (void)state;
    begin(&s);
    for (unsigned i = 0; i < CLIENTS; i++) {
        crowd[i].port = http_front_port(s.front, 0);
        crowd[i].priorities = versions[i % 2];
        paper_make(&crowd[i].mine, &s.ca,
                   &(struct paper_spec){.name = "dev-1", .serial = (unsigned char)(10 + i % 2)});
        assert_int_equal(pthread_create(&crowd[i].thread, NULL, poll_and_poll, &crowd[i]), 0);
    }
    for (unsigned i = 0; i < RELOADS; i++) {
        s.devices.crl = i % 2 ? s.crl : s.other_crl;
        assert_true(http_tls_reload_devices(s.config.tls, &s.devices, &err));
        http_tls_watch(s.config.tls, time(NULL));
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        pthread_join(crowd[i].thread, NULL);
        assert_int_equal(crowd[i].taken + crowd[i].refused, POLLS);
        if (i % 2 == 0)
            assert_int_equal(crowd[i].refused, 0); /* in neither list */
        paper_free(&crowd[i].mine);
    }
    end(&s);
}

static void a_list_that_ends_is_told_once_a_day(void **state)
{
    static const struct {
        int days;
        const char *event; /* NULL: nothing */
    } rows[] = {{1, NULL},
                {26, NULL},
                {28, "device-crl-ends-soon"},
                {28, NULL},
                {29, "device-crl-ends-soon"},
                {31, "device-crl-ended"}};
    char folder_log[] = "/tmp/otter-log-XXXXXX", text[4096];
    struct scene s;
    int64_t now = time(NULL);
    int fd = mkstemp(folder_log);

    (void)state;
    begin(&s);
    host_log_setup(HOST_LOG_WARNING, HOST_LOG_KEY_VALUE, fd);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ssize_t n;

        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        http_tls_watch(s.config.tls, now + (int64_t)rows[i].days * 86400 + 60);
        n = pread(fd, text, sizeof text - 1, 0);
        text[n > 0 ? n : 0] = '\0';
        if (!strstr(text, "event=device-crl") != !rows[i].event ||
            (rows[i].event && !strstr(text, rows[i].event)))
            fail_msg("day %d: %s", rows[i].days, text);
    }
    host_log_setup(HOST_LOG_ERROR, HOST_LOG_KEY_VALUE, STDERR_FILENO);
    close(fd);
    unlink(folder_log);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_counts_when_all_of_it_holds_and_for_its_device_alone),
        cmocka_unit_test(who_shows_none_needs_a_token_and_a_strangers_is_refused),
        cmocka_unit_test(addresses_for_operators_alone_ask_for_none),
        cmocka_unit_test(a_reload_counts_on_connections_that_are_open_and_a_bad_one_for_nobody),
        cmocka_unit_test(many_clients_are_judged_while_the_lists_change),
        cmocka_unit_test(a_list_that_ends_is_told_once_a_day),
    };

    signal(SIGPIPE, SIG_IGN);
    umask(0077);
    host_log_setup(HOST_LOG_ERROR, HOST_LOG_KEY_VALUE, STDERR_FILENO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Sessions by their ID, the certificate's end, and handshakes of many threads while the certificate changes.
 */
#include "test.h"

#include "fake_service.h"
#include "host/log.h"
#include "http/front.h"
#include "http/tls_internal.h"

#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS    4u
#define HANDSHAKES 15u
#define RELOADS    40u

/* --- the cache */

static void id_of(unsigned n, unsigned char id[HTTP_TLS_ID_MAX])
{
    memset(id, 0, HTTP_TLS_ID_MAX);
    memcpy(id, &n, sizeof n);
}

static bool put(struct http_tls_cache *cache, unsigned n, unsigned value)
{
    unsigned char id[HTTP_TLS_ID_MAX];

    id_of(n, id);
    return http_tls_cache_put(cache, id, sizeof id, &value, sizeof value);
}

/* What was put; 0: nothing. */
static unsigned get(struct http_tls_cache *cache, unsigned n)
{
    unsigned char id[HTTP_TLS_ID_MAX], out[HTTP_TLS_SESSION_MAX];
    unsigned value = 0;
    size_t len;

    id_of(n, id);
    len = http_tls_cache_get(cache, id, sizeof id, out);
    assert_true(len == 0 || len == sizeof value);
    memcpy(&value, out, len);
    return value;
}

static void the_cache_gives_back_what_was_put_and_forgets_what_was_removed(void **state)
{
    struct http_tls_cache *cache = http_tls_cache_new(10);
    unsigned char id[HTTP_TLS_ID_MAX];

    (void)state;
    assert_int_equal(get(cache, 1), 0);
    assert_true(put(cache, 1, 100));
    assert_true(put(cache, 11, 1100)); /* of the same bucket */
    assert_true(put(cache, 21, 2100));
    assert_int_equal(get(cache, 11), 1100);
    assert_true(put(cache, 11, 1101));
    assert_int_equal(http_tls_cache_count(cache), 3);
    assert_int_equal(get(cache, 11), 1101);
    id_of(11, id);
    http_tls_cache_remove(cache, id, sizeof id);
    http_tls_cache_remove(cache, id, sizeof id);
    assert_int_equal(get(cache, 11), 0);
    assert_int_equal(get(cache, 1), 100);
    assert_int_equal(get(cache, 21), 2100);
    assert_int_equal(http_tls_cache_get(cache, id, sizeof id - 1, (unsigned char[HTTP_TLS_SESSION_MAX]){0}),
                     0);
    http_tls_cache_free(cache);
}

static void a_full_cache_drops_what_was_not_asked_for_the_longest(void **state)
{
    static const unsigned sizes[] = {1, 2, 7, 64};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct http_tls_cache *cache = http_tls_cache_new(sizes[i]);

        for (unsigned n = 1; n <= 1000; n++) {
            assert_true(put(cache, n, n));
            if (sizes[i] > 1)
                assert_int_equal(get(cache, 1), 1); /* asked for all the time: never dropped */
            assert_int_equal(http_tls_cache_count(cache), n < sizes[i] ? n : sizes[i]);
        }
        for (unsigned n = 2; n <= 1000; n++)
            assert_int_equal(get(cache, n), n > 1000 - (sizes[i] > 1 ? sizes[i] - 1 : 1) ? n : 0);
        http_tls_cache_free(cache);
    }
}

static void the_cache_takes_nothing_out_of_its_bounds(void **state)
{
    struct http_tls_cache *cache = http_tls_cache_new(2);
    static unsigned char big[HTTP_TLS_SESSION_MAX + 1];
    unsigned char out[HTTP_TLS_SESSION_MAX];

    (void)state;
    assert_false(http_tls_cache_put(cache, big, 0, big, 1));
    assert_false(http_tls_cache_put(cache, big, HTTP_TLS_ID_MAX + 1, big, 1));
    assert_false(http_tls_cache_put(cache, big, 4, big, sizeof big));
    assert_false(http_tls_cache_put(cache, big, 4, big, 0));
    assert_int_equal(http_tls_cache_count(cache), 0);
    assert_true(http_tls_cache_put(cache, big, 1, big, HTTP_TLS_SESSION_MAX));
    assert_int_equal(http_tls_cache_get(cache, big, 1, out), HTTP_TLS_SESSION_MAX);
    assert_int_equal(http_tls_cache_get(cache, big, HTTP_TLS_ID_MAX + 1, out), 0);
    http_tls_cache_free(cache);
}

static void days_left_are_whole_ones(void **state)
{
    static const struct {
        int64_t end, now, days;
    } rows[] = {{100, 100, 0}, {86400, 0, 1},  {86399, 0, 0},  {14 * 86400, 0, 14},
                {0, 1, -1},    {0, 86400, -1}, {0, 86401, -2}, {14 * 86400 - 1, 0, 13}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(http_tls_days_left(rows[i].end, rows[i].now), rows[i].days);
}

/* --- a certificate of the moment */

static void write_pem(const char *path, const gnutls_datum_t *pem)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(pem->data, 1, pem->size, f), pem->size);
    fclose(f);
    gnutls_free(pem->data);
}

static void make_pair(const char *cert_path, const char *key_path, unsigned char number)
{
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t cert;
    gnutls_datum_t pem = {NULL, 0};

    assert_int_equal(gnutls_x509_privkey_init(&key), 0);
    assert_int_equal(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                                  GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
                     0);
    assert_int_equal(gnutls_x509_crt_init(&cert), 0);
    assert_int_equal(gnutls_x509_crt_set_version(cert, 3), 0);
    assert_int_equal(gnutls_x509_crt_set_serial(cert, &number, 1), 0);
    assert_int_equal(gnutls_x509_crt_set_activation_time(cert, time(NULL) - 60), 0);
    assert_int_equal(gnutls_x509_crt_set_expiration_time(cert, time(NULL) + 86400 * 30), 0);
    assert_int_equal(gnutls_x509_crt_set_dn(cert, "CN=otter.test", NULL), 0);
    assert_int_equal(gnutls_x509_crt_set_key(cert, key), 0);
    assert_int_equal(gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0), 0);
    assert_int_equal(gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &pem), 0);
    write_pem(cert_path, &pem);
    assert_int_equal(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem), 0);
    write_pem(key_path, &pem);
    gnutls_x509_crt_deinit(cert);
    gnutls_x509_privkey_deinit(key);
}

static void the_key_of_tickets_changes_once_a_day(void **state)
{
    static const struct {
        unsigned hours;
        bool changes;
    } rows[] = {{0, false}, {1, false}, {23, false}, {24, true}, {47, false}, {48, true}, {480, true}};
    const uint64_t hour_ms = 3600000, begin = 5 * hour_ms;
    struct http_tls tls = {.tickets = true};
    unsigned char before[64];

    (void)state;
    pthread_mutex_init(&tls.lock, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gnutls_session_t session;

        assert_int_equal(gnutls_init(&session, GNUTLS_SERVER), 0);
        assert_true(http_tls_tickets_use(&tls, session, begin + rows[i].hours * hour_ms));
        assert_int_equal(tls.ticket_key.size, sizeof before);
        if (i > 0 && (memcmp(before, tls.ticket_key.data, sizeof before) != 0) != rows[i].changes)
            fail_msg("after %u hours", rows[i].hours);
        memcpy(before, tls.ticket_key.data, sizeof before);
        gnutls_deinit(session);
    }
    pthread_mutex_destroy(&tls.lock);
    gnutls_free(tls.ticket_key.data);
}

/* How many lines were logged since, and the last one's event. */
static unsigned logged(int fd, const char *event)
{
    char text[4096];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    unsigned lines = 0;

    assert_true(n >= 0);
    text[n] = '\0';
    for (const char *p = text; (p = strchr(p, '\n')); p++)
        lines++;
    assert_true(lines == 0 || strstr(text, event));
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return lines;
}

static void a_certificate_that_ends_is_told_once_a_day(void **state)
{
    static const struct {
        int64_t days, hours;
        const char *event; /* NULL: nothing is said */
    } rows[] = {
        {1, 0, NULL},
        {14, 0, NULL},
        {17, 0, "level=warning event=certificate-ends-soon"},
        {17, 12, NULL},
        {17, 23, NULL},
        {18, 0, "level=warning event=certificate-ends-soon"},
        {25, 0, "level=warning event=certificate-ends-soon"},
        {31, 0, "level=error event=certificate-ended"},
        {31, 23, NULL},
        {32, 0, "level=error event=certificate-ended"},
    };
    char folder[] = "/tmp/otter-tls-XXXXXX", cert[64], key[64];
    struct http_tls_config config = {.cert = cert, .key = key};
    int fd = memfd_create("log", MFD_CLOEXEC);
    int64_t now = time(NULL);
    struct http_tls *tls;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(cert, sizeof cert, "%s/c.pem", folder);
    snprintf(key, sizeof key, "%s/c.key", folder);
    make_pair(cert, key, 1);
    host_log_setup(HOST_LOG_INFO, HOST_LOG_KEY_VALUE, fd);
    tls = http_tls_new(&config, NULL);
    assert_non_null(tls);
    assert_int_equal(logged(fd, "level=info event=certificate subject=\"CN=otter.test\""), 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        http_tls_watch(tls, now + rows[i].days * 86400 + rows[i].hours * 3600 + 60);
        if (logged(fd, rows[i].event ? rows[i].event : "") != (rows[i].event ? 1 : 0))
            fail_msg("day %d, hour %d", (int)rows[i].days, (int)rows[i].hours);
    }
    host_log_setup(HOST_LOG_ERROR, HOST_LOG_KEY_VALUE, STDERR_FILENO);
    http_tls_free(tls);
    close(fd);
    unlink(cert);
    unlink(key);
    rmdir(folder);
}

/* --- handshakes */

struct client {
    pthread_t thread;
    unsigned port;
    const char *priorities;
    unsigned answered, resumed; /* out */
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

static bool talk(struct client *c, gnutls_session_t session, gnutls_datum_t *kept)
{
    static const char ask[] = "GET /v1/roots/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    char answer[2048];
    ssize_t n;

    do {
        n = gnutls_handshake(session);
    } while (n < 0 && !gnutls_error_is_fatal((int)n));
    if (n < 0 || gnutls_record_send(session, ask, sizeof ask - 1) < 0) {
        fprintf(stderr, "handshake: %s\n", gnutls_strerror((int)n));
        return false;
    }
    do {
        n = gnutls_record_recv(session, answer, sizeof answer);
    } while (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED); /* a ticket of TLS 1.3 */
    c->answered += n > 9 && memcmp(answer, "HTTP/1.1 ", 9) == 0;
    c->resumed += gnutls_session_is_resumed(session) != 0;
    gnutls_free(kept->data);
    kept->data = NULL;
    (void)gnutls_session_get_data2(session, kept);
    (void)gnutls_bye(session, GNUTLS_SHUT_WR);
    return true;
}

static void *ask_again_and_again(void *arg)
{
    struct client *c = arg;
    gnutls_certificate_credentials_t trust;
    gnutls_datum_t kept = {NULL, 0};

    if (gnutls_certificate_allocate_credentials(&trust) < 0)
        return NULL;
    for (unsigned i = 0; i < HANDSHAKES; i++) {
        gnutls_session_t session;
        int fd = connect_to(c->port);

        if (fd < 0 || gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL) < 0)
            break;
        (void)gnutls_priority_set_direct(session, c->priorities, NULL);
        (void)gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, trust);
        if (kept.data)
            (void)gnutls_session_set_data(session, kept.data, kept.size);
        gnutls_transport_set_int(session, fd);
        (void)talk(c, session, &kept);
        gnutls_deinit(session);
        close(fd);
    }
    gnutls_free(kept.data);
    gnutls_certificate_free_credentials(trust);
    return NULL;
}

static void many_clients_are_answered_and_resume_while_the_certificate_changes(void **state)
{
    static const char *const priorities[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.3", "NORMAL:-VERS-ALL:+VERS-TLS1.2",
                                             "NORMAL:-VERS-ALL:+VERS-TLS1.2:%NO_TICKETS",
                                             "NORMAL:-VERS-ALL:+VERS-TLS1.2:%NO_TICKETS"};
    char folder[] = "/tmp/otter-tls-XXXXXX", cert[2][64], key[2][64];
    struct client clients[CLIENTS] = {{.port = 0}};
    struct http_front_config config = {
        .listeners = 1, .threads = 2, .connections = 200, .idle_timeout_s = 30, .drain_s = 5};
    struct http_tls_config tls = {.tickets = true, .cached_max = 100};
    struct http_front *front = NULL;
    struct host_error err = {.kind = HOST_ERROR_NONE};

    (void)state;
    assert_non_null(mkdtemp(folder));
    for (unsigned i = 0; i < 2; i++) {
        snprintf(cert[i], sizeof cert[i], "%s/%u.pem", folder, i);
        snprintf(key[i], sizeof key[i], "%s/%u.key", folder, i);
        make_pair(cert[i], key[i], (unsigned char)(i + 1));
    }
    tls.cert = cert[0];
    tls.key = key[0];
    config.svc = fake_open();
    config.tls = http_tls_new(&tls, &err);
    assert_non_null(config.tls);
    assert_true(http_address_parse("127.0.0.1:0", &config.listener[0].address, NULL));
    config.listener[0].serves = HTTP_SERVES_ALL;
    config.listener[0].tls = true;
    assert_int_equal(http_front_start(&config, &front, &err), HTTP_START_OK);
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i].port = http_front_port(front, 0);
        clients[i].priorities = priorities[i];
        assert_int_equal(pthread_create(&clients[i].thread, NULL, ask_again_and_again, &clients[i]), 0);
    }
    for (unsigned i = 0; i < RELOADS; i++) {
        assert_true(http_tls_reload(config.tls, cert[i % 2], key[i % 2], &err));
        assert_false(http_tls_reload(config.tls, cert[0], key[1], &err));
        http_tls_watch(config.tls, time(NULL));
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        assert_int_equal(clients[i].answered, HANDSHAKES);
        assert_int_equal(clients[i].resumed, HANDSHAKES - 1);
    }
    http_front_stop(front);
    http_tls_free(config.tls);
    fake_close(config.svc);
    for (unsigned i = 0; i < 2; i++) {
        unlink(cert[i]);
        unlink(key[i]);
    }
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cache_gives_back_what_was_put_and_forgets_what_was_removed),
        cmocka_unit_test(a_full_cache_drops_what_was_not_asked_for_the_longest),
        cmocka_unit_test(the_cache_takes_nothing_out_of_its_bounds),
        cmocka_unit_test(days_left_are_whole_ones),
        cmocka_unit_test(the_key_of_tickets_changes_once_a_day),
        cmocka_unit_test(a_certificate_that_ends_is_told_once_a_day),
        cmocka_unit_test(many_clients_are_answered_and_resume_while_the_certificate_changes),
    };

    signal(SIGPIPE, SIG_IGN);
    umask(0077);
    host_log_setup(HOST_LOG_ERROR, HOST_LOG_KEY_VALUE, STDERR_FILENO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

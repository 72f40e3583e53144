/* The network at its worst: every failure has its name, none stops the device from trying again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include "core/bytes.h"

#include <string.h>

static const struct {
    const char *name, *raw;
    enum otter_status why;
    enum otter_status told; /* to the server, by the next poll; OK: nothing was refused */
} replies[] = {
    {"not HTTP", "hello\r\n\r\n", OTTER_HTTP_MALFORMED, OTTER_HTTP_MALFORMED},
    {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", OTTER_HTTP_MALFORMED,
     OTTER_HTTP_MALFORMED},
    {"no length", "HTTP/1.1 200 OK\r\n\r\n{}", OTTER_HTTP_MALFORMED, OTTER_HTTP_MALFORMED},
    {"nothing at all", "", OTTER_NET_LOST, OTTER_OK},
    {"cut in the head", "HTTP/1.1 20", OTTER_NET_LOST, OTTER_OK},
    {"cut in the body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", OTTER_NET_LOST, OTTER_OK},
    {"too large", "HTTP/1.1 200 OK\r\nContent-Length: 1537\r\n\r\n{}", OTTER_TOO_LARGE, OTTER_TOO_LARGE},
    {"far too large", "HTTP/1.1 200 OK\r\nContent-Length: 9007199254740991\r\n\r\n{}", OTTER_TOO_LARGE,
     OTTER_TOO_LARGE},
    {"redirect", "HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n",
     OTTER_HTTP_REDIRECT, OTTER_HTTP_REDIRECT},
    {"401", "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", OTTER_HTTP_STATUS, OTTER_OK},
    {"404 without a length", "HTTP/1.1 404 No\r\n\r\nlong page", OTTER_HTTP_STATUS, OTTER_OK},
    {"503 with a page longer than any buffer", "HTTP/1.1 503 No\r\nContent-Length: 999999\r\n\r\nx",
     OTTER_HTTP_STATUS, OTTER_OK},
    {"206 to a poll", "HTTP/1.1 206 No\r\nContent-Length: 0\r\n\r\n", OTTER_HTTP_STATUS, OTTER_OK},
    {"empty 200", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", OTTER_BAD_JSON, OTTER_BAD_JSON},
    {"no envelope", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", OTTER_STATUS_COUNT, OTTER_BAD_ENVELOPE},
};

static void hostile_replies_to_a_poll_are_named_and_survived(void **state)
{
    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(replies); i++) {
        struct world *w;
        void *fresh;

        print_message("  %s\n", replies[i].name);
        world_setup(&fresh);
        w = fresh;
        w->server.raw_target = "/v1/device/poll";
        w->server.raw_reply = replies[i].raw;
        assert_false(world_run(w, 500));
        /* A kept connection that gives nothing is tried once more anew. */
        assert_int_equal(w->server.polls, replies[i].raw[0] == '\0' ? 2 : 1);
        assert_int_equal(world_view(w).polls, 0);
        if (replies[i].why != OTTER_STATUS_COUNT)
            assert_int_equal(world_view(w).last_error, replies[i].why);
        assert_true(world_view(w).last_error != OTTER_OK);
        w->server.raw_target = NULL;
        assert_true(world_run(w, 61000)); /* and then the update comes about all the same */
        assert_int_equal(w->server.last_poll.poll.refused, replies[i].told);
        world_teardown(&fresh);
    }
}

static void hostile_bytes_in_a_manifest_or_blob_lose_nothing(void **state)
{
    static const char *const targets[] = {"/v1/blobs/", "/v1/roots/", "/v1/device/report"};

    (void)state;
    for (size_t t = 0; t < OTTER_ARRAY_LEN(targets); t++) {
        for (size_t i = 0; i < OTTER_ARRAY_LEN(replies); i++) {
            struct world *w;
            void *fresh;

            world_setup(&fresh);
            w = fresh;
            w->server.raw_target = targets[t];
            w->server.raw_reply = replies[i].raw;
            (void)world_run(w, 2000);
            assert_int_equal(w->journal.live.confirmed.slot, OTTER_SLOT_A);
            w->server.raw_target = NULL;
            w->client.refused_attempt = 0; /* as a new attempt would */
            w->client.said_attempt = 0;
            if (!w->journal.live.pending.present)
                assert_true(world_run(w, 4 * 3600 * 1000));
            world_teardown(&fresh);
        }
    }
}

static void silence_is_a_timeout(void **state)
{
    struct world *w = *state;

    w->net.silent = true;
    world_run(w, 29000);
    assert_int_equal(world_view(w).last_error, OTTER_OK);
    world_run(w, 33000); /* the run of roots waits first */
    assert_int_equal(world_view(w).last_error, OTTER_NET_TIMEOUT);
}

static void a_refused_connection_is_unreachable(void **state)
{
    struct world *w = *state;

    w->net.refuse = true;
    world_run(w, 500);
    assert_int_equal(world_view(w).last_error, OTTER_NET_UNREACHABLE);
}

static void a_trickle_is_too_slow(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < 100000 && w->server.image_requests == 0; i++)
        (void)otter_client_step(&w->client, w->now);
    w->net.piece = 1;
    w->net.trickle_ms = 20;
    assert_false(world_run(w, 65000));
    assert_true(w->seen[OTTER_NET_SLOW]);
}

static void a_slow_link_that_keeps_the_minimum_is_slow_enough(void **state)
{
    struct world *w = *state;

    w->net.piece = 100;
    w->net.trickle_ms = 1000;
    assert_true(world_run(w, 2000 * 1000));
    assert_false(w->seen[OTTER_NET_SLOW]);
    assert_false(w->seen[OTTER_NET_TIMEOUT]);
}

static void failures_back_off_and_end_with_the_first_good_poll(void **state)
{
    struct world *w = *state;
    unsigned polls;

    w->server.poll_status = 500;
    w->server.poll_headers = "";
    world_run(w, 24 * 3600 * 1000);
    polls = w->server.polls;
    assert_in_range(polls, 4, 40);
    world_reset(w); /* a boot does not forget */
    world_run(w, 500);
    assert_int_equal(w->server.polls, polls);
    w->server.poll_status = 204;
    otter_client_poll_now(&w->client);
    world_run(w, 500);
    assert_int_equal(w->journal.live.failures, 0);
}

static void retry_after_bounds_the_back_off_from_below(void **state)
{
    struct world *w = *state;

    w->server.poll_status = 503;
    w->server.poll_headers = "Retry-After: 7200\r\n";
    world_run(w, 7199 * 1000);
    assert_int_equal(w->server.polls, 1);
    world_run(w, 1000 * 1000);
    assert_int_equal(w->server.polls, 2);
}

static void the_second_server_is_tried_after_a_failure(void **state)
{
    struct world *w = *state;

    strcpy(w->factory.url[1], "https://127.0.0.1:444/ota");
    strcpy(w->factory.tls_name[1], "otter.test");
    world_reset(w);
    w->net.refuse = true;
    world_run(w, 1);
    assert_int_equal(w->net.port, 8480);
    assert_string_equal(w->net.tls_name, "");
    world_run(w, 61000);
    assert_int_equal(w->net.port, 444);
    assert_string_equal(w->net.tls_name, "otter.test");
}

static void a_kept_connection_that_went_stale_is_reopened_once(void **state)
{
    struct world *w = *state;

    /* The server closes after the reply to the poll, without saying so. */
    for (unsigned i = 0; i < 100000 && w->server.polls == 0; i++)
        (void)otter_client_step(&w->client, w->now);
    for (unsigned i = 0; i < 100000 && w->client.phase != OTTER_PHASE_MANIFEST; i++)
        (void)otter_client_step(&w->client, w->now);
    w->net.cut = true;
    assert_true(world_run(w, 500));
    assert_int_equal(w->server.connections, 2);
}

static void a_connection_that_the_server_will_close_is_not_used_again(void **state)
{
    struct world *w = *state;

    w->server.poll_headers = "Connection: close\r\n";
    assert_true(world_run(w, 500));
    assert_int_equal(w->server.connections, 2);
}

static void a_missing_blob_is_not_asked_for_for_ever(void **state)
{
    struct world *w = *state;
    struct otter_report report;

    w->server.image_status = 404;
    assert_false(world_run(w, 3 * OTTER_TEST_DAY));
    assert_int_equal(w->server.image_requests, 8);
    assert_true(world_reported(w, OTTER_UPDATE_FAILED, &report));
    assert_int_equal(report.reason, OTTER_HTTP_STATUS);
}

static void the_device_shows_its_token_on_loopback_and_tls_alone(void **state)
{
    static const struct {
        const char *url, *begins;
    } cases[] = {
        {"http://127.0.0.1:8480", "\r\nAuthorization: Bearer Wlpa"},
        {"https://ota.example", "\r\nAuthorization: Bearer Wlpa"},
        {"http://ota.example", "\r\nAuthorization: Otter-HMAC lamp-1:"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < OTTER_ARRAY_LEN(cases); i++) {
        strcpy(w->factory.url[0], cases[i].url);
        w->server.poll_status = 204;
        world_reset(w);
        world_run(w, 100);
        assert_non_null(strstr(w->server.poll_head, cases[i].begins));
        assert_int_equal(w->server.root_authorized, 0); /* roots are public */
        if (strncmp(cases[i].url, "https", 5) == 0)
            assert_string_equal(w->net.tls_name, "ota.example");
    }
    assert_null(strstr(w->server.poll_head, "Wlpa")); /* the last one, in the clear */
}

/* TLS knows better than "unreachable", "lost" or "no progress"; a failure of it backs off like any other. */
static void what_tls_says_of_a_failure_is_what_the_device_says(void **state)
{
    static const struct {
        enum otter_status why;
        bool refuse, silent;
        enum otter_status expected;
    } rows[] = {
        {OTTER_TLS_UNTRUSTED, true, false, OTTER_TLS_UNTRUSTED},
        {OTTER_TLS_NO_CA, true, false, OTTER_TLS_NO_CA},
        {OTTER_TLS_FAILED, false, true, OTTER_TLS_FAILED}, /* a handshake that does not end */
        {OTTER_OK, true, false, OTTER_NET_UNREACHABLE},
        {OTTER_OK, false, true, OTTER_NET_TIMEOUT},
    };
    struct world *w = *state;

    memory_net_tls(&w->net);
    strcpy(w->factory.url[0], "https://ota.example");
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        world_reset(w);
        w->net.why = rows[i].why;
        w->net.refuse = rows[i].refuse;
        w->net.silent = rows[i].silent;
        otter_client_poll_now(&w->client);
        world_run(w, 61500); /* a run of roots, and a poll */
        assert_int_equal(world_view(w).last_error, rows[i].expected);
        assert_in_range(w->client.failures, 1, 9); /* and is counted for the back-off */
    }
    assert_true(w->journal.live.failures > 2); /* counted, and kept over a reset */
}

static void the_stream_says_which_way_it_waits(void **state)
{
    struct world *w = *state;

    memory_net_tls(&w->net);
    w->net.silent = true;
    for (unsigned way = 0; way < 2; way++) {
        struct otter_client_next next = {0};

        w->net.waits_to_send = way == 1;
        for (unsigned i = 0; i < 100000 && next.want != OTTER_WANT_NET; i++)
            next = otter_client_step(&w->client, w->now);
        assert_int_equal(next.want, OTTER_WANT_NET);
        assert_int_equal(next.net_write, way == 1);
    }
}

static void a_token_in_the_journal_replaces_the_secret(void **state)
{
    struct world *w = *state;

    assert_int_equal(otter_journal_set_token(&w->journal, "tok-1"), OTTER_OK);
    w->server.poll_status = 204;
    world_run(w, 100);
    assert_non_null(strstr(w->server.poll_head, "\r\nAuthorization: Bearer tok-1\r\n"));
}

/* The nonce of a head, whose mac (protocol.md, Auth) is computed a second time from what was sent. */
static void check_proof(const struct world *w, const char *head, const char *body, const char *begin,
                        char nonce[32])
{
    char message[4096];
    char hex[OTTER_DIGEST_HEX + 1];
    char mac[OTTER_B64_LEN(OTTER_DIGEST_LEN) + 1];
    struct otter_digest digest;
    const char *at = strstr(head, "Otter-HMAC lamp-1:"), *end;

    assert_non_null(at);
    at += 18;
    end = strchr(at, ':');
    assert_non_null(end);
    assert_int_equal(end - at, OTTER_B64_LEN(OTTER_NONCE_LEN));
    memcpy(nonce, at, (size_t)(end - at));
    nonce[end - at] = '\0';
    otter_sha256_of(&otter_crypto_openssl, body, strlen(body), &digest);
    otter_hex_encode(digest.b, OTTER_DIGEST_LEN, hex);
    strcpy(message, begin);
    strcat(message, nonce);
    strcat(message, "\n");
    strcat(message, hex);
    otter_hmac_sha256(&otter_crypto_openssl, w->factory.secret, OTTER_SECRET_LEN, message, strlen(message),
                      &digest);
    otter_b64_encode(digest.b, OTTER_DIGEST_LEN, mac);
    assert_memory_equal(end + 1, mac, strlen(mac));
    assert_int_equal(end[1 + strlen(mac)], '\r');
}

static void a_plain_request_proves_the_secret(void **state)
{
    struct world *w = *state;
    char nonce[32];

    strcpy(w->factory.url[0], "http://ota.example/base");
    w->server.raw_target = "/base/v1/device/poll";
    w->server.raw_reply = "HTTP/1.1 204 No\r\n\r\n";
    world_reset(w);
    w->client.roots_due = false;
    world_run(w, 100);
    check_proof(w, w->server.last_head, w->server.last_body, "POST\n/base/v1/device/poll\n", nonce);
}

static void a_request_sent_again_proves_the_secret_with_a_fresh_nonce(void **state)
{
    struct world *w = *state;
    char first[32], second[32];

    strcpy(w->factory.url[0], "http://ota.example");
    w->server.raw_target = "/v1/device/poll";
    w->server.raw_reply = ""; /* the connection that carried the roots is closed on the poll */
    world_reset(w);
    world_run(w, 500);
    assert_int_equal(w->server.polls, 2);
    check_proof(w, w->server.poll_head, w->server.last_body, "POST\n/v1/device/poll\n", first);
    check_proof(w, w->server.last_head, w->server.last_body, "POST\n/v1/device/poll\n", second);
    assert_string_not_equal(first, second);
}

static void told_so_the_client_proves_itself_to_this_host_too(void **state)
{
    struct world *w = *state;
    char nonce[32], path[32 + OTTER_DIGEST_HEX];

    w->client.config.always_hmac = true;
    world_run(w, 60000);
    assert_true(world_reported(w, OTTER_UPDATE_INSTALLED, NULL));
    assert_null(strstr(w->server.poll_head, "Bearer"));
    strcpy(path, "GET\n/v1/blobs/");
    otter_hex_encode(w->new_image.digest.b, OTTER_DIGEST_LEN, path + strlen(path));
    strcat(path, "\n");
    check_proof(w, w->server.blob_head, "", path, nonce);
}

static const char *blobs_prefix;

static void offer_blobs(struct world *w, struct otter_offer *offer)
{
    (void)w;
    strcpy(offer->blobs, blobs_prefix);
}

static void the_secret_goes_to_no_foreign_blobs_origin(void **state)
{
    static const struct {
        const char *blobs;
        bool authorized;
        const char *host;
    } cases[] = {
        {"http://cdn.example/cdn", false, "cdn.example"},
        {"http://127.0.0.1:8481/cdn/", false, "127.0.0.1"},
        {"https://127.0.0.1:8480/cdn", false, "127.0.0.1"},
        {"http://127.0.0.1:8480/cdn", true, "127.0.0.1"},
        {"/cdn", true, "127.0.0.1"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(cases); i++) {
        struct world *w;
        void *fresh;

        world_setup(&fresh);
        w = fresh;
        blobs_prefix = cases[i].blobs;
        w->server.tweak_offer = offer_blobs;
        for (unsigned n = 0; n < 100000 && w->server.image_requests == 0; n++)
            (void)otter_client_step(&w->client, w->now);
        assert_string_equal(w->net.host, cases[i].host);
        assert_int_equal(strstr(w->server.blob_head, "Authorization") != NULL, cases[i].authorized);
        assert_non_null(strstr(w->server.blob_head, "GET /cdn/"));
        assert_true(world_run(w, 60000));
        world_teardown(&fresh);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_replies_to_a_poll_are_named_and_survived),
        cmocka_unit_test(hostile_bytes_in_a_manifest_or_blob_lose_nothing),
        T(silence_is_a_timeout),
        T(a_refused_connection_is_unreachable),
        T(a_trickle_is_too_slow),
        T(a_slow_link_that_keeps_the_minimum_is_slow_enough),
        T(failures_back_off_and_end_with_the_first_good_poll),
        T(retry_after_bounds_the_back_off_from_below),
        T(the_second_server_is_tried_after_a_failure),
        T(a_kept_connection_that_went_stale_is_reopened_once),
        T(a_connection_that_the_server_will_close_is_not_used_again),
        T(a_missing_blob_is_not_asked_for_for_ever),
        T(the_device_shows_its_token_on_loopback_and_tls_alone),
        T(what_tls_says_of_a_failure_is_what_the_device_says),
        T(the_stream_says_which_way_it_waits),
        T(a_token_in_the_journal_replaces_the_secret),
        T(a_plain_request_proves_the_secret),
        T(a_request_sent_again_proves_the_secret_with_a_fresh_nonce),
        T(told_so_the_client_proves_itself_to_this_host_too),
        cmocka_unit_test(the_secret_goes_to_no_foreign_blobs_origin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

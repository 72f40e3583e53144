/* The device's TLS against OpenSSL as the server, over a stream in memory: who is believed, and what breaks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "peer.h"

#include "core/bytes.h"
#include "crypto/tls.h"

#include <string.h>

#define NOW    INT64_C(1800000000) /* 2027: when the tests play */
#define DAY    INT64_C(86400)
#define YEAR   (365 * DAY)
#define NAME   "ota.otter.test"
#define STEPS  200000u /* calls; a whole handshake byte by byte takes some thousand */
#define ANSWER 1000u

enum who {
    CA,
    CA_RSA,
    CA_P384,
    CA_SAME_NAME, /* as CA, with another key */
    INTERMEDIATE,
    INTERMEDIATE_OLD, /* expired before LEAF_NEW began */
    NO_INTERMEDIATE,  /* like one, but no CA */
    SELF,             /* signed by itself, and a CA: what `openssl req -x509` makes */
    SELF_LEAF,        /* the like, and no CA */
    LEAF,
    LEAF_RSA,
    LEAF_WEAK,
    LEAF_P384,
    LEAF_MIXED, /* RSA signed by the P-256 CA */
    LEAF_BELOW, /* by INTERMEDIATE */
    LEAF_BELOW_NO,
    LEAF_NEW, /* by INTERMEDIATE_OLD */
    LEAF_WILD,
    LEAF_OTHER_NAME,
    LEAF_OLD,    /* ended yesterday */
    LEAF_FUTURE, /* begins next year */
    CERTS
};

#define SPAN NOW - YEAR, NOW + YEAR

static const struct {
    struct pki_spec spec;
    int issuer; /* -1 = itself */
} certs[CERTS] = {
    [CA] = {{"otter test CA", NULL, PKI_P256, true, SPAN}, -1},
    [CA_RSA] = {{"otter RSA CA", NULL, PKI_RSA2048, true, SPAN}, -1},
    [CA_P384] = {{"otter P-384 CA", NULL, PKI_P384, true, SPAN}, -1},
    [CA_SAME_NAME] = {{"otter test CA", NULL, PKI_P256, true, SPAN}, -1},
    [INTERMEDIATE] = {{"between", NULL, PKI_P256, true, SPAN}, CA},
    [INTERMEDIATE_OLD] = {{"between, once", NULL, PKI_P256, true, NOW - YEAR, NOW - 3 * DAY}, CA},
    [NO_INTERMEDIATE] = {{"no CA", "x.otter.test", PKI_P256, false, SPAN}, CA},
    [SELF] = {{"self", NAME, PKI_P256, true, SPAN}, -1},
    [SELF_LEAF] = {{"self leaf", NAME, PKI_P256, false, SPAN}, -1},
    [LEAF] = {{"leaf", NAME, PKI_P256, false, SPAN}, CA},
    [LEAF_RSA] = {{"leaf", NAME, PKI_RSA2048, false, SPAN}, CA_RSA},
    [LEAF_WEAK] = {{"leaf", NAME, PKI_RSA1024, false, SPAN}, CA_RSA},
    [LEAF_P384] = {{"leaf", NAME, PKI_P384, false, SPAN}, CA_P384},
    [LEAF_MIXED] = {{"leaf", NAME, PKI_RSA2048, false, SPAN}, CA},
    [LEAF_BELOW] = {{"leaf", NAME, PKI_P256, false, SPAN}, INTERMEDIATE},
    [LEAF_BELOW_NO] = {{"leaf", NAME, PKI_P256, false, SPAN}, NO_INTERMEDIATE},
    [LEAF_NEW] = {{"leaf", NAME, PKI_P256, false, NOW - DAY, NOW + YEAR}, INTERMEDIATE_OLD},
    [LEAF_WILD] = {{"leaf", "*.otter.test", PKI_P256, false, SPAN}, CA},
    [LEAF_OTHER_NAME] = {{"leaf", "other.test", PKI_P256, false, SPAN}, CA},
    [LEAF_OLD] = {{"leaf", NAME, PKI_P256, false, NOW - YEAR, NOW - DAY}, CA},
    [LEAF_FUTURE] = {{"leaf", NAME, PKI_P256, false, NOW + YEAR, NOW + 2 * YEAR}, CA},
};

/* Made once: keys take their time. */
static struct pki_cert made[CERTS];

struct rig {
    struct peer peer;
    struct otter_tls tls;
    struct otter_tls_work work;
    uint8_t in[OTTER_TLS_IN(OTTER_TLS_FRAGMENT)];
    uint8_t out[OTTER_TLS_OUT(OTTER_TLS_FRAGMENT)];
    struct otter_random random;
    struct otter_wall_clock clock;
    uint64_t now; /* of the clock */
    uint32_t seed;
    uint8_t ca[OTTER_CA_MAX];
    struct otter_net_tls ask;
    uint32_t received;
};

static void fill(struct otter_random *self, void *buf, size_t len)
{
    struct rig *r = OTTER_CONTAINER_OF(self, struct rig, random);

    for (size_t i = 0; i < len; i++)
        ((uint8_t *)buf)[i] = (uint8_t)((r->seed = r->seed * 1664525u + 1013904223u) >> 24);
}

static uint64_t now_s(struct otter_wall_clock *self)
{
    return OTTER_CONTAINER_OF(self, struct rig, clock)->now;
}

static void lend(struct rig *r)
{
    otter_tls_lend(&r->tls,
                   &(struct otter_tls_memory){&r->work, r->in, sizeof(r->in), r->out, sizeof(r->out)});
}

static void trust(struct rig *r, enum who ca)
{
    r->ask.ca = r->ca;
    r->ask.ca_len = pki_der(&made[ca], r->ca, sizeof(r->ca));
}

static void rig_init(struct rig *r)
{
    memset(r, 0, sizeof(*r));
    peer_init(&r->peer);
    r->peer.chain[0] = &made[LEAF];
    r->random.fill = fill;
    r->clock.now_s = now_s;
    r->ask = (struct otter_net_tls){.name = NAME, .time_floor = NOW};
    otter_tls_init(&r->tls, &r->peer.net, &r->random, &r->clock);
    lend(r);
    trust(r, CA);
}

static int set_up(void **state)
{
    static struct rig rig;

    rig_init(&rig);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *r = *state;

    r->tls.net.close(&r->tls.net);
    r->tls.net.close(&r->tls.net); /* harmless */
    peer_free(&r->peer);
    return 0;
}

static struct otter_net *net_of(struct rig *r)
{
    return &r->tls.net;
}

/* Sends the whole request, byte by byte if need be; false if the stream breaks. */
static bool ask(struct rig *r, uint32_t count)
{
    const uint8_t request[4] = {(uint8_t)(count >> 24), (uint8_t)(count >> 16), (uint8_t)(count >> 8),
                                (uint8_t)count};
    uint32_t at = 0;

    for (unsigned i = 0; i < STEPS && at < sizeof(request); i++) {
        int32_t n = net_of(r)->send(net_of(r), request + at, sizeof(request) - at);

        assert_true(n >= 0 || n == OTTER_NET_ERROR);
        if (n < 0)
            return false;
        at += (uint32_t)n;
    }
    return at == sizeof(request);
}

/* Receives up to `count` bytes, each checked: how the stream stands then. */
static int32_t take(struct rig *r, uint32_t count)
{
    uint8_t buf[777];
    int32_t n = OTTER_NET_AGAIN;

    for (unsigned i = 0; i < STEPS && n >= 0 && r->received < count; i++) {
        n = net_of(r)->recv(net_of(r), buf, sizeof(buf));
        for (int32_t k = 0; k < n; k++)
            assert_int_equal(buf[k], peer_byte(r->received++));
    }
    return n;
}

/* One connection with a request and its answer: OK, or what the stream says of its failure. */
static enum otter_status talk(struct rig *r, uint16_t port, uint32_t count)
{
    bool done;

    r->received = 0;
    assert_true(net_of(r)->open(net_of(r), "host.otter.test", port, &r->ask));
    done = ask(r, count) && take(r, count) >= 0 && r->received == count;
    if (done) {
        net_of(r)->close(net_of(r));
        return OTTER_OK;
    }
    return net_of(r)->why(net_of(r)) != OTTER_OK ? net_of(r)->why(net_of(r)) : OTTER_NET_LOST;
}

static void every_chain_gets_its_verdict(void **state)
{
    static const struct {
        const char *what;
        enum who ca, chain[PEER_CHAIN];
        enum otter_status expected;
        const char *name;     /* NULL = NAME */
        int64_t floor, clock; /* floor: 0 = NOW, < 0 = none */
    } rows[] = {
        {"EC", CA, {LEAF}, OTTER_OK},
        {"RSA", CA_RSA, {LEAF_RSA}, OTTER_OK},
        {"P-384", CA_P384, {LEAF_P384}, OTTER_OK},
        {"RSA below EC", CA, {LEAF_MIXED}, OTTER_OK},
        {"an intermediate", CA, {LEAF_BELOW, INTERMEDIATE}, OTTER_OK},
        {"an intermediate, and the CA sent along", CA, {LEAF_BELOW, INTERMEDIATE, CA}, OTTER_OK},
        {"the intermediate as CA", INTERMEDIATE, {LEAF_BELOW, INTERMEDIATE}, OTTER_OK},
        {"what is sent behind the CA's child is not looked at", CA, {LEAF, INTERMEDIATE_OLD}, OTTER_OK},
        {"a wildcard", CA, {LEAF_WILD}, OTTER_OK},
        {"any case of the name", CA, {LEAF}, OTTER_OK, "OTA.Otter.TEST"},
        {"signed by itself, a CA", SELF, {SELF}, OTTER_OK},

        {"another CA", CA_RSA, {LEAF}, OTTER_TLS_UNTRUSTED},
        {"another CA of the same name", CA_SAME_NAME, {LEAF}, OTTER_TLS_UNTRUSTED},
        {"signed by itself, another", CA, {SELF}, OTTER_TLS_UNTRUSTED},
        {"no intermediate", CA, {LEAF_BELOW}, OTTER_TLS_UNTRUSTED},
        {"the wrong intermediate", CA, {LEAF_BELOW, INTERMEDIATE_OLD}, OTTER_TLS_UNTRUSTED},
        {"an intermediate that is no CA", CA, {LEAF_BELOW_NO, NO_INTERMEDIATE}, OTTER_TLS_UNTRUSTED},
        {"an RSA key of 1,024 bits", CA_RSA, {LEAF_WEAK}, OTTER_TLS_UNTRUSTED},

        {"another name", CA, {LEAF_OTHER_NAME}, OTTER_TLS_NAME},
        {"a part of the name", CA, {LEAF}, OTTER_TLS_NAME, "otter.test"},
        {"a wildcard for one label alone", CA, {LEAF_WILD}, OTTER_TLS_NAME, "a.b.otter.test"},

        {"no certificate as CA", CERTS, {LEAF}, OTTER_TLS_NO_CA},
        {"the server's own certificate as CA", SELF_LEAF, {SELF_LEAF}, OTTER_TLS_NO_CA},
        {"a leaf as CA", LEAF, {LEAF}, OTTER_TLS_NO_CA},
        {"an address", CA, {LEAF}, OTTER_TLS_NO_NAME, "127.0.0.1"},
        {"an IPv6 address", CA, {LEAF}, OTTER_TLS_NO_NAME, "::1"},
        {"no name", CA, {LEAF}, OTTER_TLS_NO_NAME, ""},

        {"ended before the floor", CA, {LEAF_OLD}, OTTER_TLS_EXPIRED},
        {"ended, and no floor to tell", CA, {LEAF_OLD}, OTTER_OK, NULL, -1},
        {"the last second", CA, {LEAF_OLD}, OTTER_OK, NULL, NOW - DAY},
        {"the second after", CA, {LEAF_OLD}, OTTER_TLS_EXPIRED, NULL, NOW - DAY + 1},
        {"begins after the floor: time has passed", CA, {LEAF_FUTURE}, OTTER_OK},
        {"the intermediate ended before the leaf began",
         CA,
         {LEAF_NEW, INTERMEDIATE_OLD},
         OTTER_TLS_EXPIRED,
         NULL,
         -1},
        {"a clock says: not yet", CA, {LEAF_FUTURE}, OTTER_TLS_EXPIRED, NULL, 0, NOW},
        {"a clock says: now", CA, {LEAF_FUTURE}, OTTER_OK, NULL, 0, NOW + YEAR},
        {"a clock says: no more", CA, {LEAF}, OTTER_TLS_EXPIRED, NULL, 0, NOW + YEAR + 1},
        {"a clock set back does not undo the floor",
         CA,
         {LEAF_OLD},
         OTTER_TLS_EXPIRED,
         NULL,
         0,
         NOW - 2 * DAY},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        static struct rig r;
        enum otter_status got;

        rig_init(&r);
        if (rows[i].ca < CERTS)
            trust(&r, rows[i].ca);
        else
            r.ask.ca_len = 40;
        for (unsigned k = 0; k < PEER_CHAIN; k++)
            r.peer.chain[k] = k == 0 || rows[i].chain[k] != 0 ? &made[rows[i].chain[k]] : NULL;
        if (strstr(rows[i].what, "sent along") != NULL)
            r.peer.chain[2] = &made[CA]; /* which is 0 */
        if (rows[i].name != NULL)
            r.ask.name = rows[i].name;
        r.ask.time_floor = rows[i].floor == 0 ? NOW : rows[i].floor < 0 ? 0 : (uint64_t)rows[i].floor;
        r.now = (uint64_t)rows[i].clock;
        got = talk(&r, 443, ANSWER);
        if (got != rows[i].expected)
            fail_msg("%s: %s, BearSSL's %d", rows[i].what, otter_status_name(got), r.tls.error);
        net_of(&r)->close(net_of(&r));
        if (got == OTTER_OK)
            assert_string_equal(r.peer.name, r.ask.name);
        if (got == OTTER_TLS_NO_CA || got == OTTER_TLS_NO_NAME)
            assert_int_equal(r.peer.opened, 0); /* not even tried */
        peer_free(&r.peer);
    }
}

static void a_server_that_speaks_otherwise_is_refused_by_name(void **state)
{
#define SAYS(text) text, sizeof(text) - 1
    static const struct {
        const char *what;
        const char *instead;
        uint32_t instead_len;
        int version;
        const char *ciphers;
        enum otter_status expected;
    } rows[] = {
        {"plain HTTP", SAYS("HTTP/1.1 400 Bad Request\r\n\r\n"), 0, NULL, OTTER_TLS_FAILED},
        {"one byte", SAYS("\x16"), 0, NULL, OTTER_TLS_FAILED},
        {"nothing", "", 0, 0, NULL, OTTER_TLS_FAILED},
        {"a fatal alert", SAYS("\x15\x03\x03\x00\x02\x02\x28"), 0, NULL, OTTER_TLS_FAILED},
        {"close_notify first of all", SAYS("\x15\x03\x03\x00\x02\x01\x00"), 0, NULL, OTTER_TLS_FAILED},
        {"TLS 1.3 alone", NULL, 0, TLS1_3_VERSION, NULL, OTTER_TLS_FAILED},
        {"TLS 1.1 alone", NULL, 0, TLS1_1_VERSION, NULL, OTTER_TLS_FAILED},
        {"no forward secrecy", NULL, 0, 0, "AES128-GCM-SHA256", OTTER_TLS_FAILED},
        {"CBC alone", NULL, 0, 0, "ECDHE-ECDSA-AES128-SHA", OTTER_TLS_FAILED},
        {"AES-GCM alone", NULL, 0, 0, "ECDHE-ECDSA-AES128-GCM-SHA256", OTTER_OK},
        {"ChaCha20 alone", NULL, 0, 0, "ECDHE-ECDSA-CHACHA20-POLY1305", OTTER_OK},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        static struct rig r;
        enum otter_status got;

        rig_init(&r);
        r.peer.instead = rows[i].instead;
        r.peer.instead_len = rows[i].instead_len;
        r.peer.version = rows[i].version;
        r.peer.ciphers = rows[i].ciphers;
        got = talk(&r, 443, ANSWER);
        if (got != rows[i].expected)
            fail_msg("%s: %s, BearSSL's %d", rows[i].what, otter_status_name(got), r.tls.error);
        net_of(&r)->close(net_of(&r));
        peer_free(&r.peer);
    }
}

static void bytes_may_come_one_by_one(void **state)
{
    struct rig *r = *state;

    r->peer.piece = 1;
    assert_int_equal(talk(r, 443, 3000), OTTER_OK);
}

static void the_server_keeps_to_the_small_buffer(void **state)
{
    struct rig *r = *state;

    r->peer.chain[0] = &made[LEAF_BELOW];
    r->peer.chain[1] = &made[INTERMEDIATE];
    assert_int_equal(talk(r, 443, 200000), OTTER_OK);
    assert_in_range(r->peer.longest, OTTER_TLS_FRAGMENT, OTTER_TLS_FRAGMENT + 300);
}

static void without_memory_https_is_refused(void **state)
{
    struct rig *r = *state;

    otter_tls_lend(&r->tls, NULL);
    assert_int_equal(talk(r, 443, ANSWER), OTTER_NO_SPACE);
    assert_int_equal(r->peer.opened, 0);
}

/* What a server sends that does not know the extension. */
static void a_record_over_the_buffer_is_refused_by_name(void **state)
{
    struct rig *r = *state;

    r->peer.stretch = true;
    assert_int_equal(talk(r, 443, ANSWER), OTTER_TLS_RECORD);
    assert_int_equal(r->received, 0);
}

/* Wherever the server's bytes end, the device has no whole answer, and knows it. */
static void an_answer_cut_short_is_never_whole(void **state)
{
    struct rig *r = *state;
    int64_t all;

    assert_int_equal(talk(r, 443, ANSWER), OTTER_OK);
    all = r->peer.to_client;
    for (int64_t at = 0; at < all; at += 7) {
        enum otter_status got;

        otter_tls_forget(&r->tls);
        r->peer.cut_at = at;
        got = talk(r, 443, ANSWER);
        /* Until the handshake is done it has failed; after that the connection is lost. */
        if (got != OTTER_TLS_FAILED && got != OTTER_NET_LOST)
            fail_msg("cut at %d: %s", (int)at, otter_status_name(got));
        assert_true(r->received == 0 || got == OTTER_NET_LOST);
        net_of(r)->close(net_of(r));
    }
}

static void a_flipped_bit_is_found_wherever_it_is(void **state)
{
    struct rig *r = *state;
    int64_t all;

    assert_int_equal(talk(r, 443, ANSWER), OTTER_OK);
    all = r->peer.to_client;
    for (int64_t at = 0; at < all; at += 11) {
        enum otter_status got;

        otter_tls_forget(&r->tls);
        r->peer.flip_at = at;
        got = talk(r, 443, ANSWER); /* take() looks at each byte */
        /* A signature's length varies: this connection may have ended before the flip. */
        if (got == OTTER_OK && r->peer.to_client > at)
            fail_msg("flipped at %d of %d: taken", (int)at, (int)all);
        net_of(r)->close(net_of(r));
    }
}

static void the_ends_of_a_connection_are_told_apart(void **state)
{
    struct rig *r = *state;

    r->peer.goodbye = true;
    assert_true(net_of(r)->open(net_of(r), "h", 443, &r->ask));
    assert_true(ask(r, 10));
    assert_int_equal(take(r, 11), OTTER_NET_EOF);
    assert_int_equal(r->received, 10);
    net_of(r)->close(net_of(r));
    r->peer.goodbye = false;
    r->peer.no_goodbye = true;
    r->received = 0;
    assert_true(net_of(r)->open(net_of(r), "h", 443, &r->ask));
    assert_true(ask(r, 10));
    assert_int_equal(take(r, 11), OTTER_NET_ERROR); /* the rest may have been cut off */
    assert_int_equal(net_of(r)->why(net_of(r)), OTTER_OK);
    assert_int_equal(net_of(r)->recv(net_of(r), r->ca, 1), OTTER_NET_ERROR);
    assert_int_equal(net_of(r)->send(net_of(r), r->ca, 1), OTTER_NET_ERROR);
}

static void a_session_is_resumed_with_the_same_peer_alone(void **state)
{
    struct rig *r = *state;

    assert_int_equal(talk(r, 443, ANSWER), OTTER_OK);
    assert_int_equal(talk(r, 443, ANSWER), OTTER_OK);
    assert_int_equal(r->tls.handshakes, 2);
    assert_int_equal(r->tls.resumed, 1);
    assert_int_equal(talk(r, 444, ANSWER), OTTER_OK); /* another port */
    assert_int_equal(r->tls.resumed, 1);
    assert_int_equal(talk(r, 444, ANSWER), OTTER_OK);
    assert_int_equal(r->tls.resumed, 2);
    r->ask.name = "other.test"; /* another name: its certificate is asked for, and is not that */
    assert_int_equal(talk(r, 444, ANSWER), OTTER_TLS_NAME);
    r->ask.name = NAME;
    assert_int_equal(talk(r, 444, ANSWER), OTTER_OK); /* a failure forgets */
    assert_int_equal(r->tls.resumed, 2);
    trust(r, CA_RSA); /* another CA does not believe what the first one did */
    assert_int_equal(talk(r, 444, ANSWER), OTTER_TLS_UNTRUSTED);
    trust(r, CA);
    assert_int_equal(talk(r, 444, ANSWER), OTTER_OK);
    otter_tls_forget(&r->tls);
    assert_int_equal(talk(r, 444, ANSWER), OTTER_OK);
    assert_int_equal(r->tls.resumed, 2);
    net_of(r)->close(net_of(r));
    peer_free(&r->peer); /* the server restarts, and knows no session */
    assert_int_equal(talk(r, 444, ANSWER), OTTER_OK);
    assert_int_equal(r->tls.resumed, 2);
    assert_int_equal(talk(r, 444, ANSWER), OTTER_OK);
    assert_int_equal(r->tls.resumed, 3);
}

static void a_close_is_said_to_the_server(void **state)
{
    struct rig *r = *state;

    r->received = 0;
    assert_true(net_of(r)->open(net_of(r), "h", 443, &r->ask));
    assert_true(ask(r, ANSWER));
    assert_true(take(r, ANSWER) >= 0);
    assert_false(r->peer.client_said_goodbye);
    net_of(r)->close(net_of(r));
    assert_true(r->peer.client_said_goodbye);
}

static void plain_http_passes_through(void **state)
{
    struct rig *r = *state;
    char buf[8];

    r->peer.instead = "plain";
    r->peer.instead_len = 5;
    assert_true(net_of(r)->open(net_of(r), "h", 80, NULL));
    r->peer.refuse_send = true;
    assert_int_equal(net_of(r)->send(net_of(r), "x", 1), OTTER_NET_AGAIN);
    assert_true(net_of(r)->waits_to_send(net_of(r)));
    assert_int_equal(net_of(r)->recv(net_of(r), buf, sizeof(buf)), 5);
    assert_memory_equal(buf, "plain", 5);
    assert_false(net_of(r)->waits_to_send(net_of(r)));
    assert_int_equal(net_of(r)->recv(net_of(r), buf, sizeof(buf)), OTTER_NET_EOF);
    assert_int_equal(net_of(r)->why(net_of(r)), OTTER_OK);
}

static void it_says_which_way_it_waits(void **state)
{
    struct rig *r = *state;

    assert_true(net_of(r)->open(net_of(r), "h", 443, &r->ask));
    r->peer.refuse_send = true; /* connecting */
    assert_int_equal(net_of(r)->send(net_of(r), "x", 1), OTTER_NET_AGAIN);
    assert_true(net_of(r)->waits_to_send(net_of(r)));
    assert_int_equal(net_of(r)->why(net_of(r)), OTTER_OK); /* unreachable, so far */
    r->peer.refuse_send = false;
    r->peer.piece = 1;
    r->peer.instead = "";
    while (r->peer.recvs == 0)
        (void)net_of(r)->send(net_of(r), "x", 1);
    assert_int_equal(net_of(r)->why(net_of(r)), OTTER_TLS_FAILED); /* connected, and no handshake yet */
    assert_false(net_of(r)->waits_to_send(net_of(r)));
}

/* Warnings are skipped, but not all that a server can send in one call. */
static void a_server_that_never_stops_does_not_hold_the_caller(void **state)
{
    struct rig *r = *state;

    r->peer.instead = "\x15\x03\x03\x00\x02\x01\x5a"; /* a warning: user_canceled */
    r->peer.instead_len = 7;
    r->peer.for_ever = true;
    assert_true(net_of(r)->open(net_of(r), "h", 443, &r->ask));
    for (unsigned i = 0; i < 100; i++) {
        uint32_t before = r->peer.recvs;

        assert_int_equal(net_of(r)->send(net_of(r), "x", 1), OTTER_NET_AGAIN);
        assert_in_range(r->peer.recvs - before, 1, 16);
    }
}

static int make_certificates(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CERTS; i++)
        made[i] = pki_make(&certs[i].spec, certs[i].issuer >= 0 ? &made[certs[i].issuer] : NULL);
    return 0;
}

static int free_certificates(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CERTS; i++)
        pki_free(&made[i]);
    return 0;
}

#define T(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_chain_gets_its_verdict),
        cmocka_unit_test(a_server_that_speaks_otherwise_is_refused_by_name),
        T(bytes_may_come_one_by_one),
        T(the_server_keeps_to_the_small_buffer),
        T(a_record_over_the_buffer_is_refused_by_name),
        T(without_memory_https_is_refused),
        T(an_answer_cut_short_is_never_whole),
        T(a_flipped_bit_is_found_wherever_it_is),
        T(the_ends_of_a_connection_are_told_apart),
        T(a_session_is_resumed_with_the_same_peer_alone),
        T(a_close_is_said_to_the_server),
        T(plain_http_passes_through),
        T(it_says_which_way_it_waits),
        T(a_server_that_never_stops_does_not_hold_the_caller),
    };

    return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}

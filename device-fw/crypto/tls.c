#include "crypto/tls.h"

#include "core/bytes.h"
#include "core/names.h"
#include "crypto/tls_profile.h"

#include <string.h>

#define ROUNDS   16u /* transfers below in one call: a server that never pauses must not hold the caller */
#define SEED_LEN 32u

static struct otter_tls *from_net(struct otter_net *self)
{
    return OTTER_CONTAINER_OF(self, struct otter_tls, net);
}

static br_ssl_engine_context *engine_of(const struct otter_tls *t)
{
    return &t->memory.work->client.eng;
}

/* ---- what a failure is called ---- */

static enum otter_status status_of(int error)
{
    switch (error) {
    case BR_ERR_X509_EXPIRED:
        return OTTER_TLS_EXPIRED;
    case BR_ERR_X509_BAD_SERVER_NAME:
        return OTTER_TLS_NAME;
    case BR_ERR_TOO_LARGE:
        return OTTER_TLS_RECORD;
    default:
        return error > BR_ERR_X509_OK && error <= BR_ERR_X509_NOT_TRUSTED ? OTTER_TLS_UNTRUSTED
                                                                          : OTTER_TLS_FAILED;
    }
}

/* The connection is of no more use; `why` says better than "lost" why, where anything does. */
static int32_t broken(struct otter_tls *t)
{
    if (t->state == OTTER_TLS_SHAKING)
        t->has_session = false; /* it may be what the server stumbles over: begin anew */
    t->state = OTTER_TLS_BROKEN;
    return OTTER_NET_ERROR;
}

/* The engine has closed: by close_notify, or because something is wrong. */
static int32_t closed(struct otter_tls *t)
{
    int error = br_ssl_engine_last_error(engine_of(t));
    bool orderly = error == BR_ERR_OK && t->state == OTTER_TLS_UP;

    if (orderly)
        return OTTER_NET_EOF;
    t->error = error;
    t->why = status_of(error);
    return broken(t);
}

/* ---- opening ---- */

/* Whom a session is of. What it hashes ends in lengths, so that no two peers give the same bytes. */
static void digest_peer(const char *host, uint16_t port, const struct otter_net_tls *tls,
                        struct otter_digest *ret)
{
    uint8_t port_bytes[2] = {(uint8_t)(port >> 8), (uint8_t)port};
    br_sha256_context sha;

    br_sha256_init(&sha);
    br_sha256_update(&sha, host, strlen(host) + 1);
    br_sha256_update(&sha, tls->name, strlen(tls->name) + 1);
    br_sha256_update(&sha, port_bytes, sizeof(port_bytes));
    br_sha256_update(&sha, tls->ca, tls->ca_len);
    br_sha256_out(&sha, ret->b);
}

static bool start_engine(struct otter_tls *t, const struct otter_net_tls *tls)
{
    struct otter_tls_work *w = t->memory.work;
    br_ssl_engine_context *e = engine_of(t);
    uint64_t now = t->clock != NULL ? t->clock->now_s(t->clock) : 0;
    bool resume = t->has_session && memcmp(t->peer.b, t->session_peer.b, OTTER_DIGEST_LEN) == 0;
    uint8_t seed[SEED_LEN];

    br_ssl_client_zero(&w->client);
    br_ssl_engine_set_versions(e, BR_TLS12, BR_TLS12);
    br_ssl_engine_add_flags(e, BR_OPT_NO_RENEGOTIATION);
    otter_tls_profile_engine(e);
    otter_tls_chain_init(&w->chain, &w->anchor, tls->time_floor, now);
    br_ssl_engine_set_x509(e, &w->chain.vtable);
    br_ssl_engine_set_buffers_bidi(e, t->memory.in, t->memory.in_len, t->memory.out, t->memory.out_len);
    t->random->fill(t->random, seed, sizeof(seed));
    br_ssl_engine_inject_entropy(e, seed, sizeof(seed));
    if (resume)
        br_ssl_engine_set_session_parameters(e, &t->session);
    return br_ssl_client_reset(&w->client, tls->name, resume) != 0;
}

/* OK, or why https is not even tried. */
static enum otter_status prepare(struct otter_tls *t, const char *host, uint16_t port,
                                 const struct otter_net_tls *tls)
{
    if (t->memory.work == NULL)
        return OTTER_NO_SPACE;
    if (tls->ca_len == 0 || !otter_tls_anchor_load(&t->memory.work->anchor, tls->ca, tls->ca_len))
        return OTTER_TLS_NO_CA;
    /* BearSSL's engine would look for an address among the DNS names, and not find it. */
    if (tls->name[0] == '\0' || otter_host_is_address(tls->name))
        return OTTER_TLS_NO_NAME;
    digest_peer(host, port, tls, &t->peer);
    if (start_engine(t, tls))
        return OTTER_OK;
    t->error = br_ssl_engine_last_error(engine_of(t));
    return status_of(t->error);
}

static void tls_close(struct otter_net *self);

static bool tls_open(struct otter_net *self, const char *host, uint16_t port, const struct otter_net_tls *tls)
{
    struct otter_tls *t = from_net(self);

    tls_close(self);
    t->why = OTTER_OK;
    t->error = 0;
    t->sending = false;
    if (tls != NULL)
        t->why = prepare(t, host, port, tls);
    if (t->why != OTTER_OK) {
        t->state = OTTER_TLS_BROKEN; /* send() says so: open() has no name for it */
        return true;
    }
    if (!t->raw->open(t->raw, host, port, NULL))
        return false;
    t->state = tls != NULL ? OTTER_TLS_SHAKING : OTTER_TLS_PLAIN;
    return true;
}

/* ---- moving bytes ---- */

/* A record's bytes down: > 0, AGAIN or ERROR. */
static int32_t push(struct otter_tls *t)
{
    size_t len;
    const uint8_t *buf = br_ssl_engine_sendrec_buf(engine_of(t), &len);
    int32_t n = t->raw->send(t->raw, buf, (uint32_t)len); /* len <= out_len */

    if (n > 0 && (size_t)n <= len) {
        br_ssl_engine_sendrec_ack(engine_of(t), (size_t)n);
        if (t->state == OTTER_TLS_SHAKING)
            t->why = OTTER_TLS_FAILED; /* connected: from here on it is the handshake that fails */
        return n;
    }
    return n == OTTER_NET_AGAIN ? OTTER_NET_AGAIN : broken(t);
}

/* Bytes up into the record that is being received: > 0, AGAIN or ERROR. */
static int32_t pull(struct otter_tls *t)
{
    size_t len;
    uint8_t *buf = br_ssl_engine_recvrec_buf(engine_of(t), &len);
    int32_t n = t->raw->recv(t->raw, buf, (uint32_t)len);

    if (n > 0 && (size_t)n <= len) {
        br_ssl_engine_recvrec_ack(engine_of(t), (size_t)n);
        return n;
    }
    /* An end without close_notify is none: the bytes before it may be a part only. */
    return n == OTTER_NET_AGAIN ? OTTER_NET_AGAIN : broken(t);
}

/* The handshake is done: what it agreed on is for the next connection, too. */
static void come_up(struct otter_tls *t)
{
    br_ssl_session_parameters p;

    br_ssl_engine_get_session_parameters(engine_of(t), &p);
    t->handshakes++;
    if (t->has_session && p.session_id_len > 0 && p.session_id_len == t->session.session_id_len &&
        memcmp(p.session_id, t->session.session_id, p.session_id_len) == 0)
        t->resumed++;
    t->session = p;
    t->session_peer = t->peer;
    t->has_session = p.session_id_len > 0;
    t->state = OTTER_TLS_UP;
    t->why = OTTER_OK;
}

/* Goes on until the engine can do `until` (BR_SSL_SENDAPP or BR_SSL_RECVAPP): 1, or what send() and recv()
 * answer. */
static int32_t pump(struct otter_tls *t, unsigned until)
{
    br_ssl_engine_context *e = engine_of(t);

    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned can = br_ssl_engine_current_state(e);
        int32_t n = 1;

        if (can == BR_SSL_CLOSED)
            return closed(t);
        if (t->state == OTTER_TLS_SHAKING && (can & BR_SSL_SENDAPP) != 0)
            come_up(t);
        if ((can & BR_SSL_SENDREC) != 0 && (n = push(t)) > 0)
            continue;
        if (n < 0 || (can & until) != 0)
            return n < 0 ? n : 1;
        t->sending = n == OTTER_NET_AGAIN; /* push() has no room: that first */
        if (t->sending || (can & BR_SSL_RECVREC) == 0)
            return OTTER_NET_AGAIN;
        n = pull(t);
        if (n <= 0)
            return n;
    }
    t->sending = (br_ssl_engine_current_state(e) & BR_SSL_SENDREC) != 0;
    return OTTER_NET_AGAIN;
}

static int32_t tls_send(struct otter_net *self, const void *buf, uint32_t len)
{
    struct otter_tls *t = from_net(self);
    uint8_t *room;
    size_t cap;
    int32_t n;

    if (t->state == OTTER_TLS_PLAIN) {
        t->sending = true;
        return t->raw->send(t->raw, buf, len);
    }
    if (t->state != OTTER_TLS_SHAKING && t->state != OTTER_TLS_UP)
        return OTTER_NET_ERROR;
    n = pump(t, BR_SSL_SENDAPP);
    if (n != 1)
        return n == OTTER_NET_EOF ? broken(t) : n;
    room = br_ssl_engine_sendapp_buf(engine_of(t), &cap);
    if (len > cap)
        len = (uint32_t)cap;
    memcpy(room, buf, len);
    br_ssl_engine_sendapp_ack(engine_of(t), len);
    br_ssl_engine_flush(engine_of(t), 0);
    (void)push(t); /* what does not go now goes with the next call, and an error shows there */
    return (int32_t)len;
}

static int32_t tls_recv(struct otter_net *self, void *buf, uint32_t len)
{
    struct otter_tls *t = from_net(self);
    const uint8_t *data;
    size_t have;
    int32_t n;

    if (t->state == OTTER_TLS_PLAIN) {
        t->sending = false;
        return t->raw->recv(t->raw, buf, len);
    }
    if (t->state != OTTER_TLS_SHAKING && t->state != OTTER_TLS_UP)
        return OTTER_NET_ERROR;
    n = pump(t, BR_SSL_RECVAPP);
    if (n != 1)
        return n;
    data = br_ssl_engine_recvapp_buf(engine_of(t), &have);
    if (len > have)
        len = (uint32_t)have;
    memcpy(buf, data, len);
    br_ssl_engine_recvapp_ack(engine_of(t), len);
    return (int32_t)len;
}

static void tls_close(struct otter_net *self)
{
    struct otter_tls *t = from_net(self);

    if (t->state == OTTER_TLS_UP) {
        br_ssl_engine_close(engine_of(t));
        /* One try at saying good-bye; who is gone does not need it. */
        if ((br_ssl_engine_current_state(engine_of(t)) & BR_SSL_SENDREC) != 0)
            (void)push(t);
    }
    t->raw->close(t->raw);
    t->state = OTTER_TLS_CLOSED;
}

static enum otter_status tls_why(const struct otter_net *self)
{
    return OTTER_CONTAINER_OF_CONST(self, struct otter_tls, net)->why;
}

static bool tls_waits_to_send(const struct otter_net *self)
{
    return OTTER_CONTAINER_OF_CONST(self, struct otter_tls, net)->sending;
}

void otter_tls_init(struct otter_tls *t, struct otter_net *raw, struct otter_random *random,
                    struct otter_wall_clock *clock)
{
    *t = (struct otter_tls){
        .net = {.open = tls_open,
                .send = tls_send,
                .recv = tls_recv,
                .close = tls_close,
                .why = tls_why,
                .waits_to_send = tls_waits_to_send},
        .raw = raw,
        .random = random,
        .clock = clock,
    };
}

void otter_tls_lend(struct otter_tls *t, const struct otter_tls_memory *memory)
{
    t->memory = memory != NULL ? *memory : (struct otter_tls_memory){0};
}

void otter_tls_forget(struct otter_tls *t)
{
    memset(&t->session, 0, sizeof(t->session));
    t->has_session = false;
}

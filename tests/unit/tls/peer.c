#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "peer.h"

#include "core/bytes.h"

#include <string.h>

#define ANSWER_PIECE     4096u
#define APPLICATION_DATA 23

static struct peer *from_net(struct otter_net *self)
{
    return OTTER_CONTAINER_OF(self, struct peer, net);
}

uint8_t peer_byte(uint32_t i)
{
    return (uint8_t)(i * 7 + 3);
}

static SSL_CTX *make_context(const struct peer *p)
{
    static const unsigned char id[] = "otter";
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    int version = p->version != 0 ? p->version : TLS1_2_VERSION;

    assert_non_null(ctx);
    SSL_CTX_set_security_level(ctx, 0); /* rows with weak keys */
    assert_int_equal(SSL_CTX_set_min_proto_version(ctx, version), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(ctx, version), 1);
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER);
    assert_int_equal(SSL_CTX_set_session_id_context(ctx, id, sizeof(id) - 1), 1);
    if (p->ciphers != NULL)
        assert_int_equal(SSL_CTX_set_cipher_list(ctx, p->ciphers), 1);
    assert_int_equal(SSL_CTX_use_certificate(ctx, p->chain[0]->x), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, p->chain[0]->key), 1);
    for (unsigned i = 1; i < PEER_CHAIN && p->chain[i] != NULL; i++)
        assert_int_equal(SSL_CTX_add1_chain_cert(ctx, p->chain[i]->x), 1);
    return ctx;
}

static bool net_open(struct otter_net *self, const char *host, uint16_t port, const struct otter_net_tls *tls)
{
    struct peer *p = from_net(self);

    assert_null(tls); /* TLS is above */
    assert_null(p->ssl);
    assert_true(host[0] != '\0' && port != 0);
    if (p->ctx == NULL)
        p->ctx = make_context(p);
    p->ssl = SSL_new(p->ctx);
    p->in = BIO_new(BIO_s_mem());
    p->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(p->in, -1);
    BIO_set_mem_eof_return(p->out, -1);
    SSL_set_bio(p->ssl, p->in, p->out);
    SSL_set_accept_state(p->ssl);
    p->opened++;
    p->to_client = 0;
    p->request_len = p->answer_left = 0;
    p->ended = false;
    p->head_len = p->record_left = 0;
    p->client_said_goodbye = false;
    return true;
}

/* Gives the server a turn: handshake, requests, answers. */
static void turn(struct peer *p)
{
    uint8_t answer[ANSWER_PIECE];
    int n = 1;

    while (!p->ended && p->answer_left == 0 && n > 0) {
        n = SSL_read(p->ssl, p->request + p->request_len, (int)(sizeof(p->request) - p->request_len));
        p->request_len += n > 0 ? (uint32_t)n : 0;
        if (p->request_len == sizeof(p->request)) {
            p->answer_left = (uint32_t)p->request[0] << 24 | (uint32_t)p->request[1] << 16 |
                             (uint32_t)p->request[2] << 8 | p->request[3];
            p->answer_at = p->request_len = 0;
        }
    }
    p->client_said_goodbye = (SSL_get_shutdown(p->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
    if (p->client_said_goodbye)
        (void)SSL_shutdown(p->ssl); /* as servers do; OpenSSL drops the session otherwise */
    while (p->answer_left > 0 && BIO_pending(p->out) < (int)ANSWER_PIECE) {
        n = p->answer_left < sizeof(answer) ? (int)p->answer_left : (int)sizeof(answer);
        for (int i = 0; i < n; i++)
            answer[i] = peer_byte(p->answer_at + (uint32_t)i);
        assert_int_equal(SSL_write(p->ssl, answer, n), n);
        p->answer_at += (uint32_t)n;
        p->answer_left -= (uint32_t)n;
        if (p->answer_left == 0 && p->goodbye)
            (void)SSL_shutdown(p->ssl);
        p->ended = p->answer_left == 0 && (p->goodbye || p->no_goodbye);
    }
    if (SSL_get_servername(p->ssl, TLSEXT_NAMETYPE_host_name) != NULL)
        strncpy(p->name, SSL_get_servername(p->ssl, TLSEXT_NAMETYPE_host_name), sizeof(p->name) - 1);
}

static int32_t net_send(struct otter_net *self, const void *buf, uint32_t len)
{
    struct peer *p = from_net(self);

    if (p->ssl == NULL)
        return OTTER_NET_ERROR;
    if (p->refuse_send)
        return OTTER_NET_AGAIN;
    if (p->piece != 0 && len > p->piece)
        len = p->piece;
    assert_int_equal(BIO_write(p->in, buf, (int)len), len);
    turn(p);
    return (int32_t)len;
}

/* Notes the records that go by. */
static void watch(struct peer *p, const uint8_t *at, uint32_t len)
{
    while (len > 0) {
        if (p->record_left > 0) {
            uint32_t n = p->record_left < len ? p->record_left : len;

            p->record_left -= n;
            at += n;
            len -= n;
            continue;
        }
        p->head[p->head_len++] = *at++;
        len--;
        if (p->head_len == sizeof(p->head)) {
            p->record_left = (uint32_t)p->head[3] << 8 | p->head[4];
            if (p->record_left > p->longest)
                p->longest = p->record_left;
            p->head_len = 0;
        }
    }
}

static int32_t speak(struct peer *p, uint8_t *buf, uint32_t len)
{
    int64_t at = p->for_ever ? p->to_client % p->instead_len : p->to_client;
    uint32_t left = p->instead_len - (uint32_t)at;

    if (!p->for_ever && p->to_client >= p->instead_len)
        return OTTER_NET_EOF;
    if (len > left)
        len = left;
    memcpy(buf, p->instead + at, len);
    p->to_client += len;
    return (int32_t)len;
}

static int32_t net_recv(struct otter_net *self, void *buf, uint32_t len)
{
    struct peer *p = from_net(self);
    int n;

    if (p->ssl == NULL)
        return OTTER_NET_ERROR;
    p->recvs++;
    if (p->piece != 0 && len > p->piece)
        len = p->piece;
    if (p->cut_at >= 0 && (int64_t)len > p->cut_at - p->to_client)
        len = (uint32_t)(p->cut_at - p->to_client);
    if (len == 0)
        return OTTER_NET_EOF;
    if (p->instead != NULL)
        return speak(p, buf, len);
    turn(p);
    n = BIO_read(p->out, buf, (int)len);
    if (n <= 0)
        return p->ended ? OTTER_NET_EOF : OTTER_NET_AGAIN;
    watch(p, buf, (uint32_t)n);
    if (p->stretch && n == 5 && ((uint8_t *)buf)[0] == APPLICATION_DATA)
        ((uint8_t *)buf)[3] = 0x3f; /* the header of a record, by itself */
    if (p->flip_at >= p->to_client && p->flip_at < p->to_client + n)
        ((uint8_t *)buf)[p->flip_at - p->to_client] ^= 0x10;
    p->to_client += n;
    return n;
}

static void net_close(struct otter_net *self)
{
    struct peer *p = from_net(self);

    SSL_free(p->ssl); /* and its two BIOs */
    p->ssl = NULL;
}

void peer_init(struct peer *p)
{
    *p = (struct peer){.net = {.open = net_open, .send = net_send, .recv = net_recv, .close = net_close},
                       .cut_at = -1,
                       .flip_at = -1};
}

void peer_free(struct peer *p)
{
    net_close(&p->net);
    SSL_CTX_free(p->ctx);
    p->ctx = NULL;
}

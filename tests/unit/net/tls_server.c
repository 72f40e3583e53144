#include "tls_server.h"

#include "world.h"

#define NOW  INT64_C(1800000000)
#define YEAR INT64_C(31536000)

uint32_t tls_server_open(struct tls_server *s, uint8_t ca[TLS_SERVER_CA])
{
    const struct pki_spec authority = {"otter test CA", NULL, PKI_P256, true, NOW - YEAR, NOW + YEAR};
    const struct pki_spec own = {"leaf", TLS_SERVER_NAME, PKI_P256, false, NOW - YEAR, NOW + YEAR};

    s->ssl = NULL;
    s->ca = pki_make(&authority, NULL);
    s->leaf = pki_make(&own, &s->ca);
    s->ctx = SSL_CTX_new(TLS_server_method());
    assert_non_null(s->ctx);
    SSL_CTX_set_options(s->ctx, SSL_OP_NO_TICKET);
    SSL_CTX_set_mode(s->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    assert_int_equal(SSL_CTX_use_certificate(s->ctx, s->leaf.x), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(s->ctx, s->leaf.key), 1);
    server_open(&s->tcp, 0);
    return pki_der(&s->ca, ca, TLS_SERVER_CA);
}

bool tls_server_turn(struct tls_server *s)
{
    if (!server_accept(&s->tcp))
        return false;
    if (s->ssl == NULL) {
        s->ssl = SSL_new(s->ctx);
        assert_int_equal(SSL_set_fd(s->ssl, s->tcp.fd), 1);
    }
    return SSL_accept(s->ssl) == 1;
}

static int moved(struct tls_server *s, int n)
{
    int error = SSL_get_error(s->ssl, n);

    if (n > 0)
        return n;
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

int tls_server_send(struct tls_server *s, const void *buf, uint32_t len)
{
    return moved(s, SSL_write(s->ssl, buf, (int)len));
}

int tls_server_recv(struct tls_server *s, void *buf, uint32_t len)
{
    return moved(s, SSL_read(s->ssl, buf, (int)len));
}

void tls_server_hang_up(struct tls_server *s)
{
    if (s->ssl != NULL) {
        (void)SSL_shutdown(s->ssl);
        SSL_free(s->ssl);
    }
    s->ssl = NULL;
    server_hang_up(&s->tcp, false);
}

void tls_server_close(struct tls_server *s)
{
    tls_server_hang_up(s);
    server_close(&s->tcp);
    SSL_CTX_free(s->ctx);
    pki_free(&s->leaf);
    pki_free(&s->ca);
}

/* A server of OpenSSL's on the loopback interface, with certificates of its own making. Nothing blocks. */
#ifndef OTTER_TESTS_NET_TLS_SERVER_H
#define OTTER_TESTS_NET_TLS_SERVER_H

#include "../tls/pki.h"
#include "server.h"

#include <openssl/ssl.h>

#define TLS_SERVER_NAME "ota.otter.test"
#define TLS_SERVER_CA   1024u

struct tls_server {
    struct server tcp;
    struct pki_cert ca, leaf;
    SSL_CTX *ctx;
    SSL *ssl;
};

/* The CA's certificate goes to ca; its length. */
uint32_t tls_server_open(struct tls_server *s, uint8_t ca[TLS_SERVER_CA]);
void tls_server_close(struct tls_server *s);
/* Goes on with whatever is under way: accepts, shakes hands. True once that is done. */
bool tls_server_turn(struct tls_server *s);
/* Bytes moved; 0 = none now; -1 = no more. */
int tls_server_send(struct tls_server *s, const void *buf, uint32_t len);
int tls_server_recv(struct tls_server *s, void *buf, uint32_t len);
/* Ends the connection, with a goodbye (close_notify). */
void tls_server_hang_up(struct tls_server *s);

#endif

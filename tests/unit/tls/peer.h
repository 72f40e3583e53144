/*
 * A server of OpenSSL's at the other end of a stream in memory, and what can befall the bytes between: the
 * raw stream (port/net.h) beneath the TLS client. Its application answers a request of 4 bytes, a count, big
 * endian, with so many bytes i * 7 + 3.
 */
#ifndef OTTER_TESTS_TLS_PEER_H
#define OTTER_TESTS_TLS_PEER_H

#include "pki.h"
#include "port/net.h"

#include <openssl/ssl.h>

#define PEER_CHAIN 3

struct peer {
    struct otter_net net;

    /* What it is: set before open(). */
    const struct pki_cert *chain[PEER_CHAIN]; /* own certificate, then what it sends along; NULL = no more */
    int version;                              /* TLS1_2_VERSION if 0 */
    const char *ciphers;                      /* OpenSSL's list; NULL = default */

    /* What befalls its stream. */
    uint32_t piece;      /* bytes a call moves at most; 0 = all */
    const char *instead; /* what it says in place of TLS */
    uint32_t instead_len;
    bool for_ever;    /* and again and again */
    int64_t cut_at;   /* EOF after so many bytes to the client; < 0 = never */
    int64_t flip_at;  /* this byte to the client has a bit flipped; < 0 = none */
    bool stretch;     /* records with data claim to be of 16,000 bytes and more */
    bool refuse_send; /* no room: AGAIN */
    bool no_goodbye;  /* after its answer it closes without close_notify */
    bool goodbye;     /* after its answer it closes in order */

    /* Seen. */
    uint32_t opened, recvs;
    int64_t to_client; /* bytes of this connection */
    uint32_t longest;  /* record, without its header */
    bool client_said_goodbye;
    char name[128]; /* SNI */

    /* Its own. */
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *in, *out;
    uint8_t request[4];
    uint32_t request_len, answer_left, answer_at;
    bool ended;
    uint8_t head[5]; /* of the record that goes by */
    uint32_t head_len, record_left;
};

void peer_init(struct peer *p);
/* Forgets its sessions, too. */
void peer_free(struct peer *p);

uint8_t peer_byte(uint32_t i);

#endif

/*
 * TLS 1.2 over any stream of port/net.h, by BearSSL: itself such a stream, so that the updater sees no
 * difference.
 *
 *   static struct otter_tls_work work;
 *   static uint8_t in[OTTER_TLS_IN(1024)], out[OTTER_TLS_OUT(1024)];
 *   static struct otter_tls tls;
 *
 *   otter_tls_init(&tls, &lwip_stream.net, &board_random, NULL);
 *   otter_tls_lend(&tls, &(struct otter_tls_memory){&work, in, sizeof(in), out, sizeof(out)});
 *   config.net = &tls.net;                                  the updater's; http:// passes through
 *
 * No allocation, nothing blocks; but one call may do a handshake's signature checks, one a certificate and
 * one more, and the two multiplications of its key exchange: some 80 ms each on a Cortex-M4 at 168 MHz.
 * Chain, dates (tls_chain.h) and name are always checked: there is no way to switch that off.
 *
 * Buffers: the server is asked for records of at most the fragment length (RFC 6066, 4) that fits both, 512,
 * 1024, 2048 or 4096 bytes. OpenSSL and otterd obey. A server that does not is refused (tls-record), unless
 * `in` holds records of any length: OTTER_TLS_IN(16384).
 *
 * A session is kept between connections to the same host, port, name and CA, and resumed where the server
 * still knows its ID: no certificate is shown then, and none checked.
 */
#ifndef OTTER_CRYPTO_TLS_H
#define OTTER_CRYPTO_TLS_H

#include "crypto/tls_chain.h"
#include "port/net.h"
#include "port/system.h"

#include <bearssl.h>

#define OTTER_TLS_FRAGMENT      1024u /* what the reference boards and otter-emu ask for */
#define OTTER_TLS_IN(fragment)  ((fragment) + 325u)
#define OTTER_TLS_OUT(fragment) ((fragment) + 85u)

/* What a connection needs while it is open. */
struct otter_tls_work {
    br_ssl_client_context client;
    struct otter_tls_chain chain;
    struct otter_tls_anchor anchor;
};

/* All of it the caller's, lent. */
struct otter_tls_memory {
    struct otter_tls_work *work;
    uint8_t *in; /* at least OTTER_TLS_IN(512) */
    uint32_t in_len;
    uint8_t *out; /* at least OTTER_TLS_OUT(512) */
    uint32_t out_len;
};

enum otter_tls_state { OTTER_TLS_CLOSED, OTTER_TLS_PLAIN, OTTER_TLS_SHAKING, OTTER_TLS_UP, OTTER_TLS_BROKEN };

struct otter_tls {
    struct otter_net net; /* what the updater is given */
    struct otter_net *raw;
    struct otter_random *random;
    struct otter_wall_clock *clock; /* NULL = the board has none */
    struct otter_tls_memory memory;
    enum otter_tls_state state;
    enum otter_status why;
    int error;    /* BearSSL's, of the last failure: for logs */
    bool sending; /* the last AGAIN was for want of room */
    bool has_session;
    struct otter_digest peer; /* of whom we talk to: host, port, name, CA */
    struct otter_digest session_peer;
    br_ssl_session_parameters session;
    uint32_t handshakes, resumed; /* since init; resumed ones count in both */
};

/* raw need not be open; clock may be NULL. No memory is lent yet: https is refused (NO_SPACE) without. */
void otter_tls_init(struct otter_tls *t, struct otter_net *raw, struct otter_random *random,
                    struct otter_wall_clock *clock);

/* Memory for the next connections, or NULL to take it back. While none is open. */
void otter_tls_lend(struct otter_tls *t, const struct otter_tls_memory *memory);

/* Forgets the session: the next handshake is a whole one. */
void otter_tls_forget(struct otter_tls *t);

#endif

/*
 * One connection in memory for tests: gathers the client's bytes into requests, hands out the server's reply
 * in pieces. Who plays the server sets `serve`; a test spoils the wire with the members below it.
 */
#ifndef OTTER_TESTS_MEMORY_NET_H
#define OTTER_TESTS_MEMORY_NET_H

#include "core/names.h"
#include "port/net.h"

struct memory_request {
    char method[8];
    char target[256];
    char head[2048];
    char body[4096];
    uint32_t body_len;
};

struct memory_net {
    struct otter_net net;
    /* Answers a whole request: fills out, out_at and out_len. */
    void (*serve)(struct memory_net *self, const struct memory_request *r);
    /* A connection is opened; NULL = nobody asks. */
    void (*opened)(struct memory_net *self, const struct otter_net_tls *tls);
    const uint64_t *now; /* the device's clock */
    uint8_t *out;        /* the reply, out_max bytes */
    uint32_t out_max;
    bool open;
    bool refuse;         /* open() succeeds, send() fails */
    bool silent;         /* accepts, never answers */
    uint32_t piece;      /* bytes a recv at most */
    uint32_t trickle_ms; /* a piece each so many ms; 0 = at once */
    uint64_t next_ms;
    uint32_t drop_after; /* bytes of one image reply until the connection is cut; UINT32_MAX = never */
    unsigned drops;      /* how often */
    char host[OTTER_URL_MAX + 1];
    uint16_t port;
    char tls_name[OTTER_URL_MAX + 1];
    char in[8192];
    uint32_t in_len;
    uint32_t out_len, out_at;
    bool cut;              /* what is in out is followed by EOF */
    enum otter_status why; /* for why(), after memory_net_tls() */
    bool waits_to_send;    /* likewise */
};

/* A good wire. The owner sets serve, now, out and out_max. */
void memory_net_init(struct memory_net *self);
/* The stream answers what only TLS can answer, from `why` and `waits_to_send`. */
void memory_net_tls(struct memory_net *self);
/* Would a recv give something now? */
bool memory_net_ready(const struct memory_net *self);
/* The reply of a server; header lines each with CRLF. */
void memory_net_reply(struct memory_net *self, unsigned status, const char *headers, const void *body,
                      size_t len);

#endif

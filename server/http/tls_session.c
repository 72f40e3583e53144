#include "http/tls_session.h"

#include "host/clock.h"
#include "host/crypto.h"
#include "host/log.h"
#include "host/mapped.h"
#include "http/health.h"
#include "http/loop.h"
#include "http/tls_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

/* A session may be resumed for so long: a few polls of a device. */
#define SESSION_AGE_S (6 * 3600)

/*
 * Forward secrecy and authenticated encryption, or nothing. The client's order decides, since a
 * microcontroller knows best which of the ciphers it computes fast.
 */
const char http_tls_priorities[] =
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+CTYPE-X509:+COMP-NULL:+ECDHE-ECDSA:+ECDHE-RSA:"
    "+AES-128-GCM:+CHACHA20-POLY1305:+AES-256-GCM:+AEAD:"
    "+GROUP-SECP256R1:+GROUP-X25519:+GROUP-SECP384R1:"
    "+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SHA384:"
    "+SIGN-ECDSA-SECP384R1-SHA384:+SIGN-EDDSA-ED25519:+SIGN-RSA-PSS-RSAE-SHA256:"
    "+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-RSA-PSS-SHA256:+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:"
    "+SIGN-RSA-SHA512";

#define FRAGMENT_FULL 16384u

#define JUDGED_MS 60000u
/* What a client that is asked for a certificate may send in one piece: a chain, and no more. */
#define MESSAGE_MAX 16384u

/* Freed when libmicrohttpd has done away with the session. */
struct connection {
    struct http_daemon *daemon;
    struct http_tls_pair *pair; /* the session's; it uses the key until the handshake is done */
    int fd;                     /* libmicrohttpd's */
    bool asked, agreed;         /* bytes came; the handshake was finished */
    bool fitted;                /* records are of the length that the client asked for */
    unsigned faults;            /* of mapped images as it began */
    gnutls_session_t session;
    bool asks;                       /* for a certificate: then there is */
    struct http_tls_client client[]; /* one; else none */
};

/*
 * GnuTLS 3.7 takes in the fragment length that a client asks for (RFC 6066, 4), answers that it will keep to
 * it, and forgets it for what it sends when a whole handshake ends: a device with a small buffer would be
 * sent records that it cannot hold. For what it receives it does remember, and that is the same length.
 */
static void keep_to_fragment(struct connection *c)
{
    size_t length = gnutls_record_get_max_size(c->session);

    c->fitted = length >= FRAGMENT_FULL || gnutls_record_set_max_size(c->session, length) == 0;
}

static ssize_t pull(gnutls_transport_ptr_t ptr, void *data, size_t len)
{
    struct connection *c = ptr;
    ssize_t n;

    if (c->agreed && !c->fitted)
        keep_to_fragment(c); /* refused until the handshake is over: then again at the next call */
    n = recv(c->fd, data, len, 0);

    c->daemon->moved += n > 0;
    c->asked |= n > 0;
    return n;
}

/*
 * What is encrypted may be read from a mapped image. When one could not be read to its end, nobody knows
 * whose bytes are zeros now: no session of before sends any more, and the devices ask again.
 */
static ssize_t push(gnutls_transport_ptr_t ptr, const giovec_t *pieces, int n_pieces)
{
    struct connection *c = ptr;
    ssize_t n;

    if (c->faults != host_mapped_faults()) {
        gnutls_transport_set_errno(c->session, EIO);
        return -1;
    }
    n = writev(c->fd, pieces, n_pieces); /* SIGPIPE is ignored */
    c->daemon->moved += n > 0;
    return n;
}

/* A side has said that it is done: the client's word comes once a handshake. */
static int agreed(gnutls_session_t session, unsigned message, unsigned when, unsigned incoming,
                  const gnutls_datum_t *text)
{
    struct connection *c = gnutls_transport_get_ptr(session);

    (void)message, (void)when, (void)text;
    if (incoming && !c->agreed)
        http_count_handshake(c->daemon,
                             gnutls_session_is_resumed(session) ? HTTP_COUNT_RESUMED : HTTP_COUNT_HANDSHAKES);
    c->agreed |= incoming != 0;
    return 0;
}

/* Of a client that may show a certificate: its key is looked at before its signature is. */
static int shown_or_agreed(gnutls_session_t session, unsigned message, unsigned when, unsigned incoming,
                           const gnutls_datum_t *text)
{
    if (message == GNUTLS_HANDSHAKE_CERTIFICATE_VERIFY && when == GNUTLS_HOOK_PRE && incoming)
        return http_tls_client_bearable(session) ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
    if (message == GNUTLS_HANDSHAKE_FINISHED && when == GNUTLS_HOOK_POST)
        return agreed(session, message, when, incoming, text);
    return 0;
}

static void ask_for_certificate(gnutls_session_t session)
{
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
    gnutls_handshake_set_max_packet_length(session, MESSAGE_MAX);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_BOTH, shown_or_agreed);
}

static int cache_put(void *ptr, gnutls_datum_t key, gnutls_datum_t data)
{
    return http_tls_cache_put(ptr, key.data, key.size, data.data, data.size) ? 0 : GNUTLS_E_DB_ERROR;
}

static gnutls_datum_t cache_get(void *ptr, gnutls_datum_t key)
{
    unsigned char session[HTTP_TLS_SESSION_MAX];
    gnutls_datum_t found = {NULL, 0};
    size_t len = http_tls_cache_get(ptr, key.data, key.size, session);

    found.data = len ? gnutls_malloc(len) : NULL; /* GnuTLS frees it */
    if (found.data) {
        memcpy(found.data, session, len);
        found.size = (unsigned)len;
    }
    host_wipe(session, len);
    return found;
}

static int cache_remove(void *ptr, gnutls_datum_t key)
{
    http_tls_cache_remove(ptr, key.data, key.size);
    return 0;
}

static void resumable(struct http_tls *tls, gnutls_session_t session)
{
    gnutls_db_set_cache_expiration(session, SESSION_AGE_S);
    if (tls->tickets)
        (void)http_tls_tickets_use(tls, session, host_clock_mono_ms()); /* without: whole handshakes */
    if (!tls->cache)
        return;
    gnutls_db_set_ptr(session, tls->cache);
    gnutls_db_set_store_function(session, cache_put);
    gnutls_db_set_retrieve_function(session, cache_get);
    gnutls_db_set_remove_function(session, cache_remove);
}

/* Without memory the session stays without certificate, and its handshake fails. */
static struct connection *begin(struct http_daemon *d, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *fd =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    struct http_tls *tls = d->loop->config->tls;
    bool asks = tls->asks && (d->listener->serves & HTTP_SERVES_DEVICES) != 0;
    struct connection *c = calloc(1, sizeof *c + (asks ? sizeof c->client[0] : 0));
    gnutls_session_t session;

    if (!c || !fd || !info) {
        free(c);
        return NULL;
    }
    session = info->tls_session;
    *c = (struct connection){.daemon = d,
                             .fd = fd->connect_fd,
                             .session = session,
                             .faults = host_mapped_faults(),
                             .asks = asks,
                             .pair = http_tls_pair_now(tls)};
    gnutls_transport_set_ptr(session, c);
    gnutls_transport_set_pull_function(session, pull);
    gnutls_transport_set_vec_push_function(session, push);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST, agreed);
    if (gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, c->pair->credentials) >= 0)
        resumable(tls, session);
    if (asks)
        ask_for_certificate(session);
    return c;
}

const struct http_tls_client *http_tls_client_of(void *ctx, uint64_t now_ms)
{
    struct connection *c = ctx;
    struct http_tls *tls;
    struct http_tls_trust *trust;

    if (!c || !c->asks)
        return NULL;
    tls = c->daemon->loop->config->tls;
    if (c->client->by != atomic_load_explicit(&tls->trust_number, memory_order_acquire) ||
        now_ms - c->client->judged_ms >= JUDGED_MS) {
        trust = http_tls_trust_now(tls, &c->client->by);
        c->client->judged_ms = now_ms;
        http_tls_client_judge(c->client, c->session, trust, host_clock_wall());
        http_tls_trust_drop(trust);
    }
    return c->client->shown ? c->client : NULL;
}

/* libmicrohttpd does not say why. */
static void log_refused(struct MHD_Connection *connection)
{
    char client[HTTP_CLIENT_STR];

    if (!host_log_wanted(HOST_LOG_DEBUG))
        return;
    http_peer_of(connection, client);
    host_log(HOST_LOG_DEBUG, "handshake-broken-off", HOST_LOG_STR("client", client));
}

void http_tls_connection(void *cls, struct MHD_Connection *connection, void **ctx,
                         enum MHD_ConnectionNotificationCode toe)
{
    struct connection *c = *ctx;

    if (toe == MHD_CONNECTION_NOTIFY_STARTED) {
        *ctx = begin(cls, connection);
        return;
    }
    *ctx = NULL;
    if (!c)
        return;
    if (c->asked && !c->agreed) {
        http_count_handshake(c->daemon, HTTP_COUNT_UNAGREED);
        log_refused(connection);
    }
    http_tls_pair_drop(c->pair);
    free(c);
}

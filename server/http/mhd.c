/* One libmicrohttpd daemon of a loop: its options. */
#include "host/log.h"
#include "http/health.h"
#include "http/loop.h"
#include "http/tls_session.h"

#include <gnutls/abstract.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void log_of_mhd(void *cls, const char *fmt, va_list args)
{
    char text[256];
    size_t len;

    (void)cls;
    if (!host_log_wanted(HOST_LOG_DEBUG))
        return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)vsnprintf(text, sizeof text, fmt, args);
#pragma GCC diagnostic pop
    len = strcspn(text, "\n");
    text[len] = '\0';
    host_log(HOST_LOG_DEBUG, "http-library", HOST_LOG_STR("text", text));
}

/* libmicrohttpd wants a certificate of its own, or this: each session gets ours as it begins. */
static int no_certificate(gnutls_session_t session, const gnutls_datum_t *req_ca_dn, int nreqs,
                          const gnutls_pk_algorithm_t *algos, int algos_len, gnutls_pcert_st **pcert,
                          unsigned *pcert_len, gnutls_privkey_t *key)
{
    (void)session, (void)req_ca_dn, (void)nreqs, (void)algos, (void)algos_len;
    (void)pcert, (void)pcert_len, (void)key;
    return -1;
}

static void connection_changed(void *cls, struct MHD_Connection *connection, void **ctx,
                               enum MHD_ConnectionNotificationCode toe)
{
    bool began = toe == MHD_CONNECTION_NOTIFY_STARTED;
    struct http_daemon *d = cls;
    struct http_seat *seat = *ctx;

    if (began) {
        *ctx = seat = d->arriving;
        d->arriving = NULL;
    }
    if (d->listener->tls)
        http_tls_connection(d, connection, &seat->tls, toe);
    if (began)
        return;
    http_crowd_leave(&d->crowd, seat);
    http_count_connection(d, false);
}

/* TURBO: a connection is read before epoll knows it (its first bytes are there, see lobby.h), and closed
 * without shutdown(2) before. */
static bool start_room(struct http_daemon *d, struct http_room *room)
{
    const struct http_front_config *config = d->loop->config;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)http_tls_priorities},
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)no_certificate},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    const union MHD_DaemonInfo *info;

    room->mhd = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET |
            (d->listener->tls ? MHD_USE_TLS : MHD_USE_TURBO),
        0, NULL, NULL, http_request_handle, d, MHD_OPTION_EXTERNAL_LOGGER, log_of_mhd, d,
        MHD_OPTION_CONNECTION_LIMIT, d->limit, MHD_OPTION_CONNECTION_TIMEOUT, config->idle_timeout_s,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, config->per_address, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        room->bytes, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_NOTIFY_COMPLETED,
        http_request_completed, d, MHD_OPTION_NOTIFY_CONNECTION, connection_changed, d,
        MHD_OPTION_UNESCAPE_CALLBACK, http_unescape, NULL, MHD_OPTION_ARRAY, d->listener->tls ? tls : plain,
        MHD_OPTION_END);
    info = room->mhd ? MHD_get_daemon_info(room->mhd, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!info)
        return false;
    room->epoll_fd = info->epoll_fd;
    return true;
}

/* A web server in front brings requests of both kinds on one connection; TLS shows no request before its
 * handshake; and of an address' connections libmicrohttpd counts a daemon's. */
static bool tells_devices_apart(const struct http_daemon *d)
{
    return d->listener->serves == HTTP_SERVES_ALL && !d->listener->proxied && !d->listener->tls &&
           d->loop->config->per_address == 0;
}

bool http_daemon_start(struct http_daemon *d)
{
    const struct http_front_config *config = d->loop->config;
    unsigned limit = config->connections / (config->threads * config->listeners);
    bool devices = d->listener->serves == HTTP_SERVES_DEVICES && !d->listener->proxied;

    d->limit = limit ? limit : 1u;
    d->room[HTTP_ROOMY].bytes = devices ? HTTP_POOL_DEVICES : HTTP_POOL_BYTES;
    d->room[HTTP_LEAN].bytes = HTTP_POOL_DEVICES;
    return start_room(d, &d->room[HTTP_ROOMY]) &&
           (!tells_devices_apart(d) || start_room(d, &d->room[HTTP_LEAN]));
}

void http_daemon_stop(struct http_daemon *d)
{
    for (unsigned i = 0; i < HTTP_ROOMS; i++) {
        if (d->room[i].mhd)
            MHD_stop_daemon(d->room[i].mhd);
    }
}

size_t http_pool_bytes(const struct http_request *r)
{
    const struct http_room *room = r->daemon->room;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_DAEMON);

    return room[info && info->daemon == room[HTTP_LEAN].mhd ? HTTP_LEAN : HTTP_ROOMY].bytes;
}

/* One libmicrohttpd daemon of a loop: its options. */
#include "host/log.h"
#include "http/door.h"
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

    http_door_heard(cls, fmt);
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

/* Without memory for a seat a connection of TLS finds no certificate, and others are never closed for want of
 * room. */
static void connection_changed(void *cls, struct MHD_Connection *connection, void **ctx,
                               enum MHD_ConnectionNotificationCode toe)
{
    const union MHD_ConnectionInfo *fd =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    bool began = toe == MHD_CONNECTION_NOTIFY_STARTED;
    struct http_daemon *d = cls;
    struct http_seat *seat = *ctx;

    if (began)
        *ctx = seat = fd ? http_crowd_enter(&d->crowd, fd->connect_fd, http_loop_now(d->loop)) : NULL;
    if (seat && d->listener->tls)
        http_tls_connection(d, connection, &seat->tls, toe);
    if (!began)
        http_crowd_leave(&d->crowd, seat);
    http_count_connection(d, began);
}

bool http_daemon_start(struct http_daemon *d, int socket_fd)
{
    const struct http_front_config *config = d->loop->config;
    unsigned limit = config->connections / (config->threads * config->listeners);
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)http_tls_priorities},
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)no_certificate},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    const union MHD_DaemonInfo *info;

    d->limit = limit ? limit : 1u;
    d->mhd = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
            (d->listener->tls ? MHD_USE_TLS : MHD_NO_FLAG),
        0, NULL, NULL, http_request_handle, d, MHD_OPTION_EXTERNAL_LOGGER, log_of_mhd, d,
        MHD_OPTION_LISTEN_SOCKET, socket_fd, MHD_OPTION_CONNECTION_LIMIT, d->limit,
        MHD_OPTION_CONNECTION_TIMEOUT, config->idle_timeout_s, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        config->per_address, MHD_OPTION_CONNECTION_MEMORY_LIMIT, http_pool_bytes(d->listener),
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_NOTIFY_COMPLETED, http_request_completed, d,
        MHD_OPTION_NOTIFY_CONNECTION, connection_changed, d, MHD_OPTION_UNESCAPE_CALLBACK, http_unescape,
        NULL, MHD_OPTION_ARRAY, d->listener->tls ? tls : plain, MHD_OPTION_END);
    info = d->mhd ? MHD_get_daemon_info(d->mhd, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!info)
        return false;
    d->epoll_fd = info->epoll_fd;
    return true;
}

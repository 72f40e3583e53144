#include "http/address.h"

#include "core/bytes.h"
#include "host/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096

static bool parse_unix(const char *path, struct http_address *ret, struct host_error *err)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};

    if (path[0] == '\0' || strlen(path) >= sizeof un.sun_path)
        return host_fail(err, HOST_ERROR_FORMAT, "unix:%s: the path must have 1 to %zu bytes", path,
                         sizeof un.sun_path - 1);
    memcpy(un.sun_path, path, strlen(path) + 1);
    memset(ret, 0, sizeof *ret);
    memcpy(&ret->sa, &un, sizeof un);
    ret->len = (socklen_t)sizeof un;
    return true;
}

static bool parse_inet(const char *host, uint16_t port, struct http_address *ret)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    memset(ret, 0, sizeof *ret);
    if (inet_pton(AF_INET, host, &in.sin_addr) == 1) {
        memcpy(&ret->sa, &in, sizeof in);
        ret->len = (socklen_t)sizeof in;
        return true;
    }
    if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1) {
        memcpy(&ret->sa, &in6, sizeof in6);
        ret->len = (socklen_t)sizeof in6;
        return true;
    }
    return false;
}

bool http_address_parse(const char *text, struct http_address *ret, struct host_error *err)
{
    const char *colon = strrchr(text, ':');
    char host[INET6_ADDRSTRLEN + 2];
    struct http_address found;
    uint64_t port = 0;
    size_t len;
    bool bracketed;

    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(text + 5, ret, err);
    len = colon ? (size_t)(colon - text) : 0;
    if (!colon || len >= sizeof host || !otter_parse_uint(colon + 1, strlen(colon + 1), 65535, &port))
        goto bad;
    memcpy(host, text, len);
    host[len] = '\0';
    bracketed = len > 2 && host[0] == '[' && host[len - 1] == ']';
    if (bracketed) {
        memmove(host, host + 1, len - 2);
        host[len - 2] = '\0';
    }
    /* "::1:8480" would be ambiguous: IPv6 needs its brackets, and IPv4 has none. */
    if (!parse_inet(host, (uint16_t)port, &found) || bracketed != (found.sa.ss_family == AF_INET6))
        goto bad;
    *ret = found;
    return true;
bad:
    return host_fail(err, HOST_ERROR_FORMAT,
                     "\"%s\" is no address to listen on; write 127.0.0.1:8480, [::1]:8480 or unix:PATH",
                     text);
}

bool http_address_is_unix(const struct http_address *address)
{
    return address->sa.ss_family == AF_UNIX;
}

static struct sockaddr_in as_in(const struct http_address *address)
{
    struct sockaddr_in in;

    memcpy(&in, &address->sa, sizeof in);
    return in;
}

static struct sockaddr_in6 as_in6(const struct http_address *address)
{
    struct sockaddr_in6 in6;

    memcpy(&in6, &address->sa, sizeof in6);
    return in6;
}

static struct sockaddr_un as_unix(const struct http_address *address)
{
    struct sockaddr_un un;

    memcpy(&un, &address->sa, sizeof un);
    return un;
}

unsigned http_address_port(const struct http_address *address)
{
    if (address->sa.ss_family == AF_INET)
        return ntohs(as_in(address).sin_port);
    return address->sa.ss_family == AF_INET6 ? ntohs(as_in6(address).sin6_port) : 0;
}

void http_address_format(const struct http_address *address, char out[HTTP_ADDRESS_STR])
{
    char host[INET6_ADDRSTRLEN] = "?";

    if (http_address_is_unix(address)) {
        struct sockaddr_un un = as_unix(address);

        snprintf(out, HTTP_ADDRESS_STR, "unix:%s", un.sun_path);
    } else if (address->sa.ss_family == AF_INET6) {
        struct sockaddr_in6 in6 = as_in6(address);

        (void)inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof host);
        snprintf(out, HTTP_ADDRESS_STR, "[%s]:%u", host, http_address_port(address));
    } else {
        struct sockaddr_in in = as_in(address);

        (void)inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
        snprintf(out, HTTP_ADDRESS_STR, "%s:%u", host, http_address_port(address));
    }
}

bool http_address_is_local(const struct http_address *address)
{
    if (http_address_is_unix(address))
        return true;
    if (address->sa.ss_family == AF_INET)
        return ntohl(as_in(address).sin_addr.s_addr) >> 24 == 127;
    if (address->sa.ss_family == AF_INET6) {
        struct in6_addr a = as_in6(address).sin6_addr;

        return IN6_IS_ADDR_LOOPBACK(&a);
    }
    return false;
}

bool http_address_of_socket(int fd, struct http_address *ret, struct host_error *err)
{
    struct http_address found = {.len = (socklen_t)sizeof found.sa};

    if (getsockname(fd, (struct sockaddr *)&found.sa, &found.len) != 0)
        return host_fail_errno(err, HOST_ERROR_NETWORK, "getsockname");
    *ret = found;
    return true;
}

static bool listen_fail(const struct http_address *address, struct http_listen_error *e)
{
    char text[HTTP_ADDRESS_STR];

    e->in_use = errno == EADDRINUSE;
    http_address_format(address, text);
    return host_fail_errno(e->err, HOST_ERROR_NETWORK, "cannot listen on %s", text);
}

static int open_socket(const struct http_address *address)
{
    return socket(address->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* A socket file that nobody listens behind is left over from a kill; one that answers is in use. */
static bool probe_unix(const struct http_address *address, struct http_listen_error *e)
{
    struct sockaddr_un un = as_unix(address);
    auto_close int fd = -1;
    struct stat st;

    if (lstat(un.sun_path, &st) != 0)
        return true;
    errno = EADDRINUSE;
    if (!S_ISSOCK(st.st_mode))
        return listen_fail(address, e);
    fd = open_socket(address);
    if (fd < 0)
        return listen_fail(address, e);
    if (connect(fd, (const struct sockaddr *)&address->sa, address->len) == 0 || errno == EAGAIN) {
        errno = EADDRINUSE;
        return listen_fail(address, e);
    }
    if (errno != ECONNREFUSED || (unlink(un.sun_path) != 0 && errno != ENOENT))
        return listen_fail(address, e);
    return true;
}

/*
 * share: SO_REUSEPORT, so that each loop has its own queue of new connections. Connections inherit
 * TCP_NODELAY: the pieces of a TLS handshake, and a ticket before the answer, must not wait for the client's
 * delayed acknowledgement.
 */
static bool prepare(int fd, const struct http_address *address, bool share)
{
    int on = 1;

    if (http_address_is_unix(address))
        return true;
    if (address->sa.ss_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
        return false;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
           (!share || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0);
}

bool http_address_probe(const struct http_address *address, struct http_listen_error *e)
{
    auto_close int fd = -1;

    e->in_use = false;
    if (http_address_is_unix(address))
        return probe_unix(address, e);
    fd = open_socket(address);
    if (fd < 0 || !prepare(fd, address, false) ||
        bind(fd, (const struct sockaddr *)&address->sa, address->len) != 0)
        return listen_fail(address, e);
    return true;
}

/* Who may write to the socket may talk to otterd: its user and group (a web server's, in front). */
static bool restrict_unix(const struct http_address *address)
{
    struct sockaddr_un un = as_unix(address);

    return !http_address_is_unix(address) || chmod(un.sun_path, 0660) == 0;
}

int http_address_listen(const struct http_address *address, struct http_listen_error *e)
{
    auto_close int fd = open_socket(address);

    e->in_use = false;
    if (fd < 0 || !prepare(fd, address, true) ||
        bind(fd, (const struct sockaddr *)&address->sa, address->len) != 0 || !restrict_unix(address) ||
        listen(fd, BACKLOG) != 0) {
        (void)listen_fail(address, e);
        return -1;
    }
    return host_steal_fd(&fd);
}

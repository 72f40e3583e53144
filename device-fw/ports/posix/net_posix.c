#include "ports/posix/net_posix.h"

#include "core/bytes.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static bool look_up(const char *host, int family, int flags, struct sockaddr_storage *ret_address,
                    socklen_t *ret_len)
{
    struct addrinfo hints = {.ai_flags = flags, .ai_family = family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    bool ok = false;

    /* RFC 6761, 6.3: "localhost" is the loopback address, whoever is there to be asked. */
    if (strcmp(host, "localhost") == 0 && family != AF_INET6)
        host = "127.0.0.1";
    if (getaddrinfo(host, NULL, &hints, &list) != 0)
        return false;
    if (list->ai_addrlen <= sizeof(*ret_address)) {
        memcpy(ret_address, list->ai_addr, list->ai_addrlen);
        *ret_len = list->ai_addrlen;
        ok = true;
    }
    freeaddrinfo(list);
    return ok;
}

static bool set_port(struct sockaddr_storage *address, uint16_t port)
{
    switch (address->ss_family) {
    case AF_INET:
        ((struct sockaddr_in *)address)->sin_port = htons(port);
        return true;
    case AF_INET6:
        ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
        return true;
    default:
        return false;
    }
}

bool otter_posix_resolve(struct otter_posix_resolver *r, const char *host, uint16_t port,
                         struct sockaddr_storage *ret_address, socklen_t *ret_len)
{
    size_t len = strlen(host);
    struct sockaddr_storage address = {0};
    socklen_t address_len = 0;

    if (len == 0 || len >= sizeof(r->host))
        return false;
    if (strcmp(r->host, host) != 0) {
        /* Names: IPv4 first, as on the boards, and "localhost" may be ::1 where nobody listens. */
        if (!look_up(host, AF_UNSPEC, AI_NUMERICHOST, &address, &address_len) &&
            !look_up(host, AF_INET, 0, &address, &address_len) &&
            !look_up(host, AF_UNSPEC, 0, &address, &address_len))
            return false;
        memcpy(r->host, host, len + 1);
        r->address = address;
        r->len = address_len;
    }
    address = r->address;
    if (!set_port(&address, port))
        return false;
    *ret_address = address;
    *ret_len = r->len;
    return true;
}

static struct otter_posix_net *from_net(struct otter_net *self)
{
    return OTTER_CONTAINER_OF(self, struct otter_posix_net, net);
}

static void net_close(struct otter_net *self)
{
    struct otter_posix_net *n = from_net(self);

    if (n->fd >= 0)
        (void)close(n->fd); /* leaves the epoll set with its last descriptor */
    n->fd = -1;
    n->readable = false;
    n->writable = false;
}

/* The port is chosen when connecting, so that each pair of addresses has all of them. */
static bool bind_source(const struct otter_posix_net *n, int family)
{
    const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(n->source)};
    int on = 1;

    if (n->source == 0 || family != AF_INET)
        return true;
    return setsockopt(n->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) == 0 &&
           bind(n->fd, (const struct sockaddr *)&from, sizeof(from)) == 0;
}

static bool net_open(struct otter_net *self, const char *host, uint16_t port, const struct otter_net_tls *tls)
{
    struct otter_posix_net *n = from_net(self);
    struct sockaddr_storage address;
    socklen_t len;
    int on = 1;

    net_close(self);
    if (tls != NULL || !otter_posix_resolve(n->resolver, host, port, &address, &len))
        return false;
    n->fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (n->fd < 0)
        return false;

    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = n->tag};

    if (!bind_source(n, address.ss_family) ||
        setsockopt(n->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
        (connect(n->fd, (struct sockaddr *)&address, len) != 0 && errno != EINPROGRESS) ||
        epoll_ctl(n->epoll_fd, EPOLL_CTL_ADD, n->fd, &event) != 0) {
        net_close(self);
        return false;
    }
    return true;
}

static bool would_block(int error)
{
    return error == EAGAIN || error == EINPROGRESS;
}

static int32_t net_send(struct otter_net *self, const void *buf, uint32_t len)
{
    struct otter_posix_net *n = from_net(self);
    ssize_t done;

    if (n->fd < 0)
        return OTTER_NET_ERROR;
    do
        done = send(n->fd, buf, len > INT32_MAX ? INT32_MAX : len, MSG_NOSIGNAL);
    while (done < 0 && errno == EINTR);
    if (done > 0)
        return (int32_t)done;
    if (done < 0 && !would_block(errno))
        return OTTER_NET_ERROR;
    n->writable = false;
    return OTTER_NET_AGAIN;
}

static int32_t net_recv(struct otter_net *self, void *buf, uint32_t len)
{
    struct otter_posix_net *n = from_net(self);
    ssize_t done;

    if (n->fd < 0)
        return OTTER_NET_ERROR;
    do
        done = recv(n->fd, buf, len > INT32_MAX ? INT32_MAX : len, 0);
    while (done < 0 && errno == EINTR);
    if (done > 0)
        return (int32_t)done;
    if (done == 0)
        return OTTER_NET_EOF;
    if (!would_block(errno))
        return OTTER_NET_ERROR;
    n->readable = false;
    return OTTER_NET_AGAIN;
}

void otter_posix_net_init(struct otter_posix_net *n, int epoll_fd, void *tag,
                          struct otter_posix_resolver *resolver)
{
    *n = (struct otter_posix_net){
        .net = {.open = net_open, .send = net_send, .recv = net_recv, .close = net_close},
        .resolver = resolver,
        .tag = tag,
        .epoll_fd = epoll_fd,
        .fd = -1,
    };
}

void otter_posix_net_event(struct otter_posix_net *n, uint32_t events)
{
    if (n->fd < 0)
        return;
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        n->readable = true;
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        n->writable = true;
}

bool otter_posix_net_ready(const struct otter_posix_net *n, bool write)
{
    return n->fd >= 0 && (write ? n->writable : n->readable);
}

/*
 * The stream of port/net.h over a non-blocking TCP socket, in an epoll set that the caller owns.
 *
 * The socket is registered once, edge-triggered, for both directions. The caller's loop hands each event to
 * otter_posix_net_event(); the struct remembers what is ready until a send or recv says AGAIN, so that a
 * client which stops before it has drained the socket is not forgotten:
 *
 *   epoll_wait(...) -> for each event: otter_posix_net_event(event.data.ptr's net, event.events), then step
 * its client client wants the net -> step again at once while otter_posix_net_ready(net, wants_write)
 *
 * TLS is not part of this port, and open() refuses to be asked for it: crypto/tls.h puts it over this stream.
 * One thread at a time for each struct and resolver.
 */
#ifndef OTTER_POSIX_NET_POSIX_H
#define OTTER_POSIX_NET_POSIX_H

#include "port/net.h"

#include <sys/socket.h>

/* The last name looked up, shared by many streams to the same server. Zeroed = empty. */
struct otter_posix_resolver {
    char host[129]; /* "" = none yet */
    struct sockaddr_storage address;
    socklen_t len;
};

struct otter_posix_net {
    struct otter_net net; /* what device code gets: &posix->net */
    struct otter_posix_resolver *resolver;
    void *tag;    /* epoll_event.data.ptr of this stream's events */
    int epoll_fd; /* the caller's */
    int fd;       /* -1 = nothing open */
    uint32_t
        source; /* of connections over IPv4, in host order; the owner's to set. 0 = the system's choice */
    bool readable;
    bool writable;
};

/* Nothing is opened. resolver must outlive n; tag comes back in each event of n. */
void otter_posix_net_init(struct otter_posix_net *n, int epoll_fd, void *tag,
                          struct otter_posix_resolver *resolver);

/* Takes one event of epoll_wait. A late event of a connection closed since is harmless. */
void otter_posix_net_event(struct otter_posix_net *n, uint32_t events);

/* False only if a call in that direction would certainly say AGAIN. */
bool otter_posix_net_ready(const struct otter_posix_net *n, bool write);

/*
 * Address of a numeric host or a name, with the port. Numeric ones never block; a name is looked up
 * (blocking) when it is not the resolver's last one. False if it is unknown.
 */
bool otter_posix_resolve(struct otter_posix_resolver *r, const char *host, uint16_t port,
                         struct sockaddr_storage *ret_address, socklen_t *ret_len);

#endif

/* Where to listen: "127.0.0.1:8480", "[::1]:8480", "0.0.0.0:0" or "unix:/run/otter/otterd.sock". */
#ifndef OTTER_HTTP_ADDRESS_H
#define OTTER_HTTP_ADDRESS_H

#include "host/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define HTTP_ADDRESS_STR 128u

struct http_address {
    struct sockaddr_storage sa;
    socklen_t len;
};

/* Numeric addresses only: no name is looked up, so a start never waits for DNS. */
bool http_address_parse(const char *text, struct http_address *ret, struct host_error *err);

void http_address_format(const struct http_address *address, char out[HTTP_ADDRESS_STR]);

bool http_address_is_unix(const struct http_address *address);

/* 0 for a unix socket. */
unsigned http_address_port(const struct http_address *address);

/* Only this machine can connect: 127.0.0.0/8, ::1 or a unix socket. */
bool http_address_is_local(const struct http_address *address);

/* The address that a listening socket really has (its port, when 0 was asked for). */
bool http_address_of_socket(int fd, struct http_address *ret, struct host_error *err);

/*
 * Sockets. `in_use` says that another process listens there (SO_REUSEPORT would let us share its port
 * silently, so that is asked first, without it).
 */
struct http_listen_error {
    bool in_use;
    struct host_error *err;
};

/* Refuses an address at which somebody listens. A stale unix socket file is removed. */
bool http_address_probe(const struct http_address *address, struct http_listen_error *e);

/* A non-blocking listening socket; TCP with SO_REUSEPORT. -1 on failure. */
int http_address_listen(const struct http_address *address, struct http_listen_error *e);

#endif

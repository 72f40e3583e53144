/* A TCP server on the loopback interface that does nothing of its own accord. Nothing blocks. */
#ifndef OTTER_TESTS_NET_SERVER_H
#define OTTER_TESTS_NET_SERVER_H

#include <stdbool.h>
#include <stdint.h>

struct server {
    int listener, fd;
    uint16_t port;
};

/* buffer: of the sockets, 0 = the machine's. */
void server_open(struct server *s, int buffer);
void server_close(struct server *s);
/* True once a connection is there. */
bool server_accept(struct server *s);
/* Bytes moved, at most len; 0 = none now; -1 = the other side has closed or reset. */
int server_send(struct server *s, const void *buf, uint32_t len);
int server_recv(struct server *s, void *buf, uint32_t len);
/* Ends the connection: in order, or by a reset. */
void server_hang_up(struct server *s, bool reset);

#endif

/* The device's stream and a server that it talks to: what tests of the stream begin with. */
#ifndef OTTER_TESTS_NET_TALK_H
#define OTTER_TESTS_NET_TALK_H

#include "server.h"
#include "world.h"

extern struct otter_net *talk_net;
extern struct server talk_server;

int talk_begin(void **state);
int talk_end(void **state);

/* Until something else than AGAIN comes; sends a byte where it can. */
int32_t talk_send_one(void);
int32_t talk_recv_one(void);
/* To the server, until a byte has arrived there. */
void talk_connect(const char *host);

#endif

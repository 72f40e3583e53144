#include "talk.h"

struct otter_net *talk_net;
struct server talk_server;

int talk_begin(void **state)
{
    talk_net = &world.stream.net;
    server_open(&talk_server, 0);
    return world_begin(state);
}

int talk_end(void **state)
{
    server_close(&talk_server);
    return world_end(state);
}

int32_t talk_send_one(void)
{
    uint8_t byte = 'x';
    int32_t n = OTTER_NET_AGAIN;

    UNTIL((n = talk_net->send(talk_net, &byte, 1)) != OTTER_NET_AGAIN);
    return n;
}

int32_t talk_recv_one(void)
{
    uint8_t byte;
    int32_t n = OTTER_NET_AGAIN;

    UNTIL((n = talk_net->recv(talk_net, &byte, 1)) != OTTER_NET_AGAIN);
    return n;
}

void talk_connect(const char *host)
{
    uint8_t byte;

    assert_true(talk_net->open(talk_net, host, talk_server.port, NULL));
    assert_int_equal(talk_send_one(), 1);
    UNTIL(server_accept(&talk_server));
    UNTIL(server_recv(&talk_server, &byte, 1) == 1);
    assert_int_equal(byte, 'x');
}

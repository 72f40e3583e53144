/* The image of -Dapp_fault=network: a driver that a release broke. It must never be confirmed. */
#include "app/wire.h"

static bool start(struct otter_link *self, const uint8_t mac[6])
{
    (void)self;
    (void)mac;
    return true;
}

static bool is_up(struct otter_link *self)
{
    (void)self;
    return false;
}

static bool send(struct otter_link *self, const struct otter_frame_piece *piece, uint32_t count)
{
    (void)self;
    (void)piece;
    (void)count;
    return false;
}

static uint32_t receive(struct otter_link *self, void *buf, uint32_t cap)
{
    (void)self;
    (void)buf;
    (void)cap;
    return 0;
}

struct otter_link *wire_link(void)
{
    static struct otter_link link = {start, is_up, send, receive, 0};

    return &link;
}

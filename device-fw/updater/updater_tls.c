/* https by BearSSL: the memory of its one connection. */
#include "crypto/tls.h"
#include "updater/secure.h"

static struct otter_tls_work work;
static uint8_t in[OTTER_TLS_IN(OTTER_TLS_FRAGMENT)], out[OTTER_TLS_OUT(OTTER_TLS_FRAGMENT)];
static struct otter_tls tls;

struct otter_net *otter_updater_secure(struct otter_net *raw, struct otter_random *random,
                                       struct otter_wall_clock *clock)
{
    static const struct otter_tls_memory memory = {
        .work = &work, .in = in, .in_len = sizeof(in), .out = out, .out_len = sizeof(out)};

    otter_tls_init(&tls, raw, random, clock);
    otter_tls_lend(&tls, &memory);
    return &tls.net;
}

#include "host/siphash.h"

#include "core/bytes.h"

#include <string.h>

struct state {
    uint64_t v[4];
};

static uint64_t rotl(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static void rounds(struct state *s, unsigned count)
{
    uint64_t *v = s->v;

    while (count-- > 0) {
        v[0] += v[1];
        v[1] = rotl(v[1], 13) ^ v[0];
        v[0] = rotl(v[0], 32);
        v[2] += v[3];
        v[3] = rotl(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotl(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotl(v[1], 17) ^ v[2];
        v[2] = rotl(v[2], 32);
    }
}

static void word(struct state *s, uint64_t m)
{
    s->v[3] ^= m;
    rounds(s, 2);
    s->v[0] ^= m;
}

uint64_t host_siphash(const uint8_t key[HOST_SIPHASH_KEY], const void *bytes, size_t len)
{
    const uint64_t k0 = otter_le64(key), k1 = otter_le64(key + 8);
    struct state s = {{k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
                       k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)}};
    const uint8_t *at = bytes;
    uint8_t last[8] = {0};
    size_t left = len;

    for (; left >= 8; left -= 8, at += 8)
        word(&s, otter_le64(at));
    if (left > 0)
        memcpy(last, at, left);
    last[7] = (uint8_t)len;
    word(&s, otter_le64(last));
    s.v[2] ^= 0xff;
    rounds(&s, 4);
    return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}

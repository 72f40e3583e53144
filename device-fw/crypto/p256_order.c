#include "crypto/p256_order.h"

typedef struct otter_p256_number number;

static const struct otter_p256_modulus order = {
    .m = {{0xfc632551, 0xf3b9cac2, 0xa7179e84, 0xbce6faad, 0xffffffff, 0xffffffff, 0x00000000, 0xffffffff}},
    .square = {{0xbe79eea2, 0x83244c95, 0x49bd6fa6, 0x4699799c, 0x2b6bec59, 0x2845b239, 0xf3d95620,
                0x66e12d94}},
    .factor = 0xee00bc4f,
};

void otter_p256_read(number *ret, const uint8_t in[OTTER_P256_LEN])
{
    for (unsigned i = 0; i < OTTER_P256_WORDS; i++) {
        const uint8_t *p = in + OTTER_P256_LEN - 4 - (size_t)4 * i;

        ret->w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    }
}

void otter_p256_write(const number *a, uint8_t out[OTTER_P256_LEN])
{
    for (unsigned i = 0; i < OTTER_P256_LEN; i++)
        out[OTTER_P256_LEN - 1 - i] = (uint8_t)(a->w[i / 4] >> 8 * (i % 4));
}

bool otter_p256_in_range(const number *a)
{
    return !otter_p256_is_zero(a) && otter_p256_is_reduced(a, &order);
}

void otter_p256_reduce(number *a)
{
    otter_p256_reduce_by(a, &order);
}

void otter_p256_multiply(number *ret, const number *a, const number *b)
{
    otter_p256_enter(ret, a, &order);
    otter_p256_times(ret, ret, b, &order);
}

void otter_p256_invert(number *ret, const number *a)
{
    number in_form;

    otter_p256_enter(&in_form, a, &order);
    otter_p256_inverse(ret, &in_form, &order);
    otter_p256_leave(ret, ret, &order);
}

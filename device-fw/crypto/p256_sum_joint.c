/*
 * u G + v Q in one run over the bits of both (Shamir's trick): 256 doublings instead of 512. The time taken
 * tells what u, v and Q are: they are public. The field and the points are BearSSL 0.6's, whose file this one
 * takes in, for it keeps them to itself: a firmware links this in the place of it, and so has br_ec_p256_m31
 * from here.
 */
#include "crypto/p256_sum.h"

#include <ec/ec_p256_m31.c>

struct point {
    p256_jacobian at;
    bool infinite; /* `at` means nothing then */
};

static bool is_zero(uint32_t z[9])
{
    uint32_t any = 0;

    reduce_final_f256(z);
    for (unsigned i = 0; i < 9; i++)
        any |= z[i];
    return any == 0;
}

/* sum += p, whatever the two are. */
static void add_point(struct point *sum, const struct point *p)
{
    struct point before = *sum;
    bool differ;

    if (p->infinite)
        return;
    if (sum->infinite) {
        *sum = *p;
        return;
    }
    /* Says at infinity also of a point and itself, and then returns 0. */
    differ = p256_add(&sum->at, &p->at) != 0;
    if (!is_zero(sum->at.z))
        return;
    *sum = before;
    if (differ)
        sum->infinite = true;
    else
        p256_double(&sum->at); /* no point of the curve is its own opposite */
}

static unsigned bit_of(const struct otter_p256_number *a, unsigned bit)
{
    return a->w[bit / 32] >> bit % 32 & 1;
}

bool otter_p256_sum(const struct otter_p256_number *u, const uint8_t point[OTTER_POINT_LEN],
                    const struct otter_p256_number *v, uint8_t ret_x[OTTER_P256_LEN])
{
    struct point sum = {.infinite = true}, term[4] = {sum}; /* nothing, G, Q, G + Q */
    size_t len;
    const unsigned char *generator = api_generator(BR_EC_secp256r1, &len);

    term[1].infinite = p256_decode(&term[1].at, generator, len) != 1;
    term[2].infinite = p256_decode(&term[2].at, point, OTTER_POINT_LEN) != 1;
    if (term[2].infinite)
        return false;
    term[3] = term[1];
    add_point(&term[3], &term[2]);
    for (unsigned bit = 32 * OTTER_P256_WORDS; bit-- > 0;) {
        if (!sum.infinite)
            p256_double(&sum.at);
        add_point(&sum, &term[bit_of(u, bit) | bit_of(v, bit) << 1]);
    }
    if (sum.infinite)
        return false;
    p256_to_affine(&sum.at);
    le30_to_be8(ret_x, OTTER_P256_LEN, sum.at.x);
    return true;
}

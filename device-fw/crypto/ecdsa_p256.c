#include "crypto/ecdsa_p256.h"

#include "crypto/p256_order.h"

#include <bearssl.h>
#include <string.h>

_Static_assert(OTTER_DIGEST_LEN == OTTER_P256_LEN, "the hash is as long as the order: it is not truncated");

bool otter_ecdsa_p256_verify(const uint8_t point[OTTER_POINT_LEN], const uint8_t hash[OTTER_DIGEST_LEN],
                             const uint8_t sig[OTTER_SIG_LEN])
{
    const br_ec_impl *curve = &br_ec_p256_m31;
    struct otter_p256_number r, s, e, inverse, product;
    uint8_t sum[OTTER_POINT_LEN], times_q[OTTER_P256_LEN], times_g[OTTER_P256_LEN];

    otter_p256_read(&r, sig);
    otter_p256_read(&s, sig + OTTER_P256_LEN);
    if (!otter_p256_in_range(&r) || !otter_p256_in_range(&s))
        return false;
    otter_p256_read(&e, hash);
    otter_p256_reduce(&e);
    otter_p256_invert(&inverse, &s);
    otter_p256_multiply(&product, &r, &inverse);
    otter_p256_write(&product, times_q);
    otter_p256_multiply(&product, &e, &inverse);
    otter_p256_write(&product, times_g);
    memcpy(sum, point, sizeof(sum));
    if (curve->muladd(sum, NULL, sizeof(sum), times_q, sizeof(times_q), times_g, sizeof(times_g),
                      BR_EC_secp256r1) != 1)
        return false;
    otter_p256_read(&product, sum + 1); /* x, below the field's prime and so below 2 n */
    otter_p256_reduce(&product);
    return memcmp(&product, &r, sizeof(r)) == 0;
}

#include "crypto/p256_sum.h"

#include "crypto/p256_order.h"

#include <bearssl.h>
#include <string.h>

bool otter_p256_sum(const struct otter_p256_number *u, const uint8_t point[OTTER_POINT_LEN],
                    const struct otter_p256_number *v, uint8_t ret_x[OTTER_P256_LEN])
{
    static const struct otter_p256_number zero;
    uint8_t sum[OTTER_POINT_LEN], times_q[OTTER_P256_LEN], times_g[OTTER_P256_LEN];
    uint32_t ok;

    memcpy(sum, point, sizeof(sum));
    otter_p256_write(u, times_g);
    otter_p256_write(v, times_q);
    if (memcmp(u, &zero, sizeof(zero)) == 0) /* muladd() has no sum with the point at infinity */
        ok = br_ec_p256_m31.mul(sum, sizeof(sum), times_q, sizeof(times_q), BR_EC_secp256r1);
    else
        ok = br_ec_p256_m31.muladd(sum, NULL, sizeof(sum), times_q, sizeof(times_q), times_g, sizeof(times_g),
                                   BR_EC_secp256r1);
    if (ok != 1)
        return false;
    memcpy(ret_x, sum + 1, OTTER_P256_LEN);
    return true;
}

#include "crypto/p256_sum.h"

#include "crypto/p256_curve.h"

#include <string.h>

bool otter_p256_sum(const struct otter_p256_number *u, const uint8_t point[OTTER_POINT_LEN],
                    const struct otter_p256_number *v, uint8_t ret_x[OTTER_P256_LEN])
{
    uint8_t sum[OTTER_POINT_LEN];

    if (!otter_p256_muladd(sum, point, NULL, v, u))
        return false;
    memcpy(ret_x, sum + 1, OTTER_P256_LEN);
    return true;
}

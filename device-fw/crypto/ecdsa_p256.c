#include "crypto/ecdsa_p256.h"

#include "crypto/p256_order.h"
#include "crypto/p256_sum.h"

#include <string.h>

_Static_assert(OTTER_DIGEST_LEN == OTTER_P256_LEN, "the hash is as long as the order: it is not truncated");

bool otter_ecdsa_p256_verify(const uint8_t point[OTTER_POINT_LEN], const uint8_t hash[OTTER_DIGEST_LEN],
                             const uint8_t sig[OTTER_SIG_LEN])
{
    struct otter_p256_number r, s, e, inverse, u, v;
    uint8_t x[OTTER_P256_LEN];

    otter_p256_read(&r, sig);
    otter_p256_read(&s, sig + OTTER_P256_LEN);
    if (!otter_p256_in_range(&r) || !otter_p256_in_range(&s))
        return false;
    otter_p256_read(&e, hash);
    otter_p256_reduce(&e);
    otter_p256_invert(&inverse, &s);
    otter_p256_multiply(&u, &e, &inverse);
    otter_p256_multiply(&v, &r, &inverse);
    if (!otter_p256_sum(&u, point, &v, x))
        return false;
    otter_p256_read(&e, x); /* below the field's prime, and so below 2 n */
    otter_p256_reduce(&e);
    return memcmp(&e, &r, sizeof(r)) == 0;
}

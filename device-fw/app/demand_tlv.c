#include "app/demand.h"

#include "crypto/crypto_bearssl.h"

enum otter_selftest demand_read(const struct identity *id)
{
    struct otter_digest digest;

    if (id->image != OTTER_OK || !id->has_factory || id->info.selftest == OTTER_SELFTEST_NONE ||
        identity_image_digest(id, &otter_crypto_bearssl, &digest) != OTTER_OK ||
        !otter_selftest_applies(&otter_crypto_bearssl, &digest, id->factory.device,
                                id->info.selftest_percent))
        return OTTER_SELFTEST_NONE;
    return id->info.selftest;
}

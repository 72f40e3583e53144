#include "policy/cohort.h"

#include "core/bytes.h"

#include <string.h>

unsigned policy_cohort(const struct otter_crypto *crypto, const uint8_t seed[POLICY_SEED_LEN],
                       const char *device)
{
    static const uint8_t separator = 0;
    uint8_t digest[OTTER_DIGEST_LEN];
    struct otter_sha256 sha;

    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, seed, POLICY_SEED_LEN);
    crypto->sha256_update(&sha, &separator, 1);
    crypto->sha256_update(&sha, device, strlen(device));
    crypto->sha256_final(&sha, digest);
    return (unsigned)(otter_be64(digest) % POLICY_COHORTS);
}

#include "policy/cohort.h"

#include "core/bytes.h"

#include <string.h>

static void digest_of(const struct otter_crypto *crypto, const uint8_t seed[POLICY_SEED_LEN],
                      const char *device, uint8_t ret[OTTER_DIGEST_LEN])
{
    static const uint8_t separator = 0;
    struct otter_sha256 sha;

    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, seed, POLICY_SEED_LEN);
    crypto->sha256_update(&sha, &separator, 1);
    crypto->sha256_update(&sha, device, strlen(device));
    crypto->sha256_final(&sha, ret);
}

unsigned policy_cohort(const struct otter_crypto *crypto, const uint8_t seed[POLICY_SEED_LEN],
                       const char *device)
{
    return (unsigned)(policy_position(crypto, seed, device) >> 32);
}

uint64_t policy_position(const struct otter_crypto *crypto, const uint8_t seed[POLICY_SEED_LEN],
                         const char *device)
{
    uint8_t digest[OTTER_DIGEST_LEN];

    digest_of(crypto, seed, device, digest);
    return POLICY_POSITION(otter_be64(digest) % POLICY_COHORTS) | (uint32_t)(otter_be64(digest + 8) >> 32);
}

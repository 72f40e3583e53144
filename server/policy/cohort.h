/* Which part of a fleet a device belongs to: known beforehand, the same for ever (architecture.md, Rollouts).
 */
#ifndef OTTER_POLICY_COHORT_H
#define OTTER_POLICY_COHORT_H

#include "core/crypto.h"

#define POLICY_SEED_LEN 16u
#define POLICY_COHORTS  10000u

/* First 8 bytes, big endian, of SHA-256(seed || 0x00 || device id), mod 10,000. */
unsigned policy_cohort(const struct otter_crypto *crypto, const uint8_t seed[POLICY_SEED_LEN],
                       const char *device);

#endif

/* Which part of a fleet a device belongs to: known beforehand, the same for ever (architecture.md, Rollouts).
 */
#ifndef OTTER_POLICY_COHORT_H
#define OTTER_POLICY_COHORT_H

#include "core/crypto.h"

#define POLICY_SEED_LEN 16u
#define POLICY_COHORTS  10000u

/* First 8 bytes, big endian, of SHA-256(seed || 0x00 || device id), mod 10,000. otterd goes by positions:
 * this is the promise by which anybody reckons who comes first, and tests hold its golden numbers. */
unsigned policy_cohort(const struct otter_crypto *crypto, const uint8_t seed[POLICY_SEED_LEN],
                       const char *device);

/* Where a device stands in a rollout, as fine as it gets: its cohort << 32 | bytes 8 to 11, big endian, of
 * the same digest. */
uint64_t policy_position(const struct otter_crypto *crypto, const uint8_t seed[POLICY_SEED_LEN],
                         const char *device);

/* Positions of a cohort and of those after it are at least this. */
#define POLICY_POSITION(cohort) ((uint64_t)(cohort) << 32)
#define POLICY_POSITION_END     POLICY_POSITION(POLICY_COHORTS) /* behind every position */

#endif

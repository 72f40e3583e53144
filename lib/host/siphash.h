/* SipHash-2-4 (Aumasson and Bernstein, 2012): a short text's hash that nobody can steer who does not know the
 * key. For tables, not for signatures. */
#ifndef OTTER_HOST_SIPHASH_H
#define OTTER_HOST_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define HOST_SIPHASH_KEY 16u

uint64_t host_siphash(const uint8_t key[HOST_SIPHASH_KEY], const void *bytes, size_t len);

#endif

/* The one step of which all numbers of p256_modulo.c are made; where the core has it, one instruction. */
#ifndef OTTER_CRYPTO_P256_WIDE_H
#define OTTER_CRYPTO_P256_WIDE_H

#include <stdint.h>

/*
 * (*high, *low) = a b + *low + *high. It cannot be more than fits: (2^32 - 1)^2 + 2 (2^32 - 1) = 2^64 - 1.
 * The compiler finds no UMAAL in that by itself, and three instructions instead are half as much again.
 */
static inline void otter_p256_step(uint32_t *low, uint32_t *high, uint32_t a, uint32_t b)
{
#ifdef __ARM_FEATURE_DSP
    __asm__("umaal %0, %1, %2, %3" : "+r"(*low), "+r"(*high) : "r"(a), "r"(b));
#else
    uint64_t sum = (uint64_t)a * b + *low + *high;

    *low = (uint32_t)sum;
    *high = (uint32_t)(sum >> 32);
#endif
}

#endif

#include "crypto/p256_modulo.h"

#include "crypto/p256_wide.h"

#include <string.h>

typedef struct otter_p256_number number;
typedef struct otter_p256_modulus modulus;

/* ret = a + times b + carry, with the bits of b flipped where `flip` has ones; the carry out of the highest
 * word. */
static uint32_t add_up(number *ret, const number *a, const number *b, uint32_t flip, uint32_t times,
                       uint32_t carry)
{
    for (unsigned i = 0; i < OTTER_P256_WORDS; i++) {
        uint32_t low = a->w[i];

        otter_p256_step(&low, &carry, b->w[i] ^ flip, times);
        ret->w[i] = low;
    }
    return carry;
}

/* ret = a + b, if times is 1, or a, if it is 0; the carry. */
static uint32_t add(number *ret, const number *a, const number *b, uint32_t times)
{
    return add_up(ret, a, b, 0, times, 0);
}

/* ret = a - b; 1 if that is below 0, else 0. */
static uint32_t subtract(number *ret, const number *a, const number *b)
{
    return 1 - add_up(ret, a, b, UINT32_MAX, 1, 1); /* a + (2^256 - 1 - b) + 1 */
}

/* a + carry 2^256, which is below 2 m, modulo m. */
static void reduce(number *a, uint32_t carry, const modulus *m)
{
    uint32_t borrow = subtract(a, a, &m->m);

    (void)add(a, a, &m->m, borrow & ~carry); /* too much, unless the carry was there to borrow from */
}

void otter_p256_reduce_by(number *a, const modulus *m)
{
    reduce(a, 0, m);
}

bool otter_p256_is_reduced(const number *a, const modulus *m)
{
    number difference;

    return subtract(&difference, a, &m->m) != 0;
}

void otter_p256_plus(number *ret, const number *a, const number *b, const modulus *m)
{
    reduce(ret, add(ret, a, b, 1), m);
}

void otter_p256_minus(number *ret, const number *a, const number *b, const modulus *m)
{
    uint32_t borrow = subtract(ret, a, b);

    (void)add(ret, ret, &m->m, borrow);
}

/*
 * A word of b at a time: t = (t + a b[i] + q m) / 2^32, with that q for which the lowest word of the sum is
 * 0. t stays below 2 m.
 */
void otter_p256_times(number *ret, const number *a, const number *b, const modulus *m)
{
    uint32_t t[OTTER_P256_WORDS + 1] = {0}; /* t[0] is what falls off; the number begins at t[1] */
    uint32_t top = 0;

    for (unsigned i = 0; i < OTTER_P256_WORDS; i++) {
        uint32_t word = b->w[i], q = (t[1] + a->w[0] * word) * m->factor, of_a = 0, of_m = 0;

        for (unsigned j = 0; j < OTTER_P256_WORDS; j++) {
            uint32_t low = t[j + 1];

            otter_p256_step(&low, &of_a, a->w[j], word);
            otter_p256_step(&low, &of_m, m->m.w[j], q);
            t[j] = low;
        }
        otter_p256_step(&top, &of_a, of_m, 1);
        t[OTTER_P256_WORDS] = top;
        top = of_a;
    }
    memcpy(ret, t + 1, sizeof(*ret));
    reduce(ret, top, m);
}

void otter_p256_enter(number *ret, const number *a, const modulus *m)
{
    otter_p256_times(ret, a, &m->square, m);
}

void otter_p256_leave(number *ret, const number *a, const modulus *m)
{
    static const number one = {{1}};

    otter_p256_times(ret, a, &one, m);
}

/* a^(m - 2), by Fermat. The exponent is public. */
void otter_p256_inverse(number *ret, const number *a, const modulus *m)
{
    number exponent = m->m;

    exponent.w[0] -= 2; /* the lowest word of an odd prime above 2^255 is no 1: see the moduli */
    *ret = *a;          /* of its highest bit */
    for (unsigned bit = 32 * OTTER_P256_WORDS - 1; bit-- > 0;) {
        otter_p256_times(ret, ret, ret, m);
        if ((exponent.w[bit / 32] >> bit % 32 & 1) != 0)
            otter_p256_times(ret, ret, a, m);
    }
}

bool otter_p256_is_zero(const number *a)
{
    uint32_t any = 0;

    for (unsigned i = 0; i < OTTER_P256_WORDS; i++)
        any |= a->w[i];
    return any == 0;
}

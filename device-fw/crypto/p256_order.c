#include "crypto/p256_order.h"

#include <string.h>

typedef struct otter_p256_number number;

static const number order = {
    {0xfc632551, 0xf3b9cac2, 0xa7179e84, 0xbce6faad, 0xffffffff, 0xffffffff, 0x00000000, 0xffffffff}};

/* a += b; the carry out of the highest word. */
static uint32_t add(number *a, const number *b)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < OTTER_P256_WORDS; i++) {
        sum += (uint64_t)a->w[i] + b->w[i]; /* the carry is at most 1 */
        a->w[i] = (uint32_t)sum;
        sum >>= 32;
    }
    return (uint32_t)sum;
}

static void subtract(number *a, const number *b)
{
    int64_t difference = 0;

    for (unsigned i = 0; i < OTTER_P256_WORDS; i++) {
        difference += (int64_t)a->w[i] - b->w[i]; /* the borrow is 0 or -1 */
        a->w[i] = (uint32_t)difference;
        difference >>= 32;
    }
}

static bool is_less(const number *a, const number *b)
{
    unsigned i = OTTER_P256_WORDS - 1;

    while (i > 0 && a->w[i] == b->w[i])
        i--;
    return a->w[i] < b->w[i];
}

/* a / 2, the bit above the highest word being `top`. */
static void halve(number *a, uint32_t top)
{
    for (unsigned i = OTTER_P256_WORDS; i-- > 0;) {
        uint32_t low = a->w[i] & 1;

        a->w[i] = a->w[i] >> 1 | top << 31;
        top = low;
    }
}

static void add_modulo(number *a, const number *b)
{
    if (add(a, b) != 0 || !is_less(a, &order))
        subtract(a, &order);
}

static void halve_modulo(number *a)
{
    halve(a, (a->w[0] & 1) != 0 ? add(a, &order) : 0); /* n is odd */
}

static void subtract_modulo(number *a, const number *b)
{
    if (is_less(a, b))
        (void)add(a, &order); /* the carry goes again below */
    subtract(a, b);
}

void otter_p256_read(number *ret, const uint8_t in[OTTER_P256_LEN])
{
    for (unsigned i = 0; i < OTTER_P256_WORDS; i++) {
        const uint8_t *p = in + OTTER_P256_LEN - 4 - (size_t)4 * i;

        ret->w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    }
}

void otter_p256_write(const number *a, uint8_t out[OTTER_P256_LEN])
{
    for (unsigned i = 0; i < OTTER_P256_LEN; i++)
        out[OTTER_P256_LEN - 1 - i] = (uint8_t)(a->w[i / 4] >> 8 * (i % 4));
}

bool otter_p256_in_range(const number *a)
{
    uint32_t any = 0;

    for (unsigned i = 0; i < OTTER_P256_WORDS; i++)
        any |= a->w[i];
    return any != 0 && is_less(a, &order);
}

void otter_p256_reduce(number *a)
{
    if (!is_less(a, &order))
        subtract(a, &order);
}

void otter_p256_multiply(number *ret, const number *a, const number *b)
{
    memset(ret, 0, sizeof(*ret));
    for (unsigned bit = 32 * OTTER_P256_WORDS; bit-- > 0;) {
        number twice = *ret;

        add_modulo(ret, &twice);
        if ((b->w[bit / 32] >> bit % 32 & 1) != 0)
            add_modulo(ret, a);
    }
}

/*
 * The binary Euclidean algorithm: x a = u and y a = v modulo n hold throughout; u and v become smaller until
 * both are their greatest common divisor, which is 1, since n is prime.
 */
void otter_p256_invert(number *ret, const number *a)
{
    number u = *a, v = order, x = {{1}}, y = {{0}};

    while (memcmp(&u, &v, sizeof(u)) != 0) {
        if ((u.w[0] & 1) == 0) {
            halve(&u, 0);
            halve_modulo(&x);
        } else if ((v.w[0] & 1) == 0) {
            halve(&v, 0);
            halve_modulo(&y);
        } else if (is_less(&u, &v)) {
            subtract(&v, &u);
            subtract_modulo(&y, &x);
        } else {
            subtract(&u, &v);
            subtract_modulo(&x, &y);
        }
    }
    *ret = x;
}

#include "crypto/p256_curve.h"

#include "crypto/p256_order.h"

#include <string.h>

typedef struct otter_p256_number number;

/* (x / z, y / z), in Montgomery's form; z = 0: the point at infinity. */
struct point {
    number x, y, z;
};

static const struct otter_p256_modulus field = {
    .m = {{0xffffffff, 0xffffffff, 0xffffffff, 0x00000000, 0x00000000, 0x00000000, 0x00000001, 0xffffffff}},
    .square = {{0x00000003, 0x00000000, 0xffffffff, 0xfffffffb, 0xfffffffe, 0xffffffff, 0xfffffffd,
                0x00000004}},
    .factor = 1,
};

/* Of y^2 = x^3 - 3 x + b, in Montgomery's form. */
static const number curve_b = {
    {0x29c4bddf, 0xd89cdf62, 0x78843090, 0xacf005cd, 0xf7212ed6, 0xe5a220ab, 0x04874834, 0xdc30061d}};

/* SEC 2, 2.4.2. */
static const uint8_t generator[OTTER_POINT_LEN] = {
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
    0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f,
    0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce,
    0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};
static const uint8_t order[OTTER_P256_LEN] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

/* ---- points ---- */

/* The formula's steps: what is done, to which of its numbers. */
enum { PLUS, MINUS, TIMES };
enum { X1, Y1, Z1, X2, Y2, Z2, B, X3, Y3, Z3, T0, T1, T2, T3, T4, NUMBERS };

#define STEP(to, a, what, b) (uint16_t)((what) << 12 | (to) << 8 | (a) << 4 | (b))

static const uint16_t addition[] = {
    STEP(T0, X1, TIMES, X2), STEP(T1, Y1, TIMES, Y2), STEP(T2, Z1, TIMES, Z2), STEP(T3, X1, PLUS, Y1),
    STEP(T4, X2, PLUS, Y2),  STEP(T3, T3, TIMES, T4), STEP(T4, T0, PLUS, T1),  STEP(T3, T3, MINUS, T4),
    STEP(T4, Y1, PLUS, Z1),  STEP(X3, Y2, PLUS, Z2),  STEP(T4, T4, TIMES, X3), STEP(X3, T1, PLUS, T2),
    STEP(T4, T4, MINUS, X3), STEP(X3, X1, PLUS, Z1),  STEP(Y3, X2, PLUS, Z2),  STEP(X3, X3, TIMES, Y3),
    STEP(Y3, T0, PLUS, T2),  STEP(Y3, X3, MINUS, Y3), STEP(Z3, B, TIMES, T2),  STEP(X3, Y3, MINUS, Z3),
    STEP(Z3, X3, PLUS, X3),  STEP(X3, X3, PLUS, Z3),  STEP(Z3, T1, MINUS, X3), STEP(X3, T1, PLUS, X3),
    STEP(Y3, B, TIMES, Y3),  STEP(T1, T2, PLUS, T2),  STEP(T2, T1, PLUS, T2),  STEP(Y3, Y3, MINUS, T2),
    STEP(Y3, Y3, MINUS, T0), STEP(T1, Y3, PLUS, Y3),  STEP(Y3, T1, PLUS, Y3),  STEP(T1, T0, PLUS, T0),
    STEP(T0, T1, PLUS, T0),  STEP(T0, T0, MINUS, T2), STEP(T1, T4, TIMES, Y3), STEP(T2, T0, TIMES, Y3),
    STEP(Y3, X3, TIMES, Z3), STEP(Y3, Y3, PLUS, T2),  STEP(X3, T3, TIMES, X3), STEP(X3, X3, MINUS, T1),
    STEP(Z3, T4, TIMES, Z3), STEP(T1, T3, TIMES, T0), STEP(Z3, Z3, PLUS, T1),
};

/* y^2 - x^3 + 3 x of the point 1, in T0: b, if it is one of the curve. */
static const uint16_t equation[] = {
    STEP(T0, Y1, TIMES, Y1), STEP(T1, X1, TIMES, X1), STEP(T1, T1, TIMES, X1), STEP(T0, T0, MINUS, T1),
    STEP(T0, T0, PLUS, X1),  STEP(T0, T0, PLUS, X1),  STEP(T0, T0, PLUS, X1),  STEP(T0, T0, MINUS, B),
};

static void run(number n[NUMBERS], const uint16_t *steps, unsigned count)
{
    static void (*const what[])(number *, const number *, const number *,
                                const struct otter_p256_modulus *) = {otter_p256_plus, otter_p256_minus,
                                                                      otter_p256_times};

    n[B] = curve_b;
    for (; count-- > 0; steps++)
        what[*steps >> 12](&n[*steps >> 8 & 15], &n[*steps >> 4 & 15], &n[*steps & 15], &field);
}

/* *sum += *p, whatever the two are. */
static void add(struct point *sum, const struct point *p)
{
    number n[NUMBERS];

    memcpy(&n[X1], sum, sizeof(*sum));
    memcpy(&n[X2], p, sizeof(*p));
    run(n, addition, sizeof(addition) / sizeof(addition[0]));
    memcpy(sum, &n[X3], sizeof(*sum));
}

_Static_assert(sizeof(struct point) == 3 * sizeof(number), "a point is three of the formula's numbers");

static bool decode(struct point *ret, const uint8_t in[OTTER_POINT_LEN])
{
    static const number one = {{1}};
    number n[NUMBERS];
    bool good = in[0] == 4;

    for (unsigned i = 0; i < 2; i++) {
        otter_p256_read(&n[i], in + 1 + (size_t)i * OTTER_P256_LEN);
        good = good && otter_p256_is_reduced(&n[i], &field);
        otter_p256_enter(&n[i], &n[i], &field);
    }
    run(n, equation, sizeof(equation) / sizeof(equation[0]));
    otter_p256_enter(&n[Z1], &one, &field);
    memcpy(ret, &n[X1], sizeof(*ret));
    return good && otter_p256_is_zero(&n[T0]);
}

/* False for the point at infinity. */
static bool encode(const struct point *p, uint8_t out[OTTER_POINT_LEN])
{
    const number *from = &p->x;
    number inverse, a;

    otter_p256_inverse(&inverse, &p->z, &field);
    out[0] = 4;
    for (unsigned i = 0; i < 2; i++) {
        otter_p256_times(&a, &from[i], &inverse, &field);
        otter_p256_leave(&a, &a, &field);
        otter_p256_write(&a, out + 1 + (size_t)i * OTTER_P256_LEN);
    }
    return !otter_p256_is_zero(&p->z);
}

/* ---- multiples ---- */

/* One of four, all of which are read. */
static void choose(struct point *ret, const struct point table[4], unsigned which)
{
    uint32_t *out = (uint32_t *)ret;

    memset(ret, 0, sizeof(*ret));
    for (unsigned i = 0; i < 4; i++) {
        const uint32_t *in = (const uint32_t *)&table[i];
        uint32_t mask = ((uint32_t)(i ^ which) - 1) >> 31; /* 1 if it is that one: 0 - 1 borrows */

        for (unsigned k = 0; k < sizeof(*ret) / sizeof(*out); k++)
            out[k] |= in[k] & -mask;
    }
}

static unsigned bit_of(const number *a, unsigned bit)
{
    return a->w[bit / 32] >> bit % 32 & 1;
}

/* table[3] = the sum of 1 and 2; then *ret = a 1 + b 2, of the lowest `bits` of a and b, in one run over
 * both.
 */
static void sum_of(struct point *ret, struct point table[4], const number *a, const number *b, unsigned bits)
{
    static const struct point infinity = {.y = {{1}}};
    struct point term;

    table[0] = infinity;
    table[3] = table[1];
    add(&table[3], &table[2]);
    *ret = infinity;
    while (bits-- > 0) {
        term = *ret;
        add(ret, &term);
        choose(&term, table, bit_of(a, bits) | bit_of(b, bits) << 1);
        add(ret, &term);
    }
}

bool otter_p256_muladd(uint8_t ret[OTTER_POINT_LEN], const uint8_t p[OTTER_POINT_LEN],
                       const uint8_t q[OTTER_POINT_LEN], const number *a, const number *b)
{
    struct point table[4], sum;
    bool good = decode(&table[1], p);

    good = decode(&table[2], q != NULL ? q : generator) && good;
    if (!good)
        return false;
    sum_of(&sum, table, a, b, 32 * OTTER_P256_WORDS);
    return encode(&sum, ret);
}

/* ---- for BearSSL (bearssl_ec.h says what each is) ---- */

/* The number of at most 32 bytes. */
static bool read_short(number *ret, const unsigned char *in, size_t len)
{
    uint8_t whole[OTTER_P256_LEN] = {0};

    if (len > sizeof(whole))
        return false;
    memcpy(whole + sizeof(whole) - len, in, len);
    otter_p256_read(ret, whole);
    return true;
}

static const unsigned char *api_generator(int curve, size_t *len)
{
    (void)curve;
    *len = sizeof(generator);
    return generator;
}

static const unsigned char *api_order(int curve, size_t *len)
{
    (void)curve;
    *len = sizeof(order);
    return order;
}

static size_t api_xoff(int curve, size_t *len)
{
    (void)curve;
    *len = OTTER_P256_LEN;
    return 1;
}

static uint32_t api_muladd(unsigned char *a, const unsigned char *b, size_t len, const unsigned char *x,
                           size_t x_len, const unsigned char *y, size_t y_len, int curve)
{
    number times_a, times_b;

    (void)curve;
    return len == OTTER_POINT_LEN && read_short(&times_a, x, x_len) && read_short(&times_b, y, y_len) &&
           otter_p256_muladd(a, a, b, &times_a, &times_b);
}

static uint32_t api_mul(unsigned char *g, size_t len, const unsigned char *x, size_t x_len, int curve)
{
    return api_muladd(g, NULL, len, x, x_len, x, 0, curve);
}

static size_t api_mulgen(unsigned char *ret, const unsigned char *x, size_t x_len, int curve)
{
    number times, zero = {{0}};

    (void)curve;
    if (!read_short(&times, x, x_len) || !otter_p256_muladd(ret, generator, NULL, &times, &zero))
        memset(ret, 0, OTTER_POINT_LEN); /* no point: nobody takes it for one */
    return OTTER_POINT_LEN;
}

const br_ec_impl otter_ec_p256 = {
    .supported_curves = (uint32_t)1 << BR_EC_secp256r1,
    .generator = api_generator,
    .order = api_order,
    .xoff = api_xoff,
    .mul = api_mul,
    .mulgen = api_mulgen,
    .muladd = api_muladd,
};

/* Verification on a device against two others: BearSSL's own, and OpenSSL's. Whatever is tried, all three
 * agree. */
#include "core/bytes.h"
#include "crypto/ecdsa_p256.h"
#include "crypto/p256_curve.h"
#include "crypto/p256_order.h"
#include "crypto/p256_sum.h"
#include "host/crypto.h"

#include <bearssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LEN    OTTER_P256_LEN
#define RANDOM 80

static const uint8_t order[LEN] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                   0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                   0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

struct attempt {
    uint8_t point[OTTER_POINT_LEN];
    uint8_t hash[LEN];
    uint8_t sig[2 * LEN];
};

static void fill(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)rand();
}

/* The order plus a small number. */
static void near_order(uint8_t out[LEN], int plus)
{
    memcpy(out, order, LEN);
    out[LEN - 1] = (uint8_t)(out[LEN - 1] + plus);
}

/* 1, 2, n - 1, n - 2, powers of two, sparse and dense ones, and random ones: all below n. */
static void some_number(unsigned i, struct otter_p256_number *ret)
{
    uint8_t b[LEN] = {0};

    if (i < 2)
        b[LEN - 1] = (uint8_t)(i + 1);
    else if (i < 4)
        near_order(b, 1 - (int)i);
    else if (i < 4 + 256)
        b[LEN - 1 - (i - 4) / 8] = (uint8_t)(1u << (i - 4) % 8);
    else
        fill(b, LEN);
    if (i >= 300 && i < 340)
        memset(b + 4, i % 2 != 0 ? 0xff : 0, (size_t)i - 310 < LEN - 4 ? i - 310 : 20);
    otter_p256_read(ret, b);
    otter_p256_reduce(ret);
}

static void bytes_of(const struct otter_p256_number *a, uint8_t out[LEN])
{
    otter_p256_write(a, out);
}

/* What OpenSSL and BearSSL have no say in: the laws that the numbers keep. */
static void numbers_are_a_field(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 700; i++) {
        struct otter_p256_number a, b, c, left, right, inverse;

        some_number(i, &a);
        some_number((i * 7 + 3) % 700, &b);
        some_number((i * 13 + 5) % 700, &c);
        otter_p256_multiply(&left, &a, &b);
        otter_p256_multiply(&right, &b, &a);
        assert_memory_equal(&left, &right, sizeof(left));
        otter_p256_multiply(&right, &left, &c);
        otter_p256_multiply(&inverse, &b, &c);
        otter_p256_multiply(&left, &a, &inverse);
        assert_memory_equal(&left, &right, sizeof(left));
        if (!otter_p256_in_range(&a))
            continue;
        otter_p256_invert(&inverse, &a);
        assert_true(otter_p256_in_range(&inverse));
        otter_p256_multiply(&left, &a, &inverse);
        some_number(0, &right); /* 1 */
        assert_memory_equal(&left, &right, sizeof(left));
    }
}

static void numbers_are_those_of_the_curve(void **state)
{
    struct otter_p256_number a, b, product;
    uint8_t bytes[LEN], left[OTTER_POINT_LEN], right[OTTER_POINT_LEN];

    (void)state;
    /* (a b) G = a (b G): fails for any other modulus than the order of G. */
    for (unsigned i = 0; i < RANDOM; i += 10) {
        some_number(400 + i, &a);
        some_number(401 + i, &b);
        otter_p256_multiply(&product, &a, &b);
        bytes_of(&product, bytes);
        br_ec_p256_m31.mulgen(left, bytes, LEN, BR_EC_secp256r1);
        bytes_of(&b, bytes);
        br_ec_p256_m31.mulgen(right, bytes, LEN, BR_EC_secp256r1);
        bytes_of(&a, bytes);
        assert_int_equal(br_ec_p256_m31.mul(right, sizeof(right), bytes, LEN, BR_EC_secp256r1), 1);
        assert_memory_equal(left, right, sizeof(left));
    }
}

static void range_and_reduction_end_at_the_order(void **state)
{
    static const struct {
        int plus;
        bool in_range;
        uint8_t rest; /* of the reduction's lowest byte */
    } rows[] = {{-1, true, 0x50}, {0, false, 0x00}, {1, false, 0x01}, {2, false, 0x02}};
    struct otter_p256_number a;
    uint8_t b[LEN];

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        near_order(b, rows[i].plus);
        otter_p256_read(&a, b);
        assert_int_equal(otter_p256_in_range(&a), rows[i].in_range);
        otter_p256_reduce(&a);
        bytes_of(&a, b);
        assert_int_equal(b[LEN - 1], rows[i].rest);
        assert_int_equal(b[0], rows[i].in_range ? 0xff : 0);
    }
    memset(&a, 0, sizeof(a));
    assert_false(otter_p256_in_range(&a));
    memset(&a, 0xff, sizeof(a));
    assert_false(otter_p256_in_range(&a));
    otter_p256_reduce(&a);
    assert_true(otter_p256_in_range(&a));
}

/* All three answer alike; the answer. */
static bool verdict(const struct attempt *t)
{
    uint8_t point[OTTER_POINT_LEN];
    br_ec_public_key key = {.curve = BR_EC_secp256r1, .q = point, .qlen = sizeof(point)};
    bool ours = otter_ecdsa_p256_verify(t->point, t->hash, t->sig);

    memcpy(point, t->point, sizeof(point));
    assert_int_equal(ours,
                     br_ecdsa_i31_vrfy_raw(&br_ec_p256_m31, t->hash, LEN, &key, t->sig, sizeof(t->sig)) == 1);
    assert_int_equal(ours, otter_crypto_openssl.p256_verify(t->point, t->hash, t->sig));
    return ours;
}

static void sign(const uint8_t secret[LEN], struct attempt *t)
{
    uint8_t x[LEN];
    const br_ec_private_key key = {.curve = BR_EC_secp256r1, .x = x, .xlen = LEN};

    memcpy(x, secret, LEN);
    br_ec_p256_m31.mulgen(t->point, x, LEN, BR_EC_secp256r1);
    assert_int_equal(br_ecdsa_i31_sign_raw(&br_ec_p256_m31, &br_sha256_vtable, t->hash, &key, t->sig),
                     sizeof(t->sig));
}

static void some_signature(struct attempt *t)
{
    uint8_t secret[LEN];

    fill(secret, LEN);
    secret[0] &= 0x7f;
    fill(t->hash, LEN);
    sign(secret, t);
}

static void good_signatures_verify_and_no_other(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RANDOM; i++) {
        struct attempt good, bad;
        unsigned at = (unsigned)rand() % sizeof(good);

        some_signature(&good);
        assert_true(verdict(&good));
        bad = good;
        ((uint8_t *)&bad)[at] ^= (uint8_t)(1u << rand() % 8);
        assert_false(verdict(&bad));
    }
}

static void out_of_range_is_refused(void **state)
{
    struct attempt good, bad;

    (void)state;
    some_signature(&good);
    for (unsigned half = 0; half < 2; half++) {
        for (int plus = -2; plus < 3; plus++) {
            bad = good;
            near_order(bad.sig + LEN * half, plus);
            assert_false(verdict(&bad));
        }
        bad = good;
        memset(bad.sig + LEN * half, 0, LEN);
        assert_false(verdict(&bad));
        bad.sig[LEN * half + LEN - 1] = 1;
        assert_false(verdict(&bad));
        memset(bad.sig + LEN * half, 0xff, LEN);
        assert_false(verdict(&bad));
    }
    bad = good;
    memset(bad.sig, 0, sizeof(bad.sig));
    assert_false(verdict(&bad));
}

static void a_hash_above_the_order_is_reduced(void **state)
{
    uint8_t secret[LEN] = {1};
    struct attempt t;

    (void)state;
    for (int plus = -1; plus < 3; plus++) {
        near_order(t.hash, plus);
        if (plus == 0)
            continue; /* e = 0: no hash that anyone could find */
        sign(secret, &t);
        assert_true(verdict(&t));
    }
    memset(t.hash, 0xff, LEN);
    sign(secret, &t);
    assert_true(verdict(&t));
}

static void points_off_the_curve_are_refused(void **state)
{
    struct attempt good, bad;

    (void)state;
    some_signature(&good);
    bad = good;
    bad.point[0] = 0x02;
    assert_false(otter_ecdsa_p256_verify(bad.point, bad.hash, bad.sig));
    bad = good;
    memset(bad.point + 1, 0, 2 * LEN);
    assert_false(verdict(&bad));
    memset(bad.point + 1, 0xff, 2 * LEN);
    assert_false(verdict(&bad));
    bad = good;
    memcpy(bad.point + 1, good.point + 1 + LEN, LEN);
    assert_false(verdict(&bad));
}

/*
 * The sum's two terms are the same point, or opposite ones. With Q = G or -G, u1 = u2 = u and r = x(2 u G):
 * then s = r / u and e = r.
 */
static void equal_and_opposite_terms_are_added_rightly(void **state)
{
    uint8_t secret[LEN] = {0}, twice[LEN], point[OTTER_POINT_LEN];
    struct otter_p256_number u, two, r, s, inverse;
    struct attempt t;

    (void)state;
    some_number(500, &u);
    some_number(1, &two);
    otter_p256_multiply(&s, &u, &two);
    bytes_of(&s, twice);
    br_ec_p256_m31.mulgen(point, twice, LEN, BR_EC_secp256r1);
    otter_p256_read(&r, point + 1);
    otter_p256_reduce(&r);
    otter_p256_invert(&inverse, &u);
    otter_p256_multiply(&s, &r, &inverse);
    bytes_of(&r, t.sig);
    bytes_of(&s, t.sig + LEN);
    bytes_of(&r, t.hash);
    secret[LEN - 1] = 1;
    br_ec_p256_m31.mulgen(t.point, secret, LEN, BR_EC_secp256r1);
    assert_true(verdict(&t));
    near_order(secret, -1);
    br_ec_p256_m31.mulgen(t.point, secret, LEN, BR_EC_secp256r1);
    assert_false(verdict(&t));
}

/*
 * Signatures without a secret key: u and v are chosen, r is the x of R = u G + v Q, s = r / v, e = u s. So
 * every case that a sum may meet can be had. -1 where R is at infinity; else the verdict.
 */
static int chosen(const struct otter_p256_number *u, const struct otter_p256_number *v,
                  const uint8_t point[OTTER_POINT_LEN])
{
    struct otter_p256_number r, s, e, inverse;
    struct attempt t;
    uint8_t x[LEN];
    bool ours;

    if (!otter_p256_sum(u, point, v, x))
        return -1;
    otter_p256_read(&r, x);
    otter_p256_reduce(&r);
    otter_p256_invert(&inverse, v);
    otter_p256_multiply(&s, &r, &inverse);
    otter_p256_multiply(&e, &s, u);
    memcpy(t.point, point, sizeof(t.point));
    bytes_of(&e, t.hash);
    bytes_of(&r, t.sig);
    bytes_of(&s, t.sig + LEN);
    ours = otter_ecdsa_p256_verify(t.point, t.hash, t.sig);
    /* OpenSSL's alone: BearSSL's own cannot do e = 0. */
    assert_int_equal(ours, otter_crypto_openssl.p256_verify(t.point, t.hash, t.sig));
    return ours;
}

/* secret G */
static void point_of(const struct otter_p256_number *secret, uint8_t point[OTTER_POINT_LEN])
{
    uint8_t b[LEN];

    bytes_of(secret, b);
    assert_int_equal(br_ec_p256_m31.mulgen(point, b, LEN, BR_EC_secp256r1), OTTER_POINT_LEN);
}

/* Small ones and n less small ones, where the sum over a part of the bits is one of G, Q, G + Q, or its
 * opposite; powers of two; and zero for u. */
static void every_kind_of_factor_verifies(void **state)
{
    static const unsigned kinds[] = {0, 1, 2, 3, 4, 36, 67, 131, 259, 600};
    static const struct otter_p256_number zero;
    struct otter_p256_number u, v, secret, minus, minus_u;
    uint8_t point[OTTER_POINT_LEN];

    (void)state;
    some_number(2, &minus); /* n - 1 */
    for (unsigned q = 0; q < 5; q++) {
        some_number(q < 4 ? q : 600, &secret);
        point_of(&secret, point);
        for (unsigned i = 0; i < OTTER_ARRAY_LEN(kinds); i++) {
            some_number(kinds[i], &v);
            assert_int_equal(chosen(&zero, &v, point), 1);
            for (unsigned k = 0; k < OTTER_ARRAY_LEN(kinds); k++) {
                some_number(kinds[k], &u);
                assert_int_not_equal(chosen(&u, &v, point), 0);
            }
            /* u G = v Q, and u G = - v Q. */
            otter_p256_multiply(&u, &v, &secret);
            assert_int_equal(chosen(&u, &v, point), 1);
            otter_p256_multiply(&minus_u, &u, &minus);
            assert_int_equal(chosen(&minus_u, &v, point), -1);
        }
    }
}

/*
 * The x of R lies between n and the prime, so that r is n less: R is the first point of the curve there, and
 * Q = (R - u G) / v. With r as the x is, r is out of range.
 */
static void an_x_above_the_order_is_reduced(void **state)
{
    const struct attempt good = {
        .point = {0x04, 0x27, 0x4f, 0x99, 0x0f, 0xa8, 0x77, 0x55, 0xdb, 0x32, 0x0c, 0xd8, 0x1e,
                  0x2a, 0xc0, 0xcb, 0xba, 0x8c, 0x65, 0x10, 0xfd, 0x9b, 0xb5, 0x9e, 0x67, 0x2c,
                  0x10, 0x56, 0x56, 0x92, 0xb5, 0xaa, 0x84, 0xec, 0x6c, 0x50, 0x78, 0x6d, 0x43,
                  0x04, 0x15, 0x07, 0x6c, 0x8f, 0xc7, 0x5d, 0x52, 0x02, 0x98, 0x08, 0x55, 0x45,
                  0xf0, 0x6d, 0x96, 0x29, 0xab, 0x7c, 0x19, 0x01, 0x7c, 0xa2, 0x25, 0xae, 0x68},
        .hash = {0x9f, 0x96, 0x3a, 0x29, 0xe5, 0x66, 0x5a, 0x6d, 0x19, 0xd5, 0x3f,
                 0xf2, 0x72, 0x2d, 0xf6, 0x29, 0x4e, 0x73, 0xc8, 0x88, 0x77, 0x65,
                 0x9a, 0xbf, 0x03, 0xad, 0xc5, 0xf4, 0xba, 0x3a, 0xa8, 0x3a},
        .sig = {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x8e, 0x7b, 0x4a, 0xd5, 0x0c, 0xd4, 0x33,
                0x80, 0x3d, 0xbd, 0x1b, 0x86, 0xe2, 0xcf, 0x36, 0xd7, 0x68, 0xfe, 0x14, 0xbe,
                0x89, 0xd9, 0x82, 0xa5, 0xbf, 0x8e, 0x10, 0x87, 0xc4, 0x86, 0x2c, 0x20},
    };
    struct attempt bad = good;

    (void)state;
    assert_true(verdict(&good));
    bad.sig[LEN - 1] ^= 1;
    assert_false(verdict(&bad));
    bad = good;
    near_order(bad.sig, good.sig[LEN - 1]);
    assert_false(verdict(&bad));
}

/*
 * Keys, hashes and signatures made without any of the three. But for the RFC's, R and s were chosen, and the
 * key is (s R - e G) / r; or u, v and the key.
 */
struct vector {
    const char *what, *key, *hash, *sig;
    bool ok;
};

static const struct vector vectors[] = {
    {"RFC 6979, A.2.5: sample",
     "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
     "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
     "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf",
     "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
     true},
    {"RFC 6979, A.2.5: test",
     "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
     "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
     "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
     "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
     "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
     true},
    {"sample by n - s",
     "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
     "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
     "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf",
     "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
     "0834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9",
     true},
    {"sample by n - r",
     "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
     "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
     "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf",
     "102b74d453495703eebf22632ba17e291fba7332506ca4f3306cbc1aadb3ee3b"
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
     false},
    {"sample, r and s exchanged",
     "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
     "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
     "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf",
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
     "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
     false},
    {"sample's key on the other side",
     "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
     "86fc01eef74743675be51616a9d7439b0d0e4df4d28160ae885c3d6b2bb9dd66",
     "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf",
     "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
     false},
    {"s = 1",
     "2efedfe9126e40ec4f3be2a7259c7e13c5f2e6feb512b2fc9bb0ae19c9dd7a4a"
     "3e2ce570700d393799e8eaf43180453f84432f3024a9da61b590e606293e8001",
     "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea",
     "7640617e32ab1669d633b7c1edb758002f6966a33e0bd13f6556b739204d2129"
     "0000000000000000000000000000000000000000000000000000000000000001",
     true},
    {"s = n - 1",
     "7299a3c0dbab1fd7a16f28509ee140d3365aace1b05ed3a095c1f0d71d51de26"
     "a37ff6f51da94c35985624383c9daed7bcf6621fd4508d7b2a34ebc3f192f527",
     "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea",
     "7640617e32ab1669d633b7c1edb758002f6966a33e0bd13f6556b739204d2129"
     "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550",
     true},
    {"a hash of 0",
     "db8807fe9849d4ff709eddc56021ced05e7371e3b3b0305a08ebcce6aff373d6"
     "d35d2a674b47b834f484e084a9dcb915494cc6db22ecf6bad89360300bba5a1a",
     "0000000000000000000000000000000000000000000000000000000000000000",
     "7640617e32ab1669d633b7c1edb758002f6966a33e0bd13f6556b739204d2129"
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
     true},
    {"a hash of n",
     "db8807fe9849d4ff709eddc56021ced05e7371e3b3b0305a08ebcce6aff373d6"
     "d35d2a674b47b834f484e084a9dcb915494cc6db22ecf6bad89360300bba5a1a",
     "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
     "7640617e32ab1669d633b7c1edb758002f6966a33e0bd13f6556b739204d2129"
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
     true},
    {"a hash of n + 1",
     "06e6f5ea70100e9e4335b7f4594f94e1644558f5739057c543b76a7186570015"
     "cac7b5dbac2fbe85f4d5093fbcc8a86777d776a4992de63fa46afc6a1da1697a",
     "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552",
     "7640617e32ab1669d633b7c1edb758002f6966a33e0bd13f6556b739204d2129"
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
     true},
    {"a hash of 2^256 - 1",
     "0f9ba793d5f131d4ca4a6eca9f7dade84ab6f8859a57b211c014530d72c186de"
     "e4636b6211654a9a7b2b39f94c4933dbde6d8151571664458d8779bf2a188d0b",
     "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "7640617e32ab1669d633b7c1edb758002f6966a33e0bd13f6556b739204d2129"
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
     true},
    {"the smallest r",
     "f1ed63518c637329c1228d31cd8c9128593a0eb17e009ea5290b3ac168715e98"
     "1ad0a693545debe50f0b3bbd09941c472bac472a021bc4c7896d4d944c136624",
     "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea",
     "0000000000000000000000000000000000000000000000000000000000000005"
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
     true},
    {"the largest r",
     "e93c57ff9528c4ccbf67e812cd896861c770459b9fffd4b3ac93ccf400673bbe"
     "3e6539b20015c7c65308f6e18dd2efe0f7d688561b750df923247eb7388f8f95",
     "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea",
     "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254f"
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
     true},
    {"an x next to the prime",
     "fb8e16256e8060f40286c0202f412e3c2db5f9396cf6d372a097645a1388ff76"
     "986bc86843adcef3d2a96290b149e8526af42383e042824c1cb69513f2fd1b84",
     "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea",
     "000000000000000000000000000000004319055358e8617b0c46353d039cdaab"
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
     true},
    {"u = 1, v = 1",
     "1a28ea117b0b36f4337074219b322e1338ed687493a8c4d7f51bfaf42c5ccf07"
     "07416382d4d1cecacc06d682b2bc4a8d20f5fa2a2808803ee9a8a4e677a8e2e7",
     "7640617e32ab1669d633b7c1edb758002f6966a33e0bd13f6556b739204d2129",
     "7640617e32ab1669d633b7c1edb758002f6966a33e0bd13f6556b739204d2129"
     "7640617e32ab1669d633b7c1edb758002f6966a33e0bd13f6556b739204d2129",
     true},
    {"the key is the generator",
     "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
     "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
     "b1a569cc531fd915f2e3668bad0643b10eca06b677e65b97fb14fbdce795bcd2",
     "68c23ca962ebdc810bb957ad5c0c07ee3e48835ad62557194def9dd5f71c399b"
     "2e7b86ac3a2846fee88d50a547e7f0234055f3f7faccf05257da8f170e2ab21b",
     true},
    {"the key is the generator's opposite",
     "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
     "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a",
     "fafc3002959b8b4b833480d7bde9f002dc4b42266baf306872383053caa73668",
     "a70c68056a16a91b018f09e547d9e0fe3ee8e40455d22d9284ace7889a320e13"
     "6e1353b5a03ffc7f8731505944ee75422c74b92595932dd9a2e8f64230fa614a",
     true},
    {"both terms alike",
     "7640617e32ab1669d633b7c1edb758002f6966a33e0bd13f6556b739204d2129"
     "2aa71bcea60fe8774c7ed8d5ca37c2c48183a0340cb58df9641fac273788a971",
     "b6e1f7221063498f3c574da3ed64e4596db7228e45fa01bacea41744b333b5c3",
     "b1b90a54402b88cf6da001932aa77cee391d28b84e72a679c4541be2c0d28221"
     "871a6f302dbd138bc6849282bcf35afd591e038952d15bb816c95ae1ac48904c",
     true},
    {"the key's x is the smallest",
     "0000000000000000000000000000000000000000000000000000000000000005"
     "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc",
     "f26e56a87bfceb2f03cb1983565545532ecc73ccc251f87e35146b21bdb4cedf",
     "549071479671c72f4572d7cbfc2cc802a41f06728f995a784d1c0f2b06805138"
     "4d1eacaaa383286424faa4152d31a2bc8309fb89d0a712af433b6ac452b6f190",
     true},
    {"the key's x is next to the prime",
     "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc"
     "19719bebf6aea13f25c96dfd7c71f5225d4c8fc09eb5a0ab9f39e9178e55c121",
     "2f4c7636fb4de297d43e511a9454bfac8cd7d5241eb4a4bba74bb59d04c88126",
     "5e98ec6df69bc52fa87ca23528a97f5919afaa483d6949774e976b3a0991024c"
     "d0b389c804b21d692bc1aee56bab4053300f25898862f9c94c6e1525f79aa42b",
     true},
    {"zeros in the middle",
     "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
     "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
     "fda33726e66136e94a899a27ffd60bdc372933d89941cb003ce7b876f6954fc4",
     "ce2e4a9d935c8f31308abd7482712b4b35ad85d664a67c3f59abc9f73cb83781"
     "8e6ce65a4f936284b6a90de54781dcfa900bb9a9be4cd02b54fee62ce109ad0b",
     true},
    {"ones in the middle",
     "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
     "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
     "2002659c58ef42ac410f3b2e47eb511cb0f27dfc3f3814569575b219a983a86a",
     "696f2c1535defd081ea607368174b43e9712bc65cdf56652fe79d1f1364886d2"
     "52d18aa90c77d33b5629e071ff563de20d299148ce1bf1e682e5bb874531a99f",
     true},
    {"a sum at infinity",
     "7640617e32ab1669d633b7c1edb758002f6966a33e0bd13f6556b739204d2129"
     "2aa71bcea60fe8774c7ed8d5ca37c2c48183a0340cb58df9641fac273788a971",
     "a13f7ef9b936c44b1609775e845df0923cd8d6547b4051cd888727419f54ed38",
     "290871161d0492bbdaee19d76d92e300ecf5e119a30654793dc99de158c9b64d"
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
     false},
    {"a sum at infinity, u = v",
     "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
     "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a",
     "290871161d0492bbdaee19d76d92e300ecf5e119a30654793dc99de158c9b64d",
     "290871161d0492bbdaee19d76d92e300ecf5e119a30654793dc99de158c9b64d"
     "0000000000000000000000000000000000000000000000000000000000000001",
     false},
    {"a key off the curve",
     "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
     "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462298",
     "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf",
     "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
     false},
};

static void signatures_at_every_edge_have_their_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(vectors); i++) {
        const struct vector *v = &vectors[i];
        struct attempt t = {.point = {0x04}};

        assert_true(otter_hex_decode(v->key, strlen(v->key), t.point + 1, 2 * LEN));
        assert_true(otter_hex_decode(v->hash, strlen(v->hash), t.hash, LEN));
        assert_true(otter_hex_decode(v->sig, strlen(v->sig), t.sig, 2 * LEN));
        if (otter_ecdsa_p256_verify(t.point, t.hash, t.sig) != v->ok ||
            otter_crypto_openssl.p256_verify(t.point, t.hash, t.sig) != v->ok)
            fail_msg("%s", v->what);
    }
}

/* x + p is the same modulo p, and no coordinate. */
static void coordinates_end_at_the_prime(void **state)
{
    static const struct otter_p256_number one = {{1}};
    static const uint8_t x_and_prime[LEN] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
                                             0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
                                             0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04};
    uint8_t point[OTTER_POINT_LEN] = {
        0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x45,
        0x92, 0x43, 0xb9, 0xaa, 0x58, 0x18, 0x06, 0xfe, 0x91, 0x3b, 0xce, 0x99, 0x81, 0x7a, 0xde, 0x11, 0xca,
        0x50, 0x3c, 0x64, 0xd9, 0xa3, 0xc5, 0x33, 0x41, 0x5c, 0x08, 0x32, 0x48, 0xfb, 0xcc};
    uint8_t x[LEN];

    (void)state;
    assert_true(otter_p256_sum(&one, point, &one, x));
    memcpy(point + 1, x_and_prime, LEN);
    assert_false(otter_p256_sum(&one, point, &one, x));
}

/* The curve of the firmware's TLS against the library's: each function, with numbers of every length. */
static void multiples_are_those_of_the_library(void **state)
{
    const br_ec_impl *ours = &otter_ec_p256, *theirs = &br_ec_p256_m31;
    uint8_t a[LEN], b[LEN], base[OTTER_POINT_LEN], left[OTTER_POINT_LEN], right[OTTER_POINT_LEN];
    struct otter_p256_number n;
    size_t len;

    (void)state;
    assert_memory_equal(ours->generator(BR_EC_secp256r1, &len), theirs->generator(BR_EC_secp256r1, &len),
                        OTTER_POINT_LEN);
    assert_int_equal(len, OTTER_POINT_LEN);
    assert_memory_equal(ours->order(BR_EC_secp256r1, &len), order, LEN);
    assert_int_equal(len, LEN);
    assert_int_equal(ours->xoff(BR_EC_secp256r1, &len), 1);
    assert_int_equal(len, LEN);
    for (unsigned i = 0; i < 330; i += 3) {
        some_number(i, &n);
        bytes_of(&n, a);
        some_number(i + 300, &n);
        bytes_of(&n, b);
        len = LEN - (i < 4 + 128 ? i % 16 : 0); /* of a small number, its zeros may be left out */
        assert_int_equal(ours->mulgen(left, a + LEN - len, len, BR_EC_secp256r1), OTTER_POINT_LEN);
        theirs->mulgen(right, a + LEN - len, len, BR_EC_secp256r1);
        assert_memory_equal(left, right, sizeof(left));
        memcpy(base, left, sizeof(base));
        assert_int_equal(ours->mul(left, sizeof(left), b, LEN, BR_EC_secp256r1), 1);
        assert_int_equal(theirs->mul(right, sizeof(right), b, LEN, BR_EC_secp256r1), 1);
        assert_memory_equal(left, right, sizeof(left));
        assert_int_equal(ours->muladd(left, base, sizeof(left), a, LEN, b, LEN, BR_EC_secp256r1), 1);
        assert_int_equal(theirs->muladd(right, base, sizeof(right), a, LEN, b, LEN, BR_EC_secp256r1), 1);
        assert_memory_equal(left, right, sizeof(left));
    }
}

static void multiples_that_are_none_are_refused(void **state)
{
    const br_ec_impl *ours = &otter_ec_p256;
    uint8_t good[OTTER_POINT_LEN], bad[OTTER_POINT_LEN], two[LEN + 1] = {[LEN] = 2};

    (void)state;
    ours->mulgen(good, two + 1, LEN, BR_EC_secp256r1);
    memcpy(bad, good, sizeof(bad));
    assert_int_equal(ours->mul(bad, sizeof(bad), order, LEN, BR_EC_secp256r1), 0); /* infinity */
    memcpy(bad, good, sizeof(bad));
    assert_int_equal(ours->mul(bad, sizeof(bad), two, sizeof(two), BR_EC_secp256r1), 0);
    memcpy(bad, good, sizeof(bad));
    assert_int_equal(ours->mul(bad, sizeof(bad) - 1, two + 1, LEN, BR_EC_secp256r1), 0);
    memcpy(bad, good, sizeof(bad));
    bad[LEN] ^= 1; /* not on the curve: what an invalid point would tell of a secret number */
    assert_int_equal(ours->mul(bad, sizeof(bad), two + 1, LEN, BR_EC_secp256r1), 0);
    memcpy(bad, good, sizeof(bad));
    bad[0] = 2;
    assert_int_equal(ours->mul(bad, sizeof(bad), two + 1, LEN, BR_EC_secp256r1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_a_field),
        cmocka_unit_test(numbers_are_those_of_the_curve),
        cmocka_unit_test(range_and_reduction_end_at_the_order),
        cmocka_unit_test(good_signatures_verify_and_no_other),
        cmocka_unit_test(out_of_range_is_refused),
        cmocka_unit_test(a_hash_above_the_order_is_reduced),
        cmocka_unit_test(points_off_the_curve_are_refused),
        cmocka_unit_test(equal_and_opposite_terms_are_added_rightly),
        cmocka_unit_test(every_kind_of_factor_verifies),
        cmocka_unit_test(an_x_above_the_order_is_reduced),
        cmocka_unit_test(signatures_at_every_edge_have_their_verdict),
        cmocka_unit_test(coordinates_end_at_the_prime),
        cmocka_unit_test(multiples_are_those_of_the_library),
        cmocka_unit_test(multiples_that_are_none_are_refused),
    };

    srand(1); /* the same each time */
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Verification on a device against two others: BearSSL's own, and OpenSSL's. Whatever is tried, all three
 * agree. */
#include "core/bytes.h"
#include "crypto/ecdsa_p256.h"
#include "crypto/p256_order.h"
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
#define RANDOM 300

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
    };

    srand(1); /* the same each time */
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Keys, signatures, seals: against published vectors and against their own refusals. */
#include "core/bytes.h"
#include "host/crypto.h"
#include "host/file.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "temp.h"

static const struct otter_crypto *const C = &otter_crypto_openssl;

static void unhex(const char *hex, uint8_t *out, size_t n)
{
    assert_true(otter_hex_decode(hex, strlen(hex), out, n));
}

static void sha256_matches_fips_180_4_and_forks(void **state)
{
    struct otter_sha256 a, b;
    uint8_t want[32], got[32];

    (void)state;
    C->sha256_init(&a);
    C->sha256_update(&a, "a", 1);
    b = a;
    C->sha256_final(&a, got); /* must not disturb what follows */
    C->sha256_update(&a, "bc", 2);
    C->sha256_final(&a, got);
    unhex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", want, 32);
    assert_memory_equal(got, want, 32);
    C->sha256_final(&b, got);
    unhex("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", want, 32);
    assert_memory_equal(got, want, 32);
}

/* RFC 6979, A.2.5: P-256, SHA-256, message "sample". */
static void rfc6979(uint8_t point[65], struct otter_digest *hash, uint8_t sig[64])
{
    unhex("0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
          "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
          point, 65);
    otter_sha256_of(C, "sample", 6, hash);
    unhex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
          "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
          sig, 64);
}

static void verify_takes_the_rfc_6979_signature(void **state)
{
    uint8_t point[65], sig[64];
    struct otter_digest hash;

    (void)state;
    rfc6979(point, &hash, sig);
    assert_true(C->p256_verify(point, hash.b, sig));
}

static void verify_refuses_each_single_changed_part(void **state)
{
    static const struct {
        const char *what;
        unsigned part; /* 0 point, 1 hash, 2 signature */
        unsigned at;
        uint8_t flip;
    } row[] = {
        {"point prefix compressed", 0, 0, 0x06},
        {"point prefix hybrid", 0, 0, 0x02},
        {"point off the curve", 0, 64, 1},
        {"another hash", 1, 31, 1},
        {"another r", 2, 31, 1},
        {"another s", 2, 63, 1},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(row); i++) {
        uint8_t point[65], sig[64];
        struct otter_digest hash;
        uint8_t *part[3] = {point, hash.b, sig};

        rfc6979(point, &hash, sig);
        part[row[i].part][row[i].at] ^= row[i].flip;
        if (C->p256_verify(point, hash.b, sig))
            fail_msg("accepted: %s", row[i].what);
    }
}

static void verify_refuses_r_or_s_zero_or_not_below_n(void **state)
{
    uint8_t point[65], sig[64], bad[64];
    struct otter_digest hash;

    (void)state;
    rfc6979(point, &hash, sig);
    for (unsigned half = 0; half < 64; half += 32) {
        memcpy(bad, sig, 64);
        memset(bad + half, 0, 32);
        assert_false(C->p256_verify(point, hash.b, bad));
        memset(bad + half, 0xff, 32);
        assert_false(C->p256_verify(point, hash.b, bad));
    }
}

static void key_signs_what_its_point_verifies(void **state)
{
    auto_key struct host_key *key = host_key_generate(NULL);
    struct otter_digest hash = {{1, 2, 3}}, kid;
    uint8_t sig[64], back[64], der[OTTER_SIG_DER_MAX];
    size_t len;

    (void)state;
    assert_non_null(key);
    assert_true(host_key_sign(key, &hash, sig));
    assert_true(C->p256_verify(host_key_point(key), hash.b, sig));
    otter_key_id(C, host_key_point(key), &kid);
    assert_memory_equal(kid.b, host_key_kid(key)->b, 32);
    len = host_sig_to_der(sig, der);
    assert_true(otter_sig_from_der(der, len, back));
    assert_memory_equal(sig, back, 64);
}

static void der_of_small_and_large_numbers_is_canonical(void **state)
{
    uint8_t sig[64] = {0}, der[OTTER_SIG_DER_MAX], back[64];

    (void)state;
    sig[31] = 1;    /* one byte */
    sig[32] = 0x80; /* 32 bytes and a sign byte */
    assert_int_equal(host_sig_to_der(sig, der), 2 + 3 + 35);
    assert_int_equal(der[1], 38);
    assert_true(otter_sig_from_der(der, 40, back));
    assert_memory_equal(sig, back, 64);
    memset(sig, 0xff, 64);
    assert_int_equal(host_sig_to_der(sig, der), 72);
}

struct signer {
    const struct host_key *key;
    pthread_t thread;
    unsigned good;
};

static void *sign_many(void *arg)
{
    struct signer *s = arg;

    for (unsigned i = 0; i < 50; i++) {
        struct otter_digest hash = {{(uint8_t)i}};
        uint8_t sig[64];

        if (host_key_sign(s->key, &hash, sig) && C->p256_verify(host_key_point(s->key), hash.b, sig))
            s->good++;
    }
    return NULL;
}

static void one_key_signs_in_four_threads(void **state)
{
    auto_key struct host_key *key = host_key_generate(NULL);
    struct signer s[4] = {{key}, {key}, {key}, {key}};

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&s[i].thread, NULL, sign_many, &s[i]), 0);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_join(s[i].thread, NULL), 0);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(s[i].good, 50);
}

static void key_file_is_private_reloads_and_is_never_overwritten(void **state)
{
    auto_key struct host_key *key = host_key_generate(NULL);
    auto_key struct host_key *other = host_key_generate(NULL);
    auto_key struct host_key *back = NULL;
    const char *path = temp_path("a.key");
    struct host_error err;
    struct stat st;

    (void)state;
    assert_true(host_key_save(key, path, &err));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_false(host_key_save(other, path, &err));
    assert_int_equal(err.kind, HOST_ERROR_EXISTS);
    back = host_key_load(path, &err);
    assert_non_null(back);
    assert_memory_equal(host_key_point(back), host_key_point(key), 65);
    assert_int_equal(temp_files(NULL), 1); /* no temporary file is left */
}

static void public_file_reloads_and_a_private_one_gives_its_public_half(void **state)
{
    auto_key struct host_key *key = host_key_generate(NULL);
    const char *pub = temp_path("b.pub"), *priv = temp_path("b.key");
    uint8_t point[65];
    struct host_error err;

    (void)state;
    assert_true(host_public_save(host_key_point(key), pub, &err));
    assert_true(host_public_load(pub, point, &err));
    assert_memory_equal(point, host_key_point(key), 65);
    memset(point, 0, sizeof point);
    assert_true(host_key_save(key, priv, &err));
    assert_true(host_public_load(priv, point, &err));
    assert_memory_equal(point, host_key_point(key), 65);
}

static const char p384[] = "-----BEGIN PUBLIC KEY-----\n"
                           "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEnRKiZU4vPC3wieCioHPse7DZlE5VxvKG\n"
                           "BkMZ4l2J1x/A0UAsGIalXpdADnZYo8tQb0+UOstZ5iK+uctcuiHIflB/ynMHeEBJ\n"
                           "J8Ctr9JL5wJQb09c+0Mo/5P3SWX/hSvD\n"
                           "-----END PUBLIC KEY-----\n";

static void pem_that_is_no_p256_key_is_refused_with_its_name(void **state)
{
    static const struct {
        const char *pem;
        enum host_error_kind kind;
    } row[] = {
        {"", HOST_ERROR_FORMAT},
        {"hello", HOST_ERROR_FORMAT},
        {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", HOST_ERROR_FORMAT},
        {p384, HOST_ERROR_CRYPTO},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(row); i++) {
        struct host_error err = {0};
        uint8_t point[65];

        assert_false(host_public_parse(row[i].pem, strlen(row[i].pem), "the file x.pub", point, &err));
        assert_int_equal(err.kind, row[i].kind);
        assert_non_null(strstr(err.message, "the file x.pub"));
        assert_null(host_key_parse(row[i].pem, strlen(row[i].pem), "x.key", &err));
    }
}

static void missing_key_file_names_itself(void **state)
{
    struct host_error err = {0};

    (void)state;
    assert_null(host_key_load("/nonexistent/otter.key", &err));
    assert_int_equal(err.kind, HOST_ERROR_FILE);
    assert_non_null(strstr(err.message, "/nonexistent/otter.key"));
    assert_non_null(strstr(err.message, "No such file"));
}

static void seal_opens_with_the_same_key_and_place_only(void **state)
{
    static const uint8_t key[32] = {7}, other[32] = {8};
    uint8_t sealed[32 + HOST_SEAL_OVERHEAD], again[32 + HOST_SEAL_OVERHEAD], out[32], secret[32],
        zero[32] = {0};

    (void)state;
    host_random(secret, sizeof secret);
    assert_true(host_seal(key, "dev-1", 5, secret, 32, sealed));
    assert_true(host_seal(key, "dev-1", 5, secret, 32, again));
    assert_memory_not_equal(sealed, again, sizeof sealed); /* a fresh nonce each time */
    assert_true(host_open(key, "dev-1", 5, sealed, sizeof sealed, out));
    assert_memory_equal(out, secret, 32);
    assert_false(host_open(other, "dev-1", 5, sealed, sizeof sealed, out));
    assert_memory_equal(out, zero, 32); /* nothing unauthenticated gets out */
    assert_false(host_open(key, "dev-2", 5, sealed, sizeof sealed, out));
    assert_false(host_open(key, NULL, 0, sealed, sizeof sealed, out));
    assert_false(host_open(key, "dev-1", 5, sealed, HOST_SEAL_OVERHEAD - 1, out));
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= 1;
        assert_false(host_open(key, "dev-1", 5, sealed, sizeof sealed, out));
        sealed[i] ^= 1;
    }
}

static void seal_of_nothing_opens_to_nothing(void **state)
{
    static const uint8_t key[32] = {7};
    uint8_t sealed[HOST_SEAL_OVERHEAD], out[1];

    (void)state;
    assert_true(host_seal(key, NULL, 0, NULL, 0, sealed));
    assert_true(host_open(key, NULL, 0, sealed, sizeof sealed, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_matches_fips_180_4_and_forks),
        cmocka_unit_test(verify_takes_the_rfc_6979_signature),
        cmocka_unit_test(verify_refuses_each_single_changed_part),
        cmocka_unit_test(verify_refuses_r_or_s_zero_or_not_below_n),
        cmocka_unit_test(key_signs_what_its_point_verifies),
        cmocka_unit_test(der_of_small_and_large_numbers_is_canonical),
        cmocka_unit_test(one_key_signs_in_four_threads),
        cmocka_unit_test_setup_teardown(key_file_is_private_reloads_and_is_never_overwritten, temp_setup,
                                        temp_teardown),
        cmocka_unit_test_setup_teardown(public_file_reloads_and_a_private_one_gives_its_public_half,
                                        temp_setup, temp_teardown),
        cmocka_unit_test(pem_that_is_no_p256_key_is_refused_with_its_name),
        cmocka_unit_test(missing_key_file_names_itself),
        cmocka_unit_test(seal_opens_with_the_same_key_and_place_only),
        cmocka_unit_test(seal_of_nothing_opens_to_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "check.h"

#include "core/bytes.h"
#include "host/crypto.h"

#include <stdlib.h>

#define CRYPTO (&otter_crypto_openssl)

static void check_hex(const struct otter_digest *digest, const char *want)
{
    char text[OTTER_DIGEST_HEX + 1];

    otter_hex_encode(digest->b, sizeof(digest->b), text);
    assert_string_equal(text, want);
}

static void sha256_agrees_with_fips_180(void **state)
{
    struct otter_digest digest;

    (void)state;
    otter_sha256_of(CRYPTO, "abc", 3, &digest);
    check_hex(&digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    otter_sha256_of(CRYPTO, "", 0, &digest);
    check_hex(&digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231, cases 1, 2, 6 and 7 (keys of 20, 4 and 131 bytes). */
static void hmac_agrees_with_rfc_4231(void **state)
{
    uint8_t key[131];
    struct otter_digest mac;
    const char *data = "Test Using Larger Than Block-Size Key - Hash Key First";

    (void)state;
    memset(key, 0x0b, 20);
    otter_hmac_sha256(CRYPTO, key, 20, "Hi There", 8, &mac);
    check_hex(&mac, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    otter_hmac_sha256(CRYPTO, (const uint8_t *)"Jefe", 4, "what do ya want for nothing?", 28, &mac);
    check_hex(&mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    otter_hmac_sha256(CRYPTO, key, sizeof(key), data, strlen(data), &mac);
    check_hex(&mac, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void a_point_goes_into_its_public_key_and_out(void **state)
{
    uint8_t point[OTTER_POINT_LEN];
    uint8_t spki[OTTER_SPKI_LEN];

    (void)state;
    for (unsigned i = 0; i < sizeof(point); i++)
        point[i] = (uint8_t)(4 + i);
    otter_spki_from_point(point, spki);
    assert_ptr_equal(otter_spki_point(spki, sizeof(spki)), spki + 26);
    assert_memory_equal(spki + 26, point, sizeof(point));
    assert_null(otter_spki_point(spki, sizeof(spki) - 1));
    for (unsigned i = 0; i <= 26; i++) { /* any byte of the prefix, and the 0x04 of the point */
        spki[i] ^= 1;
        assert_null(otter_spki_point(spki, sizeof(spki)));
        spki[i] ^= 1;
    }
}

#define R32 "7f111111111111111111111111111111111111111111111111111111111111aa"
#define H32 "ff111111111111111111111111111111111111111111111111111111111111aa"

static void der_signatures_have_one_spelling(void **state)
{
    static const struct {
        const char *what;
        const char *der;
        const char *raw; /* NULL: refused */
    } rows[] = {
        {"both 32 bytes",
         "3044"
         "0220" R32 "0220" R32,
         R32 R32},
        {"both high",
         "3046"
         "022100" H32 "022100" H32,
         H32 H32},
        {"one short",
         "3027"
         "020180"
         "0220" R32,
         NULL}, /* 0x80 alone is negative */
        {"short r",
         "3025"
         "02017f"
         "0220" R32,
         "000000000000000000000000000000000000000000000000000000000000007f" R32},
        {"short s",
         "3026"
         "0220" R32 "02020080",
         R32 "0000000000000000000000000000000000000000000000000000000000000080"},
        {"high bit without zero",
         "3044"
         "0220" H32 "0220" R32,
         NULL},
        {"zero in front of a low byte",
         "3045"
         "022100" R32 "0220" R32,
         NULL},
        {"two zeros",
         "3047"
         "02220000" H32 "022100" H32,
         NULL},
        {"33 significant bytes",
         "3045"
         "022101" R32 "0220" R32,
         NULL},
        {"empty integer",
         "3024"
         "0200"
         "0220" R32,
         NULL},
        {"no sequence",
         "3144"
         "0220" R32 "0220" R32,
         NULL},
        {"no integer",
         "3044"
         "0320" R32 "0220" R32,
         NULL},
        {"second no integer",
         "3044"
         "0220" R32 "0420" R32,
         NULL},
        {"sequence too long",
         "3045"
         "0220" R32 "0220" R32,
         NULL},
        {"sequence too short",
         "3043"
         "0220" R32 "0220" R32,
         NULL},
        {"a byte behind",
         "3044"
         "0220" R32 "0220" R32 "00",
         NULL},
        {"a byte behind, inside",
         "3045"
         "0220" R32 "0220" R32 "00",
         NULL},
        {"long form of length",
         "308144"
         "0220" R32 "0220" R32,
         NULL},
        {"integer over the edge",
         "3044"
         "0220" R32 "0221" R32,
         NULL},
        {"one integer only",
         "3022"
         "0220" R32,
         NULL},
        {"nothing", "", NULL},
        {"tiny", "3006020101020101",
         "0000000000000000000000000000000000000000000000000000000000000001"
         "0000000000000000000000000000000000000000000000000000000000000001"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        size_t len = strlen(rows[i].der) / 2;
        uint8_t *der = malloc(len > 0 ? len : 1); /* exact, for the sanitizer */
        uint8_t sig[OTTER_SIG_LEN];
        char text[2 * OTTER_SIG_LEN + 1] = "untouched";

        assert_true(otter_hex_decode(rows[i].der, 2 * len, der, len));
        check_true(rows[i].what, otter_sig_from_der(der, len, sig) == (rows[i].raw != NULL));
        if (rows[i].raw != NULL) {
            otter_hex_encode(sig, sizeof(sig), text);
            assert_string_equal(text, rows[i].raw);
        }
        free(der);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_agrees_with_fips_180),
        cmocka_unit_test(hmac_agrees_with_rfc_4231),
        cmocka_unit_test(a_point_goes_into_its_public_key_and_out),
        cmocka_unit_test(der_signatures_have_one_spelling),
    };

    return cmocka_run_group_tests_name("crypto", tests, NULL, NULL);
}

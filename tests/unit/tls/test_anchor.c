/* The CA as the small profile reads it: what it takes is what BearSSL's decoder takes, and takes the same of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pki.h"

#include "core/bytes.h"
#include "crypto/tls_chain.h"

#include <string.h>

/* crypto/tls_anchor_small.c, compiled by this name (meson.build). */
bool small_anchor_load(struct otter_tls_anchor *a, const uint8_t *der, size_t len);

static uint32_t make(const char *name, enum pki_key key, bool ca, uint8_t *der, uint32_t cap)
{
    struct pki_spec spec = {name, NULL, key, ca, 1700000000, 1900000000};
    struct pki_cert cert = pki_make(&spec, NULL);
    uint32_t len = pki_der(&cert, der, cap);

    pki_free(&cert);
    return len;
}

static void same(const struct otter_tls_anchor *a, const struct otter_tls_anchor *b)
{
    assert_int_equal(a->dn_len, b->dn_len);
    assert_memory_equal(a->dn, b->dn, a->dn_len);
    assert_ptr_equal(a->ta.dn.data, a->dn);
    assert_int_equal(a->ta.dn.len, b->ta.dn.len);
    assert_int_equal(a->ta.flags, b->ta.flags);
    assert_int_equal(a->ta.pkey.key_type, b->ta.pkey.key_type);
    assert_int_equal(a->ta.pkey.key.ec.curve, b->ta.pkey.key.ec.curve);
    assert_int_equal(a->ta.pkey.key.ec.qlen, b->ta.pkey.key.ec.qlen);
    assert_ptr_equal(a->ta.pkey.key.ec.q, a->key);
    assert_memory_equal(a->key, b->key, a->ta.pkey.key.ec.qlen);
}

static void a_ca_on_p256_is_an_anchor_and_nothing_else(void **state)
{
    static const struct {
        const char *name;
        enum pki_key key;
        bool ca, ok;
    } rows[] = {{"a", PKI_P256, true, true},
                {"Otter CA of a rather long name, longer than others", PKI_P256, true, true},
                {"a", PKI_P256, false, false},
                {"a", PKI_P384, true, false},
                {"a", PKI_RSA2048, true, false}};
    struct otter_tls_anchor ours, theirs;
    uint8_t der[2048];

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        uint32_t len = make(rows[i].name, rows[i].key, rows[i].ca, der, sizeof(der) - 1);

        assert_int_equal(small_anchor_load(&ours, der, len), rows[i].ok);
        if (!rows[i].ok)
            continue;
        assert_true(otter_tls_anchor_load(&theirs, der, len));
        same(&ours, &theirs);
        der[len] = 0;
        assert_false(small_anchor_load(&ours, der, len + 1));
        for (uint32_t n = 0; n < len; n++) {
            uint8_t *cut = malloc(n > 0 ? n : 1); /* so that a byte read behind it is seen */

            assert_non_null(cut);
            memcpy(cut, der, n);
            assert_false(small_anchor_load(&ours, cut, n));
            free(cut);
        }
    }
}

/* A changed byte may be one of a name, of a date or of the signature. */
static void whatever_both_take_they_take_alike(void **state)
{
    struct otter_tls_anchor ours, theirs;
    uint8_t der[1024];
    uint32_t len = make("Otter CA", PKI_P256, true, der, sizeof(der));
    unsigned taken = 0, refused = 0;

    (void)state;
    for (uint32_t at = 0; at < len; at++)
        for (unsigned flip = 1; flip < 256; flip += 2) {
            der[at] ^= (uint8_t)flip;
            if (small_anchor_load(&ours, der, len)) {
                taken++;
                if (otter_tls_anchor_load(&theirs, der, len))
                    same(&ours, &theirs);
            } else {
                refused++;
            }
            der[at] ^= (uint8_t)flip;
        }
    assert_true(taken > 0 && refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ca_on_p256_is_an_anchor_and_nothing_else),
        cmocka_unit_test(whatever_both_take_they_take_alike),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

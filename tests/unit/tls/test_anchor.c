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

/* ---- certificates of which nothing but the form is true ---- */

#define NAME_LEN 200u

struct form {
    const char *what;
    const char *name_head; /* of the subject's NAME_LEN bytes */
    const char *behind;    /* the key: unique identifiers */
    const char *extensions;
    bool ok;
};

#define HEAD        "3081c8"
#define CONSTRAINTS "300f0603551d130101ff040530030101ff"
#define PLAIN       "300c0603551d13040530030101ff"
#define KEY_USAGE   "300e0603551d0f0101ff040403020106"
#define OF_NO_CA    "30090603551d1304023000"
#define SAID_FALSE  "300c0603551d1304053003010100"
#define PATH_LENGTH "300f0603551d13040830060101ff020100"

static const struct form forms[] = {
    {"as usual", HEAD, "", CONSTRAINTS, true},
    {"not critical", HEAD, "", PLAIN, true},
    {"a length of paths", HEAD, "", PATH_LENGTH, true},
    {"the last of two", HEAD, "", KEY_USAGE CONSTRAINTS, true},
    {"the first of two", HEAD, "", CONSTRAINTS KEY_USAGE, true},
    {"no constraints", HEAD, "", KEY_USAGE, false},
    {"no extension", HEAD, "", "", false},
    {"constraints that say nothing", HEAD, "", OF_NO_CA, false},
    {"cA FALSE", HEAD, "", SAID_FALSE, false},
    {"cA as BER may have it", HEAD, "", "300c0603551d1304053003010101", false},
    {"cA of no bytes", HEAD, "", "300b0603551d13040430020100", false},
    {"cA of two", HEAD, "", "300d0603551d13040630040102ffff", false},
    {"an integer for cA", HEAD, "", "300c0603551d13040530030201ff", false},
    {"cA behind something", HEAD, "", "300f0603551d13040830060201000101ff", false},
    {"bytes behind the constraints", HEAD, "", "300e0603551d13040730030101ff0500", false},
    {"bytes behind the value", HEAD, "", "300e0603551d13040530030101ff0500", false},
    {"another extension's", HEAD, "", "300c0603551d12040530030101ff", false},
    {"a longer name of an extension", HEAD, "", "300d0604551d1300040530030101ff", false},
    {"an extension that is none", HEAD, "", CONSTRAINTS "0500", false},
    {"an extension cut short", HEAD, "", CONSTRAINTS "300f06", false},
    {"unique identifiers", HEAD, "8102000082020000", CONSTRAINTS, false},
    {"a length of two bytes that needs one", "308200c8", "", CONSTRAINTS, false},
    {"a length of three", "30830000c8", "", CONSTRAINTS, false},
    {"a length of none", "3080", "", CONSTRAINTS, false},
    {"a length of a byte", "30c8", "", CONSTRAINTS, false},
    {"a length beyond the end", "3082ffff", "", CONSTRAINTS, false},
    {"the greatest length", "3084ffffffff", "", CONSTRAINTS, false},
    {"a set for a name", "3181c8", "", CONSTRAINTS, false},
};

/* Appends what hexadecimal digits say. */
static uint32_t put_hex(uint8_t *out, uint32_t at, const char *hex)
{
    size_t digits = strlen(hex);

    assert_true(otter_hex_decode(hex, digits, out + at, digits / 2));
    return at + (uint32_t)(digits / 2);
}

/* What out holds becomes an element: the tag, and the length in its shortest form, go before it. */
static uint32_t wrap(uint8_t *out, uint32_t len, uint8_t tag)
{
    uint32_t head = len < 0x80 ? 2 : len < 0x100 ? 3 : 4;

    memmove(out + head, out, len);
    out[0] = tag;
    out[1] = (uint8_t)(head == 2 ? len : 0x80 + head - 2);
    if (head == 4)
        out[2] = (uint8_t)(len >> 8);
    if (head > 2)
        out[head - 1] = (uint8_t)len;
    return head + len;
}

static uint32_t make_form(const struct form *f, uint8_t *out)
{
    static const uint8_t point[OTTER_POINT_LEN] = {4};
    uint8_t extensions[128];
    uint32_t len = put_hex(out, 0, "020101300030003000"), added;

    len = put_hex(out, len, f->name_head);
    memset(out + len, 'n', NAME_LEN);
    len += NAME_LEN;
    otter_spki_from_point(point, out + len);
    len = put_hex(out, len + OTTER_SPKI_LEN, f->behind);
    added = put_hex(extensions, 0, f->extensions);
    added = wrap(extensions, wrap(extensions, added, 0x30), 0xa3);
    memcpy(out + len, extensions, added);
    len = wrap(out, len + added, 0x30);
    return wrap(out, put_hex(out, len, "3000030100"), 0x30);
}

static void only_der_that_says_ca_once_and_for_all_is_taken(void **state)
{
    struct otter_tls_anchor anchor;
    uint8_t der[1024];

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(forms); i++) {
        uint32_t len = make_form(&forms[i], der);

        if (small_anchor_load(&anchor, der, len) != forms[i].ok)
            fail_msg("%s", forms[i].what);
        if (forms[i].ok)
            assert_int_equal(anchor.dn_len, 3 + NAME_LEN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ca_on_p256_is_an_anchor_and_nothing_else),
        cmocka_unit_test(whatever_both_take_they_take_alike),
        cmocka_unit_test(only_der_that_says_ca_once_and_for_all_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

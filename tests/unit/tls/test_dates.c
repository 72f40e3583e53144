/* The dates of certificates as they pass: the same as BearSSL's and OpenSSL's, whatever surrounds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pki.h"

#include "core/bytes.h"
#include "crypto/tls_chain.h"

#include <string.h>
#include <time.h>

static enum otter_x509_dates_state feed_all(struct otter_x509_dates *d, const uint8_t *in, size_t len)
{
    enum otter_x509_dates_state state = OTTER_X509_BEFORE;

    otter_x509_dates_init(d);
    for (size_t i = 0; i < len; i++)
        state = otter_x509_dates_feed(d, in[i]);
    return state;
}

static void dates_are_those_that_bearssl_reads(void **state)
{
    static const int64_t times[][2] = {
        {0, 1},                     /* 1970 */
        {951782400, 951868800},     /* 2000-02-29, a leap day of a century */
        {1709164800, 1709251199},   /* 2024-02-29 */
        {2524607999, 2524608000},   /* the last second of UTCTime, the first of GeneralizedTime */
        {4102444800, 253402300799}, /* 2100, no leap year; the last second of 9999 */
        {-631152000, 1800000000},   /* 1950, as early as UTCTime goes */
    };
    uint8_t der[2048];

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(times); i++) {
        struct pki_spec spec = {"x", NULL, PKI_P256, true, times[i][0], times[i][1]};
        struct pki_cert cert = pki_make(&spec, NULL);
        uint32_t len = pki_der(&cert, der, sizeof(der));
        br_x509_decoder_context decoder;
        struct otter_x509_dates d;

        br_x509_decoder_init(&decoder, NULL, NULL);
        br_x509_decoder_push(&decoder, der, len);
        assert_non_null(br_x509_decoder_get_pkey(&decoder));
        assert_int_equal(feed_all(&d, der, len), OTTER_X509_DONE);
        assert_int_equal(d.not_before, OTTER_X509_UNIX_EPOCH + (uint64_t)times[i][0]);
        assert_int_equal(d.not_after, OTTER_X509_UNIX_EPOCH + (uint64_t)times[i][1]);
        assert_int_equal(d.not_before, decoder.notbefore_days * UINT64_C(86400) + decoder.notbefore_seconds);
        assert_int_equal(d.not_after, decoder.notafter_days * UINT64_C(86400) + decoder.notafter_seconds);
        pki_free(&cert);
    }
}

#define HEAD "\x30\x82\x01\x00\x30\x81\xf0\xa0\x03\x02\x01\x02\x02\x01\x01\x30\x00\x30\x02\x05\x00"
#define V1   "\x30\x7f\x30\x70\x02\x01\x01\x30\x00\x30\x00"
#define UTC                                                                                                  \
    "\x17\x0d"                                                                                               \
    "270115080000Z"
#define LATER                                                                                                \
    "\x18\x0f"                                                                                               \
    "20510115080000Z"
#define ROW(text, expected)                                                                                  \
    {                                                                                                        \
        text, sizeof(text) - 1, expected                                                                     \
    }

static void what_is_no_validity_is_refused(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        enum otter_x509_dates_state expected;
    } rows[] = {
        ROW(HEAD "\x30\x20" UTC LATER, OTTER_X509_DONE),
        ROW(V1 "\x30\x1e" UTC UTC, OTTER_X509_DONE),
        ROW(V1 "\x30\x22" LATER LATER, OTTER_X509_DONE),
        ROW(HEAD "\x30\x20" UTC, OTTER_X509_INSIDE),
        ROW(HEAD, OTTER_X509_BEFORE),
        ROW("\x31", OTTER_X509_BAD),
        ROW("\x30\x80", OTTER_X509_BAD),                   /* indefinite length */
        ROW("\x30\x84\x00", OTTER_X509_BAD),               /* a length of four bytes */
        ROW(V1 "\x30\x00", OTTER_X509_BAD),                /* empty */
        ROW(V1 "\x30\x23", OTTER_X509_BAD),                /* longer than two dates */
        ROW(V1 "\x31\x1e", OTTER_X509_BAD),                /* another tag */
        ROW(V1 "\x30\x0f" UTC, OTTER_X509_BAD),            /* one date */
        ROW(V1 "\x30\x1f" UTC UTC "\x00", OTTER_X509_BAD), /* a byte behind */
        ROW(V1 "\x30\x1e"
               "\x17\x0d"
               "271315080000Z" UTC,
            OTTER_X509_BAD), /* month 13 */
        ROW(V1 "\x30\x1e"
               "\x17\x0d"
               "270015080000Z" UTC,
            OTTER_X509_BAD), /* month 0 */
        ROW(V1 "\x30\x1e"
               "\x17\x0d"
               "270229080000Z" UTC,
            OTTER_X509_BAD), /* no leap year */
        ROW(V1 "\x30\x1e"
               "\x17\x0d"
               "280229080000Z" UTC,
            OTTER_X509_DONE),
        ROW(V1 "\x30\x1e"
               "\x17\x0d"
               "270100080000Z" UTC,
            OTTER_X509_BAD), /* day 0 */
        ROW(V1 "\x30\x1e"
               "\x17\x0d"
               "270115240000Z" UTC,
            OTTER_X509_BAD), /* hour 24 */
        ROW(V1 "\x30\x1e"
               "\x17\x0d"
               "270115086000Z" UTC,
            OTTER_X509_BAD), /* minute 60 */
        ROW(V1 "\x30\x1e"
               "\x17\x0d"
               "270115080060Z" UTC,
            OTTER_X509_BAD), /* second 60 */
        ROW(V1 "\x30\x1e"
               "\x17\x0d"
               "2701150800000" UTC,
            OTTER_X509_BAD), /* no Z */
        ROW(V1 "\x30\x1e"
               "\x17\x0d"
               "27011508000 Z" UTC,
            OTTER_X509_BAD), /* no digit */
        ROW(V1 "\x30\x1e"
               "\x16\x0d"
               "270115080000Z" UTC,
            OTTER_X509_BAD), /* no time */
        ROW(V1 "\x30\x22"
               "\x18\x0f"
               "21000229080000Z" LATER,
            OTTER_X509_BAD), /* 2100 is none */
        ROW(V1 "\x30\x22"
               "\x18\x0f"
               "20000229080000Z" LATER,
            OTTER_X509_DONE),
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct otter_x509_dates d;
        enum otter_x509_dates_state got = feed_all(&d, (const uint8_t *)rows[i].text, rows[i].len);

        if (got != rows[i].expected)
            fail_msg("row %zu: %d", i, (int)got);
    }
}

static void after_the_end_nothing_changes(void **state)
{
    static const char text[] = V1 "\x30\x1e" UTC UTC;
    struct otter_x509_dates d;

    (void)state;
    assert_int_equal(feed_all(&d, (const uint8_t *)text, sizeof(text) - 1), OTTER_X509_DONE);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(otter_x509_dates_feed(&d, 0x30), OTTER_X509_DONE);
    assert_int_equal(d.held_len, 30);
}

static void an_anchor_is_a_ca_that_fits(void **state)
{
    static const struct {
        struct pki_spec spec;
        bool ok;
    } rows[] = {
        {{"a CA", NULL, PKI_P256, true, 0, 1}, true}, /* its dates are the factory's matter */
        {{"a CA", NULL, PKI_P384, true, 0, 1}, true},     {{"a CA", NULL, PKI_RSA2048, true, 0, 1}, true},
        {{"a CA", NULL, PKI_RSA1024, true, 0, 1}, false}, {{"no CA", NULL, PKI_P256, false, 0, 1}, false},
    };
    struct otter_tls_anchor a;
    uint8_t der[2048];

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct pki_cert cert = pki_make(&rows[i].spec, NULL);
        uint32_t len = pki_der(&cert, der, sizeof(der));

        if (otter_tls_anchor_load(&a, der, len) != rows[i].ok)
            fail_msg("row %zu", i);
        for (uint32_t n = 0; n < len; n++)
            assert_false(otter_tls_anchor_load(&a, der, n));
        pki_free(&cert);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_those_that_bearssl_reads),
        cmocka_unit_test(what_is_no_validity_is_refused),
        cmocka_unit_test(after_the_end_nothing_changes),
        cmocka_unit_test(an_anchor_is_a_ca_that_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "check.h"

#include "signing.h"

#include "core/bytes.h"

#include <stdlib.h>

#define CRYPTO (&otter_crypto_openssl)

static const enum test_key one_key[] = {KEY_RELEASE};

static void an_envelope_gives_payload_and_signatures(void **state)
{
    static const enum test_key by[] = {KEY_RELEASE, KEY_ROOT, KEY_OFFER};
    static struct otter_jws jws;
    char envelope[OTTER_ENVELOPE_MAX + 1];
    size_t len = seal("{\"a\":1}", 7, by, 3, envelope);

    (void)state;
    assert_int_equal(otter_jws_decode(envelope, len, &jws), OTTER_OK);
    assert_string_equal(jws.payload, "{\"a\":1}");
    assert_int_equal(jws.payload_len, 7);
    assert_int_equal(jws.count, 3);
    for (unsigned i = 0; i < 3; i++) {
        struct otter_digest hash;

        assert_memory_equal(jws.signature[i].kid.b, key_kid(by[i])->b, OTTER_DIGEST_LEN);
        otter_jws_signing_hash(CRYPTO, &jws, i, &hash);
        assert_true(CRYPTO->p256_verify(key_point(by[i]), hash.b, jws.signature[i].sig));
    }
}

static void the_protected_header_has_one_spelling(void **state)
{
    char header[OTTER_JWS_HEADER_B64 + 1];
    char plain[128] = {0};

    (void)state;
    otter_jws_header(key_kid(KEY_ROOT), header);
    assert_int_equal(strlen(header), OTTER_JWS_HEADER_B64);
    assert_true(otter_b64_decode(header, strlen(header), (uint8_t *)plain, sizeof(plain)) > 0);
    assert_memory_equal(plain, "{\"alg\":\"ES256\",\"kid\":\"", 22);
    assert_memory_equal(plain + 22, key_kid_text(KEY_ROOT), 43);
    assert_string_equal(plain + 65, "\"}");
}

/* Each row replaces the JSON of the header; all are refused but the first. */
static void other_headers_are_refused(void **state)
{
    static const struct {
        const char *format; /* %s: the kid */
        enum otter_status want;
    } rows[] = {
        {"{\"alg\":\"ES256\",\"kid\":\"%s\"}", OTTER_OK},
        {"{\"alg\":\"none\", \"kid\":\"%s\"}", OTTER_BAD_HEADER},
        {"{\"alg\":\"HS256\",\"kid\":\"%s\"}", OTTER_BAD_HEADER},
        {"{\"alg\":\"ES384\",\"kid\":\"%s\"}", OTTER_BAD_HEADER},
        {"{\"kid\":\"%s\",\"alg\":\"ES256\"}", OTTER_BAD_HEADER},
        {"{\"alg\":\"ES256\", \"kid\":\"%s\"}", OTTER_BAD_HEADER},
        {"{\"alg\":\"ES256\",\"kid\":\"%s\",\"crit\":[]}", OTTER_BAD_HEADER},
        {"{\"alg\":\"ES256\",\"kid\":\"%.42s\"}", OTTER_BAD_HEADER},
        {"{\"alg\":\"ES256\",\"kid\":\"%.42s=\"}", OTTER_BAD_HEADER},
        {"{\"alg\":\"ES256\",\"kid\":\"%.42sB\"}", OTTER_BAD_HEADER}, /* unused bits of the kid */
        {"{\"alg\":\"ES256\"}", OTTER_BAD_HEADER},
        {"", OTTER_BAD_HEADER},
    };
    char right[OTTER_JWS_HEADER_B64 + 1];

    (void)state;
    otter_jws_header(key_kid(KEY_RELEASE), right);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        static struct otter_jws jws;
        char envelope[OTTER_ENVELOPE_MAX + 1];
        char changed[OTTER_ENVELOPE_MAX + 1];
        char plain[256];
        char header[400];
        int n;

        seal("{}", 2, one_key, 1, envelope);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
        n = snprintf(plain, sizeof(plain), rows[i].format, key_kid_text(KEY_RELEASE));
#pragma GCC diagnostic pop
        otter_b64_encode((const uint8_t *)plain, (size_t)n, header);
        check_status(
            rows[i].format,
            otter_jws_decode(changed, replaced(envelope, right, header, changed, sizeof(changed)), &jws),
            rows[i].want);
        assert_int_equal(jws.count, rows[i].want == OTTER_OK ? 1 : 0);
    }
}

static void envelopes_out_of_shape_are_refused(void **state)
{
    static const struct {
        const char *find;
        const char *with;
        enum otter_status want;
    } rows[] = {
        {"{\"payload\"", " { \"payload\" ", OTTER_OK},
        {"{\"payload\"", "{\"payloads\"", OTTER_BAD_ENVELOPE},
        {"{\"payload\"", "{\"header\":{},\"payload\"", OTTER_BAD_ENVELOPE},
        {"{\"payload\"", "{\"payload\":\"e30\",\"payload\"", OTTER_BAD_ENVELOPE},
        {"{\"payload\"", "[\"payload\"", OTTER_BAD_JSON},
        {"{\"payload\"", "{\"payload\":1,\"x\"", OTTER_BAD_ENVELOPE},
        {"\"signatures\":[", "\"signatures\":[[],", OTTER_BAD_ENVELOPE},
        {"\"signatures\":[", "\"signatures\":[],\"x\":[", OTTER_BAD_ENVELOPE},
        {"\"signatures\":[{", "\"signatures\":[],\"x\":[{", OTTER_BAD_ENVELOPE},
        {"{\"protected\"", "{\"header\":{},\"protected\"", OTTER_BAD_ENVELOPE},
        {"{\"protected\"", "{\"protect\"", OTTER_BAD_ENVELOPE},
        {"{\"protected\"", "{\"protected\":{},\"x\"", OTTER_BAD_ENVELOPE},
        {"\"payload\":\"e30", "\"payload\":\"e31", OTTER_BAD_ENCODING}, /* unused bits */
        {"\"payload\":\"e30", "\"payload\":\"e30=", OTTER_BAD_ENCODING},
        {"\"payload\":\"e30", "\"payload\":\"e30A0", OTTER_BAD_ENCODING},
        {"\"payload\":\"e30", "\"payload\":\"e\\u00330", OTTER_BAD_ENCODING},
        {"\"payload\":\"e30", "\"payload\":\"", OTTER_OK},
        {"\"signature\":\"", "\"signature\":\"AA", OTTER_BAD_ENCODING},
        {"\"protected\":\"eyJ", "\"protected\":\"ey+", OTTER_BAD_ENCODING},
        {"\"}]}", "=\"}]}", OTTER_BAD_ENCODING},
        {"\"}]}", "\"}]} x", OTTER_BAD_JSON},
        {"\"}]}", "\"}]", OTTER_BAD_JSON},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        static struct otter_jws jws;
        char envelope[OTTER_ENVELOPE_MAX + 1];
        char changed[OTTER_ENVELOPE_MAX + 1];

        seal("{}", 2, one_key, 1, envelope);
        check_status(
            rows[i].with,
            otter_jws_decode(changed,
                             replaced(envelope, rows[i].find, rows[i].with, changed, sizeof(changed)), &jws),
            rows[i].want);
    }
}

static void an_empty_list_of_signatures_is_no_envelope(void **state)
{
    static const char text[] = "{\"payload\":\"e30\",\"signatures\":[]}";
    static struct otter_jws jws;

    (void)state;
    assert_int_equal(otter_jws_decode(text, strlen(text), &jws), OTTER_BAD_ENVELOPE);
    assert_int_equal(otter_jws_decode("[]", 2, &jws), OTTER_BAD_ENVELOPE);
}

static void a_second_signature_by_a_key_is_refused(void **state)
{
    static const enum test_key apart[] = {KEY_ROOT, KEY_OFFER, KEY_ROOT};
    static const enum test_key adjacent[] = {KEY_ROOT, KEY_ROOT};
    static struct otter_jws jws;
    char envelope[OTTER_ENVELOPE_MAX + 1];
    size_t len = seal("{}", 2, apart, 3, envelope);

    (void)state;
    assert_int_equal(otter_jws_decode(envelope, len, &jws), OTTER_DUPLICATE_SIGNATURE);
    assert_int_equal(jws.count, 0);
    len = seal("{}", 2, adjacent, 2, envelope);
    assert_int_equal(otter_jws_decode(envelope, len, &jws), OTTER_DUPLICATE_SIGNATURE);
}

/* Envelopes with n signatures by n made-up keys. */
static size_t many_signatures(unsigned n, char *out)
{
    int at = sprintf(out, "{\"payload\":\"e30\",\"signatures\":[");

    for (unsigned i = 0; i < n; i++) {
        const struct otter_digest kid = {{(uint8_t)(i + 1)}};
        const uint8_t sig[OTTER_SIG_LEN] = {1};
        char header[OTTER_JWS_HEADER_B64 + 1];
        char text[OTTER_B64_LEN(OTTER_SIG_LEN) + 1];

        otter_jws_header(&kid, header);
        otter_b64_encode(sig, sizeof(sig), text);
        at += sprintf(out + at, "%s{\"protected\":\"%s\",\"signature\":\"%s\"}", i > 0 ? "," : "", header,
                      text);
    }
    return (size_t)(at + sprintf(out + at, "]}"));
}

static void eight_signatures_are_the_most(void **state)
{
    static struct otter_jws jws;
    char envelope[OTTER_ENVELOPE_MAX + 1];
    size_t len = many_signatures(8, envelope);

    (void)state;
    assert_int_equal(otter_jws_decode(envelope, len, &jws), OTTER_OK);
    assert_int_equal(jws.count, 8);
    len = many_signatures(9, envelope);
    assert_int_equal(otter_jws_decode(envelope, len, &jws), OTTER_TOO_MANY_SIGNATURES);
}

static void payload_and_envelope_have_bounds(void **state)
{
    static struct otter_jws jws;
    static char payload[OTTER_PAYLOAD_MAX + 3];
    static char b64[OTTER_B64_LEN(sizeof(payload)) + 1];
    static char text[OTTER_ENVELOPE_MAX + 2];
    char envelope[OTTER_ENVELOPE_MAX + 1];
    size_t len;

    (void)state;
    memset(payload, 'x', sizeof(payload));
    len = seal(payload, OTTER_PAYLOAD_MAX, one_key, 1, envelope);
    assert_int_equal(otter_jws_decode(envelope, len, &jws), OTTER_OK);
    assert_int_equal(jws.payload_len, OTTER_PAYLOAD_MAX);
    assert_int_equal(jws.payload[OTTER_PAYLOAD_MAX], '\0');

    seal("{}", 2, one_key, 1, envelope);
    otter_b64_encode((const uint8_t *)payload, OTTER_PAYLOAD_MAX + 1, b64);
    len = replaced(envelope, "e30", b64, text, sizeof(text));
    assert_int_equal(otter_jws_decode(text, len, &jws), OTTER_TOO_LARGE);

    memset(text, ' ', sizeof(text));
    len = seal("{}", 2, one_key, 1, envelope);
    memcpy(text, envelope, len);
    assert_int_equal(otter_jws_decode(text, OTTER_ENVELOPE_MAX, &jws), OTTER_OK);
    assert_int_equal(otter_jws_decode(text, OTTER_ENVELOPE_MAX + 1, &jws), OTTER_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_envelope_gives_payload_and_signatures),
        cmocka_unit_test(the_protected_header_has_one_spelling),
        cmocka_unit_test(other_headers_are_refused),
        cmocka_unit_test(envelopes_out_of_shape_are_refused),
        cmocka_unit_test(an_empty_list_of_signatures_is_no_envelope),
        cmocka_unit_test(a_second_signature_by_a_key_is_refused),
        cmocka_unit_test(eight_signatures_are_the_most),
        cmocka_unit_test(payload_and_envelope_have_bounds),
    };

    return cmocka_run_group_tests_name("jws", tests, keys_setup, keys_teardown);
}

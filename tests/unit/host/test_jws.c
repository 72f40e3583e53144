/* Envelopes built here are read by lib/core, and adding a signature keeps every other byte. */
#include "core/bytes.h"
#include "host/jws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char payload[] = "{\"type\":\"otter-test\",\"n\":1}";

static void assert_signed(const struct otter_jws *jws, unsigned i, const struct host_key *key)
{
    struct otter_digest hash;

    assert_memory_equal(jws->signature[i].kid.b, host_key_kid(key)->b, 32);
    otter_jws_signing_hash(&otter_crypto_openssl, jws, i, &hash);
    assert_true(otter_crypto_openssl.p256_verify(host_key_point(key), hash.b, jws->signature[i].sig));
}

static void signed_envelope_is_read_and_verified_by_core(void **state)
{
    auto_key struct host_key *key = host_key_generate(NULL);
    auto_free char *envelope = NULL;
    struct otter_jws jws;
    size_t len;

    (void)state;
    assert_true(host_jws_sign(key, payload, strlen(payload), &envelope, &len, NULL));
    assert_int_equal(otter_jws_decode(envelope, len, &jws), OTTER_OK);
    assert_string_equal(jws.payload, payload);
    assert_int_equal(jws.count, 1);
    assert_signed(&jws, 0, key);
}

static void added_signature_keeps_payload_and_first_signature(void **state)
{
    auto_key struct host_key *a = host_key_generate(NULL);
    auto_key struct host_key *b = host_key_generate(NULL);
    auto_free char *one = NULL, *two = NULL;
    struct otter_jws jws;
    size_t one_len, two_len;

    (void)state;
    assert_true(host_jws_sign(a, payload, strlen(payload), &one, &one_len, NULL));
    assert_true(host_jws_add(b, one, one_len, &two, &two_len, NULL));
    assert_memory_equal(one, two, one_len - 2); /* all but the closing ]} */
    assert_int_equal(otter_jws_decode(two, two_len, &jws), OTTER_OK);
    assert_int_equal(jws.count, 2);
    assert_signed(&jws, 0, a);
    assert_signed(&jws, 1, b);
}

static void signature_is_added_where_payload_stands_last_and_space_is_wide(void **state)
{
    auto_key struct host_key *a = host_key_generate(NULL);
    auto_key struct host_key *b = host_key_generate(NULL);
    auto_free char *one = NULL, *two = NULL, *turned = NULL;
    char *signatures;
    struct otter_jws jws;
    size_t len;

    (void)state;
    assert_true(host_jws_sign(a, payload, strlen(payload), &one, &len, NULL));
    signatures = strstr(one, ",\"signatures\"");
    signatures[0] = '\0';
    signatures[strlen(signatures + 1)] = '\0'; /* the brace at the end */
    assert_true(asprintf(&turned, "{ %s ,\n %s }\n", signatures + 1, one + 1) > 0);
    assert_true(host_jws_add(b, turned, strlen(turned), &two, &len, NULL));
    assert_int_equal(otter_jws_decode(two, len, &jws), OTTER_OK);
    assert_int_equal(jws.count, 2);
    assert_signed(&jws, 1, b);
}

static void second_signature_by_one_key_is_refused(void **state)
{
    auto_key struct host_key *key = host_key_generate(NULL);
    auto_free char *one = NULL, *two = NULL;
    struct host_error err;
    size_t len;

    (void)state;
    assert_true(host_jws_sign(key, payload, strlen(payload), &one, &len, NULL));
    assert_false(host_jws_add(key, one, len, &two, &len, &err));
    assert_int_equal(err.kind, HOST_ERROR_EXISTS);
    assert_null(two);
}

static void ninth_signature_is_refused(void **state)
{
    auto_free char *envelope = NULL;
    struct host_error err;
    size_t len = 0;

    (void)state;
    for (unsigned i = 0; i < 9; i++) {
        auto_key struct host_key *key = host_key_generate(NULL);
        auto_free char *old = HOST_STEAL(envelope);

        if (i == 0)
            assert_true(host_jws_sign(key, payload, strlen(payload), &envelope, &len, NULL));
        else if (i < 8)
            assert_true(host_jws_add(key, old, len, &envelope, &len, NULL));
        else
            assert_false(host_jws_add(key, old, len, &envelope, &len, &err));
    }
    assert_null(envelope);
    assert_int_equal(err.kind, HOST_ERROR_FORMAT);
}

static void largest_payload_fits_and_one_byte_more_does_not(void **state)
{
    auto_key struct host_key *key = host_key_generate(NULL);
    char big[OTTER_PAYLOAD_MAX + 1], out[OTTER_ENVELOPE_MAX + 1];
    struct otter_jws jws;
    int n;

    (void)state;
    memset(big, 'x', sizeof big);
    n = host_jws_sign_to(key, big, OTTER_PAYLOAD_MAX, out, sizeof out);
    assert_true(n > 0);
    assert_int_equal(otter_jws_decode(out, (size_t)n, &jws), OTTER_OK);
    assert_int_equal(host_jws_sign_to(key, big, OTTER_PAYLOAD_MAX, out, (size_t)n), -1);
    assert_int_equal(host_jws_sign_to(key, big, OTTER_PAYLOAD_MAX + 1, out, sizeof out), -1);
}

static void signature_made_elsewhere_attaches(void **state)
{
    auto_key struct host_key *a = host_key_generate(NULL);
    auto_key struct host_key *hsm = host_key_generate(NULL);
    auto_free char *one = NULL, *two = NULL;
    struct otter_digest hash;
    struct otter_jws jws;
    uint8_t sig[64];
    size_t len;

    (void)state;
    assert_true(host_jws_sign(a, payload, strlen(payload), &one, &len, NULL));
    assert_true(host_jws_hash_for(host_key_kid(hsm), payload, strlen(payload), &hash));
    assert_true(host_key_sign(hsm, &hash, sig));
    assert_true(host_jws_attach(host_key_kid(hsm), sig, one, len, &two, &len, NULL));
    assert_int_equal(otter_jws_decode(two, len, &jws), OTTER_OK);
    assert_signed(&jws, 1, hsm);
}

static void signature_made_elsewhere_begins_an_envelope(void **state)
{
    auto_key struct host_key *hsm = host_key_generate(NULL);
    auto_free char *input = host_jws_input_for(host_key_kid(hsm), payload, strlen(payload)), *one = NULL;
    struct otter_digest hash, same;
    struct otter_jws jws;
    uint8_t sig[64];
    size_t len;

    (void)state;
    assert_non_null(input);
    otter_sha256_of(&otter_crypto_openssl, input, strlen(input), &hash);
    assert_true(host_jws_hash_for(host_key_kid(hsm), payload, strlen(payload), &same));
    assert_memory_equal(hash.b, same.b, sizeof hash.b);
    assert_true(host_key_sign(hsm, &hash, sig));
    assert_true(host_jws_begin(host_key_kid(hsm), sig, payload, strlen(payload), &one, &len, NULL));
    assert_int_equal(otter_jws_decode(one, len, &jws), OTTER_OK);
    assert_signed(&jws, 0, hsm);
    assert_null(host_jws_input_for(host_key_kid(hsm), payload, OTTER_PAYLOAD_MAX + 1));
}

static void text_that_is_no_envelope_is_refused_by_its_status(void **state)
{
    auto_key struct host_key *key = host_key_generate(NULL);
    struct host_error err;
    char *out;
    size_t len;

    (void)state;
    assert_false(host_jws_add(key, "{}", 2, &out, &len, &err));
    assert_non_null(strstr(err.message, "bad-envelope"));
    assert_false(host_jws_add(key, "{", 1, &out, &len, &err));
    assert_non_null(strstr(err.message, "bad-json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signed_envelope_is_read_and_verified_by_core),
        cmocka_unit_test(added_signature_keeps_payload_and_first_signature),
        cmocka_unit_test(signature_is_added_where_payload_stands_last_and_space_is_wide),
        cmocka_unit_test(second_signature_by_one_key_is_refused),
        cmocka_unit_test(ninth_signature_is_refused),
        cmocka_unit_test(largest_payload_fits_and_one_byte_more_does_not),
        cmocka_unit_test(signature_made_elsewhere_attaches),
        cmocka_unit_test(signature_made_elsewhere_begins_an_envelope),
        cmocka_unit_test(text_that_is_no_envelope_is_refused_by_its_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

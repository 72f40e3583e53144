#include "test.h"

#include "http/headers.h"

#define MAC "0123456789012345678901234567890123456789012" /* 43 characters */

static void credentials_are_taken_strictly(void **state)
{
    static const struct {
        const char *value;
        enum http_scheme scheme;
        const char *token_or_device;
    } rows[] = {
        {NULL, HTTP_SCHEME_NONE, ""},
        {"", HTTP_SCHEME_NONE, ""},
        {"Bearer abc", HTTP_SCHEME_BEARER, "abc"},
        {"bearer abc", HTTP_SCHEME_BEARER, "abc"},
        {"Bearer   abc", HTTP_SCHEME_BEARER, "abc"},
        {"Bearer a-b._~+/=", HTTP_SCHEME_BEARER, "a-b._~+/="},
        {"Bearer", HTTP_SCHEME_NONE, ""},
        {"Bearer ", HTTP_SCHEME_NONE, ""},
        {"Bearerabc", HTTP_SCHEME_NONE, ""},
        {"Bearer a b", HTTP_SCHEME_NONE, ""},
        {"Bearer abc ", HTTP_SCHEME_NONE, ""},
        {"Bearer a,b", HTTP_SCHEME_NONE, ""},
        {"Bearer \"abc\"", HTTP_SCHEME_NONE, ""},
        {"Basic YTpi", HTTP_SCHEME_NONE, ""},
        {"Otter-HMAC dev:nonce:" MAC, HTTP_SCHEME_HMAC, "dev"},
        {"otter-hmac a:b:c:nonce:" MAC, HTTP_SCHEME_HMAC, "a:b:c"},
        {"Otter-HMAC dev:" MAC, HTTP_SCHEME_NONE, ""},
        {"Otter-HMAC :nonce:" MAC, HTTP_SCHEME_NONE, ""},
        {"Otter-HMAC dev::" MAC, HTTP_SCHEME_NONE, ""},
        {"Otter-HMAC dev:nonce:short", HTTP_SCHEME_NONE, ""},
        {"Otter-HMAC dev:nonce:" MAC "x", HTTP_SCHEME_NONE, ""},
        {"Otter-HMAC ", HTTP_SCHEME_NONE, ""},
        {"Otter-HMAC :::", HTTP_SCHEME_NONE, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_credentials c;
        size_t len = strlen(rows[i].token_or_device);

        http_credentials_parse(rows[i].value, &c);
        if (c.scheme != rows[i].scheme)
            fail_msg("<%s>: scheme %d", rows[i].value ? rows[i].value : "(none)", c.scheme);
        if (c.scheme == HTTP_SCHEME_BEARER)
            assert_string_equal(c.token, rows[i].token_or_device);
        if (c.scheme == HTTP_SCHEME_HMAC) {
            assert_int_equal(c.device_len, len);
            assert_memory_equal(c.device, rows[i].token_or_device, len);
            assert_int_equal(c.nonce_len, 5);
            assert_memory_equal(c.nonce, "nonce", 5);
            assert_string_equal(c.mac, MAC);
        }
    }
}

static void a_token_of_257_characters_is_none(void **state)
{
    char value[7 + 257 + 1] = "Bearer ";
    struct http_credentials c;

    (void)state;
    memset(value + 7, 'a', 257);
    http_credentials_parse(value, &c);
    assert_int_equal(c.scheme, HTTP_SCHEME_NONE);
    value[7 + 256] = '\0';
    http_credentials_parse(value, &c);
    assert_int_equal(c.scheme, HTTP_SCHEME_BEARER);
}

static void a_device_of_65_characters_is_none(void **state)
{
    char value[11 + 65 + 7 + 43 + 1] = "Otter-HMAC ";
    struct http_credentials c;

    (void)state;
    memset(value + 11, 'd', 65);
    memcpy(value + 11 + 65, ":nonce:" MAC, 7 + 43);
    http_credentials_parse(value, &c);
    assert_int_equal(c.scheme, HTTP_SCHEME_NONE);
}

static void media_types_ignore_case_and_parameters(void **state)
{
    (void)state;
    assert_true(http_media_type_is("application/json", "application/json"));
    assert_true(http_media_type_is("Application/JSON", "application/json"));
    assert_true(http_media_type_is("application/json; charset=utf-8", "application/json"));
    assert_true(http_media_type_is("application/json ;x=y", "application/json"));
    assert_false(http_media_type_is("application/jsonx", "application/json"));
    assert_false(http_media_type_is("application/json, text/plain", "application/json"));
    assert_false(http_media_type_is("application/jso", "application/json"));
    assert_false(http_media_type_is("", "application/json"));
}

static void numbers_are_decimal_and_bounded(void **state)
{
    uint64_t n = 7;

    (void)state;
    assert_true(http_number("0", 10, &n));
    assert_int_equal(n, 0);
    assert_true(http_number("10", 10, &n));
    assert_int_equal(n, 10);
    assert_false(http_number("11", 10, &n));
    assert_false(http_number("-1", 10, &n));
    assert_false(http_number("+1", 10, &n));
    assert_false(http_number(" 1", 10, &n));
    assert_false(http_number("1 ", 10, &n));
    assert_false(http_number("", 10, &n));
    assert_false(http_number("0x1", 10, &n));
    assert_false(http_number("99999999999999999999999999", UINT64_MAX, &n));
    assert_int_equal(n, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credentials_are_taken_strictly),
        cmocka_unit_test(a_token_of_257_characters_is_none),
        cmocka_unit_test(a_device_of_65_characters_is_none),
        cmocka_unit_test(media_types_ignore_case_and_parameters),
        cmocka_unit_test(numbers_are_decimal_and_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

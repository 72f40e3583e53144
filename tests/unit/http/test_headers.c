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

/* Against the letter of the RFCs, for every byte. */
static void each_character_belongs_to_a_token_or_does_not(void **state)
{
    static const char alnum[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    (void)state;
    for (int c = 1; c < 256; c++) {
        char name[] = {'x', (char)c, '\0'}, value[] = "Bearer ?";
        bool common = strchr(alnum, c) != NULL;
        struct http_credentials got;

        if (http_is_token(name, 2) != (common || strchr("!#$%&'*+-.^_`|~", c) != NULL))
            fail_msg("character %d in a field's name", c);
        value[sizeof value - 2] = (char)c;
        http_credentials_parse(value, &got);
        if ((got.scheme == HTTP_SCHEME_BEARER) != (common || strchr("-._~+/=", c) != NULL))
            fail_msg("character %d in a token", c);
    }
    assert_false(http_is_token("x", 0));
    assert_false(http_is_token("x\0y", 3));
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

static void the_last_one_forwarded_for_is_the_client(void **state)
{
    static const struct {
        const char *value, *client; /* NULL: no address */
    } rows[] = {
        {"10.0.0.1", "10.0.0.1"},
        {"6.6.6.6, 10.0.0.1", "10.0.0.1"},
        {"6.6.6.6,10.0.0.1 \t", "10.0.0.1"},
        {"6.6.6.6, 7.7.7.7, 10.0.0.1", "10.0.0.1"},
        {"evil\"=, 10.0.0.1", "10.0.0.1"},
        {"2001:DB8::0:1", "2001:db8::1"},
        {"[2001:db8::1]", "2001:db8::1"},
        {"[2001:db8::1]:443", "2001:db8::1"},
        {"10.0.0.1:8080", "10.0.0.1"},
        {"10.0.0.1, 2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"},
        {"", NULL},
        {" ", NULL},
        {"10.0.0.1,", NULL},
        {"10.0.0.1, ", NULL},
        {"unknown", NULL},
        {"10.0.0", NULL},
        {"10.0.0.256", NULL},
        {"10.0.0.1 10.0.0.2", NULL},
        {"10.0.0.1\n", NULL},
        {"[", NULL},
        {"[]", NULL},
        {":", NULL},
        {"2001:db8:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001", NULL},
        {"6.6.6.6, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char client[HTTP_IP_STR] = "";
        bool ok = http_forwarded_for(rows[i].value, client);

        if (ok != (rows[i].client != NULL) || (ok && strcmp(client, rows[i].client) != 0))
            fail_msg("\"%s\": %s", rows[i].value, ok ? client : "no address");
    }
}

static void the_last_one_forwarded_proto_says_how_he_came(void **state)
{
    static const struct {
        const char *value;
        bool plain;
    } rows[] = {{"http", true},   {"HTTP", true},         {"https, http", true}, {"https,http ", true},
                {"https", false}, {"http, https", false}, {"httpx", false},      {"", false},
                {"htt", false},   {"http,", false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (http_forwarded_plain(rows[i].value) != rows[i].plain)
            fail_msg("\"%s\"", rows[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credentials_are_taken_strictly),
        cmocka_unit_test(each_character_belongs_to_a_token_or_does_not),
        cmocka_unit_test(a_token_of_257_characters_is_none),
        cmocka_unit_test(a_device_of_65_characters_is_none),
        cmocka_unit_test(media_types_ignore_case_and_parameters),
        cmocka_unit_test(numbers_are_decimal_and_bounded),
        cmocka_unit_test(the_last_one_forwarded_for_is_the_client),
        cmocka_unit_test(the_last_one_forwarded_proto_says_how_he_came),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

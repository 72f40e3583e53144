#include "check.h"

#include "core/bytes.h"
#include "core/json.h"

#include <stdio.h>
#include <stdlib.h>

/* A copy without a NUL behind it, so that the sanitizer sees a step over the end. */
static enum otter_status parse_exact(struct otter_json *json, const char *text, size_t len, char **ret_copy)
{
    *ret_copy = malloc(len > 0 ? len : 1);
    assert_non_null(*ret_copy);
    memcpy(*ret_copy, text, len);
    return otter_json_parse(json, *ret_copy, len);
}

static void well_formed_documents_are_accepted(void **state)
{
    static const char *const rows[] = {
        "{}",
        "[]",
        " \t\r\n{ \"a\" : [ 1 , -0.5e+3 , 0 , 1E9 , true , false , null , \"\" ] } ",
        "{\"a\":{\"b\":{}},\"c\":[[],[{}]]}",
        "[[[[[[[[]]]]]]]]",
        "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0aF9\"]",
        "[\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\xa6\xa6 \xf4\x8f\xbf\xbf \xed\x9f\xbf \x7f\"]",
        "{\"\":1}",
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct otter_json json;
        char *copy;

        check_status(rows[i], parse_exact(&json, rows[i], strlen(rows[i]), &copy), OTTER_OK);
        free(copy);
    }
}

static void malformed_documents_are_refused_with_the_place(void **state)
{
    static const struct {
        const char *text;
        size_t at;
    } rows[] = {
        {"", 0},
        {"  ", 2},
        {"1", 0},
        {"\"a\"", 0},
        {"true", 0},
        {"{", 1},
        {"[", 1},
        {"{]", 1},
        {"[}", 1},
        {"[1}", 2},
        {"{\"a\":1]", 6},
        {"{}}", 2},
        {"{}{}", 2},
        {"{} x", 3},
        {"[1,]", 3},
        {"[,1]", 1},
        {"[1 2]", 3},
        {"[1,,2]", 3},
        {"{\"a\":1,}", 7},
        {"{\"a\"}", 4},
        {"{\"a\":}", 5},
        {"{\"a\" 1}", 5},
        {"{\"a\"::1}", 5},
        {"{\"a\":1:2}", 6},
        {"{\"a\",\"b\"}", 4},
        {"{1:2}", 1},
        {"{a:1}", 1},
        {"{\"a\":\"b\" \"c\":1}", 9},
        {"[01]", 2},
        {"[-]", 2},
        {"[+1]", 1},
        {"[.5]", 1},
        {"[1.]", 3},
        {"[1.e1]", 3},
        {"[1e]", 3},
        {"[1e+]", 4},
        {"[0x1]", 2},
        {"[NaN]", 1},
        {"[nul]", 4},
        {"[truE]", 4},
        {"[falsey]", 6},
        {"['a']", 1},
        {"[\"a]", 4},
        {"[\"\\x\"]", 3},
        {"[\"\\u12g4\"]", 6},
        {"[\"\\u123", 7},
        {"[\"\\", 3},
        {"[\"\n\"]", 2},
        {"[\"\x1f\"]", 2},
        {"[\"\x80\"]", 2},
        {"[\"\xc1\xbf\"]", 2},         /* overlong */
        {"[\"\xe0\x9f\xbf\"]", 2},     /* overlong */
        {"[\"\xed\xa0\x80\"]", 2},     /* a surrogate */
        {"[\"\xf0\x8f\xbf\xbf\"]", 2}, /* overlong */
        {"[\"\xf4\x90\x80\x80\"]", 2}, /* above U+10FFFF */
        {"[\"\xf5\x80\x80\x80\"]", 2},
        {"[\"\xe2\x82\"]", 2},
        {"[\"\xc3", 2},
        {"[[[[[[[[[]]]]]]]]]", 8}, /* too deep */
        {"[1]/**/", 3},
        {"\xef\xbb\xbf{}", 0},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct otter_json json;
        char *copy;

        check_status(rows[i].text, parse_exact(&json, rows[i].text, strlen(rows[i].text), &copy),
                     OTTER_BAD_JSON);
        if (json.error_at != rows[i].at)
            fail_msg("%s: at %zu, not %zu", rows[i].text, json.error_at, rows[i].at);
        free(copy);
    }
}

/* ["nnn?nnn"]: several characters are looked at together, and it makes no difference which. */
static void a_character_of_a_string_is_the_same_wherever_it_stands(void **state)
{
    (void)state;
    for (size_t place = 0; place < 20; place++) {
        for (unsigned c = 0; c < 256; c++) {
            bool ends = c == '"', wrong = c < 0x20 || c >= 0x80; /* a backslash makes an escape of its 'n' */
            char text[26], row[40], *copy;
            struct otter_json json;

            (void)memset(text, 'n', sizeof(text));
            memcpy(text, "[\"", 2);
            memcpy(text + sizeof(text) - 2, "\"]", 2);
            text[2 + place] = (char)c;
            (void)snprintf(row, sizeof(row), "0x%02x at %zu", c, place);
            check_status(row, parse_exact(&json, text, sizeof(text), &copy),
                         ends || wrong ? OTTER_BAD_JSON : OTTER_OK);
            if (ends || wrong)
                assert_int_equal(json.error_at, 2 + place + (ends ? 1 : 0));
            free(copy);
        }
    }
}

static void a_nul_byte_is_no_end(void **state)
{
    struct otter_json json;

    (void)state;
    assert_int_equal(otter_json_parse(&json, "{}\0", 3), OTTER_BAD_JSON);
    assert_int_equal(json.error_at, 2);
    assert_int_equal(otter_json_parse(&json, "[\"\0\"]", 5), OTTER_BAD_JSON);
    assert_int_equal(otter_json_parse(&json, "{\"a\":\0}", 7), OTTER_BAD_JSON);
    assert_int_equal(otter_json_parse(&json, "[\"\\\0\"]", 6), OTTER_BAD_JSON);
}

/* Any cut of a document is refused, and the place is its end. */
static void truncated_documents_are_refused_at_their_end(void **state)
{
    static const char text[] = "{\"a\":[1,{\"b\":\"c\\u0041\"},null],\"d\":true}";

    (void)state;
    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        struct otter_json json;
        char *copy;

        assert_int_equal(parse_exact(&json, text, len, &copy), OTTER_BAD_JSON);
        assert_int_equal(json.error_at, len);
        free(copy);
    }
}

static void bounds_of_tokens_and_length_hold(void **state)
{
    struct otter_json json;
    char text[2 * OTTER_JSON_TOKENS + 2] = "[";
    char *big = malloc(65537);

    (void)state;
    for (unsigned n = 0; n < OTTER_JSON_TOKENS; n++) /* the array itself is a token, too */
        strcat(text, n == 0 ? "1" : ",1");
    strcat(text, "]");
    assert_int_equal(otter_json_parse(&json, text, strlen(text)), OTTER_BAD_JSON);
    assert_int_equal(json.error_at, 2 * OTTER_JSON_TOKENS - 1);
    strcpy(text + strlen(text) - 3, "]");
    assert_int_equal(otter_json_parse(&json, text, strlen(text)), OTTER_OK);
    assert_int_equal(json.count, OTTER_JSON_TOKENS);

    memset(big, ' ', 65537);
    memcpy(big, "[]", 2);
    assert_int_equal(otter_json_parse(&json, big, 65536), OTTER_TOO_LARGE);
    assert_int_equal(otter_json_parse(&json, big, 65535), OTTER_OK);
    memset(big, ' ', 65537);
    memcpy(big + 65535 - 3, "[1]", 3);
    assert_int_equal(otter_json_parse(&json, big, 65535), OTTER_OK);
    assert_int_equal(json.token[0].end, 65535);
    free(big);
}

static void tokens_know_what_is_inside_them(void **state)
{
    static const char text[] = "{\"a\":[1,{\"b\":\"x\"}],\"c\":null,\"d\":\"\\n\"}";
    struct otter_json json;
    const struct otter_json_token *t = json.token;

    (void)state;
    assert_int_equal(otter_json_parse(&json, text, sizeof(text) - 1), OTTER_OK);
    assert_int_equal(json.count, 11);
    assert_int_equal(t[0].next, 11);
    assert_int_equal(t[0].size, 3);
    assert_int_equal(t[2].type, OTTER_JSON_ARRAY);
    assert_int_equal(t[2].size, 2);
    assert_int_equal(t[2].next, 7);
    assert_int_equal(t[3].type, OTTER_JSON_NUMBER);
    assert_int_equal(t[4].type, OTTER_JSON_OBJECT);
    assert_int_equal(t[4].next, 7);
    assert_int_equal(t[8].type, OTTER_JSON_NULL);
    assert_int_equal(t[10].type, OTTER_JSON_STRING);
    assert_true(t[10].escaped);
    assert_false(t[9].escaped);
}

static void objects_are_matched_exactly(void **state)
{
    static const struct {
        const char *text;
        bool allow_unknown;
        enum otter_status want;
        size_t at;
    } rows[] = {
        {"{\"n\":1,\"s\":\"x\"}", false, OTTER_OK, 0},
        {"{\"s\":\"x\",\"n\":1}", false, OTTER_OK, 0},
        {"{\"n\":1}", false, OTTER_OK, 0},
        {"{\"s\":\"x\"}", false, OTTER_MISSING_MEMBER, 0},
        {"{}", false, OTTER_MISSING_MEMBER, 0},
        {"{\"n\":1,\"n\":1}", false, OTTER_DUPLICATE_MEMBER, 8},
        {"{\"n\":1,\"n\":1}", true, OTTER_DUPLICATE_MEMBER, 8},
        {"{\"n\":1,\"x\":1}", false, OTTER_UNKNOWN_MEMBER, 8},
        {"{\"n\":1,\"x\":{\"n\":2}}", true, OTTER_OK, 0},
        {"{\"n\":1,\"nn\":1}", false, OTTER_UNKNOWN_MEMBER, 8},
        {"{\"n\":1,\"\":1}", false, OTTER_UNKNOWN_MEMBER, 8},
        {"{\"\\u006e\":1}", false, OTTER_UNKNOWN_MEMBER, 2},
        {"{\"\\u006e\":1}", true, OTTER_MISSING_MEMBER, 0},
        {"{\"n\":\"1\"}", false, OTTER_BAD_VALUE, 6},
        {"{\"n\":null}", false, OTTER_BAD_VALUE, 5},
        {"{\"n\":1,\"s\":[\"x\"]}", false, OTTER_BAD_VALUE, 11},
        {"[1]", false, OTTER_BAD_VALUE, 0},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct otter_json_field f[] = {{"n", OTTER_JSON_NUMBER, false, 9}, {"s", OTTER_JSON_STRING, true, 9}};
        struct otter_json json;

        assert_int_equal(otter_json_parse(&json, rows[i].text, strlen(rows[i].text)), OTTER_OK);
        check_status(rows[i].text, otter_json_fields(&json, 0, f, 2, rows[i].allow_unknown), rows[i].want);
        check_true(rows[i].text, json.error_at == rows[i].at);
        if (rows[i].want == OTTER_OK) {
            assert_int_equal(json.token[f[0].index].type, OTTER_JSON_NUMBER);
            check_true(rows[i].text, (f[1].index != 0) == (strstr(rows[i].text, "\"s\"") != NULL));
        }
    }
}

static void values_are_read_only_as_what_they_are(void **state)
{
    static const char text[] =
        "[7,-7,7.0,7e0,\"7\",\"abc\",\"a\\nc\",\"00ff\",\"AP8\",true,9007199254740992]";
    struct otter_json json;
    uint64_t value = 0;
    uint8_t b[2];
    char s[4];

    (void)state;
    assert_int_equal(otter_json_parse(&json, text, sizeof(text) - 1), OTTER_OK);
    assert_true(otter_json_uint(&json, 1, 7, &value) && value == 7);
    assert_false(otter_json_uint(&json, 1, 6, &value));
    for (unsigned i = 2; i <= 5; i++)
        assert_false(otter_json_uint(&json, i, 100, &value));
    assert_false(otter_json_uint(&json, 10, 100, &value));
    assert_false(otter_json_uint(&json, 11, OTTER_INT_MAX, &value));

    assert_true(otter_json_string(&json, 6, s, 4));
    assert_string_equal(s, "abc");
    assert_false(otter_json_string(&json, 6, s, 3)); /* too long */
    assert_false(otter_json_string(&json, 7, s, 4)); /* escaped */
    assert_false(otter_json_string(&json, 1, s, 4)); /* no string */

    assert_true(otter_json_hex(&json, 8, b, 2) && b[1] == 0xff);
    assert_false(otter_json_hex(&json, 8, b, 1));
    assert_false(otter_json_hex(&json, 9, b, 2));
    assert_true(otter_json_b64(&json, 9, b, 2) && b[1] == 0xff);
    assert_false(otter_json_b64(&json, 9, b, 1));
    assert_false(otter_json_b64(&json, 10, b, 2));
}

static void text_is_cut_between_characters_and_cleaned(void **state)
{
    static const struct {
        const char *json;
        size_t cap;
        const char *want;
    } rows[] = {
        {"[\"abc\"]", 8, "abc"},
        {"[\"abc\"]", 3, "ab"},
        {"[\"abc\"]", 1, ""},
        {"[\"a\\\"\\\\\\/b\"]", 8, "a\"\\/b"},
        {"[\"\\n\\t\\u0041\\u0000\x7f\"]", 8, "?????"},
        {"[\"a\xc3\xa4\"]", 8, "a\xc3\xa4"},
        {"[\"a\xc3\xa4\"]", 3, "a"},
        {"[\"\xf0\x9f\xa6\xa6x\"]", 5, "\xf0\x9f\xa6\xa6"},
        {"[\"\xf0\x9f\xa6\xa6x\"]", 4, ""},
        {"[17]", 8, ""},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct otter_json json;
        char out[8];

        assert_int_equal(otter_json_parse(&json, rows[i].json, strlen(rows[i].json)), OTTER_OK);
        otter_json_text(&json, 1, out, rows[i].cap);
        assert_string_equal(out, rows[i].want);
    }
}

static int write_sample(char *buf, size_t cap)
{
    const uint8_t b[] = {0x00, 0xff, 0x10, 0x20};
    struct otter_json_out o;

    otter_json_out_init(&o, buf, cap);
    otter_json_begin(&o, NULL, '{');
    otter_json_put_string(&o, "s", "a\"\\\n\x80\xc3\xa4");
    otter_json_put_uint(&o, "u", UINT64_MAX);
    otter_json_begin(&o, "a", '[');
    otter_json_put_uint(&o, NULL, 0);
    otter_json_put_bool(&o, NULL, true);
    otter_json_put_bool(&o, NULL, false);
    otter_json_end(&o, ']');
    otter_json_begin(&o, "e", '{');
    otter_json_end(&o, '}');
    otter_json_put_hex(&o, "h", b, sizeof(b));
    otter_json_put_b64(&o, "b", b, sizeof(b));
    otter_json_end(&o, '}');
    return otter_json_out_finish(&o);
}

static void the_writer_stays_in_its_buffer_and_says_so(void **state)
{
    static const char want[] =
        "{\"s\":\"a\\\"\\\\??\xc3\xa4\",\"u\":18446744073709551615,\"a\":[0,true,false],"
        "\"e\":{},\"h\":\"00ff1020\",\"b\":\"AP8QIA\"}";
    char buf[sizeof(want)];
    struct otter_json json;

    (void)state;
    assert_int_equal(write_sample(buf, sizeof(buf)), sizeof(want) - 1);
    assert_string_equal(buf, want);
    assert_int_equal(otter_json_parse(&json, buf, strlen(buf)), OTTER_OK);
    for (size_t cap = 0; cap < sizeof(want); cap++) {
        char *small = malloc(cap > 0 ? cap : 1);

        assert_int_equal(write_sample(small, cap), -1);
        free(small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_documents_are_accepted),
        cmocka_unit_test(malformed_documents_are_refused_with_the_place),
        cmocka_unit_test(a_character_of_a_string_is_the_same_wherever_it_stands),
        cmocka_unit_test(a_nul_byte_is_no_end),
        cmocka_unit_test(truncated_documents_are_refused_at_their_end),
        cmocka_unit_test(bounds_of_tokens_and_length_hold),
        cmocka_unit_test(tokens_know_what_is_inside_them),
        cmocka_unit_test(objects_are_matched_exactly),
        cmocka_unit_test(values_are_read_only_as_what_they_are),
        cmocka_unit_test(text_is_cut_between_characters_and_cleaned),
        cmocka_unit_test(the_writer_stays_in_its_buffer_and_says_so),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}

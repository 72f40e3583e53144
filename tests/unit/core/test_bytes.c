#include "check.h"

#include "core/bytes.h"

#include <stdlib.h>

static void integers_are_read_and_written_little_endian(void **state)
{
    const uint8_t b[8] = {1, 2, 3, 4, 5, 6, 7, 0x88};
    uint8_t out[8];

    (void)state;
    assert_int_equal(otter_le16(b), 0x0201);
    assert_int_equal(otter_le32(b + 4), 0x88070605);
    assert_true(otter_le64(b) == 0x8807060504030201u);
    assert_true(otter_be64(b) == 0x0102030405060788u);
    otter_put_le16(out, 0x0201);
    assert_memory_equal(out, b, 2);
    otter_put_le32(out, 0x04030201);
    assert_memory_equal(out, b, 4);
    otter_put_le64(out, 0x8807060504030201u);
    assert_memory_equal(out, b, 8);
}

static void comparison_sees_any_differing_byte(void **state)
{
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};

    (void)state;
    assert_true(otter_equal_ct(a, b, sizeof(a)));
    for (size_t i = 0; i < sizeof(a); i++) {
        b[i] = 0x80;
        assert_false(otter_equal_ct(a, b, sizeof(a)));
        assert_true(otter_equal_ct(a, b, i));
        b[i] = 0;
    }
}

static void hex_has_one_spelling(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        bool ok;
    } rows[] = {
        {"00ff", 2, true},
        {"", 0, true},
        {"0123456789abcdef", 8, true},
        {"\xe1"
         "0",
         1, false},
        {"0\xff", 1, false},
        {"00fF", 2, false},
        {"00f", 2, false},
        {"00ff0", 2, false},
        {"00ff", 1, false},
        {"00ff", 3, false},
        {"0g", 1, false},
        {"0/", 1, false},
        {"0:", 1, false},
        {"0`", 1, false},
        {" 0", 1, false},
        {"0x", 1, false},
        {"-1", 1, false},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        uint8_t out[8] = {0};
        char back[17];

        check_true(rows[i].text,
                   otter_hex_decode(rows[i].text, strlen(rows[i].text), out, rows[i].n) == rows[i].ok);
        if (rows[i].ok) {
            otter_hex_encode(out, rows[i].n, back);
            assert_string_equal(back, rows[i].text);
        }
    }
}

/* RFC 4648, section 10, without padding, and the two signs of the URL alphabet. */
static void base64url_agrees_with_the_rfc(void **state)
{
    static const struct {
        const char *bytes;
        const char *text;
    } rows[] = {{"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
                {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "-_-_"}};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        size_t n = strlen(rows[i].bytes);
        char text[16];
        uint8_t out[8];

        otter_b64_encode((const uint8_t *)rows[i].bytes, n, text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(strlen(text), OTTER_B64_LEN(n));
        assert_int_equal(otter_b64_decode(text, strlen(text), out, n), n);
        assert_memory_equal(out, rows[i].bytes, n);
    }
}

static void base64url_refuses_all_but_one_spelling(void **state)
{
    static const struct {
        const char *text;
        size_t cap;
    } rows[] = {
        {"Z", 8},    {"Zm9vY", 8},             /* no length has one character over */
        {"Zh", 8},   {"Zn", 8},    {"Zm9", 8}, /* unused bits */
        {"Zg==", 8}, {"Zg=", 8},   {"Zm 9", 8}, {"Zm9v\n", 8},
        {"Zm+v", 8}, {"Zm/v", 8},  {"Zm9v", 2}, /* does not fit */
        {"Zm8", 1},  {"Zg", 0},
    };
    uint8_t out[8];

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        check_true(rows[i].text,
                   otter_b64_decode(rows[i].text, strlen(rows[i].text), out, rows[i].cap) == -1);
}

/* Every byte as a single character of a quad: only the alphabet's 64 are taken. */
static void base64url_alphabet_is_exactly_64_characters(void **state)
{
    unsigned taken = 0;

    (void)state;
    for (int c = 0; c < 256; c++) {
        const char text[4] = {(char)c, 'A', 'A', 'A'};
        uint8_t out[3];

        taken += otter_b64_decode(text, 4, out, 3) == 3;
    }
    assert_int_equal(taken, 64);
}

static void crc32_agrees_with_zlib(void **state)
{
    uint32_t crc = 0;

    (void)state;
    assert_int_equal(otter_crc32(0, "", 0), 0);
    assert_int_equal(otter_crc32(0, "123456789", 9), 0xcbf43926);
    for (const char *c = "123456789"; *c != '\0'; c++)
        crc = otter_crc32(crc, c, 1);
    assert_int_equal(crc, 0xcbf43926);
}

static void decimal_is_plain_and_bounded(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
        bool ok;
        uint64_t value;
    } rows[] = {
        {"0", 0, true, 0},
        {"9", 9, true, 9},
        {"10", 9, false, 0},
        {"255", 255, true, 255},
        {"256", 255, false, 0},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"99999999999999999999999", UINT64_MAX, false, 0},
        {"9007199254740991", OTTER_INT_MAX, true, OTTER_INT_MAX},
        {"9007199254740992", OTTER_INT_MAX, false, 0},
        {"", 9, false, 0},
        {"00", 9, false, 0},
        {"01", 9, false, 0},
        {"-0", 9, false, 0},
        {"-1", 9, false, 0},
        {"+1", 9, false, 0},
        {" 1", 9, false, 0},
        {"1 ", 9, false, 0},
        {"1.0", 99, false, 0},
        {"1e1", 99, false, 0},
        {"0x1", 99, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        uint64_t value = 77;
        bool ok = otter_parse_uint(rows[i].text, strlen(rows[i].text), rows[i].max, &value);

        check_true(rows[i].text, ok == rows[i].ok && value == (ok ? rows[i].value : 77));
    }
}

static void division_is_the_processors(void **state)
{
    static const uint64_t values[] = {0,
                                      1,
                                      9,
                                      10,
                                      65535,
                                      65536,
                                      UINT32_MAX,
                                      1ull << 32,
                                      OTTER_INT_MAX,
                                      0x8000000000000000u,
                                      UINT64_MAX - 1,
                                      UINT64_MAX,
                                      0x0000ffff0000ffffu};
    static const uint32_t divisors[] = {1, 2, 3, 10, 100, 43200, 65535, 65536};

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(values); i++)
        for (unsigned k = 0; k < OTTER_ARRAY_LEN(divisors); k++)
            for (uint64_t v = values[i] < 3 ? 0 : values[i] - 3, n = 0; n < 4; v++, n++) {
                uint64_t quotient = v;
                uint32_t rest = otter_divide(&quotient, divisors[k]);

                assert_true(quotient == v / divisors[k] && rest == v % divisors[k]);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(division_is_the_processors),
        cmocka_unit_test(integers_are_read_and_written_little_endian),
        cmocka_unit_test(comparison_sees_any_differing_byte),
        cmocka_unit_test(hex_has_one_spelling),
        cmocka_unit_test(base64url_agrees_with_the_rfc),
        cmocka_unit_test(base64url_refuses_all_but_one_spelling),
        cmocka_unit_test(base64url_alphabet_is_exactly_64_characters),
        cmocka_unit_test(crc32_agrees_with_zlib),
        cmocka_unit_test(decimal_is_plain_and_bounded),
    };

    return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}

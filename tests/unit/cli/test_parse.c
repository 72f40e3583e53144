#include "cmocka_first.h"

#include "core/bytes.h"
#include "parse.h"

#include <string.h>

#define NO UINT64_MAX /* not accepted */

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
        bool units;
        uint64_t want;
    } rows[] = {
        {"0", 10, false, 0},
        {"10", 10, false, 10},
        {"11", 10, false, NO},
        {"0x200", 65535, false, 512},
        {"0xFFFF", 65535, false, 65535},
        {"0x10000", 65535, false, NO},
        {"0x", 10, false, NO},
        {"0xg", 100, false, NO},
        {"", 10, false, NO},
        {"-1", 10, false, NO},
        {"+1", 10, false, NO},
        {" 1", 10, false, NO},
        {"1 ", 10, false, NO},
        {"007", 10, false, NO},
        {"896K", UINT32_MAX, true, 917504},
        {"2M", UINT32_MAX, true, 2097152},
        {"896K", UINT32_MAX, false, NO},
        {"K", UINT32_MAX, true, NO},
        {"4194304K", UINT32_MAX, true, NO},
        {"0x12345678901234567", UINT64_MAX - 1, false, NO},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        uint64_t v = NO;

        assert_int_equal(cli_parse_number(rows[i].text, rows[i].max, rows[i].units, &v), rows[i].want != NO);
        assert_true(v == rows[i].want);
    }
}

static void test_durations_need_a_unit(void **state)
{
    static const struct {
        const char *text;
        uint64_t want;
    } rows[] = {
        {"90s", 90},  {"30m", 1800}, {"12h", 43200}, {"365d", 31536000}, {"8w", 4838400},
        {"365", NO},  {"0d", NO},    {"d", NO},      {"", NO},           {"-1d", NO},
        {"1.5h", NO}, {"1y", NO},    {"1d ", NO},    {"99999999d", NO},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        uint64_t v = NO;

        assert_int_equal(cli_parse_duration(rows[i].text, &v), rows[i].want != NO);
        assert_true(v == rows[i].want);
    }
}

static void test_selftest_modes(void **state)
{
    static const struct {
        const char *text;
        enum otter_selftest mode; /* NONE: not accepted */
        unsigned percent;
    } rows[] = {
        {"fail", OTTER_SELFTEST_FAIL, 100},  {"hang", OTTER_SELFTEST_HANG, 100},
        {"fail=1", OTTER_SELFTEST_FAIL, 1},  {"hang=100", OTTER_SELFTEST_HANG, 100},
        {"fail=0", OTTER_SELFTEST_NONE, 0},  {"fail=101", OTTER_SELFTEST_NONE, 0},
        {"fail=", OTTER_SELFTEST_NONE, 0},   {"crash", OTTER_SELFTEST_NONE, 0},
        {"failing", OTTER_SELFTEST_NONE, 0},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        enum otter_selftest mode = OTTER_SELFTEST_NONE;
        uint8_t percent = 0;

        assert_int_equal(cli_parse_selftest(rows[i].text, &mode, &percent),
                         rows[i].mode != OTTER_SELFTEST_NONE);
        assert_int_equal(mode, rows[i].mode);
        assert_int_equal(percent, rows[i].percent);
    }
}

static void test_times_bytes_and_counters_as_text(void **state)
{
    char text[CLI_TIME_STR], bytes[CLI_BYTES_STR];
    const struct otter_version v = {1, 2, 3, 4};

    (void)state;
    cli_time_format(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00Z");
    cli_time_format(UINT64_C(253402300799), text);
    assert_string_equal(text, "9999-12-31T23:59:59Z");
    cli_time_format(UINT64_C(253402300800), text);
    assert_string_equal(text, "?");
    cli_bytes_format(1023, bytes);
    assert_string_equal(bytes, "1023 B");
    cli_bytes_format(915920, bytes);
    assert_string_equal(bytes, "894.5 KiB");
    cli_bytes_format(UINT64_MAX, bytes);
    assert_string_equal(bytes, "16.0 EiB");
    assert_int_equal(cli_auto_counter(&v), 0x01020003);
}

static void test_spans_and_rates_as_they_are_written(void **state)
{
    static const struct {
        uint64_t value;
        const char *span, *rate;
    } rows[] = {
        {0, "0s", "0GB/s"},          {1, "1s", "1B/s"},
        {90, "90s", "90B/s"},        {3600, "1h", "3600B/s"},
        {5400, "90m", "5400B/s"},    {86400, "1d", "86400B/s"},
        {604800, "1w", "604800B/s"}, {5000000, "5000000s", "5MB/s"},
        {1536, "1536s", "1536B/s"},  {2048, "2048s", "2KiB/s"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        char text[CLI_SPAN_STR];

        cli_duration_format(rows[i].value, text);
        assert_string_equal(text, rows[i].span);
        cli_rate_format(rows[i].value, text);
        assert_string_equal(text, rows[i].rate);
    }
}

static void test_mac_addresses(void **state)
{
    uint8_t mac[6] = {0};
    static const uint8_t want[6] = {2, 0, 0x5e, 0x10, 0, 0xff};

    (void)state;
    assert_true(cli_parse_mac("02:00:5e:10:00:ff", mac));
    assert_memory_equal(mac, want, 6);
    assert_true(cli_parse_mac("02005E1000FF", mac));
    assert_memory_equal(mac, want, 6);
    assert_false(cli_parse_mac("02:00:5e:10:00", mac));
    assert_false(cli_parse_mac("02:00:5e:10:00:ff:00", mac));
    assert_false(cli_parse_mac(":2:00:5e:10:00:ff", mac));
    assert_false(cli_parse_mac("", mac));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_durations_need_a_unit),
        cmocka_unit_test(test_selftest_modes),
        cmocka_unit_test(test_times_bytes_and_counters_as_text),
        cmocka_unit_test(test_spans_and_rates_as_they_are_written),
        cmocka_unit_test(test_mac_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

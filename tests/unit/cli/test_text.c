#include "cmocka_first.h"

#include "core/bytes.h"
#include "csv.h"
#include "host/cleanup.h"
#include "intel_hex.h"
#include "pem.h"
#include "progress.h"
#include "table.h"
#include "width.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_width_counts_columns_not_bytes(void **state)
{
    static const struct {
        const char *text;
        size_t width;
    } rows[] = {
        {"", 0},
        {"abc", 3},
        {"\xc3\xa4", 1} /* a umlaut */,
        {"a\xcc\x88", 1} /* a + combining */,
        {"\xe6\xbc\xa2\xe5\xad\x97", 4} /* two ideographs */,
        {"\xf0\x9f\x98\x80", 2} /* emoji */,
        {"\xff", 1},
        {"\xe6\xbc", 2} /* cut off: two bytes that are no character */,
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        assert_int_equal(cli_width(rows[i].text), rows[i].width);
}

static void test_what_a_terminal_would_obey_is_not_shown(void **state)
{
    auto_free char *escape = cli_printable("a\033[2Jb\n\xc2\x9b"
                                           "c\xff");
    auto_free char *turned = cli_printable("a\xe2\x80\xae"
                                           "b");
    auto_free char *plain = cli_printable("\xc3\xa4\xe6\xbc\xa2");

    (void)state;
    assert_string_equal(escape, "a?[2Jb??c?");
    assert_string_equal(turned, "a?b");
    assert_string_equal(plain, "\xc3\xa4\xe6\xbc\xa2");
}

static char *print(char *cells[], size_t columns, size_t rows, const bool *right, bool color)
{
    char **cell = calloc(columns * rows, sizeof(*cell));
    struct cli_table t = {
        .columns = columns, .rows = rows, .cell = cell, .to_right = right, .headed = true, .color = color};
    char *out = NULL;
    size_t len;
    FILE *to = open_memstream(&out, &len);

    for (size_t i = 0; i < columns * rows; i++)
        cell[i] = strdup(cells[i]);
    assert_true(cli_table_print(to, &t));
    fclose(to);
    for (size_t i = 0; i < columns * rows; i++)
        free(cell[i]);
    free(cell);
    return out;
}

static void test_tables_align_by_width(void **state)
{
    char a[] = "ID", b[] = "N", c[] = "NAME", d[] = "\xe6\xbc\xa2", e[] = "7", f[] = "x", g[] = "long",
         h[] = "1234", i[] = "";
    char *cells[] = {a, b, c, d, e, f, g, h, i};
    static const bool right[] = {false, true, false};
    auto_free char *plain = print(cells, 3, 3, right, false);
    auto_free char *colored = print(cells, 3, 1, right, true);

    (void)state;
    assert_string_equal(plain, "ID       N  NAME\n"
                               "\xe6\xbc\xa2       7  x\n"
                               "long  1234  -\n");
    assert_non_null(strstr(colored, "\033[1mID\033[0m"));
}

static void test_csv_is_read(void **state)
{
    static const char text[] = "\xef\xbb\xbfid,tags\r\na,\"x,\"\"y\"\"\"\r\n\r\nb,";
    struct host_error err = {0};
    struct cli_csv csv;

    (void)state;
    assert_true(cli_csv_parse(text, strlen(text), "f", &csv, &err));
    assert_int_equal(csv.rows, 2);
    assert_string_equal(cli_csv_get(&csv, 0, "id"), "a");
    assert_string_equal(cli_csv_get(&csv, 0, "tags"), "x,\"y\"");
    assert_string_equal(cli_csv_get(&csv, 1, "id"), "b");
    assert_string_equal(cli_csv_get(&csv, 1, "tags"), "");
    assert_null(cli_csv_get(&csv, 0, "mac"));
    assert_int_equal(csv.line[1], 4);
    cli_csv_free(&csv);
}

static void test_csv_refusals_name_the_line(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"a,b\n1\n", "f:2: 1 cells"},
        {"a,b\n1,2\n1,2,3\n", "f:3:5: more than 2"},
        {"a\n\"x", "f:2:1: a quote is not closed"},
        {"a,b\n1,\"x\n\ny,2\n", "f:2:3: a quote is not closed"},
        {"a\n\"x\"y\n", "f:2:4: text behind"},
        {"a,b\n1\r,2\n", "f:2:2: text behind"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct host_error err = {0};
        struct cli_csv csv;

        assert_false(cli_csv_parse(rows[i].text, strlen(rows[i].text), "f", &csv, &err));
        assert_non_null(strstr(err.message, rows[i].says));
    }
}

/* What a device or an operator wrote must not run in the spreadsheet of another. */
static void test_csv_cells_are_no_formulas(void **state)
{
    static const struct {
        const char *cell, *written;
    } rows[] = {
        {"=HYPERLINK(1)", "'=HYPERLINK(1)"},
        {"@SUM(1)", "'@SUM(1)"},
        {"+1+cmd", "'+1+cmd"},
        {"-1+cmd", "'-1+cmd"},
        {"=\"a\",1", "\"'=\"\"a\"\",1\""},
        {"-12", "-12"},
        {"+3.5", "+3.5"},
        {"-", "'-"},
        {"", ""},
        {"a=b", "a=b"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        char *out = NULL;
        size_t len;
        FILE *to = open_memstream(&out, &len);

        cli_csv_put_shown(to, rows[i].cell);
        fclose(to);
        assert_string_equal(out, rows[i].written);
        free(out);
    }
}

static void test_csv_cells_are_quoted_where_needed(void **state)
{
    char *out = NULL;
    size_t len;
    FILE *to = open_memstream(&out, &len);

    (void)state;
    cli_csv_put(to, "plain");
    fputc('|', to);
    cli_csv_put(to, "a,b");
    fputc('|', to);
    cli_csv_put(to, "say \"x\"\n");
    fclose(to);
    assert_string_equal(out, "plain|\"a,b\"|\"say \"\"x\"\"\n\"");
    free(out);
}

static void test_base64_of_pem(void **state)
{
    static const struct {
        const char *text;
        int len; /* -1: malformed */
    } rows[] = {{"TWFu", 3},  {"TWE=", 2},  {"TQ==", 1},  {"TW\nFu", 3}, {"TWF", -1},
                {"T===", -1}, {"TW=u", -1}, {"TW_u", -1}, {"", -1}};
    uint8_t out[3];

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        assert_int_equal(cli_base64_decode(rows[i].text, strlen(rows[i].text), out, sizeof(out)),
                         rows[i].len);
        if (rows[i].len > 0)
            assert_memory_equal(out, "Man", 1);
    }
    assert_int_equal(cli_base64_decode("TWFuTWFu", 8, out, sizeof(out)), -1);
}

static void test_intel_hex_crosses_64_kib(void **state)
{
    static const uint8_t data[20] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
    auto_free char *text = cli_intel_hex(data, sizeof(data), 0x0800fff0);

    (void)state;
    assert_string_equal(text, ":020000040800F2\n"
                              ":10FFF0000102030405060708090A0B0C0D0E0F1079\n"
                              ":020000040801F1\n"
                              ":0400000011121314B2\n"
                              ":00000001FF\n");
}

static void test_bars_are_full_only_when_done(void **state)
{
    char bar[11];

    (void)state;
    cli_bar(0, 100, 10, bar);
    assert_string_equal(bar, "----------");
    cli_bar(999, 1000, 10, bar);
    assert_string_equal(bar, "#########-");
    cli_bar(1000, 1000, 10, bar);
    assert_string_equal(bar, "##########");
    cli_bar(5, 0, 10, bar);
    assert_string_equal(bar, "----------");
    cli_bar(UINT64_MAX, 5, 10, bar);
    assert_string_equal(bar, "##########");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_width_counts_columns_not_bytes),
        cmocka_unit_test(test_what_a_terminal_would_obey_is_not_shown),
        cmocka_unit_test(test_tables_align_by_width),
        cmocka_unit_test(test_csv_is_read),
        cmocka_unit_test(test_csv_refusals_name_the_line),
        cmocka_unit_test(test_csv_cells_are_quoted_where_needed),
        cmocka_unit_test(test_csv_cells_are_no_formulas),
        cmocka_unit_test(test_base64_of_pem),
        cmocka_unit_test(test_intel_hex_crosses_64_kib),
        cmocka_unit_test(test_bars_are_full_only_when_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

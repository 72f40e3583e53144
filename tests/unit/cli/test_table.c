#include "cmocka_first.h"

#include "core/bytes.h"
#include "fold.h"
#include "host/cleanup.h"
#include "table.h"
#include "terminal.h"
#include "width.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define KANJI "\xe6\xbc\xa2\xe5\xad\x97" /* two characters, four columns */
#define ACUTE "e\xcc\x81"                /* two characters, one column */

static void test_width_is_that_of_the_c_library(void **state)
{
    size_t differ = 0;

    (void)state;
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        fail_msg("the locale C.UTF-8 is not there");
    for (uint32_t c = 0xa0; c < 0x110000; c++) {
        char s[8] = "";
        int w = c >= 0xd800 && c < 0xe000 ? -1 : wcwidth((wchar_t)c);
        mbstate_t mb = {0};

        if (w < 0 || wcrtomb(s, (wchar_t)c, &mb) == (size_t)-1)
            continue;
        differ += cli_width(s) != (size_t)w;
    }
    setlocale(LC_CTYPE, "C");
    assert_int_equal(differ, 0);
    assert_int_equal(cli_width(KANJI), 4); /* the same in every locale */
}

static void test_text_folds_at_blanks_and_between_characters(void **state)
{
    static const struct {
        const char *text;
        size_t width;
        const char *folded;
    } rows[] = {
        {"one two three", 0, "one two three\n"},
        {"one two three", 20, "one two three\n"},
        {"one two three", 13, "one two three\n"},
        {"one two three", 12, "one two\nthree\n"},
        {"one two three", 7, "one two\nthree\n"},
        {"one two three", 5, "one\ntwo\nthree\n"},
        {"one two three", 3, "one\ntwo\nthr\nee\n"},
        {"abcdef", 4, "abcd\nef\n"},
        {"one  two", 4, "one\ntwo\n"},
        {"  one two", 6, "  one\ntwo\n"},
        {KANJI, 3, "\xe6\xbc\xa2\n\xe5\xad\x97\n"},
        {KANJI, 1, "\xe6\xbc\xa2\n\xe5\xad\x97\n"},
        {ACUTE ACUTE ACUTE, 2, ACUTE ACUTE "\n" ACUTE "\n"},
        {"\033[31mred\033[0m word", 8, "\033[31mred\033[0m word\n"},
        {"\033[31mred\033[0m word", 7, "\033[31mred\033[0m\nword\n"},
        {"a\xff\xff z", 3, "a\xff\xff\nz\n"},
        {"", 5, "\n"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        char line[64], *out = NULL;
        size_t len;
        FILE *to = open_memstream(&out, &len);

        snprintf(line, sizeof(line), "%s\n", rows[i].text);
        cli_fold_print(to, line, rows[i].width, 0);
        fclose(to);
        assert_string_equal(out, rows[i].folded);
        free(out);
    }
}

static void test_folded_lines_are_indented_where_there_is_room(void **state)
{
    char *out = NULL;
    size_t len;
    FILE *to = open_memstream(&out, &len);

    (void)state;
    cli_fold_print(to, "otter one two three\nnext\n", 11, 2);
    fclose(to);
    assert_string_equal(out, "otter one\n  two three\nnext\n");
    free(out);
    assert_int_equal(cli_fold_lines("otter one two three\nnext\n", 11), 3);
    assert_int_equal(cli_fold_lines("otter one two three\nnext\n", 0), 2);
    assert_int_equal(cli_fold_lines("\033[31m12345\033[0m\n", 5), 1);
}

/* Cells by rows, NULL-ended. */
static char *print(const char *const *cells, size_t columns, bool headed, size_t screen, bool color)
{
    static const bool right[8] = {false, true};
    struct cli_table t = {.columns = columns,
                          .to_right = headed ? right : NULL,
                          .headed = headed,
                          .color = color,
                          .screen = screen};
    size_t n = 0, len;
    char *out = NULL;
    FILE *to = open_memstream(&out, &len);

    while (cells[n] != NULL)
        n++;
    t.rows = n / columns;
    t.cell = calloc(n, sizeof(*t.cell));
    for (size_t i = 0; i < n; i++)
        t.cell[i] = strdup(cells[i]);
    assert_true(cli_table_print(to, &t));
    fclose(to);
    for (size_t i = 0; i < n; i++)
        free(t.cell[i]);
    free(t.cell);
    return out;
}

static const char *const all_fleet[] = {
    "ID", "N", "WHERE", "dev-1", "7", "in the north hall", "dev-2", "12", "", KANJI, "12345", "a b", NULL};

static void test_a_table_that_fits_is_not_folded(void **state)
{
    static const char *const expected = "ID         N  WHERE\n"
                                        "dev-1      7  in the north hall\n"
                                        "dev-2     12  -\n" KANJI "   12345  a b\n";

    (void)state;
    for (size_t screen = 0; screen < 100; screen += screen == 0 ? 31 : 13) {
        auto_free char *out = print(all_fleet, 3, true, screen, false);

        assert_string_equal(out, expected);
    }
}

static void test_columns_fold_at_blanks_while_no_word_is_broken(void **state)
{
    auto_free char *some = print(all_fleet, 3, true, 25, false);
    auto_free char *most = print(all_fleet, 3, true, 19, false);

    (void)state;
    assert_string_equal(some, "ID         N  WHERE\n"
                              "dev-1      7  in the\n"
                              "              north hall\n"
                              "dev-2     12  -\n" KANJI "   12345  a b\n");
    assert_string_equal(most, "ID         N  WHERE\n"
                              "dev-1      7  in\n"
                              "              the\n"
                              "              north\n"
                              "              hall\n"
                              "dev-2     12  -\n" KANJI "   12345  a b\n");
}

static void test_rows_become_blocks_where_columns_do_not_fit(void **state)
{
    static const char *const long_id[] = {"ID", "N",      "WHERE", "0123456789abcdef0123456789abcdef",
                                          "7",  "in a b", NULL};
    auto_free char *blocks = print(long_id, 3, true, 30, false);
    auto_free char *below = print(long_id, 3, true, 20, false);
    auto_free char *two = print(all_fleet, 3, true, 18, false);

    (void)state;
    assert_string_equal(blocks, "ID     0123456789abcdef0123456\n"
                                "       789abcdef\n"
                                "N      7\n"
                                "WHERE  in a b\n");
    assert_string_equal(below, "ID\n  0123456789abcdef01\n  23456789abcdef\nN\n  7\nWHERE\n  in a b\n");
    assert_non_null(strstr(two, "\n\nID\n  dev-2\n"));
}

static void test_fields_fold_too(void **state)
{
    static const char *const fields[] = {"name", "pump", "digest", "0123456789abcdef0123456789abcdef", NULL};
    auto_free char *wide = print(fields, 2, false, 40, false);
    auto_free char *narrow = print(fields, 2, false, 30, false);
    static const char *const words[] = {"two words", "pump", "digest", "0123456789abcdef0123456789abcdef",
                                        NULL};
    auto_free char *folded = print(words, 2, false, 40, false);
    auto_free char *block = print(words, 2, false, 38, false);

    (void)state;
    assert_string_equal(wide, "name    pump\ndigest  0123456789abcdef0123456789abcdef\n");
    assert_string_equal(narrow, "name    pump\ndigest  0123456789abcdef012345\n        6789abcdef\n");
    assert_string_equal(folded, "two     pump\nwords\ndigest  0123456789abcdef0123456789abcdef\n");
    assert_string_equal(block, "two words  pump\ndigest     0123456789abcdef0123456789a\n           bcdef\n");
}

/* Whatever the cells and the screen: no line is longer, and nothing is lost. */
static void test_no_line_is_ever_longer_than_the_screen(void **state)
{
    static const char *const hostile[] = {"ID",
                                          "N",
                                          "NOTE",
                                          KANJI KANJI KANJI,
                                          "18446744073709551615",
                                          "\033[2J" ACUTE ACUTE "\n x",
                                          "\xf0\x9f\x98\x80\xf0\x9f\x98\x80",
                                          "",
                                          "\xff\xfe \xe2\x80\xae evil",
                                          "a",
                                          "b",
                                          "the quick brown fox jumps",
                                          NULL};

    (void)state;
    for (size_t screen = 2; screen < 90; screen++) {
        for (int color = 0; color < 2; color++) {
            auto_free char *out = print(hostile, 3, true, screen, color != 0);
            char *rest = out, *line;

            assert_true(strstr(out, "jumps") != NULL || screen < 8);
            while ((line = strsep(&rest, "\n")) != NULL) {
                assert_int_equal(cli_fold_lines(line, screen) <= 1, 1);
                assert_true(line[0] == '\0' || line[strlen(line) - 1] != ' ');
                assert_null(strstr(line, "\033[2J"));
                assert_null(strstr(line, "\xe2\x80\xae"));
            }
        }
    }
}

static void test_colours_paint_each_piece_of_a_folded_cell(void **state)
{
    static const char *const cells[] = {"ID", "TWO WORDS", "a", "b", NULL};
    auto_free char *out = print(cells, 2, true, 9, true);

    (void)state;
    assert_string_equal(out, "\033[1mID\033[0m    \033[1mTWO\033[0m\n    \033[1mWORDS\033[0m\na       b\n");
}

static void test_when_there_are_colours(void **state)
{
    static const struct {
        bool tty;
        const char *no_color, *term;
        bool colors;
    } rows[] = {
        {true, NULL, "xterm", true}, {false, NULL, "xterm", false}, {true, "", "xterm", true},
        {true, "1", "xterm", false}, {true, "0", "xterm", false},   {true, NULL, "dumb", false},
        {true, NULL, NULL, false},   {true, NULL, "", false},       {true, "1", "dumb", false},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        assert_int_equal(cli_terminal_colors(rows[i].tty, rows[i].no_color, rows[i].term), rows[i].colors);
}

static void test_how_wide_a_terminal_is(void **state)
{
    (void)state;
    assert_int_equal(cli_terminal_columns(NULL, 120), 120);
    assert_int_equal(cli_terminal_columns(NULL, 0), 80);
    assert_int_equal(cli_terminal_columns("40", 120), 40);
    assert_int_equal(cli_terminal_columns("0", 120), 120);
    assert_int_equal(cli_terminal_columns("wide", 0), 80);
    assert_int_equal(cli_terminal_columns("99999999999", 120), 120);
    assert_int_equal(cli_terminal_columns("", 120), 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_width_is_that_of_the_c_library),
        cmocka_unit_test(test_text_folds_at_blanks_and_between_characters),
        cmocka_unit_test(test_folded_lines_are_indented_where_there_is_room),
        cmocka_unit_test(test_a_table_that_fits_is_not_folded),
        cmocka_unit_test(test_columns_fold_at_blanks_while_no_word_is_broken),
        cmocka_unit_test(test_rows_become_blocks_where_columns_do_not_fit),
        cmocka_unit_test(test_fields_fold_too),
        cmocka_unit_test(test_no_line_is_ever_longer_than_the_screen),
        cmocka_unit_test(test_colours_paint_each_piece_of_a_folded_cell),
        cmocka_unit_test(test_when_there_are_colours),
        cmocka_unit_test(test_how_wide_a_terminal_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

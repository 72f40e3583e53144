#include "cmocka_first.h"

#include "core/bytes.h"
#include "options.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {"out", CLI_OPTION_VALUE, "FILE", "", .required = true},
    {"key", CLI_OPTION_LIST, "K", ""},
    {"pad", CLI_OPTION_FLAG, NULL, ""},
    {NULL},
};

static const struct cli_option globals[] = {
    {"help", CLI_OPTION_FLAG, NULL, ""}, {"json", CLI_OPTION_FLAG, NULL, ""}, {NULL}};

static int split(char *line, char **argv)
{
    int n = 0;

    for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " "))
        argv[n++] = word;
    return n;
}

static bool parse(unsigned most, char *line, struct cli_args *ret, struct host_error *err)
{
    struct cli_syntax syntax = {options, globals, 0, most, "FILE"};
    char *argv[16];
    int argc = split(line, argv);

    return cli_args_parse(&syntax, argc, argv, ret, err);
}

static void test_values_flags_and_lists_are_read(void **state)
{
    char line[] = "--out a --pad --key k1 k2 --key=k3 --json";
    struct host_error err = {0};
    struct cli_args args;

    (void)state;
    assert_true(parse(0, line, &args, &err));
    assert_string_equal(cli_arg(&args, "out"), "a");
    assert_true(cli_arg_flag(&args, "pad"));
    assert_true(cli_arg_flag(&args, "json"));
    assert_int_equal(cli_arg_count(&args, "key"), 3);
    assert_string_equal(cli_arg_at(&args, "key", 1), "k2");
    assert_string_equal(cli_arg_at(&args, "key", 2), "k3");
    assert_null(cli_arg_at(&args, "key", 3));
    cli_args_free(&args);
}

static void test_a_list_takes_one_word_where_operands_are_possible(void **state)
{
    char line[] = "--out a --key k1 file";
    struct host_error err = {0};
    struct cli_args args;

    (void)state;
    assert_true(parse(1, line, &args, &err));
    assert_int_equal(cli_arg_count(&args, "key"), 1);
    assert_int_equal(args.operand_count, 1);
    assert_string_equal(args.operand[0], "file");
    cli_args_free(&args);
}

static void test_a_value_may_begin_with_one_dash(void **state)
{
    char line[] = "--out -5 --key -k1 k2 --pad";
    struct host_error err = {0};
    struct cli_args args;

    (void)state;
    assert_true(parse(0, line, &args, &err));
    assert_string_equal(cli_arg(&args, "out"), "-5");
    assert_string_equal(cli_arg_at(&args, "key", 0), "-k1");
    assert_int_equal(cli_arg_count(&args, "key"), 2);
    assert_true(cli_arg_flag(&args, "pad"));
    cli_args_free(&args);
}

static void test_two_dashes_end_the_options(void **state)
{
    char line[] = "--out a -- --pad";
    struct host_error err = {0};
    struct cli_args args;

    (void)state;
    assert_true(parse(1, line, &args, &err));
    assert_false(cli_arg_flag(&args, "pad"));
    assert_string_equal(args.operand[0], "--pad");
    cli_args_free(&args);
}

static void test_wrong_command_lines_say_what_is_wrong(void **state)
{
    static const struct {
        const char *line, *says;
    } rows[] = {
        {"", "--out FILE is missing"},
        {"--out", "--out needs a value"},
        {"--out --pad", "--out needs a value"},
        {"--out a --out b", "--out is given twice"},
        {"--out a --pad --pad", "--pad is given twice"},
        {"--out a --pad=1", "--pad takes no value"},
        {"--out a --oops", "no option --oops"},
        {"--out a --ou b", "no option --ou"},
        {"--out a -x", "-x is no option"},
        {"--out a one two", "\"two\" is one too many"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        char line[64];
        struct host_error err = {0};
        struct cli_args args;

        strncpy(line, rows[i].line, sizeof(line) - 1);
        line[sizeof(line) - 1] = '\0';
        assert_false(parse(1, line, &args, &err));
        assert_non_null(strstr(err.message, rows[i].says));
    }
}

static void test_help_asks_for_nothing_else(void **state)
{
    char line[] = "--help";
    struct host_error err = {0};
    struct cli_args args;

    (void)state;
    assert_true(parse(1, line, &args, &err));
    assert_true(cli_arg_flag(&args, "help"));
    cli_args_free(&args);
}

static size_t known(const struct cli_option *table, const char *name)
{
    size_t n = 0;

    for (; table != NULL && table->kind != CLI_OPTION_END; table++)
        n += strcmp(table->name, name) == 0;
    return n;
}

static void test_the_table_of_verbs_is_sound(void **state)
{
    (void)state;
    for (const struct cli_verb *verb = cli_verbs; verb->noun != NULL; verb++) {
        assert_true(cli_noun_exists(verb->noun));
        assert_ptr_equal(cli_verb_find(verb->noun, verb->name), verb);
        assert_non_null(verb->run);
        assert_true(verb->min_operands <= verb->max_operands);
        assert_true((verb->max_operands == 0) == (verb->operands[0] == '\0'));
        for (const struct cli_option *o = verb->options; o != NULL && o->kind != CLI_OPTION_END; o++) {
            assert_int_equal(known(verb->options, o->name), 1);
            assert_int_equal(known(cli_global_options, o->name),
                             0); /* a verb must not hide a global option */
            assert_true((o->kind == CLI_OPTION_FLAG) == (o->value == NULL));
            assert_non_null(o->help);
        }
    }
}

/* As a shell parts a line: at blanks, but not between quotes. */
static int shell_words(char *line, char **argv)
{
    int n = 0;

    for (char *from = line; *from != '\0';) {
        bool quoted = *from == '\'' || *from == '"';
        char *end = strchrnul(from + quoted, quoted ? *from : ' ');

        argv[n++] = from + quoted;
        from = end + (*end != '\0') + (quoted && end[0] != '\0' && end[1] == ' ');
        *end = '\0';
    }
    return n;
}

static void test_every_example_is_a_command_line(void **state)
{
    (void)state;
    for (const struct cli_example *e = cli_examples; e->noun != NULL; e++) {
        const struct cli_verb *verb = cli_verb_find(e->noun, e->verb);
        char *line = strdup(e->line), *argv[32];
        struct host_error err = {0};
        struct cli_args args;
        int argc = shell_words(line, argv);

        assert_non_null(verb);
        assert_true(argc > 1 && strcmp(argv[0], e->noun) == 0 && strcmp(argv[1], e->verb) == 0);
        struct cli_syntax syntax = {verb->options, cli_global_options, verb->min_operands, verb->max_operands,
                                    verb->operands};

        if (!cli_args_parse(&syntax, argc - 2, argv + 2, &args, &err))
            fail_msg("otter %s: %s", e->line, err.message);
        cli_args_free(&args);
        free(line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_flags_and_lists_are_read),
        cmocka_unit_test(test_a_list_takes_one_word_where_operands_are_possible),
        cmocka_unit_test(test_a_value_may_begin_with_one_dash),
        cmocka_unit_test(test_two_dashes_end_the_options),
        cmocka_unit_test(test_wrong_command_lines_say_what_is_wrong),
        cmocka_unit_test(test_help_asks_for_nothing_else),
        cmocka_unit_test(test_the_table_of_verbs_is_sound),
        cmocka_unit_test(test_every_example_is_a_command_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

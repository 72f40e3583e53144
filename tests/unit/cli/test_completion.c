#include "cmocka_first.h"

#include "completion.h"
#include "core/bytes.h"
#include "host/cleanup.h"
#include "stub.h"

#include <stdlib.h>
#include <string.h>

/* Words parted by one blank; a line that ends with one has an empty last word. */
static size_t split(char *line, char **words)
{
    size_t n = 0;
    char *word;

    while ((word = strsep(&line, " ")) != NULL)
        words[n++] = word;
    return n;
}

static struct cli_spot spot_of(const char *text)
{
    static char line[256];
    static char *words[32];
    struct cli_spot spot;

    snprintf(line, sizeof(line), "%s", text);
    cli_spot_find(&(struct cli_line){words, split(line, words)}, &spot);
    return spot;
}

static void test_the_place_of_the_last_word(void **state)
{
    static const struct {
        const char *line;
        enum cli_spot_kind kind;
        enum cli_takes takes;
        size_t prefix;
    } rows[] = {
        {"", CLI_SPOT_NOUN},
        {"ro", CLI_SPOT_NOUN},
        {"--json ro", CLI_SPOT_NOUN},
        {"--server http://h ro", CLI_SPOT_NOUN},
        {"--", CLI_SPOT_OPTION},
        {"-", CLI_SPOT_OPTION},
        {"rollout ", CLI_SPOT_VERB},
        {"--format csv rollout ", CLI_SPOT_VERB},
        {"nonsense ", CLI_SPOT_NOTHING},
        {"rollout nonsense ", CLI_SPOT_NOTHING},
        {"rollout start ", CLI_SPOT_OPERAND, CLI_TAKES_ROLLOUT},
        {"group show ", CLI_SPOT_OPERAND, CLI_TAKES_GROUP},
        {"rollout start 7 ", CLI_SPOT_OPTION},
        {"rollout start --", CLI_SPOT_OPTION},
        {"device tag a b ", CLI_SPOT_OPERAND, CLI_TAKES_DEVICE},
        {"device tag --add lab ", CLI_SPOT_OPERAND, CLI_TAKES_DEVICE},
        {"device set dev-1 ", CLI_SPOT_OPERAND, CLI_TAKES_DEVICE},
        {"device retry --rollout ", CLI_SPOT_VALUE, CLI_TAKES_ROLLOUT},
        {"device provision --id ", CLI_SPOT_VALUE, CLI_TAKES_TEXT},
        {"server backup ", CLI_SPOT_OPERAND, CLI_TAKES_DIR},
        {"device import ", CLI_SPOT_OPERAND, CLI_TAKES_FILE},
        {"release verify r.json ", CLI_SPOT_OPERAND, CLI_TAKES_FILE},
        {"root show ", CLI_SPOT_OPERAND, CLI_TAKES_FILE},
        {"root sign -- --k", CLI_SPOT_OPERAND, CLI_TAKES_FILE},
        {"root sign --key ", CLI_SPOT_VALUE, CLI_TAKES_FILE},
        {"root sign --key=", CLI_SPOT_VALUE, CLI_TAKES_FILE, 6},
        {"root sign --nonsense=", CLI_SPOT_NOTHING},
        {"device list --json=", CLI_SPOT_NOTHING},
        {"device list --format ", CLI_SPOT_VALUE, CLI_TAKES_WORDS},
        {"rollout create --release ", CLI_SPOT_VALUE, CLI_TAKES_RELEASE},
        {"device provision --out-dir ", CLI_SPOT_VALUE, CLI_TAKES_DIR},
        {"release create --image A=a ", CLI_SPOT_VALUE, CLI_TAKES_SLOT}, /* a list goes on */
        {"release create --image A=a --", CLI_SPOT_OPTION},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct cli_spot spot = spot_of(rows[i].line);

        if (spot.kind != rows[i].kind || spot.meaning.takes != rows[i].takes || spot.prefix != rows[i].prefix)
            print_message("\"%s\": kind %d, takes %d, prefix %zu\n", rows[i].line, (int)spot.kind,
                          (int)spot.meaning.takes, spot.prefix);
        assert_int_equal(spot.kind, rows[i].kind);
        assert_int_equal(spot.meaning.takes, rows[i].takes);
        assert_int_equal(spot.prefix, rows[i].prefix);
    }
}

/* A name that is new in the table of verbs and stands for a file must not go uncompleted in silence. */
static void test_every_name_of_the_table_has_a_meaning(void **state)
{
    (void)state;
    for (const struct cli_verb *verb = cli_verbs; verb->noun != NULL; verb++) {
        for (const struct cli_option *o = verb->options; o != NULL && o->kind != CLI_OPTION_END; o++) {
            if (o->kind == CLI_OPTION_FLAG || cli_meaning_of_option(verb->noun, o).known)
                continue;
            fail_msg("otter %s %s --%s %s: say in cli/values.c what %s is", verb->noun, verb->name, o->name,
                     o->value, o->value);
        }
        for (size_t i = 0; i < 3; i++)
            if (!cli_meaning_of_operand(verb->noun, verb->operands, i).known)
                fail_msg("otter %s %s %s: say in cli/values.c what operand %zu is", verb->noun, verb->name,
                         verb->operands, i);
    }
}

static char *complete(const char *text)
{
    char line[256], *words[32], *out = NULL;
    size_t len;
    struct cli cli = {.out = open_memstream(&out, &len), .err = stderr};

    snprintf(line, sizeof(line), "%s", text);
    cli_complete(&cli, &(struct cli_line){words, split(line, words)});
    fclose(cli.out);
    return out;
}

static void test_what_is_offered(void **state)
{
    static const struct {
        const char *line, *offered;
    } rows[] = {
        {"rollout sta",
         "words\nstart\tOpen the first phase\nstatus\tShow a rollout, or watch it to its end\n"},
        {"device list --format=c", "words\n--format=csv\t\n"},
        {"release create --image ", "words nospace\nA=\t\nB=\t\nany=\t\n"},
        {"release create --image A=im", "files A=\n"},
        {"release create --image=A=im", "files --image=A=\n"},
        {"root sign --key=k", "files --key=\n"},
        {"device provision --out-dir x", "dirs \n"},
        {"image sign --selftest f", "words\nfail\t\n"},
        {"release create --hardware f407,h7", "words\nf407,h743\t\n"},
        {"device list --limit ", "words\n"},
        {"fleet summary --by version,st", "words\nversion,state\t\n"},
        {"rollout wait 7 --until p", "words nospace\nphase=\t\n"},
        {"device list --all --al", "words\n"}, /* once given, not again */
        {"rollout start 7 --dry", "words\n--dry-run\tcheck everything, change nothing\n"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        auto_free char *got = complete(rows[i].line);

        assert_string_equal(got, rows[i].offered);
    }
}

static void test_a_list_option_is_offered_again(void **state)
{
    auto_free char *got = complete("release create --image A=a --im");

    (void)state;
    assert_non_null(strstr(got, "--image\t"));
}

static void test_there_is_a_script_for_three_shells(void **state)
{
    (void)state;
    assert_non_null(cli_completion_script("bash"));
    assert_non_null(cli_completion_script("zsh"));
    assert_string_equal(cli_completion_script("zsh")[0], "#compdef otter");
    assert_non_null(cli_completion_script("fish"));
    assert_null(cli_completion_script("csh"));
}

static void test_ids_that_a_shell_would_expand_are_not_offered(void **state)
{
    static const struct stub_reply replies[] = {
        {"GET /api/v1/devices?limit=100&filter=id%20%3D%3D%20%22d*%22 HTTP",
         "200 OK\r\nContent-Type: application/json\r\n",
         "{\"items\":[{\"id\":\"d-1\",\"product\":\"pump\",\"running\":{\"version\":\"1.0.0\"}},{\"id\":\"d$("
         "id)\"},"
         "{\"id\":\"d 2\"},{\"id\":\"other\"},{\"id\":7},{}],\"next\":null}"},
        {NULL, NULL, NULL}};
    struct stub *stub = stub_start(replies);
    auto_free char *got = NULL;

    (void)state;
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    setenv("OTTER_SERVER", stub_url(stub), 1);
    got = complete("device show d");
    assert_string_equal(got, "words\nd-1\tpump 1.0.0\n");
    assert_int_equal(stub_surprises(stub), 0);
    stub_stop(stub);
}

static void test_a_server_that_is_away_is_passed_over(void **state)
{
    auto_free char *got = NULL;

    (void)state;
    setenv("OTTER_SERVER", "http://127.0.0.1:1", 1);
    got = complete("rollout start ");
    assert_string_equal(got, "words\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_place_of_the_last_word),
        cmocka_unit_test(test_every_name_of_the_table_has_a_meaning),
        cmocka_unit_test(test_what_is_offered),
        cmocka_unit_test(test_a_list_option_is_offered_again),
        cmocka_unit_test(test_there_is_a_script_for_three_shells),
        cmocka_unit_test(test_ids_that_a_shell_would_expand_are_not_offered),
        cmocka_unit_test(test_a_server_that_is_away_is_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

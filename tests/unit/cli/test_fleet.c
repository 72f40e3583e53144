/* The pure parts of the verbs that work on many devices: columns, waiting, bars, the CSV of devices. */
#include "cmocka_first.h"

#include "columns.h"
#include "core/bytes.h"
#include "frozen.h"
#include "import.h"
#include "show_device.h"
#include "show_fleet.h"
#include "wait.h"

#include <stdlib.h>
#include <string.h>

static json_t *load(const char *text)
{
    json_t *j = host_json_load(text, strlen(text), "test", NULL);

    assert_non_null(j);
    return j;
}

/* What --columns chooses of a device's: "NAME=PATH NAME=PATH", or what is said against it. */
static char *choose(const char *wanted)
{
    static const struct cli_option columns = {"columns", CLI_OPTION_VALUE, "A", ""};
    struct cli_value value = {&columns, wanted};
    struct cli_args args = {.value = &value, .value_count = 1};
    auto_chosen struct cli_chosen c = {0};
    char *out = NULL;
    size_t len;
    FILE *to = open_memstream(&out, &len);
    struct cli cli = {.out = to, .err = to, .args = &args};

    if (cli_columns_choose(&cli, cli_device_columns, &c) == CLI_DONE)
        for (size_t i = 0; i < c.count; i++)
            fprintf(to, "%s%s=%s", i > 0 ? " " : "", c.column[i].name, c.column[i].path);
    fclose(to);
    return out;
}

static void test_columns_have_names_paths_and_paths_inside(void **state)
{
    static const struct {
        const char *wanted, *says;
    } rows[] = {
        {"id,version", "id=id version=running.version"},
        {"Last_Seen", "last seen=last_seen"},
        {"last seen", "last seen=last_seen"},
        {"running.slot", "running.slot=running.slot"},
        {"attributes.a.b", "attributes.a.b=attributes.a.b"},
        {"attempt.state", "attempt.state=attempt.state"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        auto_free char *said = choose(rows[i].wanted);

        assert_string_equal(said, rows[i].says);
    }
}

static void test_a_wrong_column_is_answered_with_all_of_them(void **state)
{
    static const char *const wrong[] = {"colour", "attributes.", "id.x.", "ids", "last-seen", "id,,version"};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(wrong); i++) {
        auto_free char *said = choose(wrong[i]);

        assert_non_null(strstr(said, "there is no column \""));
        assert_non_null(strstr(said, "Columns, between commas: id, product, hardware, version, "));
        assert_non_null(strstr(said, ", last_seen, tags, attributes, digest, "));
    }
}

static void test_until_is_complete_or_a_phase(void **state)
{
    static const struct {
        const char *text;
        int phase; /* -1: refused */
    } rows[] = {{"complete", 0}, {"phase=1", 1},    {"phase=100", 100}, {"phase=0", -1},
                {"phase=", -1},  {"phase=x", -1},   {"phase", -1},      {"Complete", -1},
                {"", -1},        {"phase=101", -1}, {"phase=-1", -1}};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct cli_until until = {99};

        assert_int_equal(cli_until_parse(rows[i].text, &until), rows[i].phase >= 0);
        assert_int_equal(until.phase, rows[i].phase >= 0 ? (unsigned)rows[i].phase : 99);
    }
}

#define PHASES(a, b) "\"phases\":[{\"state\":\"" a "\"},{\"state\":\"" b "\"}]"

static void test_waiting_ends_where_it_is_reached_or_never_can_be(void **state)
{
    static const struct {
        unsigned phase;
        enum cli_wait verdict;
        const char *rollout, *whom; /* NULL: for devices */
    } rows[] = {
        {0, CLI_WAIT_ON, "{\"state\":\"running\",\"phase\":1," PHASES("open", "waiting") "}", NULL},
        {0, CLI_WAIT_REACHED, "{\"state\":\"complete\",\"phase\":2," PHASES("complete", "complete") "}",
         NULL},
        {0, CLI_WAIT_NEVER, "{\"state\":\"halted\",\"phase\":1," PHASES("open", "waiting") "}", NULL},
        {0, CLI_WAIT_NEVER, "{\"state\":\"rolled-back\",\"phase\":1," PHASES("open", "waiting") "}", NULL},
        {0, CLI_WAIT_NEVER, "{\"state\":\"aborted\",\"phase\":1," PHASES("open", "waiting") "}", NULL},
        {0, CLI_WAIT_ON, "{\"id\":7,\"state\":\"paused\",\"phase\":1," PHASES("open", "waiting") "}",
         "otter rollout resume 7"},
        {0, CLI_WAIT_ON, "{\"id\":7,\"state\":\"draft\",\"phase\":0," PHASES("waiting", "waiting") "}",
         "otter rollout start 7"},
        {0, CLI_WAIT_ON, "{\"state\":\"unknown-some-day\",\"phase\":1," PHASES("open", "waiting") "}", NULL},
        {1, CLI_WAIT_ON, "{\"state\":\"running\",\"phase\":1," PHASES("open", "waiting") "}", NULL},
        {1, CLI_WAIT_REACHED, "{\"state\":\"running\",\"phase\":1," PHASES("complete", "waiting") "}", NULL},
        {1, CLI_WAIT_REACHED, "{\"state\":\"aborted\",\"phase\":2," PHASES("complete", "open") "}", NULL},
        {2, CLI_WAIT_ON, "{\"id\":7,\"state\":\"running\",\"phase\":1," PHASES("complete", "waiting") "}",
         "otter rollout advance 7"},
        {2, CLI_WAIT_ON, "{\"state\":\"running\",\"phase\":2," PHASES("complete", "open") "}", NULL},
        {2, CLI_WAIT_NEVER, "{\"state\":\"aborted\",\"phase\":2," PHASES("complete", "open") "}", NULL},
        {3, CLI_WAIT_NEVER, "{\"state\":\"running\",\"phase\":1," PHASES("open", "waiting") "}", NULL},
        {0, CLI_WAIT_ON,
         "{\"id\":7,\"state\":\"running\",\"phase\":1,\"gate\":{\"verdict\":\"approval\"}," PHASES(
             "open", "waiting") "}",
         "otter rollout approve 7"},
        {2, CLI_WAIT_ON,
         "{\"id\":7,\"state\":\"running\",\"phase\":1,\"gate\":{\"verdict\":\"manual\"}," PHASES(
             "open", "waiting") "}",
         "otter rollout advance 7"},
        {0, CLI_WAIT_ON,
         "{\"state\":\"running\",\"phase\":1,\"gate\":{\"verdict\":\"soaking\",\"until\":1795000000}," PHASES(
             "open", "waiting") "}",
         "soaks until 2026-11-18T11:06:40Z"},
        {1, CLI_WAIT_ON,
         "{\"state\":\"running\",\"phase\":1,\"gate\":{\"verdict\":\"approval\"}," PHASES("open",
                                                                                          "waiting") "}",
         NULL},
        {1, CLI_WAIT_ON,
         "{\"state\":\"running\",\"phase\":1,\"frozen\":{\"reason\":\"fire\",\"since\":1}," PHASES(
             "open", "waiting") "}",
         "FROZEN (fire)"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        auto_json json_t *rollout = load(rows[i].rollout);
        const struct cli_until until = {rows[i].phase};
        char out[256];
        const char *whom = cli_wait_for(rollout, &until, out);

        assert_int_equal(cli_wait_judge(rollout, &until), rows[i].verdict);
        if (rows[i].verdict != CLI_WAIT_ON)
            continue;
        assert_int_equal(whom == NULL, rows[i].whom == NULL);
        if (whom != NULL && rows[i].whom != NULL)
            assert_non_null(strstr(whom, rows[i].whom));
    }
}

static void test_questions_come_less_and_less_often_but_not_as_one(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 40; round++) {
        uint32_t middle = round < 5 ? 500u << round : 10000;

        assert_int_equal(cli_wait_delay(round, 0), middle - middle / 4);
        assert_int_equal(cli_wait_delay(round, middle / 2), middle - middle / 4 + middle / 2);
        assert_true(cli_wait_delay(round, UINT32_MAX) <= middle + middle / 4);
    }
}

static void test_bars_show_every_kind_of_state(void **state)
{
    static const struct {
        const char *states, *bar;
    } rows[] = {
        {"{\"succeeded\":10,\"idle\":10}", "##########=========="},
        {"{\"succeeded\":100000,\"failed\":1}", "###################!"},
        {"{\"downloading\":1,\"testing\":1,\"offered\":2}", ">>>>>>>>>>>>>>>>>>>>"},
        {"{\"reverted\":1,\"timed-out\":1,\"never-seen\":2}", "!!!!!!!!!!.........."},
        {"{\"idle\":1000000,\"succeeded\":1,\"failed\":1,\"offered\":1,\"cancelled\":1,\"never-seen\":1}",
         "#===============>!~."},
        {"{}", "                    "},
        {"{\"idle\":0}", "                    "},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        auto_json json_t *states = load(rows[i].states);
        char bar[CLI_STATE_BAR + 1];

        cli_state_bar(states, bar);
        assert_string_equal(bar, rows[i].bar);
    }
}

static void test_the_banner_is_of_a_frozen_server_only(void **state)
{
    auto_json json_t *frozen = load("{\"frozen\":{\"reason\":\"bad\\u001b[2Jbuild\",\"since\":1700000000}}");
    auto_json json_t *thawed = load("{\"frozen\":null}");
    auto_json json_t *older = load("{}");
    auto_free char *banner = cli_frozen_banner(frozen, false);
    auto_free char *colored = cli_frozen_banner(frozen, true);

    (void)state;
    assert_int_equal(strncmp(banner, "FROZEN since 2023-11-14T22:13:20Z: bad?[2Jbuild", 47), 0);
    assert_non_null(strstr(colored, "\033[1;33mFROZEN"));
    assert_null(cli_frozen_banner(thawed, false));
    assert_null(cli_frozen_banner(older, false));
}

static struct cli_csv parse(const char *text)
{
    struct cli_csv csv;

    assert_true(cli_csv_parse(text, strlen(text), "f", &csv, NULL));
    return csv;
}

static void test_a_row_becomes_an_item(void **state)
{
    static const struct {
        const char *csv, *item;
    } rows[] = {
        {"id\nd1\n", "{\"id\":\"d1\"}"},
        {"id,tags\nd1,\n", "{\"id\":\"d1\",\"tags\":[]}"},
        {"tags,id\n a;b  c,d1\n", "{\"id\":\"d1\",\"tags\":[\"a\",\"b\",\"c\"]}"},
        {"id,attr.x,attr.y.z\nd1,,\"=1,\"\"2\"\"\"\n",
         "{\"id\":\"d1\",\"attributes\":{\"y.z\":\"=1,\\\"2\\\"\"}}"},
        {"id,attr.x\nd1,\"\"\n", "{\"id\":\"d1\",\"attributes\":{\"x\":\"\"}}"},
        {"id,attr.x\nd1,\xc3\xa4 \xe6\xbc\xa2\n",
         "{\"id\":\"d1\",\"attributes\":{\"x\":\"\xc3\xa4 \xe6\xbc\xa2\"}}"},
        {"id,product,hardware,secret\nd1,p,h,"
         "0000000000000000000000000000000000000000000000000000000000000000\n",
         "{\"id\":\"d1\",\"product\":\"p\",\"hardware\":\"h\",\"secret\":"
         "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"},
        {"id,product,secret\nd1,,\n", "{\"id\":\"d1\"}"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct cli_csv csv = parse(rows[i].csv);
        auto_json json_t *item = NULL;
        auto_free char *text = NULL;
        struct cli_import_plan plan;
        size_t len;

        assert_true(cli_import_plan(&csv, "f", &plan, NULL));
        assert_true(cli_import_check(&csv, &plan, "f", 0, NULL));
        item = cli_import_item(&csv, &plan, 0);
        text = host_json_dump(item, &len);
        assert_string_equal(text, rows[i].item);
        cli_csv_free(&csv);
    }
}

static void test_mistakes_name_line_and_column(void **state)
{
    static const struct {
        const char *csv, *says;
    } rows[] = {
        {"tags\nx\n", "f:1: there is no column id"},
        {"id,colour\nd,1\n", "f:1: unknown column \"colour\""},
        {"id,attr.\nd,1\n", "f:1: unknown column \"attr.\""},
        {"id,attr.a b\nd,1\n", "f:1: unknown column \"attr.a b\""},
        {"id,id\nd,1\n", "f:1: column \"id\" stands there twice"},
        {"id,attr.x,attr.x\nd,1,2\n", "f:1: column \"attr.x\" stands there twice"},
        {"id\nd/1\n", "f:2: id: no device id"},
        {"id,tags\n,x\n", "f:2: id: no device id"},
        {"id\n\n# comment\n", "f:3: id: no device id"},
        {"id,product\nd,a b\n", "f:2: product: "},
        {"id,hardware\nd,a;b\n", "f:2: hardware: "},
        {"id,secret\nd,short\n", "f:2: secret: "},
        {"id,tags\nd,a;b!\n", "f:2: tags: "},
        {"id,attr.x\nd,\"a\nb\"\n", "f:2: attr.x: a line feed"},
        {"id,attr.x\nd,\xff\n", "f:2: attr.x: not UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct cli_csv csv = parse(rows[i].csv);
        struct host_error err = {0};
        struct cli_import_plan plan;

        assert_false(cli_import_plan(&csv, "f", &plan, &err) && cli_import_check(&csv, &plan, "f", 0, &err));
        assert_int_equal(strncmp(err.message, rows[i].says, strlen(rows[i].says)), 0);
        cli_csv_free(&csv);
    }
}

static void test_a_value_may_have_256_bytes(void **state)
{
    char text[400];

    (void)state;
    for (int len = 256; len <= 257; len++) {
        struct cli_csv csv;
        struct cli_import_plan plan;

        snprintf(text, sizeof(text), "id,attr.x\nd,%0*d\n", len, 0);
        csv = parse(text);
        assert_true(cli_import_plan(&csv, "f", &plan, NULL));
        assert_int_equal(cli_import_check(&csv, &plan, "f", 0, NULL), len == 256);
        cli_csv_free(&csv);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_have_names_paths_and_paths_inside),
        cmocka_unit_test(test_a_wrong_column_is_answered_with_all_of_them),
        cmocka_unit_test(test_until_is_complete_or_a_phase),
        cmocka_unit_test(test_waiting_ends_where_it_is_reached_or_never_can_be),
        cmocka_unit_test(test_questions_come_less_and_less_often_but_not_as_one),
        cmocka_unit_test(test_bars_show_every_kind_of_state),
        cmocka_unit_test(test_the_banner_is_of_a_frozen_server_only),
        cmocka_unit_test(test_a_row_becomes_an_item),
        cmocka_unit_test(test_mistakes_name_line_and_column),
        cmocka_unit_test(test_a_value_may_have_256_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "cmocka_first.h"

#include "core/bytes.h"
#include "show_rollout.h"

#include <string.h>

static const char running[] =
    "{\"id\":7,\"name\":\"spring\",\"product\":\"cam\",\"version\":\"1.1.0\",\"target\":\"all\",\"state\":"
    "\"running\","
    "\"auto\":false,\"phase\":1,\"devices\":20,\"counts\":{\"succeeded\":8,\"failed\":1,\"downloading\":1},"
    "\"reasons\":{\"self-test\":1},\"phases\":["
    "{\"percent\":50,\"state\":\"open\",\"widened\":true,\"devices\":10,\"counts\":{\"succeeded\":8,"
    "\"failed\":1}},"
    "{\"percent\":100,\"state\":\"waiting\",\"devices\":10,\"counts\":{}}]}";

static void test_a_rollout_shows_bars_counts_reasons_and_what_next(void **state)
{
    auto_json json_t *j = host_json_load(running, strlen(running), "", NULL);
    auto_free char *text = cli_rollout_text(j, false, 0);
    static const char *const lines[] = {
        "rollout 7 spring: cam 1.1.0 to all, running\n",
        "[#####################---]    10 devices  open      8 succeeded, 1 failed (widened to one device)\n",
        "[------------------------]    10 devices  waiting   none offered yet\n",
        "20 devices: 1 downloading, 8 succeeded, 1 failed\n",
        "reasons  self-test=1\n",
        "Next phase: otter rollout advance 7\n",
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(lines); i++)
        assert_non_null(strstr(text, lines[i]));
    assert_null(strchr(text, '\033'));
}

static void test_colours_only_when_asked_for(void **state)
{
    auto_json json_t *j = host_json_load(running, strlen(running), "", NULL);
    auto_free char *text = cli_rollout_text(j, true, 0);

    (void)state;
    assert_non_null(strchr(text, '\033'));
}

static void test_one_line_for_logs(void **state)
{
    auto_json json_t *j = host_json_load(running, strlen(running), "", NULL);
    auto_free char *line = cli_rollout_line(j);

    (void)state;
    assert_string_equal(line, "running phase 1/2: 9 of 20 finished; 1 downloading, 8 succeeded, 1 failed");
}

static void test_nothing_moves_of_what_stands(void **state)
{
    static const struct {
        const char *state;
        bool stands;
    } rows[] = {{"draft", false},   {"running", false}, {"paused", false},    {"halted", true},
                {"complete", true}, {"aborted", true},  {"rolled-back", true}};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        auto_json json_t *j = json_pack("{s:s}", "state", rows[i].state);

        assert_int_equal(cli_rollout_stands(j), rows[i].stands);
    }
}

static void test_an_events_detail_is_for_people_in_a_table_and_whole_elsewhere(void **state)
{
    static const struct cli_column column = {"detail", "detail", CLI_KIND_DETAIL};
    auto_json json_t *j =
        json_pack("{s:{s:i, s:f, s:[{s:i, s:i}, {s:i, s:i}]}}", "detail", "phase", 2, "lost_percent", 14.28,
                  "phases", "upto", 7, "devices", 1, "upto", 9, "devices", 4);
    auto_free char *people = cli_cell(j, &column, false), *machine = cli_cell(j, &column, true);

    (void)state;
    assert_string_equal(people, "phase=2, lost_percent=14.28, phases=(devices=1), (devices=4)");
    assert_string_equal(machine, "phase=2;lost_percent=14.28;phases=upto=7;devices=1;upto=9;devices=4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_rollout_shows_bars_counts_reasons_and_what_next),
        cmocka_unit_test(test_colours_only_when_asked_for),
        cmocka_unit_test(test_one_line_for_logs),
        cmocka_unit_test(test_nothing_moves_of_what_stands),
        cmocka_unit_test(test_an_events_detail_is_for_people_in_a_table_and_whole_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

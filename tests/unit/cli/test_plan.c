/* A rollout's plan from a command line: each word as JSON, the body as it is sent, and what is refused. */
#include "served.h"

#include "core/bytes.h"
#include "host/cleanup.h"
#include "host/file.h"
#include "host/json.h"
#include "plan.h"
#include "plan_value.h"

#include <string.h>

#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_words_become_the_api_s_values(void **state)
{
    static const struct {
        json_t *(*value)(const char *s);
        const char *word, *json; /* NULL: malformed */
    } rows[] = {
        {cli_plan_share, "99.5", "99.5"},
        {cli_plan_share, "100%", "100"},
        {cli_plan_share, "0.05%", "0.05"},
        {cli_plan_share, "100.01", NULL},
        {cli_plan_share, "99.555", NULL},
        {cli_plan_share, "99.", NULL},
        {cli_plan_share, "-1", NULL},
        {cli_plan_share, "%", NULL},
        {cli_plan_share, "", NULL},
        {cli_plan_count, "0", "0"},
        {cli_plan_count, "1e3", NULL},
        {cli_plan_priority, "-7", "-7"},
        {cli_plan_priority, "--7", NULL},
        {cli_plan_duration, "90m", "5400"},
        {cli_plan_duration, "none", "0"},
        {cli_plan_duration, "90", NULL},
        {cli_plan_yes, "yes", "true"},
        {cli_plan_yes, "no", "false"},
        {cli_plan_yes, "nope", NULL},
        {cli_plan_gate, "auto", "\"auto\""},
        {cli_plan_gate, "automatic", NULL},
        {cli_plan_on_failure, "rollback", "\"rollback\""},
        {cli_plan_on_failure, "roll-back", NULL},
        {cli_plan_rate, "5MB/s", "5000000"},
        {cli_plan_rate, "1.5KiB/s", "1536"},
        {cli_plan_rate, "200000", "200000"},
        {cli_plan_rate, "20B", "20"},
        {cli_plan_rate, "4294967295GiB/s", "4611686017353646080"},
        {cli_plan_rate, "4294967296GiB/s", NULL},
        {cli_plan_rate, "0MB/s", NULL},
        {cli_plan_rate, "5Mb/s", NULL},
        {cli_plan_rate, "/s", NULL},
        {cli_plan_site, "site-=1MB/s", "{\"prefix\":\"site-\",\"bytes_per_second\":1000000}"},
        {cli_plan_site, "a=b=2", "{\"prefix\":\"a=b\",\"bytes_per_second\":2}"},
        {cli_plan_site, "=1MB/s", NULL},
        {cli_plan_site, "site-", NULL},
        {cli_plan_ramp, "10:2:5m", "{\"start\":10,\"factor\":2,\"every\":300}"},
        {cli_plan_ramp, "1:1.25:30s", "{\"start\":1,\"factor\":1.25,\"every\":30}"},
        {cli_plan_ramp, "10:2", NULL},
        {cli_plan_ramp, "10:2:5", NULL},
        {cli_plan_ramp, ":2:5m", NULL},
        {cli_plan_time, "1795000000", "1795000000"},
        {cli_plan_time, "2026-11-24T22:00:00+01:00", "\"2026-11-24T22:00:00+01:00\""},
        {cli_plan_time, "", NULL},
        {cli_plan_window, "mon-fri 22:00-05:00",
         "{\"days\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\"],\"from\":\"22:00\",\"to\":\"05:00\"}"},
        {cli_plan_window, "sun,fri-sat 00:00-24:00",
         "{\"days\":[\"fri\",\"sat\",\"sun\"],\"from\":\"00:00\",\"to\":\"24:00\"}"},
        {cli_plan_window, "sat-mon 01:30-02:30",
         "{\"days\":[\"mon\",\"sat\",\"sun\"],\"from\":\"01:30\",\"to\":\"02:30\"}"},
        {cli_plan_window, "all 22:00-05:00", "{\"days\":\"all\",\"from\":\"22:00\",\"to\":\"05:00\"}"},
        {cli_plan_window, "22:00-05:00", "{\"days\":\"all\",\"from\":\"22:00\",\"to\":\"05:00\"}"},
        {cli_plan_window, "mon-fri 22:00", NULL},
        {cli_plan_window, "mon-fri 24:01-05:00", NULL},
        {cli_plan_window, "mon-fri 22:60-05:00", NULL},
        {cli_plan_window, "mon-fri 22-05", NULL},
        {cli_plan_window, "monday 22:00-05:00", NULL},
        {cli_plan_window, "mon,, 22:00-05:00", NULL},
        {cli_plan_window, "mon- 22:00-05:00", NULL},
        {cli_plan_window, "", NULL},
        {cli_plan_retry, "power=3:10m", "{\"reason\":\"power\",\"tries\":3,\"wait\":600}"},
        {cli_plan_retry, "*=1:1h", "{\"reason\":\"*\",\"tries\":1,\"wait\":3600}"},
        {cli_plan_retry, "power=3", NULL},
        {cli_plan_retry, "=3:10m", NULL},
        {cli_plan_retry, "power=256:10m", NULL},
        {cli_plan_phase, "5", "{\"percent\":5}"},
        {cli_plan_phase, "5%", "{\"percent\":5}"},
        {cli_plan_phase, "10dev", "{\"count\":10}"},
        {cli_plan_phase, "group:lab", "{\"group\":\"lab\"}"},
        {cli_plan_phase, "group:", NULL},
        {cli_plan_phase, "0dev", NULL},
        {cli_plan_phase, "dev", NULL},
        {cli_plan_phase, "101", NULL},
        {cli_plan_phase, "0.5%", NULL},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        auto_json json_t *got = rows[i].value(rows[i].word), *want = NULL;

        if ((got != NULL) != (rows[i].json != NULL))
            fail_msg("%s: %s", rows[i].word, got != NULL ? "taken" : "refused");
        if (got == NULL)
            continue;
        want = json_loads(rows[i].json, JSON_DECODE_ANY, NULL);
        if (!json_equal(got, want))
            fail_msg("%s: %s", rows[i].word, json_dumps(got, JSON_ENCODE_ANY));
    }
}

static const struct stub_reply created[] = {
    {"POST /api/v1/rollouts HTTP", "201 Created\r\nContent-Type: application/json\r\n", "{\"id\":7}"},
    {NULL, NULL, NULL}};

/* The members that were sent, besides release and target. */
static void expect_body(const char *line, const char *members)
{
    auto_json json_t *want = NULL, *got = NULL;
    char text[1024];
    const char *body;

    (void)snprintf(text, sizeof(text), "{\"release\":\"" ID "\",\"target\":\"all\"%s%s}", *members ? "," : "",
                   members);
    want = json_loads(text, 0, NULL);
    assert_non_null(want);
    (void)snprintf(text, sizeof(text), "rollout create --release " ID " --target all %s", line);
    assert_int_equal(ask(created, text), CLI_DONE);
    body = strstr(stub_request(stub, 0), "\r\n\r\n");
    assert_non_null(body);
    got = json_loads(body + 4, 0, NULL);
    if (!json_equal(got, want))
        fail_msg("%s: sent %s", line, body + 4);
}

static void test_options_are_sent_as_members(void **state)
{
    static const struct {
        const char *line, *members;
    } rows[] = {
        {"", "\"phases\":[{\"percent\":100}]"},
        {"--phases 5,25,100 --auto",
         "\"phases\":[{\"percent\":5,\"gate\":\"auto\"},{\"percent\":25,\"gate\":\"auto\"},"
         "{\"percent\":100,\"gate\":\"auto\"}]"},
        {"--phases 10dev,5%,group:lab,100",
         "\"phases\":[{\"count\":10},{\"percent\":5},{\"group\":\"lab\"},{\"percent\":100}]"},
        {"--phases 5,100 --success 99.5 --failure 2,5 --soak 1h,none",
         "\"phases\":[{\"percent\":5,\"success\":99.5,\"failure\":2,\"soak\":3600},"
         "{\"percent\":100,\"success\":99.5,\"failure\":5,\"soak\":0}]"},
        {"--phases 5,100 --min-sample 3 --gate manual,auto --approval yes,no",
         "\"phases\":[{\"percent\":5,\"min_sample\":3,\"gate\":\"manual\",\"approval\":true},"
         "{\"percent\":100,\"min_sample\":3,\"gate\":\"auto\",\"approval\":false}]"},
        {"--phases 5,25,100 --approval yes",
         "\"phases\":[{\"percent\":5,\"approval\":true},{\"percent\":25,\"approval\":true},"
         "{\"percent\":100}]"},
        {"--phases 1dev,100 --auto",
         "\"phases\":[{\"count\":1,\"gate\":\"auto\"},{\"percent\":100,\"gate\":\"auto\"}]"},
        {"--soak 1h --auto", "\"phases\":[{\"percent\":100,\"soak\":3600,\"gate\":\"auto\"}]"},
        {"--on-failure rollback --rollback-release " ID2,
         "\"phases\":[{\"percent\":100}],\"on_failure\":\"rollback\",\"rollback_release\":\"" ID2 "\""},
        {"--no-join --allow-downgrade",
         "\"phases\":[{\"percent\":100}],\"join\":false,\"allow_downgrade\":true"},
        {"--max-active 50 --per-minute 100 --ramp 10:2:5m",
         "\"phases\":[{\"percent\":100}],\"max_active\":50,\"per_minute\":100,"
         "\"ramp\":{\"start\":10,\"factor\":2,\"every\":300}"},
        {"--bandwidth 5MB/s --site-bandwidth s-=1kB/s",
         "\"phases\":[{\"percent\":100}],\"bytes_per_second\":5000000,\"site\":{\"prefix\":\"s-\",\"bytes_"
         "per_second\":"
         "1000}"},
        {"--not-before 1795000000 --not-after 2027-01-01T00:00:00Z --tz Europe/Berlin",
         "\"phases\":[{\"percent\":100}],\"not_before\":1795000000,\"not_after\":\"2027-01-01T00:00:00Z\","
         "\"tz\":\"Europe/Berlin\""},
        {"--window 22:00-23:00 --window 01:00-02:00",
         "\"phases\":[{\"percent\":100}],\"windows\":[{\"days\":\"all\",\"from\":\"22:00\",\"to\":\"23:00\"},"
         "{\"days\":\"all\",\"from\":\"01:00\",\"to\":\"02:00\"}]"},
        {"--deadline none --silence 2h --retry power=3:10m --retry *=1:1h",
         "\"phases\":[{\"percent\":100}],\"deadline\":0,\"silence\":7200,\"retries\":[{\"reason\":\"power\","
         "\"tries\":3,"
         "\"wait\":600},{\"reason\":\"*\",\"tries\":1,\"wait\":3600}]"},
        {"--name spring --priority=-3", "\"phases\":[{\"percent\":100}],\"name\":\"spring\",\"priority\":-3"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        expect_body(rows[i].line, rows[i].members);
}

static void test_wrong_words_name_their_option_and_nothing_is_sent(void **state)
{
    static const struct stub_reply none[] = {{NULL, NULL, NULL}};
    static const struct {
        const char *line, *says;
    } rows[] = {
        {"--phases 5,,100", "--phases 5,,100: expected percents, devices or groups"},
        {"--phases 5,100 --success 99,98,97", "--success 99,98,97: 3 values for 2 phases"},
        {"--success 101", "--success 101: expected percents"},
        {"--failure x", "--failure x: expected percents"},
        {"--min-sample 5%", "--min-sample 5%: expected numbers"},
        {"--soak 60", "--soak 60: expected durations"},
        {"--gate auto,", "--gate auto,: expected auto or manual"},
        {"--approval maybe", "--approval maybe: expected yes or no"},
        {"--gate auto --auto", "--auto is --gate auto"},
        {"--on-failure stop", "--on-failure stop: expected warn, halt or rollback"},
        {"--max-active lots", "--max-active lots: expected a number"},
        {"--ramp 10", "--ramp 10: expected START:FACTOR:EVERY"},
        {"--bandwidth fast", "--bandwidth fast: expected a rate"},
        {"--site-bandwidth 1MB/s", "--site-bandwidth 1MB/s: expected PREFIX=RATE"},
        {"--window 22:00-23:00 --window 9-5", "--window 9-5: expected 'DAYS FROM-TO'"},
        {"--deadline 1", "--deadline 1: expected a duration"},
        {"--retry power", "--retry power: expected REASON=TRIES:WAIT"},
        {"--priority high", "--priority high: expected a number"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        char line[256];

        (void)snprintf(line, sizeof(line), "rollout create --release " ID " --target all %s", rows[i].line);
        assert_int_equal(ask(none, line), CLI_USAGE);
        if (strstr(said_err, rows[i].says) == NULL)
            fail_msg("%s: %s", rows[i].line, said_err);
        assert_null(stub_request(stub, 0));
    }
}

static void write_plan(const char *text)
{
    write_file("plan.json", text, strlen(text));
}

static void test_options_take_the_place_of_a_plan_s_members(void **state)
{
    static const char plan[] = "{\"release\":\"" ID2 "\",\"phases\":[5,{\"percent\":100,\"soak\":60}],"
                               "\"max_active\":9,\"tz\":\"UTC\"}";

    (void)state;
    write_plan(plan);
    expect_body("--plan plan.json --max-active 10",
                "\"phases\":[5,{\"percent\":100,\"soak\":60}],\"max_active\":10,\"tz\":\"UTC\"");
    expect_body("--plan plan.json --success 99",
                "\"phases\":[{\"percent\":5,\"success\":99},{\"percent\":100,\"soak\":60,\"success\":99}],"
                "\"max_active\":9,\"tz\":\"UTC\"");
}

static void test_what_a_plan_lacks_or_has_wrong_is_said(void **state)
{
    static const struct stub_reply none[] = {{NULL, NULL, NULL}};
    static const struct stub_reply refused[] = {
        {"POST /api/v1/rollouts HTTP", "400 Bad Request\r\nContent-Type: application/problem+json\r\n",
         "{\"code\":\"bad-value\",\"detail\":\"phases[1].success: from 0 to 100\"}"},
        {NULL, NULL, NULL}};
    static const struct stub_reply unknown[] = {
        {"POST /api/v1/rollouts HTTP", "400 Bad Request\r\nContent-Type: application/problem+json\r\n",
         "{\"code\":\"unknown-member\",\"detail\":\"\\\"max_activ\\\" is not a member of this\"}"},
        {NULL, NULL, NULL}};
    static const struct stub_reply lacking[] = {
        {"POST /api/v1/rollouts HTTP", "400 Bad Request\r\nContent-Type: application/problem+json\r\n",
         "{\"code\":\"bad-value\",\"detail\":\"rollback_release: on_failure rollback needs the release to go "
         "back to\"}"},
        {NULL, NULL, NULL}};

    (void)state;
    assert_int_equal(ask(none, "rollout create --target all"), CLI_USAGE);
    assert_non_null(strstr(said_err, "--release is missing, and so is \"release\" in a --plan"));
    write_plan("[]");
    assert_int_equal(ask(none, "rollout create --plan plan.json"), CLI_USAGE);
    assert_non_null(strstr(said_err, "--plan plan.json: expected an object"));
    assert_int_equal(ask(none, "rollout create --plan absent.json"), CLI_FILE);
    write_plan("{\"release\":\"" ID "\",\"target\":\"all\"}");
    assert_int_equal(ask(refused, "rollout create --plan plan.json"), CLI_REFUSED);
    assert_non_null(strstr(said_err, "plan.json said so; --success says otherwise"));
    assert_int_equal(ask(refused, "rollout create --plan plan.json --success 5"), CLI_REFUSED);
    assert_non_null(strstr(said_err, "bad-value: phases[1].success: from 0 to 100\n--success said so"));
    assert_int_equal(ask(unknown, "rollout create --plan plan.json"), CLI_REFUSED);
    assert_non_null(strstr(said_err, "\"max_activ\" is not a member of this\nplan.json said so"));
    assert_int_equal(ask(lacking, "rollout create --release " ID " --target all --on-failure rollback"),
                     CLI_REFUSED);
    assert_non_null(strstr(said_err, "needs the release to go back to\n--rollback-release says it"));
}

static void test_members_lead_to_their_options(void **state)
{
    static const struct {
        const char *path, *option; /* NULL: none */
    } rows[] = {
        {"phases", "phases"},
        {"phases: 1 to 16", "phases"},
        {"phases[1]: one of", "phases"},
        {"phases[1].percent: rises", "phases"},
        {"phases[12].min_sample: from 1", "min-sample"},
        {"windows[0].days", "window"},
        {"retries[1].reason", "retry"},
        {"site.prefix", "site-bandwidth"},
        {"ramp.factor: from 1", "ramp"},
        {"bytes_per_second: from", "bandwidth"},
        {"tz: there is no zone", "tz"},
        {"there is no release", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        const char *got = cli_plan_option_of(rows[i].path);

        if (rows[i].option == NULL)
            assert_null(got);
        else
            assert_string_equal(got, rows[i].option);
    }
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave)
    const struct CMUnitTest tests[] = {
        FRESH(test_words_become_the_api_s_values),
        FRESH(test_options_are_sent_as_members),
        FRESH(test_wrong_words_name_their_option_and_nothing_is_sent),
        FRESH(test_options_take_the_place_of_a_plan_s_members),
        FRESH(test_what_a_plan_lacks_or_has_wrong_is_said),
        FRESH(test_members_lead_to_their_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Plans as JSON: what is read, what is refused and by which words, and that one form is read back the same.
 */
#include "service/plan_json.h"

#include "core/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static json_t *json_of(const char *text)
{
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

    if (!json)
        fail_msg("the test's own JSON: %s", text);
    return json;
}

static enum otter_status parse(const char *text, struct policy_plan *ret, struct host_error *err)
{
    auto_json json_t *json = json_of(text);

    memset(err, 0, sizeof(*err));
    return plan_parse(json, ret, err);
}

static void read_ok(const char *text, struct policy_plan *ret)
{
    struct host_error err;

    if (parse(text, ret, &err) != OTTER_OK)
        fail_msg("%s: %s", text, err.message);
}

static void what_is_absent_is_the_default(void **state)
{
    struct policy_plan plan, usual;

    (void)state;
    policy_plan_default(&usual);
    read_ok("{}", &plan);
    assert_memory_equal(&plan, &usual, sizeof(plan));
    read_ok("{\"ramp\": null, \"tz\": null, \"phases\": null, \"windows\": null, \"auto\": null}", &plan);
    assert_memory_equal(&plan, &usual, sizeof(plan));
}

static void bare_percentages_are_the_old_form_that_no_loss_halts(void **state)
{
    struct policy_plan plan;

    (void)state;
    read_ok("{\"phases\": [5, 25, 100], \"auto\": true}", &plan);
    assert_int_equal(plan.phase_count, 3);
    assert_int_equal(plan.phase[1].width, POLICY_WIDTH_PERCENT);
    assert_int_equal(plan.phase[1].value, 25);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(plan.phase[i].automatic);
        assert_int_equal(plan.phase[i].success_share, 10000);
        assert_int_equal(plan.phase[i].failure_share, 10000);
    }
    assert_true(plan_automatic(&plan));
    read_ok("{\"phases\": [5, 25, 100], \"on_failure\": \"halt\"}", &plan);
    assert_int_equal(plan.phase[0].failure_share, 1000);
    assert_false(plan_automatic(&plan));
}

static void gates_are_read_with_two_decimals_and_lengths_of_time(void **state)
{
    struct policy_plan plan;

    (void)state;
    read_ok("{\"auto\": true, \"phases\": ["
            "{\"count\": 10, \"success\": 99.5, \"failure\": 0.25, \"min_sample\": 7, \"soak\": \"2h\"},"
            "{\"group\": \"canaries\", \"gate\": \"manual\", \"approval\": true},"
            "{\"percent\": 100, \"soak\": 90}]}",
            &plan);
    assert_int_equal(plan.phase[0].width, POLICY_WIDTH_COUNT);
    assert_int_equal(plan.phase[0].value, 10);
    assert_int_equal(plan.phase[0].success_share, 9950);
    assert_int_equal(plan.phase[0].failure_share, 25);
    assert_int_equal(plan.phase[0].min_sample, 7);
    assert_int_equal(plan.phase[0].soak_s, 7200);
    assert_true(plan.phase[0].automatic);
    assert_int_equal(plan.phase[1].width, POLICY_WIDTH_GROUP);
    assert_string_equal(plan.phase[1].group, "canaries");
    assert_false(plan.phase[1].automatic);
    assert_true(plan.phase[1].approval);
    assert_int_equal(plan.phase[2].soak_s, 90);
    assert_false(plan_automatic(&plan));
}

static void pace_and_times_are_read(void **state)
{
    struct policy_plan plan;

    (void)state;
    read_ok(
        "{\"max_active\": 50, \"per_minute\": 600, \"ramp\": {\"start\": 5, \"factor\": 1.5, \"every\": "
        "\"10m\"},"
        "\"bytes_per_second\": 1000000, \"site\": {\"prefix\": \"site:\", \"bytes_per_second\": 5000},"
        "\"not_before\": \"2026-11-23T22:00:00+01:00\", \"not_after\": 1900000000, \"tz\": \"Europe/Berlin\","
        "\"windows\": [{\"days\": [\"mon\", \"sun\"], \"from\": \"22:00\", \"to\": \"05:30\"},"
        "{\"from\": \"00:00\", \"to\": \"24:00\"}],"
        "\"deadline\": \"2d\", \"silence\": \"1h\", \"join\": false, \"allow_downgrade\": true,"
        "\"retries\": [{\"reason\": \"net-lost\", \"tries\": 3, \"wait\": \"5m\"},"
        "{\"reason\": \"*\", \"tries\": 1}]}",
        &plan);
    assert_int_equal(plan.max_active, 50);
    assert_int_equal(plan.per_minute, 600);
    assert_int_equal(plan.ramp_start, 5);
    assert_int_equal(plan.ramp_factor, 150);
    assert_int_equal(plan.ramp_every_s, 600);
    assert_int_equal(plan.bytes_per_s, 1000000);
    assert_string_equal(plan.site_prefix, "site:");
    assert_int_equal(plan.site_bytes_per_s, 5000);
    assert_int_equal(plan.not_before, 1795467600);
    assert_int_equal(plan.not_after, 1900000000);
    assert_string_equal(plan.zone, "Europe/Berlin");
    assert_int_equal(plan.window_count, 2);
    assert_int_equal(plan.window[0].days, 1u | 1u << 6);
    assert_int_equal(plan.window[0].from, 1320);
    assert_int_equal(plan.window[0].to, 330);
    assert_int_equal(plan.window[1].days, POLICY_DAYS_ALL);
    assert_int_equal(plan.window[1].to, 1440);
    assert_int_equal(plan.deadline_s, 172800);
    assert_int_equal(plan.silence_s, 3600);
    assert_false(plan.join);
    assert_true(plan.allow_downgrade);
    assert_int_equal(plan.retry_count, 2);
    assert_int_equal(plan.retry[0].reason, OTTER_NET_LOST);
    assert_int_equal(plan.retry[0].wait_s, 300);
    assert_int_equal(plan.retry[1].reason, OTTER_OK);
}

static void plan_is_written_in_one_form_and_read_back_the_same(void **state)
{
    static const char *const plans[] = {
        "{}",
        "{\"phases\": [1, 100]}",
        "{\"phases\": [{\"count\": 3}, {\"group\": \"g\", \"success\": 99.99, \"gate\": \"auto\"}, 100],"
        "\"on_failure\": \"warn\"}",
        "{\"on_failure\": \"rollback\", \"rollback_release\": 7}",
        "{\"per_minute\": 60, \"ramp\": {\"start\": 1, \"factor\": 2.25, \"every\": 60}, \"site\": "
        "{\"prefix\": \"s-\","
        "\"bytes_per_second\": 1}, \"bytes_per_second\": 1000000000000}",
        "{\"windows\": [{\"days\": [\"tue\"], \"from\": \"23:59\", \"to\": \"00:01\"}], \"tz\": "
        "\"Asia/Tokyo\"}",
        "{\"retries\": [{\"reason\": \"*\", \"tries\": 16, \"wait\": 0}], \"not_before\": 5, \"not_after\": "
        "6}",
    };

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(plans); i++) {
        struct policy_plan plan, again;
        auto_json json_t *written = NULL;
        struct host_error err = {0};

        read_ok(plans[i], &plan);
        written = plan_json(&plan);
        assert_non_null(written);
        if (!plan_read(written, &again, &err))
            fail_msg("%s: %s", plans[i], err.message);
        assert_memory_equal(&plan, &again, sizeof(plan));
    }
}

static void what_is_wrong_is_refused_by_its_name(void **state)
{
    static const struct {
        const char *text;
        enum otter_status status;
        const char *says;
    } wrong[] = {
        {"{\"phasen\": [100]}", OTTER_UNKNOWN_MEMBER, "phasen"},
        {"{\"phases\": []}", OTTER_BAD_PHASES, "phases"},
        {"{\"phases\": 100}", OTTER_BAD_PHASES, "phases"},
        {"{\"phases\": [0, 100]}", OTTER_BAD_PHASES, "phases[0]"},
        {"{\"phases\": [5, 101]}", OTTER_BAD_PHASES, "phases[1]"},
        {"{\"phases\": [2.5, 100]}", OTTER_BAD_PHASES, "phases[0]"},
        {"{\"phases\": [\"5\", 100]}", OTTER_BAD_PHASES, "phases[0]"},
        {"{\"phases\": [50, 25, 100]}", OTTER_BAD_PHASES, "phases[1]"},
        {"{\"phases\": [50, 50, 100]}", OTTER_BAD_PHASES, "phases[1]"},
        {"{\"phases\": [5, 25]}", OTTER_BAD_PHASES, "phases[1]"},
        {"{\"phases\": [{\"count\": 5}]}", OTTER_BAD_PHASES, "phases[0]"},
        {"{\"phases\": [{\"count\": 5}, {\"count\": 5}, 100]}", OTTER_BAD_PHASES, "phases[1]"},
        {"{\"phases\": [{\"count\": 0}, 100]}", OTTER_BAD_PHASES, "count"},
        {"{\"phases\": [{}, 100]}", OTTER_BAD_PHASES, "exactly one"},
        {"{\"phases\": [{\"percent\": 5, \"count\": 3}, 100]}", OTTER_BAD_PHASES, "exactly one"},
        {"{\"phases\": [{\"group\": \"a b\"}, 100]}", OTTER_BAD_PHASES, "group"},
        {"{\"phases\": [{\"percent\": 100, \"success\": 101}]}", OTTER_BAD_VALUE, "phases[0].success"},
        {"{\"phases\": [{\"percent\": 100, \"success\": -1}]}", OTTER_BAD_VALUE, "phases[0].success"},
        {"{\"phases\": [{\"percent\": 100, \"failure\": 100.01}]}", OTTER_BAD_VALUE, "phases[0].failure"},
        {"{\"phases\": [{\"percent\": 100, \"failure\": 1.005}]}", OTTER_BAD_VALUE, "two decimals"},
        {"{\"phases\": [{\"percent\": 100, \"min_sample\": 0}]}", OTTER_BAD_VALUE, "phases[0].min_sample"},
        {"{\"phases\": [{\"percent\": 100, \"soak\": \"soon\"}]}", OTTER_BAD_VALUE, "phases[0].soak"},
        {"{\"phases\": [{\"percent\": 100, \"gate\": \"automatic\"}]}", OTTER_BAD_VALUE, "manual, auto"},
        {"{\"phases\": [{\"percent\": 100, \"sample\": 3}]}", OTTER_UNKNOWN_MEMBER, "sample"},
        {"{\"phases\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,100]}", OTTER_BAD_PHASES, "phases"},
        {"{\"on_failure\": \"stop\"}", OTTER_BAD_VALUE, "warn, halt, rollback"},
        {"{\"rollback_release\": \"v1\"}", OTTER_BAD_VALUE, "rollback_release"},
        {"{\"rollback_release\": 0}", OTTER_BAD_VALUE, "rollback_release"},
        {"{\"auto\": 1}", OTTER_BAD_VALUE, "auto"},
        {"{\"join\": \"no\"}", OTTER_BAD_VALUE, "join"},
        {"{\"max_active\": -1}", OTTER_BAD_VALUE, "max_active"},
        {"{\"per_minute\": 4294967296}", OTTER_BAD_VALUE, "per_minute"},
        {"{\"bytes_per_second\": 1.5}", OTTER_BAD_VALUE, "bytes_per_second"},
        {"{\"ramp\": {\"start\": 5}}", OTTER_BAD_VALUE, "ramp.factor is missing"},
        {"{\"per_minute\": 9, \"ramp\": {\"start\": 5, \"factor\": 0.5, \"every\": 60}}", OTTER_BAD_VALUE,
         "ramp.factor"},
        {"{\"site\": {\"prefix\": \"site:\"}}", OTTER_BAD_VALUE, "site.bytes_per_second"},
        {"{\"site\": []}", OTTER_BAD_VALUE, "site"},
        {"{\"not_before\": \"tomorrow\"}", OTTER_BAD_VALUE, "RFC 3339"},
        {"{\"not_before\": \"2026-02-30T00:00:00Z\"}", OTTER_BAD_VALUE, "not_before"},
        {"{\"not_before\": 200, \"not_after\": 100}", OTTER_BAD_VALUE, "not_"},
        {"{\"not_before\": 253402300800}", OTTER_BAD_VALUE, "not_before"}, /* the year 10000 */
        {"{\"not_after\": 9007199254740991}", OTTER_BAD_VALUE, "not_after"},
        {"{\"windows\": [{\"from\": \"22:00\"}]}", OTTER_BAD_VALUE, "windows[0]"},
        {"{\"windows\": [{\"from\": \"22:00\", \"to\": \"5:00\"}]}", OTTER_BAD_VALUE, "windows[0].to"},
        {"{\"windows\": [{\"from\": \"22:60\", \"to\": \"05:00\"}]}", OTTER_BAD_VALUE, "windows[0].from"},
        {"{\"windows\": [{\"from\": \"22:00\", \"to\": \"24:01\"}]}", OTTER_BAD_VALUE, "windows[0].to"},
        {"{\"windows\": [{\"days\": [\"monday\"], \"from\": \"22:00\", \"to\": \"05:00\"}]}", OTTER_BAD_VALUE,
         "windows[0]: days"},
        {"{\"windows\": [{\"days\": [], \"from\": \"22:00\", \"to\": \"05:00\"}]}", OTTER_BAD_VALUE,
         "windows[0]: days"},
        {"{\"windows\": [7]}", OTTER_BAD_VALUE, "windows[0]"},
        {"{\"retries\": [{\"reason\": \"bad-luck\", \"tries\": 1}]}", OTTER_BAD_VALUE, "bad-luck"},
        {"{\"retries\": [{\"tries\": 1}]}", OTTER_BAD_VALUE, "retries[0]: reason"},
        {"{\"retries\": [{\"reason\": \"*\", \"tries\": 0}]}", OTTER_BAD_VALUE, "retries[0]: tries"},
        {"{\"deadline\": \"1 day\"}", OTTER_BAD_VALUE, "deadline"},
        {"{\"tz\": \"0123456789012345678901234567890123456789012345678901234567890123456789\"}",
         OTTER_BAD_VALUE, "tz"},
        {"[]", OTTER_BAD_VALUE, "object"},
    };

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(wrong); i++) {
        struct policy_plan plan;
        struct host_error err;
        enum otter_status status = parse(wrong[i].text, &plan, &err);

        if (status != wrong[i].status || !strstr(err.message, wrong[i].says))
            fail_msg("%s: %s \"%s\"", wrong[i].text, otter_status_name(status), err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_absent_is_the_default),
        cmocka_unit_test(bare_percentages_are_the_old_form_that_no_loss_halts),
        cmocka_unit_test(gates_are_read_with_two_decimals_and_lengths_of_time),
        cmocka_unit_test(pace_and_times_are_read),
        cmocka_unit_test(plan_is_written_in_one_form_and_read_back_the_same),
        cmocka_unit_test(what_is_wrong_is_refused_by_its_name),
    };

    return cmocka_run_group_tests_name("plan as JSON", tests, NULL, NULL);
}

#include "cmocka_first.h"

#include "core/bytes.h"
#include "core/status.h"
#include "explain_rules.h"
#include "show_explain.h"

#include <stdlib.h>
#include <string.h>

/* Names of the policy that refuse no device: reasons of attempts and of rollouts. */
static bool refuses_nobody(enum otter_status status)
{
    return status == OTTER_NO_ROLLOUT || status == OTTER_SERVER_DOWN || status == OTTER_SILENT ||
           status == OTTER_FAILURE_THRESHOLD;
}

static void test_each_refusal_of_the_policy_has_its_sentence(void **state)
{
    (void)state;
    for (int i = 0; i < OTTER_STATUS_COUNT; i++) {
        enum otter_status status = (enum otter_status)i;

        if (otter_status_group(status) == 'P' && !refuses_nobody(status) &&
            !cli_explain_knows(otter_status_name(status)))
            fail_msg("no sentence for %s", otter_status_name(status));
    }
    assert_true(cli_explain_knows("ok") && cli_explain_knows("under-way"));
    assert_true(cli_explain_knows("device-retired") && cli_explain_knows("manifest-expired"));
    assert_true(cli_explain_knows(otter_status_name(OTTER_SEQUENCE)));
    assert_false(cli_explain_knows("none"));
}

static void test_a_sentence_names_command_rollout_device_and_time(void **state)
{
    static const struct {
        const char *rollout, *sentence;
    } rows[] = {
        {"{\"id\":7,\"rule\":\"not-in-phase\",\"phase\":3,\"next_change_at\":null}",
         "Phase 3 has to open: by the gate before it, or otter rollout advance 7"},
        {"{\"id\":7,\"rule\":\"attempt-over\",\"phase\":1}",
         "Nothing, if it succeeded. A lost try is repeated by: otter device retry dev-1 --rollout 7"},
        {"{\"id\":7,\"rule\":\"outside-window\",\"phase\":1,\"next_change_at\":1800000000}",
         "A maintenance window has to open where the device is. That may be at 2027-01-15T08:00:00Z."},
        {"{\"id\":7,\"rule\":\"ok\",\"phase\":1,\"next_change_at\":1800000000}",
         "Nothing: its next poll is offered the release. That holds until 2027-01-15T08:00:00Z."},
        {"{\"id\":7,\"rule\":\"of-tomorrow\"}",
         "The rule is one that this otter does not know: a newer one may."},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        auto_json json_t *rollout = host_json_load(rows[i].rollout, strlen(rows[i].rollout), "", NULL);
        auto_free char *sentence = cli_explain_sentence(rollout, "dev-1");

        assert_string_equal(sentence, rows[i].sentence);
    }
}

static const char explanation[] =
    "{\"device\":\"dev-1\",\"at\":1800000000,\"rollouts\":["
    "{\"id\":3,\"name\":\"\",\"state\":\"running\",\"version\":\"1.1.0\",\"decision\":\"refuse\",\"rule\":"
    "\"not-in-"
    "phase\",\"lasts\":false,\"phase\":2,\"facts\":{\"phase\":{\"have\":\"2\",\"need\":\"at most 1\"}},"
    "\"next_change_at\":null},"
    "{\"id\":4,\"name\":\"\",\"state\":\"running\",\"version\":\"1.2.0\",\"decision\":\"offer\",\"rule\":"
    "\"ok\","
    "\"lasts\":false,\"phase\":1,\"facts\":{},\"next_change_at\":null}]}";

static void test_explain_shows_answer_facts_and_what_has_to_change_the_newest_rollout_first(void **state)
{
    auto_json json_t *j = host_json_load(explanation, strlen(explanation), "", NULL);
    auto_free char *said = NULL;
    size_t len;
    struct cli cli = {.out = open_memstream(&said, &len)};

    (void)state;
    assert_int_equal(cli_show_explain(&cli, j, false), CLI_DONE);
    assert_int_equal(fclose(cli.out), 0);
    assert_non_null(strstr(said, "dev-1 at 2027-01-15T08:00:00Z\n"));
    assert_non_null(strstr(said, "not now  not-in-phase  phase 2, needed at most 1  Phase 2 has to open"));
    assert_true(strstr(said, "its next poll is offered") < strstr(said, "not-in-phase"));
}

#define ENDED(id)                                                                                            \
    "{\"id\":" #id ",\"name\":\"\",\"state\":\"complete\",\"version\":\"1." #id                              \
    ".0\",\"decision\":\"refuse\","                                                                          \
    "\"rule\":\"rollout-complete\",\"lasts\":true,\"phase\":1,\"facts\":{\"state\":{\"have\":\"complete\","  \
    "\"need\":\"running\"}},\"next_change_at\":null,\"besides\":{\"rule\":\"downgrade-not-allowed\","        \
    "\"facts\":"                                                                                             \
    "{\"version\":{\"have\":\"1." #id ".0\",\"need\":\"at least 2.0.0\"}}}}"

static const char ended[] =
    "{\"device\":\"dev-1\",\"at\":1800000000,\"rollouts\":[{\"id\":11,\"name\":\"\",\"state\":\"running\","
    "\"version\":\"1.11.0\",\"decision\":\"offer\",\"rule\":\"ok\",\"lasts\":false,\"phase\":1,\"facts\":{},"
    "\"next_change_at\":null,\"besides\":null}," ENDED(12) "," ENDED(13) "," ENDED(14) "," ENDED(
        15) "," ENDED(16) "," ENDED(17) "]}";

static char *explained(bool all)
{
    auto_json json_t *j = host_json_load(ended, strlen(ended), "", NULL);
    char *said = NULL;
    size_t len;
    struct cli cli = {.out = open_memstream(&said, &len)};

    assert_non_null(j);
    assert_int_equal(cli_show_explain(&cli, j, all), CLI_DONE);
    assert_int_equal(fclose(cli.out), 0);
    return said;
}

static void test_ended_rollouts_come_last_and_few_and_say_why_the_device_was_left_out(void **state)
{
    auto_free char *few = explained(false), *all = explained(true);

    (void)state;
    assert_non_null(strstr(few,
                           "state complete, needed running; besides downgrade-not-allowed: version 1.17.0, "
                           "needed at least 2.0.0"));
    assert_true(strstr(few, " 1.11.0 ") < strstr(few, " 1.17.0 "));
    assert_true(strstr(few, " 1.17.0 ") < strstr(few, " 1.13.0 "));
    assert_null(strstr(few, " 1.12.0 "));
    assert_non_null(strstr(few, "and 1 that ended before: --ended"));
    assert_non_null(strstr(all, " 1.12.0 "));
    assert_null(strstr(all, "--ended"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_refusal_of_the_policy_has_its_sentence),
        cmocka_unit_test(test_a_sentence_names_command_rollout_device_and_time),
        cmocka_unit_test(test_explain_shows_answer_facts_and_what_has_to_change_the_newest_rollout_first),
        cmocka_unit_test(test_ended_rollouts_come_last_and_few_and_say_why_the_device_was_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

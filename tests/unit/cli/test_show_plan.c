/* A rollout's plan, gate and next step as lines for people. */
#include "cmocka_first.h"

#include "core/bytes.h"
#include "host/cleanup.h"
#include "host/json.h"
#include "show_gate.h"
#include "show_plan.h"

#include <stdlib.h>
#include <string.h>

#define PHASES                                                                                               \
    "'phases':[{'percent':5,'success':99.5,'failure':2,'min_sample':5,'soak':3600,'gate':'auto',"            \
    "'approval':false},{'count':40,'success':100,'failure':10,'min_sample':20,'soak':0,'gate':'manual',"     \
    "'approval':true},{'percent':100,'success':100,'failure':10,'min_sample':20,'soak':0,'gate':'auto',"     \
    "'approval':false}]"
#define ONE "'phases':[{'percent':100,'success':100,'failure':10,'min_sample':20,'soak':0,'gate':'manual'}]"

/* With ' for ". */
static json_t *load(const char *text)
{
    auto_free char *copy = strdup(text);
    struct host_error err = {0};
    json_t *j;

    for (char *c = copy; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    j = host_json_load(copy, strlen(copy), "", &err);
    if (j == NULL)
        fail_msg("%s: %s", text, err.message);
    return j;
}

static char *shown(void (*put)(FILE *to, const json_t *j), const char *text)
{
    auto_json json_t *j = load(text);
    char *out = NULL;
    size_t len;
    FILE *to = open_memstream(&out, &len);

    put(to, j);
    fclose(to);
    return out;
}

static void expect(void (*put)(FILE *to, const json_t *j), const char *text, const char *lines)
{
    auto_free char *got = shown(put, text);

    if (strcmp(got, lines) != 0)
        fail_msg("%s\nis shown as\n%sinstead of\n%s", text, got, lines);
}

static void test_a_plan_is_shown_as_far_as_it_says_something(void **state)
{
    static const char usual[] = "failure  over 10% lost of at least 20: halt\n";
    static const struct {
        const char *plan, *lines;
    } rows[] = {
        {"{}", ""},
        {"{" ONE ",'on_failure':'halt','deadline':86400,'silence':3600,'join':true}", usual},
        {"{" PHASES ",'on_failure':'rollback','rollback_release':'0123456789abcdef'}",
         "gates    phase 1: 99.5% succeeded, soak 1h, opens by itself; "
         "phase 2: all succeeded, approved by a second operator, opened by hand\n"
         "failure  phase 1: over 2% lost of at least 5; phase 2: over 10% lost of at least 20; "
         "phase 3: over 10% lost of at least 20: rollback to 0123456789ab\n"},
        {"{" ONE ",'on_failure':'halt','rollback_release':'0123456789abcdef'}",
         "failure  over 10% lost of at least 20: halt, by hand back to 0123456789ab\n"},
        {"{" ONE ",'on_failure':'halt','max_active':50,'per_minute':100,"
         "'ramp':{'start':10,'factor':1.5,'every':300},'bytes_per_second':5000000,"
         "'site':{'prefix':'site-','bytes_per_second':2048}}",
         "failure  over 10% lost of at least 20: halt\n"
         "pace     50 at a time; 100 a minute from 10, times 1.5 every 5m; 5MB/s; 2KiB/s for each tag "
         "site-*\n"},
        {"{" ONE ",'on_failure':'warn','not_before':1795000000,'not_after':1795086400,'tz':'Europe/Berlin',"
         "'windows':[{'days':['mon','tue','wed','sat','sun'],'from':'22:00','to':'05:00'},"
         "{'days':'all','from':'12:00','to':'13:00'}]}",
         "failure  over 10% lost of at least 20: warn\n"
         "when     from 2026-11-18T11:06:40Z; until 2026-11-19T11:06:40Z; mon-wed,sat,sun 22:00-05:00; "
         "12:00-13:00 "
         "(Europe/Berlin, or the device's tz)\n"},
        {"{" ONE ",'on_failure':'halt','deadline':0,'silence':7200,'retries':[{'reason':'power','tries':3,"
         "'wait':600},{'reason':'*','tries':1,'wait':3600}],'join':false,'allow_downgrade':true}",
         "failure  over 10% lost of at least 20: halt\n"
         "attempts no deadline; lost when silent for 2h; tried again 3 times after power, first 10m later; "
         "tried again once after any other loss, 1h later\n"
         "devices  those that matched at the start, no later ones; also from higher versions\n"},
        {"{" ONE ",'on_failure':'halt','tz':'a\\u001bb','windows':[{'days':'all','from':'1','to':'2'}]}",
         "failure  over 10% lost of at least 20: halt\n"
         "when     1-2 (a?b, or the device's tz)\n"},
        {"{" ONE ",'on_failure':'halt','windows':[{'days':['sun'],'from':'22:00','to':'22:00'}]}",
         "failure  over 10% lost of at least 20: halt\n"
         "when     sun 22:00-22:00, a whole day (UTC, or the device's tz)\n"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        expect(cli_plan_put, rows[i].plan, rows[i].lines);
}

static void test_one_device_is_one(void **state)
{
    static const char *const phases[][2] = {{"{'count':1}", "1 device"}, {"{'count':2}", "2 devices"}};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(phases); i++) {
        auto_json json_t *j = load(phases[i][0]);
        char width[CLI_WIDTH_STR];

        cli_plan_width(j, width);
        assert_string_equal(width, phases[i][1]);
    }
}

static void test_what_is_waited_for_is_said(void **state)
{
    static const struct {
        const char *rollout, *lines;
    } rows[] = {
        {"{'state':'running'}", ""},
        {"{'state':'running','gate':{'verdict':'manual'}}",
         "gate     through: the next phase is opened by hand\n"},
        {"{'state':'running','gate':{'verdict':'frozen','finished':9,'lost':0}}",
         "gate     through: the next phase opens when the rollouts are not frozen any more\n"},
        {"{'state':'running','gate':{'verdict':'soaking','until':1795000000,'lost':2,'finished':40}}",
         "gate     soaks until 2026-11-18T11:06:40Z; 2 of 40 finished are lost\n"},
        {"{'state':'running','gate':{'verdict':'advance'}}", ""},
        {"{'state':'paused','gate':{'verdict':'rest'}}", ""},
        {"{'state':'halted','state_reason':'threshold: 5 of 40 lost','state_at':1795000000}",
         "since    2026-11-18T11:06:40Z: threshold: 5 of 40 lost\n"},
        {"{'state':'rolled-back','child':8}", "back     rolled back by rollout 8: otter rollout status 8\n"},
        {"{'state':'running','parent':7}", "back     rolls back rollout 7\n"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        expect(cli_gate_put, rows[i].rollout, rows[i].lines);
}

static void test_the_next_verb_is_named(void **state)
{
    static const struct {
        const char *rollout, *lines;
    } rows[] = {
        {"{'id':7,'state':'draft'}", "Next: otter rollout start 7\n"},
        {"{'id':7,'state':'paused'}", "Next: otter rollout resume 7\n"},
        {"{'id':7,'state':'halted'}", "Next: otter rollout resume 7\n"
                                      "  which takes the losses so far as seen; or otter rollout abort 7\n"},
        {"{'id':7,'state':'halted','plan':{'rollback_release':'0123'}}",
         "Next: otter rollout resume 7\n"
         "  which takes the losses so far as seen; or otter rollout rollback 7, or otter rollout abort 7\n"},
        {"{'id':7,'state':'running','phase':1,'gate':{'verdict':'manual'}}",
         "Next: otter rollout advance 7 --phase 1\n"},
        {"{'id':7,'state':'running','phase':3,'gate':{'verdict':'too-few-succeeded'}}",
         "Next: otter rollout advance 7 --phase 3\n"},
        {"{'id':7,'state':'running','phase':2,'gate':{'verdict':'approval'}}",
         "Next: otter rollout approve 7 --phase 2\n"},
        {"{'id':7,'state':'running','phase':1,'gate':{'verdict':'frozen'}}", ""},
        {"{'id':7,'state':'running','gate':{'verdict':'outstanding'}}", ""},
        {"{'id':7,'state':'running','auto':false,'phase':1,'phases':[1,2]}",
         "Next phase: otter rollout advance 7\n"},
        {"{'id':7,'state':'running','auto':true,'phase':1,'phases':[1,2]}", ""},
        {"{'id':7,'state':'complete'}", ""},
        {"{'id':7,'state':'rolled-back'}", ""},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        expect(cli_next_step_put, rows[i].rollout, rows[i].lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plan_is_shown_as_far_as_it_says_something),
        cmocka_unit_test(test_one_device_is_one),
        cmocka_unit_test(test_what_is_waited_for_is_said),
        cmocka_unit_test(test_the_next_verb_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* /readyz: what makes a server unready, and what is a warning. */
#include "world.h"

#include "service/health.h"

#include <string.h>

/* As healthy as can be. */
static struct health_facts good(void)
{
    return (struct health_facts){.loops = 2, .has_root = true, .disk_answers = true, .disk_free = 1000};
}

static void expect(const struct health_facts *facts, const char *name, enum health_state state)
{
    struct health_verdict verdicts[HEALTH_CHECKS];
    bool ready = health_judge(facts, verdicts);

    assert_int_equal(ready, state != HEALTH_FAILED);
    for (unsigned i = 0; i < HEALTH_CHECKS; i++) {
        enum health_state wanted = strcmp(verdicts[i].name, name) == 0 ? state : HEALTH_GOOD;

        if (verdicts[i].state != wanted)
            fail_msg("%s is %d: %s", verdicts[i].name, (int)verdicts[i].state, verdicts[i].detail);
        assert_int_equal(verdicts[i].detail[0] != '\0', wanted != HEALTH_GOOD);
    }
}

static void each_fact_turns_its_own_check(void **state)
{
    struct health_facts f = good();

    (void)state;
    expect(&f, "", HEALTH_GOOD);
    f.trouble = OTTER_STORE_FULL;
    expect(&f, "store", HEALTH_FAILED);
    f = good();
    f.writer_ms = HEALTH_STUCK_MS - 1;
    expect(&f, "", HEALTH_GOOD);
    f.writer_ms = HEALTH_STUCK_MS;
    expect(&f, "writer", HEALTH_FAILED);
    f = good();
    f.reader_ms = HEALTH_STUCK_MS;
    expect(&f, "reader", HEALTH_FAILED);
    f = good();
    f.loops_stuck = 1;
    expect(&f, "loops", HEALTH_FAILED);
    f = good();
    f.pressed = true;
    expect(&f, "load", HEALTH_WARNING);
    f = good();
    f.disk_low = 1000;
    expect(&f, "", HEALTH_GOOD);
    f.disk_low = 1001;
    expect(&f, "disk", HEALTH_WARNING);
    f = good();
    f.disk_answers = false;
    expect(&f, "disk", HEALTH_WARNING);
    f = good();
    f.has_root = false;
    expect(&f, "rollouts", HEALTH_WARNING);
    f = good();
    f.frozen = true;
    expect(&f, "rollouts", HEALTH_WARNING);
}

static void a_server_says_of_its_loops_what_the_front_says(void **state)
{
    struct world *w = *state;
    struct svc_loops loops = {.count = 2, .stuck = 0};
    bool ready = false;
    json_t *j = svc_ready(w->svc, &loops, &ready);

    assert_true(ready && json_is_true(json_object_get(j, "ready")));
    json_decref(j);
    loops.stuck = 1;
    j = svc_ready(w->svc, &loops, &ready);
    assert_false(ready);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(json_object_get(j, "checks"), "loops"), "detail")),
        "1 of 2 do not go round");
    json_decref(j);
}

static void a_certificate_that_ends_soon_is_told(void **state)
{
    struct world *w = *state;
    char *told = NULL;

    svc_certificate_expires(w->svc, WORLD_NOW + 86400); /* the watch looks once a second */
    for (unsigned i = 0; i < 3000 && !told; i++) {
        struct svc_call call = {.op = SVC_METRICS};

        assert_int_equal(world_run(w, &call), OTTER_OK);
        if (strstr(call.out.body, "otter_events_total{event=\"certificate-expires\"} 1\n"))
            told = call.out.body;
        else
            svc_call_clear(&call);
    }
    assert_non_null(told);
    free(told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fact_turns_its_own_check),
        cmocka_unit_test_setup_teardown(a_server_says_of_its_loops_what_the_front_says, world_setup_with_root,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(a_certificate_that_ends_soon_is_told, world_setup_with_root,
                                        world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

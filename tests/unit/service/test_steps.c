/* The clock is set, ahead and back, by days, while otterd serves and from one start to the next: nothing is
 * counted twice, nobody waits until a time that was a mistake, and rates go by time that passes. */
#include "world.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

#define DEVICES 12u
#define AWAY    900000 /* seconds; releases have expired by 1,000,000 */

static _Atomic int64_t passed; /* seconds of the clock that is never set */

static uint64_t read_mono(void)
{
    return (uint64_t)(1000 + passed) * 1000;
}

static int setup(void **state)
{
    passed = 0;
    world_config.mono_ms = read_mono;
    return world_setup_with_devices(state, DEVICES);
}

static enum otter_status act(struct world *w, int64_t rollout, const char *action)
{
    struct svc_call call = {.op = SVC_ROLLOUT_ACTION, .in.number = (uint64_t)rollout, .in.id = action};
    enum otter_status status = world_run(w, &call);

    svc_call_clear(&call);
    return status;
}

/* Behind a call, the writer looks at the clocks, then at gates and deadlines. */
static void let_it_look(struct world *w)
{
    for (unsigned i = 0; i < 3; i++)
        (void)act(w, 0, "none");
}

static void pass(struct world *w, int64_t seconds)
{
    passed += seconds;
    world_clock += seconds;
    world_served += seconds;
    let_it_look(w);
}

static void step(struct world *w, int64_t seconds)
{
    world_clock += seconds;
    let_it_look(w);
}

static int64_t make(struct world *w, const char *plan)
{
    struct svc_call call = {.op = SVC_ROLLOUT_CREATE, .in.json = json_loads(plan, 0, NULL)};
    int64_t id;

    (void)json_object_set_new(call.in.json, "release", json_string(w->release));
    (void)json_object_set_new(call.in.json, "target", json_string("all"));
    if (world_run(w, &call) != OTTER_OK)
        fail_msg("%s: %s", plan, call.out.error.message);
    id = json_integer_value(json_object_get(call.out.json, "id"));
    json_decref(call.in.json);
    svc_call_clear(&call);
    assert_int_equal(act(w, id, "start"), OTTER_OK);
    return id;
}

/* One after the other, as long as it takes: how many are offered something for the first time. */
static unsigned ask_some(struct world *w, bool asked[DEVICES])
{
    unsigned n = 0;

    for (unsigned d = 0; d < DEVICES; d++)
        if (!asked[d] && world_ask(w, d) != 0) {
            asked[d] = true;
            n++;
        }
    return n;
}

/* In what order the clock is set, otterd begins anew, and time passes; 0 ends it. */
struct doing {
    int64_t set, pass;
    bool restart;
};

static void do_all(struct world *w, const struct doing *doing, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (doing[i].set)
            step(w, doing[i].set);
        if (doing[i].restart)
            world_restart(w);
        let_it_look(w);
        if (doing[i].pass)
            pass(w, doing[i].pass);
    }
}

/* The first phase is through when the clock says something else, and has ten minutes to soak. */
static void a_soak_ends(void **state)
{
    static const struct {
        const char *what;
        struct doing before[2], after[2], then[2];
        unsigned phase; /* at the end of `after`, and after `then` the second */
    } rows[] = {
        {"no step", {{0}}, {{.pass = 590}}, {{.pass = 20}}, 1},
        {"ahead, and a start; back", {{AWAY, 0, true}}, {{-AWAY, 590, false}}, {{.pass = 20}}, 1},
        {"ahead, and a start; back, and a start", {{AWAY, 0, true}}, {{-AWAY, 590, true}}, {{.pass = 20}}, 1},
        {"ahead in mid-soak", {{0}}, {{.pass = 300}, {AWAY, 280, false}}, {{.pass = 30}}, 1},
        {"back in mid-soak", {{0}}, {{.pass = 300}, {-AWAY, 280, false}}, {{.pass = 30}}, 1},
        {"back in mid-soak, and a start", {{0}}, {{.pass = 300}, {-AWAY, 0, true}}, {{.pass = 610}}, 1},
    };

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        bool asked[DEVICES] = {false};
        void *fresh = NULL;
        struct world *w;
        int64_t id;

        print_message("%s\n", rows[i].what);
        assert_int_equal(setup(&fresh), 0);
        w = fresh;
        id = make(w, "{\"phases\":[{\"count\":1,\"soak\":600},100],\"auto\":true}");
        do_all(w, rows[i].before, 2);
        assert_int_equal(ask_some(w, asked), 1);
        for (unsigned d = 0; d < DEVICES; d++)
            if (asked[d])
                world_update(w, d);
        do_all(w, rows[i].after, 2);
        world_expect_rollout(w, id, "running", rows[i].phase);
        do_all(w, rows[i].then, 2);
        pass(w, 1);
        world_expect_rollout(w, id, "running", 2);
        assert_int_equal(world_count(w, id, "succeeded"), 1);
        assert_int_equal(world_teardown(&fresh), 0);
    }
}

/* Ten a minute, one in the first; each loop of six seconds stands for one that may begin. */
static void rates_go_by_time_that_passes(void **state)
{
    static const struct {
        const char *what;
        const char *plan;
        struct doing before, after; /* the start, and the first minute, are between them */
        unsigned first, later;      /* how many begin in a minute, at once and in six-second turns */
    } rows[] = {
        {"no step", "{\"per_minute\":1}", {0}, {0}, 1, 1},
        {"ahead", "{\"per_minute\":1}", {0}, {.set = AWAY}, 1, 1},
        {"back", "{\"per_minute\":1}", {0}, {.set = -AWAY}, 1, 1},
        {"ahead, and back with a start", "{\"per_minute\":1}", {AWAY, 0, true}, {-AWAY, 0, true}, 1, 1},
        {"a ramp", "{\"per_minute\":10,\"ramp\":{\"start\":1,\"factor\":10,\"every\":60}}", {0}, {0}, 1, 10},
        {"a ramp from when it was ahead, and a start",
         "{\"per_minute\":10,\"ramp\":{\"start\":1,\"factor\":10,\"every\":60}}",
         {AWAY, 0, true},
         {-AWAY, 0, true},
         1,
         10},
        {"a ramp from a start in the past on",
         "{\"per_minute\":10,\"ramp\":{\"start\":1,\"factor\":10,\"every\":60}}",
         {AWAY, 0, false},
         {0},
         1,
         10},
    };

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        bool asked[DEVICES] = {false};
        unsigned first = 0, later = 0;
        void *fresh = NULL;
        struct world *w;

        print_message("%s: %s\n", rows[i].what, rows[i].plan);
        assert_int_equal(setup(&fresh), 0);
        w = fresh;
        do_all(w, &rows[i].before, 1);
        (void)make(w, rows[i].plan);
        for (unsigned turn = 0; turn < 10; turn++, pass(w, 6))
            first += ask_some(w, asked);
        do_all(w, &rows[i].after, 1);
        for (unsigned turn = 0; turn < 10; turn++, pass(w, 6))
            later += ask_some(w, asked);
        if (first != rows[i].first || later != rows[i].later)
            fail_msg("%u, then %u", first, later);
        assert_int_equal(world_count(w, 1, "offered"), first + later);
        assert_int_equal(world_teardown(&fresh), 0);
    }
}

/* What was refused for its time alone is looked at anew when the clock is set. WORLD_NOW is 08:00 UTC. */
static void what_a_wrong_clock_refused_is_granted_by_a_right_one(void **state)
{
    static const struct {
        const char *plan;
        int64_t away;
    } rows[] = {
        {"{\"windows\":[{\"days\":\"all\",\"from\":\"08:00\",\"to\":\"09:00\"}]}", AWAY}, /* 18:00 there */
        {"{\"windows\":[{\"days\":\"all\",\"from\":\"08:00\",\"to\":\"09:00\"}]}", -AWAY},
        {"{\"not_after\":1800600000}", AWAY},
        {"{\"not_before\":1799999000}", -AWAY},
        {"{}", 2 * AWAY}, /* the release has expired */
        {"{}", 10 * 365 * 86400},
    };

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        for (unsigned restart = 0; restart < 2; restart++) {
            void *fresh = NULL;
            struct world *w;
            int64_t id;

            print_message("%s%s\n", rows[i].plan, restart ? ", with starts" : "");
            assert_int_equal(setup(&fresh), 0);
            w = fresh;
            id = make(w, rows[i].plan);
            do_all(w, &(struct doing){rows[i].away, 0, restart}, 1);
            assert_int_equal(world_ask(w, 0), 0);
            assert_int_equal(world_ask(w, 0), 0);
            do_all(w, &(struct doing){-rows[i].away, 0, restart}, 1);
            world_expect_rollout(w, id, "running", 1);
            assert_int_not_equal(world_ask(w, 0), 0);
            assert_int_equal(world_count(w, id, "offered"), 1);
            assert_int_equal(world_teardown(&fresh), 0);
        }
}

/* Lost before the step, lost while it lasts, and seen by a resume then: each counts once. */
static void losses_count_once_whatever_the_clock_says(void **state)
{
    static const int64_t steps[] = {AWAY, -AWAY};

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(steps); i++) {
        void *fresh = NULL;
        struct world *w;
        int64_t id;

        assert_int_equal(setup(&fresh), 0);
        w = fresh;
        id = make(w, "{\"phases\":[{\"percent\":100,\"failure\":10,\"min_sample\":2}],"
                     "\"retries\":[{\"reason\":\"*\",\"tries\":3,\"wait\":60}]}");
        for (unsigned d = 0; d < 2; d++) {
            uint64_t attempt = world_ask(w, d);

            if (d == 1)
                step(w, steps[i]);
            assert_int_equal(world_report(w, d, attempt, 1, OTTER_UPDATE_FAILED, OTTER_NET_LOST, NULL),
                             OTTER_OK);
            assert_int_equal(world_report(w, d, attempt, 1, OTTER_UPDATE_FAILED, OTTER_NET_LOST, NULL),
                             OTTER_OK);
        }
        world_expect_rollout(w, id, "halted", 1);
        assert_int_equal(act(w, id, "resume"), OTTER_OK);
        step(w, -steps[i]);
        pass(w, 60);
        for (unsigned d = 0; d < 2; d++) { /* tried again, and lost again: these are new ones */
            uint64_t attempt = world_ask(w, d);

            assert_true(attempt != 0);
            world_expect_rollout(w, id, "running", 1);
            assert_int_equal(world_report(w, d, attempt, 1, OTTER_UPDATE_FAILED, OTTER_NET_LOST, NULL),
                             OTTER_OK);
        }
        world_expect_rollout(w, id, "halted", 1);
        assert_int_equal(world_count(w, id, "failed"), 2);
        assert_int_equal(world_teardown(&fresh), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_soak_ends),
        cmocka_unit_test(rates_go_by_time_that_passes),
        cmocka_unit_test(what_a_wrong_clock_refused_is_granted_by_a_right_one),
        cmocka_unit_test(losses_count_once_whatever_the_clock_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

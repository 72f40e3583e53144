/* Gates, halts and rollbacks in a real server: what is decided, that it is decided once, and that it is told.
 */
#include "world.h"

#include "core/bytes.h"
#include "service/rollout_fleet.h"

#include <stdio.h>
#include <string.h>

#define DEVICES 20u

static int setup_fleet(void **state)
{
    struct world *w;

    if (world_setup_with_root(state) != 0)
        return -1;
    w = *state;
    world_release(w, 1);
    world_devices(w, DEVICES);
    return 0;
}

static enum otter_status act_as(struct world *w, const char *who, int64_t rollout, const char *action,
                                unsigned phase)
{
    struct svc_call call = {.op = SVC_ROLLOUT_ACTION,
                            .in.number = (uint64_t)rollout,
                            .in.id = action,
                            .in.who = who,
                            .in.phase = phase};
    enum otter_status status = world_run(w, &call);

    svc_call_clear(&call);
    return status;
}

static int64_t make_as(struct world *w, const char *who, const char *release, const char *plan)
{
    struct svc_call call = {.op = SVC_ROLLOUT_CREATE, .in.who = who};
    int64_t id;

    call.in.json = json_loads(plan, 0, NULL);
    assert_non_null(call.in.json);
    (void)json_object_set_new(call.in.json, "release", json_string(release));
    (void)json_object_set_new(call.in.json, "target", json_string("all"));
    if (world_run(w, &call) != OTTER_OK)
        fail_msg("%s: %s", plan, call.out.error.message);
    id = json_integer_value(json_object_get(call.out.json, "id"));
    json_decref(call.in.json);
    svc_call_clear(&call);
    assert_int_equal(act_as(w, who, id, "start", 0), OTTER_OK);
    return id;
}

static int64_t make(struct world *w, const char *plan)
{
    return make_as(w, "ann", w->release, plan);
}

/* What was passed since is seen: the writer looks behind each call. */
static void pass(struct world *w, int64_t seconds)
{
    world_clock += seconds;
    world_served += seconds;
    for (unsigned i = 0; i < 2; i++)
        (void)act_as(w, NULL, 0, "none", 0);
}

static unsigned ask_all(struct world *w, bool asked[DEVICES])
{
    unsigned n = 0;

    for (unsigned i = 0; i < DEVICES; i++) {
        asked[i] = world_ask(w, i) != 0;
        n += asked[i];
    }
    return n;
}

static void lose(struct world *w, unsigned device)
{
    assert_int_equal(
        world_report(w, device, world_ask(w, device), 9, OTTER_UPDATE_FAILED, OTTER_SELF_TEST, NULL),
        OTTER_OK);
}

/* How often an event of a kind stands in the rollout's list; *ret_last (may be NULL): the last one's detail.
 */
static unsigned events(struct world *w, int64_t rollout, const char *kind, json_t **ret_last)
{
    json_t *list = world_get(w, SVC_ROLLOUT_EVENTS, NULL, (uint64_t)rollout);
    unsigned n = 0;
    json_t *row;
    size_t i;

    json_array_foreach(json_object_get(list, "items"), i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "kind")), kind) != 0)
            continue;
        n++;
        if (ret_last) {
            json_decref(*ret_last);
            *ret_last = json_incref(json_object_get(row, "detail"));
        }
    }
    json_decref(list);
    return n;
}

static void expect_reason(struct world *w, int64_t rollout, const char *said)
{
    json_t *r = world_get(w, SVC_ROLLOUT_GET, NULL, (uint64_t)rollout);
    const char *reason = json_string_value(json_object_get(r, "state_reason"));

    if (!reason || !strstr(reason, said))
        fail_msg("rollout %lld: \"%s\", and not \"%s\"", (long long)rollout, reason ? reason : "", said);
    json_decref(r);
}

static void expect_gate(struct world *w, int64_t rollout, const char *verdict)
{
    json_t *r;
    const char *said;

    pass(w, 0);
    r = world_get(w, SVC_ROLLOUT_GET, NULL, (uint64_t)rollout);
    said = json_string_value(json_object_get(json_object_get(r, "gate"), "verdict"));
    if (!said || strcmp(said, verdict) != 0)
        fail_msg("the gate of %lld says %s, and not %s", (long long)rollout, said ? said : "nothing",
                 verdict);
    json_decref(r);
}

static json_int_t number(struct world *w, int64_t rollout, const char *member)
{
    json_t *r = world_get(w, SVC_ROLLOUT_GET, NULL, (uint64_t)rollout);
    json_int_t n = json_integer_value(json_object_get(r, member));

    json_decref(r);
    return n;
}

static json_int_t told(struct world *w, const char *kind)
{
    struct svc_call call = {.op = SVC_METRICS};
    char line[96];
    const char *at;
    json_int_t n = 0;

    assert_int_equal(world_run(w, &call), OTTER_OK);
    (void)snprintf(line, sizeof(line), "otter_events_total{event=\"%s\"} ", kind);
    at = call.out.body ? strstr(call.out.body, line) : NULL;
    for (at = at ? at + strlen(line) : ""; *at >= '0' && *at <= '9'; at++)
        n = n * 10 + (*at - '0');
    svc_call_clear(&call);
    return n;
}

/* ---- halt, resume ---- */

#define HALT_AT_2 "{\"phases\":[{\"percent\":100,\"failure\":10,\"min_sample\":2}],\"auto\":true}"

static void threshold_waits_for_its_sample_and_then_for_nobody(void **state)
{
    struct world *w = *state;
    int64_t id = make(w, HALT_AT_2);
    json_t *detail = NULL;

    lose(w, 0);
    world_expect_rollout(w, id, "running", 1);
    assert_true(world_ask(w, 1) != 0);
    lose(w, 2);
    world_expect_rollout(w, id, "halted", 1);
    expect_reason(w, id, "2 of 2 that finished were lost (100 %), and at most 10 %");
    assert_int_equal(world_ask(w, 3), 0);
    assert_int_equal(events(w, id, "halted", &detail), 1);
    assert_int_equal(json_integer_value(json_object_get(detail, "lost")), 2);
    assert_non_null(strstr(json_string_value(json_object_get(detail, "reason")), "threshold"));
    json_decref(detail);
    assert_int_equal(told(w, "rollout-halted"), 1);
}

static void resume_takes_losses_as_seen_and_later_ones_count_anew(void **state)
{
    struct world *w = *state;
    int64_t id = make(w, HALT_AT_2);

    lose(w, 0);
    lose(w, 1);
    world_expect_rollout(w, id, "halted", 1);
    assert_int_equal(act_as(w, "bob", id, "resume", 0), OTTER_OK);
    world_expect_rollout(w, id, "running", 1);
    lose(w, 2);
    world_expect_rollout(w, id, "running", 1); /* one of one, below the sample */
    lose(w, 3);
    world_expect_rollout(w, id, "halted", 1);
    expect_reason(w, id, "2 of 2");
    assert_int_equal(events(w, id, "halted", NULL), 2);
}

/* A device whose loss was seen is tried again, and lost again: that is no loss that was seen. */
static void loss_that_was_seen_and_tried_again_counts_anew(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_DEVICE_CHANGE, .in.id = "retry"};
    int64_t id = make(w, HALT_AT_2);

    lose(w, 0);
    lose(w, 1);
    world_expect_rollout(w, id, "halted", 1);
    call.in.json = json_pack("{s:[s,s]}", "ids", world_device(0), world_device(1));
    assert_int_equal(act_as(w, "ann", id, "resume", 0), OTTER_OK);
    assert_int_equal(world_run(w, &call), OTTER_OK);
    assert_int_equal(json_integer_value(json_object_get(call.out.json, "changed")), 2);
    json_decref(call.in.json);
    svc_call_clear(&call);
    assert_int_equal(world_count(w, id, "failed"), 0);
    lose(w, 0);
    lose(w, 1);
    world_expect_rollout(w, id, "halted", 1);
    assert_int_equal(events(w, id, "loss-taken-back", NULL), 2);
}

/* The next phase is opened early, and they fail behind it. The losses of a phase are its own, by its own
 * numbers, before and after they were seen. */
static void stragglers_of_a_phase_that_was_passed_count_in_it(void **state)
{
    struct world *w = *state;
    int64_t id = make(w, "{\"phases\":[{\"count\":4,\"failure\":10,\"min_sample\":2},"
                         "{\"percent\":100,\"failure\":50,\"min_sample\":9}]}");
    unsigned first[DEVICES], n = 0;
    json_t *detail = NULL;
    bool asked[DEVICES];

    (void)ask_all(w, asked);
    for (unsigned i = 0; i < DEVICES; i++)
        if (asked[i])
            first[n++] = i;
    assert_int_equal(n, 4);
    assert_int_equal(world_action(w, id, "advance"), OTTER_OK);
    (void)ask_all(w, asked);
    for (unsigned i = 0, lost = 0; i < DEVICES && lost < 3; i++)
        if (i != first[0] && i != first[1] && i != first[2] && i != first[3]) {
            lose(w, i);
            lost++;
        }
    lose(w, first[0]);
    world_expect_rollout(w, id, "running", 2);
    lose(w, first[1]);
    world_expect_rollout(w, id, "halted", 2);
    expect_reason(w, id, "in phase 1, 2 of 2 that finished were lost");
    assert_int_equal(act_as(w, "bob", id, "resume", 0), OTTER_OK);
    assert_int_equal(events(w, id, "resumed", &detail), 1);
    assert_int_equal(json_integer_value(json_object_get(detail, "acknowledged")), 5);
    json_decref(detail);
    world_restart(w);
    lose(w, first[2]);
    world_expect_rollout(w, id, "running", 2);
    lose(w, first[3]);
    world_expect_rollout(w, id, "halted", 2);
    expect_reason(w, id, "in phase 1, 2 of 2");
}

static void verdict_of_a_pause_comes_with_the_resume(void **state)
{
    struct world *w = *state;
    int64_t id = make(w, HALT_AT_2);
    uint64_t a = world_ask(w, 0), b = world_ask(w, 1);

    assert_int_equal(world_action(w, id, "pause"), OTTER_OK);
    assert_int_equal(world_report(w, 0, a, 1, OTTER_UPDATE_FAILED, OTTER_SELF_TEST, NULL), OTTER_OK);
    assert_int_equal(world_report(w, 1, b, 1, OTTER_UPDATE_REVERTED, OTTER_WATCHDOG, NULL), OTTER_OK);
    world_expect_rollout(w, id, "paused", 1);
    assert_int_equal(world_action(w, id, "resume"), OTTER_OK);
    world_expect_rollout(w, id, "halted", 1);
}

static void warning_is_given_once_a_phase_and_it_goes_on(void **state)
{
    struct world *w = *state;
    int64_t id = make(w, "{\"phases\":[{\"percent\":100,\"failure\":10,\"min_sample\":1}],\"auto\":true,"
                         "\"on_failure\":\"warn\"}");

    lose(w, 0);
    lose(w, 1);
    world_restart(w);
    lose(w, 2);
    world_expect_rollout(w, id, "running", 1);
    assert_int_equal(events(w, id, "warned", NULL), 1);
    assert_true(world_ask(w, 3) != 0);
}

/* Whatever way an update is lost, it is the same to the threshold. */
static void each_kind_of_loss_halts(void **state)
{
    static const char plan[] = "{\"phases\":[{\"percent\":100,\"failure\":0,\"min_sample\":1}],\"auto\":true,"
                               "\"deadline\":1000,\"silence\":300,\"priority\":%u}";
    struct world *w = *state;
    char text[160];

    for (unsigned i = 0; i < 4; i++) {
        int64_t id;
        uint64_t a;

        (void)snprintf(text, sizeof(text), plan, i);
        id = make(w, text);
        a = world_ask(w, i);
        assert_true(a != 0);
        if (i < 2)
            assert_int_equal(world_report(w, i, a, 1, i ? OTTER_UPDATE_REVERTED : OTTER_UPDATE_FAILED,
                                          OTTER_SELF_TEST, NULL),
                             OTTER_OK);
        if (i == 2)
            assert_int_equal(world_report(w, i, a, 1, OTTER_UPDATE_INSTALLED, OTTER_OK, NULL), OTTER_OK);
        pass(w, i == 2 ? 310 : i == 3 ? 1010 : 0); /* silence, deadline */
        pass(w, 0);
        world_expect_rollout(w, id, "halted", 1);
    }
}

/* ---- gates ---- */

static void soak_goes_on_over_a_restart_and_is_told_once(void **state)
{
    struct world *w = *state;
    int64_t id = make(w, "{\"phases\":[{\"count\":1,\"soak\":600},100],\"auto\":true}");
    bool first[DEVICES];

    assert_int_equal(ask_all(w, first), 1);
    for (unsigned i = 0; i < DEVICES; i++)
        if (first[i])
            world_update(w, i);
    expect_gate(w, id, "soaking");
    pass(w, 300);
    world_restart(w);
    expect_gate(w, id, "soaking");
    assert_int_equal(events(w, id, "soaking", NULL), 1);
    pass(w, 1000); /* a clock that is set ahead, as far as otterd can tell: that is no soak */
    world_expect_rollout(w, id, "running", 1);
    world_restart(w);
    world_expect_rollout(w, id, "running", 2);
    assert_int_equal(events(w, id, "phase-complete", NULL), 1);
    assert_int_equal(told(w, "phase-opened"), 1);
}

static void one_is_not_approved_by_oneself_and_the_phase_is_the_one_that_was_meant(void **state)
{
    struct world *w = *state;
    int64_t id = make(w, "{\"phases\":[{\"count\":1,\"approval\":true},{\"count\":2,\"approval\":true},100],"
                         "\"auto\":true}");
    bool asked[DEVICES];

    for (unsigned phase = 1; phase <= 2; phase++) {
        (void)ask_all(w, asked);
        for (unsigned i = 0; i < DEVICES; i++)
            if (asked[i])
                world_update(w, i);
        expect_gate(w, id, "approval");
        assert_int_equal(act_as(w, "ann", id, "approve", 0), OTTER_FORBIDDEN);
        assert_int_equal(act_as(w, "ann", id, "advance", 0), OTTER_CONFLICT);
        assert_int_equal(act_as(w, "bob", id, "approve", 3 - phase), OTTER_CONFLICT);
        world_restart(w);
        expect_gate(w, id, "approval");
        assert_int_equal(act_as(w, "bob", id, "approve", phase), OTTER_OK);
        world_expect_rollout(w, id, "running", phase + 1);
        /* Who looked when it was in the phase before approves nothing of this one. */
        assert_int_equal(act_as(w, "eve", id, "approve", phase), OTTER_CONFLICT);
        assert_int_equal(act_as(w, "eve", id, "advance", phase), OTTER_CONFLICT);
    }
    assert_int_equal(number(w, id, "approved_phase"), 2);
    assert_int_equal(events(w, id, "approval-needed", NULL), 2);
    assert_int_equal(events(w, id, "approved", NULL), 2);
    assert_int_equal(act_as(w, "bob", id, "approve", 0), OTTER_CONFLICT);
}

/* By name. A rollout from before operators had names was made by the one that there was. */
static void only_another_name_approves(void **state)
{
    static const struct {
        const char *made, *approves; /* NULL: nobody is known */
        enum otter_status status;
    } rows[] = {
        {"ann", "ann", OTTER_FORBIDDEN}, {"ann", "bob", OTTER_OK},
        {"ann", "admin", OTTER_OK},      {"ann", NULL, OTTER_FORBIDDEN},
        {"admin", "ann", OTTER_OK},      {"admin", "admin", OTTER_FORBIDDEN},
        {NULL, "ann", OTTER_OK},         {NULL, "admin", OTTER_FORBIDDEN},
        {NULL, NULL, OTTER_FORBIDDEN},   {"admin", NULL, OTTER_FORBIDDEN},
        {"ann", "anna", OTTER_OK},       {"ann", "", OTTER_FORBIDDEN},
    };
    struct world *w = *state;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        int64_t id = make_as(w, rows[i].made, w->release,
                             "{\"phases\":[{\"count\":1,\"approval\":true},100],\"auto\":true}");

        if (act_as(w, rows[i].approves, id, "approve", 1) != rows[i].status)
            fail_msg("made by %s, approved by %s", rows[i].made ? rows[i].made : "nobody",
                     rows[i].approves ? rows[i].approves : "nobody");
        assert_int_equal(number(w, id, "approved_phase"), rows[i].status == OTTER_OK);
        assert_int_equal(events(w, id, "approved", NULL), rows[i].status == OTTER_OK);
    }
}

static void answer_to_an_action_is_of_what_it_led_to(void **state)
{
    struct world *w = *state;
    int64_t id = make(w, "{\"phases\":[{\"count\":1,\"approval\":true},100],\"auto\":true}");
    struct svc_call call = {
        .op = SVC_ROLLOUT_ACTION, .in.number = (uint64_t)id, .in.id = "approve", .in.who = "bob"};
    bool asked[DEVICES];

    (void)ask_all(w, asked);
    for (unsigned i = 0; i < DEVICES; i++)
        if (asked[i])
            world_update(w, i);
    expect_gate(w, id, "approval");
    assert_int_equal(world_run(w, &call), OTTER_OK);
    assert_int_equal(json_integer_value(json_object_get(call.out.json, "phase")), 2);
    assert_string_equal(json_string_value(json_object_get(json_object_get(call.out.json, "gate"), "verdict")),
                        "outstanding");
    svc_call_clear(&call);
}

/* A newcomer is waited for, in the phase that it falls into; the operator was asked already. */
static void gate_that_waits_is_not_told_again_for_a_newcomer(void **state)
{
    struct world *w = *state;
    int64_t id = make(w, "{\"phases\":[{\"percent\":99,\"gate\":\"manual\"},100]}");
    bool asked[DEVICES];

    (void)ask_all(w, asked);
    for (unsigned i = 0; i < DEVICES; i++)
        if (asked[i])
            world_update(w, i);
    expect_gate(w, id, "manual");
    world_enrol(w, DEVICES);
    pass(w, 12);
    expect_gate(w, id, world_ask(w, DEVICES) ? "outstanding" : "manual"); /* 1 % of them are not in it */
    if (world_ask(w, DEVICES))
        world_update(w, DEVICES);
    pass(w, 12);
    expect_gate(w, id, "manual");
    assert_int_equal(told(w, "gate-waiting"), 1);
    assert_int_equal(world_action(w, id, "advance"), OTTER_OK);
}

static void change(struct world *w, const char *verb, const char *device)
{
    struct svc_call call = {.op = SVC_DEVICE_CHANGE, .in.id = verb};

    call.in.json = json_pack("{s:[s]}", "ids", device);
    if (strcmp(verb, "unhold") != 0)
        (void)json_object_set_new(call.in.json, "reason", json_string("broken"));
    if (world_run(w, &call) != OTTER_OK)
        fail_msg("%s: %s", verb, call.out.error.message);
    json_decref(call.in.json);
    svc_call_clear(&call);
}

static void phase_that_proved_nothing_opens_no_other_by_itself(void **state)
{
    struct world *w = *state;
    bool asked[DEVICES];
    int64_t id;

    id = make(w, "{\"phases\":[{\"count\":1},100],\"auto\":true}");
    (void)ask_all(w, asked);
    assert_int_equal(world_action(w, id, "abort"), OTTER_OK);
    for (unsigned i = 0; i < DEVICES; i++)
        change(w, "hold", world_device(i));
    id = make(w, "{\"phases\":[{\"count\":1},100],\"auto\":true}");
    pass(w, 12);
    expect_gate(w, id, "too-few-succeeded");
    world_expect_rollout(w, id, "running", 1);
    for (unsigned i = 0; i < DEVICES; i++)
        change(w, "unhold", world_device(i));
    pass(w, 12);
    expect_gate(w, id, "outstanding");
}

/* Nobody is left to be waited for: it ends, with nothing counted. */
static void rollout_of_which_nobody_is_left_ends(void **state)
{
    static const char *const verbs[] = {"hold", "retire"};
    struct world *w = *state;

    for (unsigned v = 0; v < OTTER_ARRAY_LEN(verbs); v++) {
        int64_t id = make(w, "{\"phases\":[100],\"auto\":true}");

        for (unsigned i = 0; i < DEVICES; i++)
            change(w, verbs[v], world_device(i));
        pass(w, 12);
        world_expect_rollout(w, id, "complete", 1);
        assert_int_equal(world_count(w, id, "succeeded"), 0);
    }
}

static json_t *of_device(json_t *list, const char *device)
{
    json_t *row, *ret = NULL;
    size_t i;

    json_array_foreach(json_object_get(list, "items"), i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "device")), device) == 0)
            ret = row;
    }
    assert_non_null(ret);
    return ret;
}

/* It has ended, but that is not why. */
static void who_was_left_out_of_a_complete_rollout_is_told_why(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_ROLLOUT_EXPLAIN};
    int64_t id = make(w, "{\"phases\":[100],\"auto\":true}");
    json_t *r, *list;

    change(w, "hold", world_device(3));
    for (unsigned i = 0; i < DEVICES; i++)
        if (i != 3)
            world_update(w, i);
    pass(w, 12);
    world_expect_rollout(w, id, "complete", 1);
    call.in.id = world_device(3);
    assert_int_equal(world_run(w, &call), OTTER_OK);
    r = json_array_get(json_object_get(call.out.json, "rollouts"), 0);
    assert_string_equal(json_string_value(json_object_get(r, "rule")), "rollout-complete");
    r = json_object_get(r, "besides");
    assert_string_equal(json_string_value(json_object_get(r, "rule")), "held");
    assert_int_equal(json_object_size(json_object_get(r, "facts")), 1);
    svc_call_clear(&call);
    list = world_get(w, SVC_ROLLOUT_DEVICES, NULL, (uint64_t)id);
    assert_int_equal(json_integer_value(json_object_get(of_device(list, world_device(4)), "bytes")),
                     w->manifest.image[1].size);
    assert_int_equal(json_integer_value(json_object_get(of_device(list, world_device(3)), "bytes")), 0);
    json_decref(list);
}

/* Also of a time at which 32 bits of seconds are over, and 64 bits of microseconds would be. */
static void explain_knows_times_up_to_the_year_9999(void **state)
{
    static const struct {
        const char *at;
        enum otter_status status;
    } rows[] = {
        {"0", OTTER_OK},
        {"4294967296", OTTER_OK},
        {"253402300799", OTTER_OK},
        {"9999-12-31T23:59:59Z", OTTER_OK},
        {"253402300800", OTTER_BAD_VALUE},
        {"9007199254740991", OTTER_BAD_VALUE},
        {"18446744073709551616", OTTER_BAD_VALUE},
        {"-1", OTTER_BAD_VALUE},
    };
    struct world *w = *state;

    (void)make(w, "{\"phases\":[100],\"auto\":true,\"per_minute\":1}");
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct svc_call call = {.op = SVC_ROLLOUT_EXPLAIN};

        call.in.id = world_device(3);
        call.in.at = rows[i].at;
        if (world_run(w, &call) != rows[i].status)
            fail_msg("%s", rows[i].at);
        svc_call_clear(&call);
    }
}

/* Who belonged to it is not told that it came too late for it. */
static void members_of_an_ended_rollout_are_known_as_such(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_ROLLOUT_EXPLAIN};
    int64_t id = make(w, "{\"phases\":[100],\"join\":false}");
    static const char *const rules[] = {"ok", "not-a-member"};

    world_enrol(w, DEVICES);
    assert_int_equal(world_action(w, id, "abort"), OTTER_OK);
    for (unsigned i = 0; i < 2; i++) {
        const json_t *r;

        call.in.id = world_device(i == 0 ? 3 : DEVICES);
        assert_int_equal(world_run(w, &call), OTTER_OK);
        r = json_array_get(json_object_get(call.out.json, "rollouts"), 0);
        r = json_object_get(r, "besides");
        assert_string_equal(json_string_value(json_object_get(r, "rule")), rules[i]);
        svc_call_clear(&call);
    }
}

static void rollout_whose_time_is_over_is_not_made(void **state)
{
    struct world *w = *state;

    for (int64_t late = 0; late <= 1; late++) {
        struct svc_call call = {.op = SVC_ROLLOUT_CREATE};

        call.in.json = json_pack("{s:s, s:s, s:I}", "release", w->release, "target", "all", "not_after",
                                 (json_int_t)(world_clock + late));
        assert_int_equal(world_run(w, &call), late ? OTTER_OK : OTTER_BAD_VALUE);
        if (!late)
            assert_non_null(strstr(call.out.error.message, "not_after"));
        json_decref(call.in.json);
        svc_call_clear(&call);
    }
}

static void freeze(struct world *w, bool on)
{
    struct svc_call call = {.op = SVC_FREEZE, .in.id = on ? "freeze" : "unfreeze"};

    call.in.json = on ? json_pack("{s:s}", "reason", "look") : json_object();
    assert_int_equal(world_run(w, &call), OTTER_OK);
    json_decref(call.in.json);
    svc_call_clear(&call);
}

/* No phase opens by itself while all rollouts stand still; losses halt all the same. */
static void freeze_holds_gates_and_hides_no_loss(void **state)
{
    struct world *w = *state;
    int64_t id = make(w, "{\"phases\":[{\"count\":2,\"failure\":60,\"min_sample\":1},"
                         "{\"percent\":100,\"failure\":10,\"min_sample\":1}],\"auto\":true}");
    uint64_t attempt[2] = {0};
    unsigned in[2], n = 0;

    for (unsigned i = 0; i < DEVICES && n < 2; i++)
        if ((attempt[n] = world_ask(w, i)) != 0)
            in[n++] = i;
    assert_int_equal(n, 2);
    freeze(w, true);
    world_update(w, in[0]);
    world_update(w, in[1]);
    expect_gate(w, id, "frozen");
    world_restart(w);
    pass(w, 12);
    expect_gate(w, id, "frozen");
    freeze(w, false);
    pass(w, 12);
    world_expect_rollout(w, id, "running", 2);
    for (unsigned i = 0; i < DEVICES; i++) {
        uint64_t a = i == in[0] || i == in[1] ? 0 : world_ask(w, i);

        if (a == 0)
            continue;
        freeze(w, true);
        assert_int_equal(world_report(w, i, a, 1, OTTER_UPDATE_FAILED, OTTER_SELF_TEST, NULL), OTTER_OK);
        break;
    }
    world_expect_rollout(w, id, "halted", 2);
}

/* ---- rollback ---- */

struct pair {
    char bad[OTTER_DIGEST_HEX + 1], back[OTTER_DIGEST_HEX + 1];
    struct otter_manifest bad_manifest, back_manifest;
};

static void publish_pair(struct world *w, struct pair *p)
{
    world_release(w, 5);
    memcpy(p->bad, w->release, sizeof(p->bad));
    p->bad_manifest = w->manifest;
    world_release(w, 6);
    memcpy(p->back, w->release, sizeof(p->back));
    p->back_manifest = w->manifest;
    w->manifest = p->bad_manifest;
}

static int64_t make_bad(struct world *w, const struct pair *p, const char *more)
{
    char plan[512];

    (void)snprintf(plan, sizeof(plan),
                   "{\"phases\":[{\"percent\":100,\"failure\":20,\"min_sample\":5}],\"auto\":true,"
                   "\"on_failure\":\"rollback\",\"rollback_release\":\"%s\"%s}",
                   p->back, more);
    return make_as(w, "ann", p->bad, plan);
}

/* On the release that went wrong, confirmed: what is offered? */
static uint64_t ask_on(struct world *w, unsigned device, const struct otter_manifest *m,
                       struct otter_offer *ret)
{
    struct otter_offer offer;

    assert_int_equal(
        world_poll(w, &(struct world_poll){.device = device, .sha = &m->image[1].sha256, .confirmed = true},
                   &offer, NULL),
        OTTER_OK);
    if (ret)
        *ret = offer;
    return offer.empty ? 0 : offer.attempt;
}

static void rollback_is_for_those_that_run_or_try_it(void **state)
{
    struct world *w = *state;
    struct pair p;
    int64_t id, child;

    publish_pair(w, &p);
    id = make_bad(w, &p, ",\"silence\":300,\"max_active\":2,\"priority\":3");
    for (unsigned i = 0; i < 3; i++)
        world_update(w, i);
    assert_int_equal(world_report(w, 6, world_ask(w, 6), 1, OTTER_UPDATE_INSTALLED, OTTER_OK, NULL),
                     OTTER_OK);
    pass(w, 310);
    assert_int_equal(world_count(w, id, "timed-out"), 1);
    assert_true(world_ask(w, 5) != 0); /* tries it */
    lose(w, 3);
    world_expect_rollout(w, id, "rolled-back", 1);
    expect_reason(w, id, "threshold");
    child = number(w, id, "child");
    assert_true(child > id);
    world_expect_rollout(w, child, "running", 1);
    assert_int_equal(number(w, child, "parent"), id);
    assert_int_equal(number(w, child, "priority"), 3);
    assert_int_equal(events(w, id, "rolled-back", NULL), 1);
    assert_int_equal(told(w, "rollout-rolled-back"), 1);

    assert_int_equal(world_ask(w, 3), 0); /* lost it, and runs the old one */
    assert_int_equal(world_ask(w, 7), 0); /* never had it */
    assert_true(ask_on(w, 0, &p.bad_manifest, NULL) != 0);
    assert_true(world_ask(w, 5) != 0); /* its attempt is cancelled, and it is taken along */
    world_expect_state(w, 5, "offered");
    assert_int_equal(world_count(w, id, "cancelled"), 1);
    assert_int_equal(ask_on(w, 1, &p.bad_manifest, NULL), 0); /* the same cap */
    assert_int_equal(world_count(w, child, "offered"), 2);
}

static void rollback_that_fails_halts_and_goes_nowhere(void **state)
{
    struct world *w = *state;
    struct pair p;
    int64_t id, child;

    publish_pair(w, &p);
    id = make_bad(w, &p, "");
    for (unsigned i = 0; i < 8; i++)
        world_update(w, i);
    for (unsigned i = 8; i < 11; i++)
        lose(w, i);
    world_expect_rollout(w, id, "rolled-back", 1);
    child = number(w, id, "child");
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(world_report(w, i, ask_on(w, i, &p.bad_manifest, NULL), 1, OTTER_UPDATE_FAILED,
                                      OTTER_SELF_TEST, NULL),
                         OTTER_OK);
    world_expect_rollout(w, child, "halted", 1);
    assert_int_equal(number(w, child, "child"), 0);
    assert_int_equal(world_action(w, child, "rollback"), OTTER_CONFLICT);
    assert_int_equal(world_action(w, id, "rollback"), OTTER_CONFLICT);
    assert_int_equal(world_action(w, id, "resume"), OTTER_CONFLICT);
}

static void rollback_to_what_was_withdrawn_meanwhile_is_a_halt_that_says_so(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_RELEASE_WITHDRAW};
    struct pair p;
    int64_t id;

    publish_pair(w, &p);
    id = make_bad(w, &p, "");
    call.in.id = p.back;
    call.in.json = json_pack("{s:s}", "reason", "worse still");
    assert_int_equal(world_run(w, &call), OTTER_OK);
    json_decref(call.in.json);
    svc_call_clear(&call);
    for (unsigned i = 0; i < 5; i++)
        lose(w, i);
    world_expect_rollout(w, id, "halted", 1);
    expect_reason(w, id, "no rollback: ");
    expect_reason(w, id, "5 of 5");
    assert_int_equal(number(w, id, "child"), 0);
    assert_int_equal(world_action(w, id, "rollback"), OTTER_RELEASE_WITHDRAWN);
    world_expect_rollout(w, id, "halted", 1);
}

static void fits(struct otter_manifest *m)
{
    (void)m;
}

static void same_sequence(struct otter_manifest *m)
{
    m->sequence = 8;
}

static void older_epoch(struct otter_manifest *m)
{
    m->epoch = 1;
}

static void lower_counter(struct otter_manifest *m)
{
    m->security_counter = 6;
}

static void one_slot(struct otter_manifest *m)
{
    m->image_count = 1;
}

static void needs_more(struct otter_manifest *m)
{
    m->has_requires_from = true;
    m->requires_from = (struct otter_version){.major = 1, .minor = 9};
}

static void needs_less(struct otter_manifest *m)
{
    m->has_requires_below = true;
    m->requires_below = (struct otter_version){.major = 1, .minor = 8};
}

static void other_hardware(struct otter_manifest *m)
{
    (void)snprintf(m->hardware[0], sizeof(m->hardware[0]), "board-2");
}

static void other_product(struct otter_manifest *m)
{
    (void)snprintf(m->product, sizeof(m->product), "hygro");
}

/* Of epoch 2, sequence 8, counter 7, for both slots. */
static void rollback_release_is_refused_by_what_it_lacks(void **state)
{
    static const struct {
        void (*spoil)(struct otter_manifest *m);
        const char *says;
    } rows[] = {
        {fits, NULL},
        {same_sequence, "sequence"},
        {older_epoch, "sequence"},
        {lower_counter, "security counter"},
        {one_slot, "no image for slot"},
        {needs_more, "requires"},
        {needs_less, "requires"},
        {other_hardware, "not for hardware board-1"},
        {other_product, "another product"},
    };
    static struct catalog_release bad, back;

    (void)state;
    bad.manifest = (struct otter_manifest){.product = "thermo",
                                           .hardware = {"board-1"},
                                           .hardware_count = 1,
                                           .version = {.major = 1, .minor = 8},
                                           .epoch = 2,
                                           .sequence = 8,
                                           .security_counter = 7,
                                           .image_count = 2,
                                           .image = {{.slot = OTTER_SLOT_A}, {.slot = OTTER_SLOT_B}}};
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct host_error err = {.message = ""};
        enum otter_status status;

        back = bad;
        back.manifest.sequence = 9;
        rows[i].spoil(&back.manifest);
        status = rollback_fits(&bad, &back, &err);
        if (status != (rows[i].says ? OTTER_BAD_VALUE : OTTER_OK) ||
            (rows[i].says && !strstr(err.message, rows[i].says)))
            fail_msg("row %u: %s", i, err.message);
    }
}

static void rollback_release_must_be_there_to_be_named(void **state)
{
    struct world *w = *state;
    char lower[OTTER_DIGEST_HEX + 1], none[OTTER_DIGEST_HEX + 1];
    const struct {
        const char *back;
        enum otter_status status;
    } rows[] = {{lower, OTTER_BAD_VALUE}, {none, OTTER_NOT_FOUND}, {"x", OTTER_BAD_VALUE}};

    memcpy(lower, w->release, sizeof(lower));
    memset(none, 'a', OTTER_DIGEST_HEX);
    none[OTTER_DIGEST_HEX] = '\0';
    world_release(w, 2);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct svc_call call = {.op = SVC_ROLLOUT_CREATE};

        call.in.json = json_pack("{s:s, s:s, s:s, s:s}", "release", w->release, "target", "all", "on_failure",
                                 "rollback", "rollback_release", rows[i].back);
        assert_int_equal(world_run(w, &call), rows[i].status);
        assert_non_null(strstr(call.out.error.message, "rollback_release"));
        json_decref(call.in.json);
        svc_call_clear(&call);
    }
}

static void operators_rollback_also_of_what_is_complete(void **state)
{
    struct world *w = *state;
    struct pair p;
    int64_t id;

    publish_pair(w, &p);
    id = make_bad(w, &p, "");
    for (unsigned i = 0; i < DEVICES; i++)
        world_update(w, i);
    world_expect_rollout(w, id, "complete", 1);
    assert_int_equal(act_as(w, "bob", id, "rollback", 0), OTTER_OK);
    world_expect_rollout(w, id, "rolled-back", 1);
    expect_reason(w, id, "by operator bob");
    assert_true(ask_on(w, 4, &p.bad_manifest, NULL) != 0);
}

static void rollouts_of_a_release_that_is_withdrawn_say_so(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_RELEASE_WITHDRAW, .in.who = "bob"};
    json_t *detail = NULL;
    int64_t id = make(w, HALT_AT_2);

    call.in.id = w->release;
    call.in.json = json_pack("{s:s, s:b}", "reason", "bad", "abort_rollouts", 1);
    assert_int_equal(world_run(w, &call), OTTER_OK);
    json_decref(call.in.json);
    svc_call_clear(&call);
    world_expect_rollout(w, id, "aborted", 1);
    expect_reason(w, id, "withdrawn");
    assert_int_equal(events(w, id, "aborted", &detail), 1);
    assert_non_null(json_object_get(detail, "reason"));
    json_decref(detail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_fleet, world_teardown)
        T(threshold_waits_for_its_sample_and_then_for_nobody),
        T(resume_takes_losses_as_seen_and_later_ones_count_anew),
        T(loss_that_was_seen_and_tried_again_counts_anew),
        T(stragglers_of_a_phase_that_was_passed_count_in_it),
        T(verdict_of_a_pause_comes_with_the_resume),
        T(warning_is_given_once_a_phase_and_it_goes_on),
        T(each_kind_of_loss_halts),
        T(soak_goes_on_over_a_restart_and_is_told_once),
        T(one_is_not_approved_by_oneself_and_the_phase_is_the_one_that_was_meant),
        T(only_another_name_approves),
        T(answer_to_an_action_is_of_what_it_led_to),
        T(gate_that_waits_is_not_told_again_for_a_newcomer),
        T(phase_that_proved_nothing_opens_no_other_by_itself),
        T(rollout_of_which_nobody_is_left_ends),
        T(who_was_left_out_of_a_complete_rollout_is_told_why),
        T(members_of_an_ended_rollout_are_known_as_such),
        T(explain_knows_times_up_to_the_year_9999),
        T(rollout_whose_time_is_over_is_not_made),
        T(freeze_holds_gates_and_hides_no_loss),
        T(rollback_is_for_those_that_run_or_try_it),
        T(rollback_that_fails_halts_and_goes_nowhere),
        T(rollback_to_what_was_withdrawn_meanwhile_is_a_halt_that_says_so),
        cmocka_unit_test(rollback_release_is_refused_by_what_it_lacks),
        T(rollback_release_must_be_there_to_be_named),
        T(operators_rollback_also_of_what_is_complete),
        T(rollouts_of_a_release_that_is_withdrawn_say_so),
#undef T
    };

    return cmocka_run_group_tests_name("gates, halts and rollbacks", tests, NULL, NULL);
}

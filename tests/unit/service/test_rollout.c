/* Rollouts: phases, who is in them, who may do what when. */
#include "batch.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

#define DEVICES 40u

static int setup_fleet(void **state)
{
    return world_setup_with_devices(state, DEVICES);
}

/* Who is offered something now; the rest is told nothing. */
static unsigned ask_all(struct world *w, bool asked[DEVICES])
{
    unsigned n = 0;

    for (unsigned i = 0; i < DEVICES; i++) {
        asked[i] = world_ask(w, i) != 0;
        n += asked[i];
    }
    return n;
}

static void update_those(struct world *w, const bool which[DEVICES])
{
    for (unsigned i = 0; i < DEVICES; i++)
        if (which[i])
            world_update(w, i);
}

static json_int_t phase_member(struct world *w, int64_t rollout, unsigned phase, const char *member)
{
    json_t *r = world_get(w, SVC_ROLLOUT_GET, NULL, (uint64_t)rollout);
    const json_t *value = json_object_get(json_array_get(json_object_get(r, "phases"), phase - 1), member);
    json_int_t n = json_is_true(value) ? 1 : json_integer_value(value);

    json_decref(r);
    return n;
}

static void phases_open_one_after_the_other_by_themselves(void **state)
{
    struct world *w = *state;
    bool first[DEVICES], second[DEVICES], third[DEVICES];
    int64_t id = world_rollout(w, "all", "[20,60,100]", true);
    unsigned a, b, c;

    a = ask_all(w, first);
    assert_in_range(a, 1, DEVICES - 2);
    assert_int_equal(phase_member(w, id, 1, "devices"), a);
    world_expect_rollout(w, id, "running", 1);
    update_those(w, first);
    world_expect_rollout(w, id, "running", 2);
    b = ask_all(w, second);
    for (unsigned i = 0; i < DEVICES; i++)
        assert_false(first[i] && second[i]);
    assert_int_equal(phase_member(w, id, 2, "devices"), b);
    update_those(w, second);
    world_expect_rollout(w, id, "running", 3);
    c = ask_all(w, third);
    assert_int_equal(a + b + c, DEVICES);
    update_those(w, third);
    world_expect_rollout(w, id, "complete", 3);
    assert_int_equal(world_count(w, id, "succeeded"), DEVICES);
}

/* What `waiting` says of a rule; -1: it says nothing at all. */
static json_int_t waiting_for(struct world *w, int64_t rollout, const char *rule)
{
    struct svc_call call = {.op = SVC_ROLLOUT_GET, .in.number = (uint64_t)rollout, .in.waiting = true};
    const json_t *waiting;
    json_int_t n;

    assert_int_equal(world_run(w, &call), OTTER_OK);
    waiting = json_object_get(call.out.json, "waiting");
    assert_non_null(waiting);
    n = json_is_null(waiting) ? -1
                              : json_integer_value(json_object_get(json_object_get(waiting, "rules"), rule));
    svc_call_clear(&call);
    return n;
}

static void those_without_an_offer_wait_for_what_a_poll_would_be_told(void **state)
{
    struct world *w = *state;
    int64_t id = world_rollout_plan(w, "all", "{\"phases\":[50,100],\"max_active\":2}"), later;
    json_int_t first = phase_member(w, id, 1, "devices");
    json_t *plain = world_get(w, SVC_ROLLOUT_GET, NULL, (uint64_t)id);
    bool asked[DEVICES];

    assert_null(json_object_get(plain, "waiting")); /* it is asked for */
    json_decref(plain);
    assert_int_equal(waiting_for(w, id, "not-in-phase"), DEVICES - first);
    assert_int_equal(waiting_for(w, id, "ok"), first);
    assert_int_equal(ask_all(w, asked), 2);
    assert_int_equal(waiting_for(w, id, "cap-reached"), first - 2);
    assert_int_equal(waiting_for(w, id, "ok"), 0);
    update_those(w, asked); /* they are through: they wait for nothing */
    assert_int_equal(waiting_for(w, id, "ok"), first - 2);
    assert_int_equal(waiting_for(w, id, "up-to-date"), 0);
    later = world_rollout(w, "all", "[100]", true);
    assert_int_equal(waiting_for(w, later, "ok"), DEVICES - 2);
    assert_int_equal(waiting_for(w, id, "superseded"), first - 2);
    assert_int_equal(world_action(w, later, "abort"), OTTER_OK);
    assert_int_equal(waiting_for(w, later, "ok"), -1);
}

static void loss_holds_the_next_phase_until_an_operator_decides(void **state)
{
    struct world *w = *state;
    bool first[DEVICES], second[DEVICES];
    int64_t id = world_rollout(w, "all", "[20,100]", true);
    bool lost = false;

    (void)ask_all(w, first);
    for (unsigned i = 0; i < DEVICES; i++) {
        if (!first[i])
            continue;
        if (lost) {
            world_update(w, i);
            continue;
        }
        assert_int_equal(world_report(w, i, world_ask(w, i), 1, OTTER_UPDATE_REVERTED, OTTER_WATCHDOG, NULL),
                         OTTER_OK);
        lost = true;
    }
    world_expect_rollout(w, id, "running", 1);
    assert_int_equal(ask_all(w, second), 0);
    assert_int_equal(world_action(w, id, "advance"), OTTER_OK);
    assert_true(ask_all(w, second) > 0);
    assert_int_equal(world_action(w, id, "advance"), OTTER_CONFLICT);
    update_those(w, second);
    world_expect_rollout(w, id, "complete", 2);
    assert_int_equal(world_count(w, id, "reverted"), 1);
}

static void without_auto_an_operator_advances(void **state)
{
    struct world *w = *state;
    bool first[DEVICES], none[DEVICES];
    int64_t id = world_rollout(w, "all", "[20,100]", false);
    json_t *r;

    (void)ask_all(w, first);
    update_those(w, first);
    world_expect_rollout(w, id, "running", 1);
    r = world_get(w, SVC_ROLLOUT_GET, NULL, (uint64_t)id);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(json_object_get(r, "phases"), 0), "state")),
        "complete");
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(json_object_get(r, "phases"), 1), "state")),
        "waiting");
    json_decref(r);
    assert_int_equal(ask_all(w, none), 0);
    assert_int_equal(world_action(w, id, "advance"), OTTER_OK);
    assert_true(ask_all(w, none) > 0);
}

static void phase_that_selects_nobody_is_widened_and_says_so(void **state)
{
    struct world *w = *state;
    int64_t id = world_rollout(w, "id in (device-000, device-001)", "[1,2,100]", true);
    json_int_t first = phase_member(w, id, 1, "devices");
    unsigned offered = 0;

    /* Two devices in 10,000 cohorts: 1 % holds neither, but for a chance of 2 in 100. */
    if (!phase_member(w, id, 1, "widened"))
        assert_true(first > 0);
    assert_true(first >= 1);
    for (unsigned i = 0; i < 2; i++)
        offered += world_ask(w, i) != 0;
    assert_int_equal(offered, first);
}

static void pause_grants_nothing_new_and_lets_the_running_finish(void **state)
{
    struct world *w = *state;
    int64_t id = world_rollout(w, "all", "[100]", false);

    assert_int_equal(world_ask(w, 0), 111);
    assert_int_equal(world_action(w, id, "pause"), OTTER_OK);
    assert_int_equal(world_ask(w, 1), 0);
    assert_int_equal(world_ask(w, 0), 111);
    world_update(w, 0);
    world_expect_state(w, 0, "succeeded");
    assert_int_equal(world_action(w, id, "resume"), OTTER_OK);
    assert_int_equal(world_ask(w, 1), 112);
}

static void actions_fit_the_state(void **state)
{
    static const char *const all[] = {"start", "advance", "pause", "resume", "abort"};
    struct world *w = *state;
    struct svc_call call = {.op = SVC_ROLLOUT_CREATE};

    call.in.json =
        json_pack("{s:s, s:s, s:[i,i]}", "release", w->release, "target", "all", "phases", 50, 100);
    assert_int_equal(world_run(w, &call), OTTER_OK);
    assert_string_equal(json_string_value(json_object_get(call.out.json, "state")), "draft");
    svc_call_clear(&call);
    json_decref(call.in.json);
    assert_int_equal(world_ask(w, 0), 0); /* not started */
    for (unsigned i = 1; i < 4; i++)
        assert_int_equal(world_action(w, 1, all[i]), OTTER_CONFLICT);
    assert_int_equal(world_action(w, 1, "start"), OTTER_OK);
    assert_int_equal(world_action(w, 1, "start"), OTTER_CONFLICT);
    assert_int_equal(world_action(w, 1, "resume"), OTTER_CONFLICT);
    assert_int_equal(world_action(w, 1, "pause"), OTTER_OK);
    assert_int_equal(world_action(w, 1, "pause"), OTTER_CONFLICT);
    assert_int_equal(world_action(w, 1, "advance"), OTTER_CONFLICT);
    assert_int_equal(world_action(w, 1, "abort"), OTTER_OK);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(all); i++)
        assert_int_equal(world_action(w, 1, all[i]), OTTER_CONFLICT);
    assert_int_equal(world_action(w, 1, "explode"), OTTER_NOT_FOUND);
    assert_int_equal(world_action(w, 2, "start"), OTTER_NOT_FOUND);
}

static void wishes_that_cannot_be_are_refused(void **state)
{
    static const struct {
        const char *body; /* after {"release":..., */
        enum otter_status status;
        size_t at;
    } rows[] = {
        {"\"target\":\"all\",\"phases\":[5,100]", OTTER_OK, 0},
        {"\"target\":\"all\",\"phases\":[5,25]", OTTER_BAD_PHASES, 0},
        {"\"target\":\"all\",\"phases\":[100,5]", OTTER_BAD_PHASES, 0},
        {"\"target\":\"all\",\"phases\":[]", OTTER_BAD_PHASES, 0},
        {"\"target\":\"all\",\"phases\":[\"100\"]", OTTER_BAD_PHASES, 0},
        {"\"target\":\"all\",\"phases\":[1.5,100]", OTTER_BAD_PHASES, 0},
        {"\"target\":\"tag = x\",\"phases\":[100]", OTTER_BAD_TARGET, 4},
        {"\"target\":\"tag == nobody\",\"phases\":[100]", OTTER_EMPTY_TARGET, 0},
        {"\"target\":\"all\"", OTTER_OK, 0}, /* one phase of 100 percent */
        {"\"target\":null", OTTER_MISSING_MEMBER, 0},
        {"\"target\":\"hardware == board-2\"", OTTER_EMPTY_TARGET, 0},
        {"\"target\":\"all\",\"tz\":\"Europe/Atlantis\"", OTTER_BAD_VALUE, 0},
        {"\"target\":\"all\",\"phases\":[{\"group\":\"nobody\"},100]", OTTER_BAD_PHASES, 0},
        {"\"target\":\"all\",\"phases\":[{\"percent\":100,\"success\":101}]", OTTER_BAD_VALUE, 0},
        {"\"target\":\"all\",\"on_failure\":\"rollback\"", OTTER_BAD_VALUE, 0},
        {"\"phases\":[100]", OTTER_MISSING_MEMBER, 0},
        {"\"target\":\"all\",\"phases\":[100],\"color\":1", OTTER_UNKNOWN_MEMBER, 0},
        {"\"target\":\"all\",\"phases\":[100],\"priority\":1001", OTTER_BAD_VALUE, 0},
        {"\"target\":\"all\",\"phases\":[100],\"name\":\"a b\"", OTTER_BAD_VALUE, 0},
        {"\"target\":\"all\",\"phases\":[100],\"auto\":1", OTTER_BAD_VALUE, 0},
    };
    struct world *w = *state;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct svc_call call = {.op = SVC_ROLLOUT_CREATE};
        char text[512];

        (void)snprintf(text, sizeof(text), "{\"release\":\"%s\",%s}", w->release, rows[i].body);
        call.in.json = json_loads(text, 0, NULL);
        if (world_run(w, &call) != rows[i].status ||
            (rows[i].at && (!call.out.has_at || call.out.at != rows[i].at)))
            fail_msg("%s: %s", rows[i].body, otter_status_name(call.out.status));
        if (call.out.status != OTTER_OK)
            assert_true(call.out.error.message[0]);
        json_decref(call.in.json);
        svc_call_clear(&call);
    }
}

static void higher_priority_comes_first_then_the_newer(void **state)
{
    struct world *w = *state;
    struct otter_offer offer;
    int64_t low = world_rollout(w, "all", "[100]", false), high;

    world_release(w, 2);
    high = world_rollout(w, "id == device-000", "[100]", false);
    assert_true(high > low);
    assert_int_equal(world_poll(w, &(struct world_poll){.device = 0, .confirmed = true}, &offer, NULL),
                     OTTER_OK);
    assert_memory_equal(offer.image.sha256.b, w->manifest.image[1].sha256.b, OTTER_DIGEST_LEN);
    assert_int_equal(world_count(w, high, "offered"), 1);
    assert_int_equal(world_count(w, low, "offered"), 0);
    /* Whoever the newer one does not select gets the older one's. */
    assert_true(world_ask(w, 1) != 0);
    assert_int_equal(world_count(w, low, "offered"), 1);
}

static void ended_attempt_is_not_granted_again_after_another_rollouts(void **state)
{
    struct world *w = *state;
    int64_t old = world_rollout(w, "all", "[100]", false), fresh;

    assert_int_equal(world_report(w, 0, world_ask(w, 0), 1, OTTER_UPDATE_FAILED, OTTER_SELF_TEST, NULL),
                     OTTER_OK);
    world_release(w, 2);
    fresh = world_rollout(w, "all", "[100]", false);
    assert_int_equal(world_report(w, 0, world_ask(w, 0), 1, OTTER_UPDATE_FAILED, OTTER_SELF_TEST, NULL),
                     OTTER_OK);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(world_ask(w, 0), 0);
    assert_int_equal(world_count(w, old, "failed"), 1);
    assert_int_equal(world_count(w, fresh, "failed"), 1);
}

static void tags_change_who_is_selected(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_DEVICE_PATCH, .in.id = "device-003"};

    assert_int_equal(world_rollout(w, "tag == beta or id == device-000", "[100]", false), 1);
    assert_int_equal(world_ask(w, 3), 0);
    assert_int_equal(world_ask(w, 3), 0);
    call.in.json = json_pack("{s:{s:[s]}}", "tags", "add", "beta");
    assert_int_equal(world_run(w, &call), OTTER_OK);
    json_decref(call.in.json);
    svc_call_clear(&call);
    assert_true(world_ask(w, 3) != 0);
}

struct crowd {
    struct world *w;
    unsigned from;
    unsigned offered;
    pthread_t thread;
};

static void *poll_all(void *arg)
{
    struct crowd *c = arg;

    for (unsigned round = 0; round < 5; round++)
        for (unsigned i = 0; i < DEVICES; i++)
            c->offered += world_ask(c->w, (c->from + i) % DEVICES) != 0;
    return NULL;
}

/* Four threads poll for the same devices at once: one attempt each, and nobody beyond the phase. */
static void parallel_polls_never_exceed_the_phase(void **state)
{
    struct world *w = *state;
    int64_t id = world_rollout(w, "all", "[30,100]", false);
    json_int_t planned = phase_member(w, id, 1, "devices");
    struct crowd crowd[4];
    json_t *list;

    for (unsigned i = 0; i < 4; i++) {
        crowd[i] = (struct crowd){.w = w, .from = i * 10};
        assert_int_equal(pthread_create(&crowd[i].thread, NULL, poll_all, &crowd[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(crowd[i].thread, NULL);
        assert_int_equal(crowd[i].offered, 5 * planned);
    }
    assert_int_equal(world_count(w, id, "offered"), planned);
    list = world_get(w, SVC_ROLLOUT_ATTEMPTS, NULL, (uint64_t)id);
    assert_int_equal(json_array_size(json_object_get(list, "items")), planned);
    json_decref(list);
}

/*
 * The pause and the poll are queued behind a long call, so they end up in one transaction, in which memory
 * still shows the rollout running: the grant must be checked against the store.
 */
static void poll_in_the_same_transaction_as_a_pause_is_granted_nothing(void **state)
{
    struct world *w = *state;
    int64_t id = world_rollout(w, "all", "[100]", false);
    struct svc_call *poll;

    batch_begin();
    batch_add(SVC_ROLLOUT_ACTION, "pause", NULL)->in.number = (uint64_t)id;
    poll = batch_poll(w, 0);
    batch_run(w);
    for (unsigned i = 0; i < batch.count; i++)
        assert_int_equal(batch.call[i].out.status, OTTER_OK);
    assert_null(poll->out.body);
    assert_int_equal(world_count(w, id, "offered"), 0);
    batch_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_fleet, world_teardown)
        T(phases_open_one_after_the_other_by_themselves),
        T(those_without_an_offer_wait_for_what_a_poll_would_be_told),
        T(loss_holds_the_next_phase_until_an_operator_decides),
        T(without_auto_an_operator_advances),
        T(phase_that_selects_nobody_is_widened_and_says_so),
        T(pause_grants_nothing_new_and_lets_the_running_finish),
        T(actions_fit_the_state),
        T(wishes_that_cannot_be_are_refused),
        T(higher_priority_comes_first_then_the_newer),
        T(ended_attempt_is_not_granted_again_after_another_rollouts),
        T(tags_change_who_is_selected),
        T(poll_in_the_same_transaction_as_a_pause_is_granted_nothing),
        T(parallel_polls_never_exceed_the_phase),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The rollout that takes devices back: whom it is for whatever they match by then, that it keeps to what the
 * one before it was bound by, and that it is the last of its line. */
#include "world.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

#define DEVICES 12u
#define DAY     86400

static struct otter_manifest bad, back; /* 1.5.0 and 1.6.0 */

static int setup(void **state)
{
    return world_setup_with_devices(state, DEVICES);
}

static enum otter_status act(struct world *w, int64_t rollout, const char *action)
{
    struct svc_call call = {
        .op = SVC_ROLLOUT_ACTION, .in.number = (uint64_t)rollout, .in.id = action, .in.who = "ann"};
    enum otter_status status = world_run(w, &call);

    svc_call_clear(&call);
    return status;
}

static void change(struct world *w, const char *verb, unsigned device, json_t *body)
{
    struct svc_call call = {.op = SVC_DEVICE_CHANGE, .in.id = verb, .in.json = body ? body : json_object()};

    (void)json_object_set_new(call.in.json, "ids", json_pack("[s]", world_device(device)));
    if (world_run(w, &call) != OTTER_OK)
        fail_msg("%s: %s", verb, call.out.error.message);
    assert_int_equal(json_integer_value(json_object_get(call.out.json, "changed")), 1);
    json_decref(call.in.json);
    svc_call_clear(&call);
}

static void tag(struct world *w, unsigned device, const char *tag)
{
    change(w, "label", device, json_pack("{s:[s]}", "add_tags", tag));
}

/* Made and started, of the newest release; `more` begins with a comma. */
static int64_t make(struct world *w, const char *target, const char *more)
{
    struct svc_call call = {.op = SVC_ROLLOUT_CREATE, .in.who = "ann"};
    char body[768];
    int64_t id;

    (void)snprintf(body, sizeof(body), "{\"release\":\"%s\",\"target\":\"%s\",\"auto\":true%s}", w->release,
                   target, more);
    call.in.json = json_loads(body, 0, NULL);
    if (!call.in.json || world_run(w, &call) != OTTER_OK)
        fail_msg("%s: %s", body, call.out.error.message);
    id = json_integer_value(json_object_get(call.out.json, "id"));
    json_decref(call.in.json);
    svc_call_clear(&call);
    assert_int_equal(act(w, id, "start"), OTTER_OK);
    return id;
}

/* Of 1.5.0, with 1.6.0 to go back to. */
static int64_t make_bad(struct world *w, const char *target, const char *more)
{
    char release[sizeof(w->release)], all[512];

    world_release(w, 5);
    bad = w->manifest;
    memcpy(release, w->release, sizeof(release));
    world_release(w, 6);
    back = w->manifest;
    (void)snprintf(all, sizeof(all), ",\"rollback_release\":\"%s\"%s", w->release, more);
    memcpy(w->release, release, sizeof(release));
    return make(w, target, all);
}

/* As a device on the factory's image (NULL) or a release's polls, whose version it says. Its attempt, 0: it
 * is offered nothing. */
static uint64_t ask(struct world *w, unsigned device, const struct otter_manifest *on)
{
    enum otter_slot slot = on == &bad ? OTTER_SLOT_B : OTTER_SLOT_A; /* one after the other */
    const struct world_poll p = {
        .device = device, .sha = on ? &on->image[slot == OTTER_SLOT_B].sha256 : NULL, .confirmed = true};
    struct otter_offer offer;
    struct svc_call call;

    memset(&call, 0, sizeof(call));
    world_fill_poll(&call, &p);
    call.in.poll.running.slot = slot;
    if (on)
        call.in.poll.running.version = on->version;
    assert_int_equal(world_run(w, &call), OTTER_OK);
    offer = world_read_offer(w, &call);
    svc_call_clear(&call);
    return offer.empty ? 0 : offer.attempt;
}

static void update(struct world *w, unsigned device, const struct otter_manifest *to)
{
    assert_true(ask(w, device, NULL) != 0);
    (void)ask(w, device, to);
    world_expect_state(w, device, "succeeded");
}

static json_int_t number(struct world *w, int64_t rollout, const char *member)
{
    json_t *r = world_get(w, SVC_ROLLOUT_GET, NULL, (uint64_t)rollout);
    json_int_t n = json_integer_value(json_object_get(r, member));

    json_decref(r);
    return n;
}

static int64_t take_back(struct world *w, int64_t rollout)
{
    assert_int_equal(act(w, rollout, "rollback"), OTTER_OK);
    return number(w, rollout, "child");
}

/* A rollout of something else, which fails on the device: that attempt is its newest. */
static void lose_elsewhere(struct world *w, unsigned device)
{
    char release[sizeof(w->release)], target[64];

    memcpy(release, w->release, sizeof(release));
    world_release(w, 7);
    (void)snprintf(target, sizeof(target), "id == %s", world_device(device));
    (void)make(w, target, "");
    assert_int_equal(
        world_report(w, device, ask(w, device, &bad), 1, OTTER_UPDATE_FAILED, OTTER_NET_LOST, NULL),
        OTTER_OK);
    memcpy(w->release, release, sizeof(release));
}

/* What the target says of the devices that were updated is no matter any more: who has the release, or may
 * come back with it, is taken back. */
static void it_is_also_for_those_that_match_no_more(void **state)
{
    static const struct {
        const char *target, *more;
        bool complete;  /* before it is taken back */
        bool elsewhere; /* the newest attempt is of another rollout */
    } rows[] = {
        {"version == 1.0.0", "", false, false},
        {"version == 1.0.0", ",\"join\":false", false, false},
        {"tag == lab", "", false, false},
        {"tag == lab", "", false, true},
        {"tag == lab", ",\"join\":false", true, true},
        {"all", ",\"join\":false", true, true},
        {"version < 1.5.0", "", true, true},
    };

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        void *fresh = NULL;
        struct world *w;
        int64_t id, child;

        print_message("row %u: %s%s\n", i, rows[i].target, rows[i].more);
        assert_int_equal(setup(&fresh), 0);
        w = fresh;
        for (unsigned d = 0; d < DEVICES; d++)
            (void)ask(w, d, NULL); /* so that its version is known */
        tag(w, 0, "lab");
        tag(w, 1, "lab");
        for (unsigned d = rows[i].complete ? 1 : 2; d < DEVICES; d++)
            change(w, "hold", d, NULL);
        id = make_bad(w, rows[i].target, rows[i].more);
        update(w, 0, &bad);
        world_expect_rollout(w, id, rows[i].complete ? "complete" : "running", 1);
        change(w, "label", 0, json_pack("{s:[s]}", "remove_tags", "lab"));
        if (rows[i].elsewhere)
            lose_elsewhere(w, 0);
        child = take_back(w, id);
        world_expect_rollout(w, child, "running", 1);
        assert_string_equal(world_explained(w, 0, child), "offer/ok");
        assert_true(ask(w, 0, &bad) != 0);
        assert_int_equal(world_count(w, child, "offered"), 1);
        (void)ask(w, 1, NULL); /* it never had it */
        assert_int_equal(world_count(w, child, "offered"), 1);
        assert_int_equal(world_teardown(&fresh), 0);
    }
}

/* All that are not back yet ask. How many are offered it for the first time; `ends`: and take it. */
static unsigned turn(struct world *w, uint64_t offered[DEVICES], bool taken[DEVICES], bool ends)
{
    unsigned n = 0;

    for (unsigned d = 0; d < DEVICES; d++) {
        uint64_t attempt = taken[d] ? 0 : ask(w, d, &bad);

        assert_true(taken[d] || offered[d] == 0 || attempt == offered[d]);
        n += attempt != 0 && offered[d] == 0;
        offered[d] = attempt;
    }
    for (unsigned d = 0; ends && d < DEVICES; d++)
        if (offered[d]) {
            (void)ask(w, d, &back);
            taken[d] = true;
        }
    return n;
}

/* WORLD_NOW is a Friday, 08:00 UTC. otterd begins anew after the first turn. */
static void it_keeps_to_the_bounds_of_the_one_before(void **state)
{
    static const struct {
        const char *more;
        int64_t first, between; /* seconds from the rollback to the first turn, and from turn to turn */
        bool ends;              /* what a turn began ends before the next */
        unsigned turns[3];
    } rows[] = {
        {",\"max_active\":5", 0, 60, false, {5, 0, 0}},
        {",\"max_active\":5", 0, 60, true, {5, 5, 2}},
        {",\"per_minute\":60", 0, 1, false, {1, 1, 1}},
        {",\"per_minute\":120,\"ramp\":{\"start\":6,\"factor\":2,\"every\":3600}", 0, 10, false, {1, 1, 1}},
        {",\"per_minute\":120,\"ramp\":{\"start\":6,\"factor\":2,\"every\":3600}", 0, 9, false, {1, 0, 1}},
        {",\"bytes_per_second\":1000", 0, 2, false, {1, 1, 1}}, /* an image has some 1,700 bytes */
        {",\"bytes_per_second\":1000", 0, 1, false, {1, 0, 1}},
        {",\"site\":{\"prefix\":\"site-\",\"bytes_per_second\":1000}", 0, 2, false, {2, 2, 2}},
        {",\"windows\":[{\"days\":\"all\",\"from\":\"08:00\",\"to\":\"10:00\"}]",
         DAY / 2,
         DAY / 4,
         true,
         {0, 0, 12}},
    };

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        uint64_t offered[DEVICES] = {0};
        bool taken[DEVICES] = {false};
        void *fresh = NULL;
        struct world *w;

        print_message("row %u: %s\n", i, rows[i].more);
        assert_int_equal(setup(&fresh), 0);
        w = fresh;
        for (unsigned d = 0; d < DEVICES; d++)
            tag(w, d, d % 2 ? "site-a" : "site-b");
        (void)make_bad(w, "all", rows[i].more);
        for (unsigned d = 0; d < DEVICES; d++) {
            update(w, d, &bad);
            world_clock += 10;
        }
        assert_int_equal(take_back(w, 1), 2);
        world_clock += rows[i].first;
        for (unsigned t = 0; t < 3; t++) {
            unsigned n = turn(w, offered, taken, rows[i].ends);

            if (n != rows[i].turns[t])
                fail_msg("turn %u: %u", t, n);
            if (t == 0)
                world_restart(w);
            world_clock += rows[i].between;
        }
        assert_int_equal(world_teardown(&fresh), 0);
    }
}

/* Once back, always back: neither its threshold nor an operator takes it any further, and its child is its
 * only one. */
static void its_own_losses_halt_it_and_no_other_follows(void **state)
{
    struct world *w = *state;
    int64_t id = make_bad(w, "all",
                          ",\"phases\":[{\"percent\":100,\"failure\":50,\"min_sample\":4}],"
                          "\"on_failure\":\"rollback\"");
    int64_t child;
    json_t *list;

    for (unsigned d = 0; d < 4; d++)
        update(w, d, &bad);
    for (unsigned d = 4; d < 9; d++)
        assert_int_equal(world_report(w, d, ask(w, d, NULL), 1, OTTER_UPDATE_REVERTED, OTTER_SELF_TEST, NULL),
                         OTTER_OK);
    world_expect_rollout(w, id, "rolled-back", 1);
    child = number(w, id, "child");
    assert_string_equal(world_explained(w, 0, id), "refuse/rolled-back");
    assert_string_equal(world_explained(w, 0, child), "offer/ok");
    assert_string_equal(world_explained(w, 4, child), "refuse/not-a-member"); /* it went back by itself */
    for (unsigned d = 0; d < 4; d++)
        assert_int_equal(world_report(w, d, ask(w, d, &bad), 1, OTTER_UPDATE_FAILED, OTTER_SELF_TEST, NULL),
                         OTTER_OK);
    world_expect_rollout(w, child, "halted", 1);
    world_restart(w);
    world_expect_rollout(w, child, "halted", 1);
    assert_string_equal(world_explained(w, 0, id), "refuse/rolled-back");
    assert_string_equal(world_explained(w, 0, child), "refuse/attempt-over");
    assert_int_equal(act(w, child, "rollback"), OTTER_CONFLICT);
    assert_int_equal(act(w, id, "rollback"), OTTER_CONFLICT);
    list = world_get(w, SVC_ROLLOUT_LIST, NULL, 0);
    assert_int_equal(json_array_size(json_object_get(list, "items")), 2);
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_also_for_those_that_match_no_more),
        cmocka_unit_test(it_keeps_to_the_bounds_of_the_one_before),
        cmocka_unit_test_setup_teardown(its_own_losses_halt_it_and_no_other_follows, setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

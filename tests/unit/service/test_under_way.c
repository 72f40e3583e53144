/* What operators do to devices while an update is under way, or after the rollout has begun: what the next
 * poll is told is what explain says, and each attempt is counted once. */
#include "world.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

#define DEVICES 6u
#define OTHER   1u /* takes part as well: the rollout goes on for it */

static int setup(void **state)
{
    return world_setup_with_devices(state, DEVICES);
}

static void change(struct world *w, const char *verb, unsigned device, const char *tag)
{
    static const char *const members[] = {"add_tags", "remove_tags"};
    bool take = *tag == '-';
    struct svc_call call = {.op = SVC_DEVICE_CHANGE, .in.id = verb};

    call.in.json = json_pack("{s:[s]}", "ids", world_device(device));
    if (strcmp(verb, "label") == 0)
        (void)json_object_set_new(call.in.json, members[take], json_pack("[s]", tag + take));
    else if (strcmp(verb, "pin") == 0)
        (void)json_object_set_new(call.in.json, "release", json_string(tag));
    else if (strcmp(verb, "retire") == 0)
        (void)json_object_set_new(call.in.json, "reason", json_string("scrapped"));
    if (world_run(w, &call) != OTTER_OK || json_integer_value(json_object_get(call.out.json, "changed")) != 1)
        fail_msg("%s %s: %s", verb, tag, call.out.error.message);
    json_decref(call.in.json);
    svc_call_clear(&call);
}

/* Explained so, and polled so: `attempt` again, another one (1), or none (0). */
static uint64_t expect_poll(struct world *w, unsigned device, const char *said, uint64_t attempt)
{
    struct otter_offer offer;
    enum otter_status status;
    const char *have = world_explained(w, device, 1);

    if (strcmp(have, said) != 0)
        fail_msg("device %u: %s, and not %s", device, have, said);
    status = world_poll(w, &(struct world_poll){.device = device, .confirmed = true}, &offer, NULL);
    if (strcmp(said, "refuse/device-retired") == 0) {
        assert_int_equal(status, OTTER_UNKNOWN_DEVICE);
        return 0;
    }
    assert_int_equal(status, OTTER_OK);
    if (offer.empty != (attempt == 0) || (attempt > 1 && offer.attempt != attempt))
        fail_msg("device %u: %s, and its poll is told otherwise", device, said);
    return offer.empty ? 0 : offer.attempt;
}

/* Of all attempts of the rollout that count, so many are in that state, and `all` in any. */
static void expect_counts(struct world *w, const char *state, json_int_t n, json_int_t all)
{
    json_t *r = world_get(w, SVC_ROLLOUT_GET, NULL, 1), *value;
    json_int_t sum = 0;
    const char *name;

    json_object_foreach(json_object_get(r, "counts"), name, value) sum += json_integer_value(value);
    if (sum != all || json_integer_value(json_object_get(json_object_get(r, "counts"), state)) != n)
        fail_msg("%lld are %s, of %lld", (long long)n, state, (long long)sum);
    json_decref(r);
}

static const enum otter_update_state way[] = {OTTER_UPDATE_DOWNLOADING, OTTER_UPDATE_DOWNLOADED,
                                              OTTER_UPDATE_INSTALLED, OTTER_UPDATE_TESTING};

/* So many steps of the way; 0: only offered. */
static uint64_t go(struct world *w, unsigned device, unsigned steps)
{
    uint64_t attempt = world_ask(w, device);

    assert_true(attempt != 0);
    for (unsigned i = 0; i < steps; i++)
        assert_int_equal(world_report(w, device, attempt, i + 1, way[i], OTTER_OK, NULL), OTTER_OK);
    return attempt;
}

static void begin(struct world *w)
{
    for (unsigned d = 2; d < DEVICES; d++)
        change(w, "hold", d, "");
    (void)world_rollout_plan(
        w, "not tag == out",
        "{\"phases\":[100],\"retries\":[{\"reason\":\"net-lost\",\"tries\":1,\"wait\":60}]}");
}

/* Held, pinned elsewhere, out of the target: the update goes on to its end, which counts once; then nothing
 * more is granted, and no phase waits. */
static void an_update_goes_on_through_marks_and_labels(void **state)
{
    static const struct {
        const char *verb, *tag, *back, *back_tag;
        const char *lost; /* what is said after a loss */
        bool again;       /* it is tried again all the same */
    } changes[] = {
        {"hold", "", "unhold", "", "refuse/held", false},
        {"pin", "other", "unpin", "", "refuse/pinned", false},
        {"label", "out", "label", "-out", "refuse/retry-later", true}, /* fixed at the grant */
        {"label", "in", "label", "-in", "refuse/retry-later", true},
    };

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(changes) * (OTTER_ARRAY_LEN(way) + 1); i++) {
        unsigned c = i % OTTER_ARRAY_LEN(changes), steps = i / OTTER_ARRAY_LEN(changes);
        char older[OTTER_DIGEST_HEX + 1];
        void *fresh = NULL;
        struct world *w;
        uint64_t attempt;

        print_message("%s %s, after %u steps\n", changes[c].verb, changes[c].tag, steps);
        assert_int_equal(setup(&fresh), 0);
        w = fresh;
        memcpy(older, w->release, sizeof(older));
        world_release(w, 2);
        begin(w);
        attempt = go(w, 0, steps);
        change(w, changes[c].verb, 0, strcmp(changes[c].verb, "pin") == 0 ? older : changes[c].tag);
        for (unsigned times = 0; times < 2; times++) {
            assert_true(expect_poll(w, 0, "under-way/under-way", attempt) == attempt);
            world_expect_rollout(w, 1, "running", 1);
            world_restart(w);
        }
        expect_counts(w, steps ? otter_update_state_name(way[steps - 1]) : "offered", 1, 1);
        assert_int_equal(world_report(w, 0, attempt, 9, OTTER_UPDATE_FAILED, OTTER_NET_LOST, NULL), OTTER_OK);
        expect_counts(w, "failed", 1, 1);
        (void)expect_poll(w, 0, changes[c].lost, 0);
        world_clock += 60;
        if (changes[c].again)
            assert_true(expect_poll(w, 0, "offer/ok", 1) > attempt);
        else
            (void)expect_poll(w, 0, changes[c].lost, 0);
        expect_counts(w, changes[c].again ? "offered" : "failed", 1, 1);
        change(w, changes[c].back, 0, changes[c].back_tag);
        if (!changes[c].again)
            assert_true(expect_poll(w, 0, "offer/ok", 1) > attempt);
        expect_counts(w, "offered", 1, 1);
        world_update(w, 0);
        world_expect_rollout(w, 1, "running", 1);
        world_update(w, OTHER);
        world_expect_rollout(w, 1, "complete", 1);
        expect_counts(w, "succeeded", 2, 2);
        assert_int_equal(world_teardown(&fresh), 0);
    }
}

/* Retired, its update ends there and then, whatever it reports later; back in service it is out of the
 * rollout, unless an operator lets it try again. */
static void an_update_ends_with_its_devices_service(void **state)
{
    (void)state;
    for (unsigned steps = 0; steps <= OTTER_ARRAY_LEN(way); steps++) {
        void *fresh = NULL;
        struct world *w;
        uint64_t attempt;

        print_message("after %u steps\n", steps);
        assert_int_equal(setup(&fresh), 0);
        w = fresh;
        begin(w);
        attempt = go(w, 0, steps);
        change(w, "retire", 0, "");
        for (unsigned times = 0; times < 2; times++) {
            (void)expect_poll(w, 0, "refuse/device-retired", 0);
            assert_int_equal(world_report(w, 0, attempt, 9, OTTER_UPDATE_FAILED, OTTER_NET_LOST, NULL),
                             OTTER_UNKNOWN_DEVICE);
            expect_counts(w, "cancelled", 1, 1);
            world_restart(w);
        }
        change(w, "reinstate", 0, "");
        (void)expect_poll(w, 0, "refuse/attempt-over", 0);
        assert_int_equal(world_report(w, 0, attempt, 9, OTTER_UPDATE_FAILED, OTTER_NET_LOST, NULL),
                         OTTER_ATTEMPT_CLOSED);
        expect_counts(w, "cancelled", 1, 1);
        change(w, "retry", 0, "");
        expect_counts(w, "cancelled", 0, 0);
        assert_true(expect_poll(w, 0, "offer/ok", 1) > attempt);
        change(w, "retire", 0, "");
        expect_counts(w, "cancelled", 1, 1);
        world_update(w, OTHER);
        world_expect_rollout(w, 1, "complete", 1); /* it waits for nobody who is retired */
        assert_int_equal(world_teardown(&fresh), 0);
    }
}

static void start_closed(struct world *w)
{
    struct svc_call call = {.op = SVC_ROLLOUT_CREATE};

    call.in.json = json_pack("{s:s, s:s, s:b, s:[i]}", "release", w->release, "target", "tag == lab", "join",
                             0, "phases", 100);
    assert_int_equal(world_run(w, &call), OTTER_OK);
    json_decref(call.in.json);
    svc_call_clear(&call);
    assert_int_equal(world_action(w, 1, "start"), OTTER_OK);
}

struct act {
    unsigned device;
    const char *verb, *tag; /* NULL: nothing is done */
    const char *said;
    bool offered;
};

/* Nobody joins it, and nobody who was granted leaves it; whoever matches no more is let in again when it
 * matches. */
static void members_are_those_of_the_start_and_stay_so_from_the_grant_on(void **state)
{
    static const struct act acts[] = {
        {0, "label", "-lab", "refuse/not-in-target", false},
        {2, "label", "lab", "refuse/not-a-member", false},
        {1, NULL, NULL, "offer/ok", true},
        {1, "label", "-lab", "under-way/under-way", true},
        {2, "label", "-lab", "refuse/not-in-target", false},
        {0, "label", "lab", "offer/ok", true},
        {3, "retire", "", "refuse/device-retired", false},
        {3, "reinstate", "", "offer/ok", true},
        {4, "retire", "", "refuse/device-retired", false}, /* no member; nor by coming back */
        {4, "label", "lab", "refuse/device-retired", false},
        {4, "reinstate", "", "refuse/not-a-member", false},
        {DEVICES, "label", "lab", "refuse/not-a-member", false}, /* enrolled after the start */
    };
    struct world *w = *state;

    change(w, "label", 0, "lab");
    change(w, "label", 1, "lab");
    change(w, "label", 3, "lab");
    start_closed(w);
    world_enrol(w, DEVICES);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(acts); i++) {
        const struct act *a = &acts[i];
        uint64_t attempt;

        print_message("device %u: %s %s\n", a->device, a->verb ? a->verb : "polls", a->tag ? a->tag : "");
        if (a->verb)
            change(w, a->verb, a->device, a->tag);
        attempt = expect_poll(w, a->device, a->said, a->offered);
        world_restart(w);
        (void)expect_poll(w, a->device, attempt ? "under-way/under-way" : a->said, attempt);
    }
    expect_counts(w, "offered", 3, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_update_goes_on_through_marks_and_labels),
        cmocka_unit_test(an_update_ends_with_its_devices_service),
        cmocka_unit_test_setup_teardown(members_are_those_of_the_start_and_stay_so_from_the_grant_on, setup,
                                        world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Which of several rollouts a device is given, and when: chains of versions, the same release twice, what
 * operators set while an attempt is under way. */
#include "world.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

#define DEVICES 2u

static int setup(void **state)
{
    struct world *w;

    if (world_setup_with_root(state) != 0)
        return -1;
    w = *state;
    world_devices(w, DEVICES);
    for (unsigned i = 0; i < DEVICES; i++)
        assert_int_equal(world_ask(w, i), 0); /* what they run is known before anything is rolled out */
    return 0;
}

/* A release 1.<minor>.0 for those that run 1.<from>.0 at least, and a rollout of it to all. */
static int64_t roll_out_from(struct world *w, unsigned minor, unsigned from, const char *target)
{
    struct otter_manifest m;

    world_make_release(w, minor, &m);
    m.has_requires_from = from > 0;
    m.requires_from = (struct otter_version){.major = 1, .minor = (uint8_t)from};
    assert_int_equal(world_publish(w, &m, w->release_key), OTTER_OK);
    return world_rollout(w, target, "[100]", true);
}

/* What a device polls as that runs 1.<minor>.0; the manifest has its image's digest. */
static uint64_t ask_as(struct world *w, unsigned device, unsigned minor, const struct otter_manifest *runs,
                       struct otter_offer *ret)
{
    const struct world_poll p = {
        .device = device, .confirmed = true, .sha = runs ? &runs->image[1].sha256 : NULL};
    struct otter_poll *poll;
    struct svc_call call;
    uint64_t attempt;

    memset(&call, 0, sizeof(call));
    world_fill_poll(&call, &p);
    poll = &call.in.poll;
    poll->running.version.minor = (uint8_t)minor;
    poll->sequence = minor;
    if (runs)
        poll->running.slot = minor % 2 ? OTTER_SLOT_B : OTTER_SLOT_A;
    if (runs)
        poll->running.sha256 = runs->image[minor % 2].sha256;
    assert_int_equal(world_run(w, &call), OTTER_OK);
    *ret = world_read_offer(w, &call);
    attempt = ret->empty ? 0 : ret->attempt;
    svc_call_clear(&call);
    return attempt;
}

/* It takes the version that it is offered, and says so. */
static void take(struct world *w, unsigned device, uint64_t attempt)
{
    assert_int_equal(world_report(w, device, attempt, 1, OTTER_UPDATE_DOWNLOADING, OTTER_OK, NULL), OTTER_OK);
    assert_int_equal(world_report(w, device, attempt, 2, OTTER_UPDATE_INSTALLED, OTTER_OK, NULL), OTTER_OK);
}

/* What the explanation of a device says of a rollout: a rule, `ok` for an offer; in a buffer. */
static const char *rule_of(struct world *w, unsigned device, int64_t rollout)
{
    static char ret[OTTER_NAME_BUF];
    struct svc_call call = {.op = SVC_ROLLOUT_EXPLAIN, .in.id = world_device(device)};
    const json_t *r;
    size_t i;

    ret[0] = '\0';
    assert_int_equal(world_run(w, &call), OTTER_OK);
    json_array_foreach(json_object_get(call.out.json, "rollouts"), i, r)
    {
        if (json_integer_value(json_object_get(r, "id")) == rollout)
            (void)snprintf(ret, sizeof(ret), "%s", json_string_value(json_object_get(r, "rule")));
    }
    svc_call_clear(&call);
    return ret;
}

/* Three releases, each of which must be passed through; devices far behind take one after the other, and no
 * rollout is complete before they are through, since nothing but another rollout keeps them from it. */
static void chain_of_versions_is_gone_through_by_a_device_far_behind(void **state)
{
    struct world *w = *state;
    struct otter_manifest m[4];
    struct otter_offer offer;

    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(roll_out_from(w, i, i - 1, "all"), i);
        m[i] = w->manifest;
    }
    for (unsigned device = 0; device < DEVICES; device++) {
        for (unsigned i = 1; i <= 3; i++) {
            uint64_t attempt = ask_as(w, device, i - 1, i > 1 ? &m[i - 1] : NULL, &offer);

            world_expect_rollout(w, 3, "running", 1);
            assert_int_not_equal(attempt, 0);
            assert_memory_equal(offer.image.sha256.b, m[i].image[i % 2].sha256.b, OTTER_DIGEST_LEN);
            world_clock += 11; /* all that is due by time alone is looked at */
            take(w, device, attempt);
        }
        assert_int_equal(ask_as(w, device, 3, &m[3], &offer), 0);
    }
    for (unsigned i = 1; i <= 3; i++)
        world_expect_rollout(w, i, "complete", 1);
}

/* Nobody leads the device to the version that is asked for: it holds up nothing. */
static void device_that_nothing_leads_to_the_version_holds_up_nothing(void **state)
{
    struct world *w = *state;
    struct otter_offer offer;

    assert_int_equal(roll_out_from(w, 3, 2, "all"), 1);
    for (unsigned i = 0; i < DEVICES; i++)
        assert_int_equal(ask_as(w, i, 1, NULL, &offer), 0);
    world_expect_rollout(w, 1, "complete", 1);
}

/* What a poll proves ends the attempt before anything else is granted: targets over `state` go by that, and
 * explanations say the same. */
static void target_over_state_goes_by_what_the_poll_itself_ends(void **state)
{
    struct world *w = *state;
    struct otter_manifest m;
    struct otter_offer offer;
    uint64_t attempt;

    (void)roll_out_from(w, 1, 0, "all");
    m = w->manifest;
    assert_int_not_equal(ask_as(w, 0, 0, NULL, &offer), 0);
    (void)roll_out_from(w, 2, 0, "state in (offered, downloading)");
    assert_int_equal(ask_as(w, 0, 1, &m, &offer), 0);
    world_expect_state(w, 0, "succeeded");
    attempt = ask_as(w, 1, 0, NULL, &offer); /* of the first: it was never offered anything */
    assert_int_not_equal(attempt, 0);
    (void)roll_out_from(w, 3, 0, "state == succeeded");
    assert_true(ask_as(w, 1, 1, &m, &offer) > attempt);
    assert_memory_equal(offer.image.sha256.b, w->manifest.image[0].sha256.b, OTTER_DIGEST_LEN);
}

/* What the server ended is told apart by its reason, by targets too. */
static void target_over_reason_goes_by_what_the_poll_itself_ends(void **state)
{
    struct world *w = *state;
    struct otter_offer offer;

    (void)roll_out_from(w, 1, 0, "all");
    assert_int_not_equal(ask_as(w, 0, 0, NULL, &offer), 0);
    assert_int_equal(world_action(w, 1, "abort"), OTTER_OK);
    (void)roll_out_from(w, 2, 0, "reason == aborted or id == device-001");
    assert_string_equal(rule_of(w, 0, 2), "ok");
    assert_int_not_equal(ask_as(w, 0, 0, NULL, &offer), 0);
    world_expect_state(w, 0, "offered");
}

/* Of the same priority, the higher sequence is first; of the same release, the rollout that was made first.
 */
static void ties_of_priority_are_broken_the_same_way_each_time(void **state)
{
    struct world *w = *state;
    struct otter_offer offer;
    int64_t older = roll_out_from(w, 1, 0, "all"), second = roll_out_from(w, 2, 0, "all"),
            first = world_rollout(w, "all", "[100]", true);

    for (unsigned device = 0; device < DEVICES; device++) {
        assert_string_equal(rule_of(w, device, older), "superseded");
        assert_string_equal(rule_of(w, device, first), "ok");
        assert_string_equal(rule_of(w, device, second), "superseded");
        assert_int_not_equal(ask_as(w, device, 0, NULL, &offer), 0);
        assert_string_equal(rule_of(w, device, first), "under-way");
    }
    assert_int_equal(world_count(w, first, "offered"), DEVICES);
    world_restart(w);
    assert_string_equal(rule_of(w, 0, first), "under-way");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
        T(chain_of_versions_is_gone_through_by_a_device_far_behind),
        T(device_that_nothing_leads_to_the_version_holds_up_nothing),
        T(target_over_state_goes_by_what_the_poll_itself_ends),
        T(target_over_reason_goes_by_what_the_poll_itself_ends),
        T(ties_of_priority_are_broken_the_same_way_each_time),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

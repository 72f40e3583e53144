/* The way of one device's attempt, as server and device see it. */
#include "world.h"

#include "core/bytes.h"
#include "service/internal.h"

#include <stdio.h>
#include <string.h>

static int setup_rollout(void **state)
{
    if (world_setup_with_devices(state, 3) != 0)
        return -1;
    assert_int_equal(world_rollout(*state, "all", "[100]", false), 1);
    return 0;
}

static void update_that_works_is_counted_as_succeeded(void **state)
{
    struct world *w = *state;

    world_update(w, 0);
    world_expect_state(w, 0, "succeeded");
    world_expect_state(w, 1, "never-seen");
    assert_int_equal(world_count(w, 1, "succeeded"), 1);
    assert_int_equal(world_count(w, 1, "offered"), 0);
    world_expect_rollout(w, 1, "running", 1);
    world_update(w, 1);
    world_update(w, 2);
    assert_int_equal(world_count(w, 1, "succeeded"), 3);
    world_expect_rollout(w, 1, "complete", 1);
    assert_int_equal(world_ask(w, 0), 0);
}

static void attempts_are_numbered_from_111(void **state)
{
    struct world *w = *state;

    assert_int_equal(world_ask(w, 0), 111);
    assert_int_equal(world_ask(w, 1), 112);
}

static void open_attempt_is_offered_again_under_the_new_nonce(void **state)
{
    struct world *w = *state;
    struct otter_offer first, second;
    struct world_poll p = {.device = 0, .confirmed = true};

    assert_int_equal(world_poll(w, &p, &first, NULL), OTTER_OK);
    assert_int_equal(world_poll(w, &p, &second, NULL), OTTER_OK);
    assert_int_equal(first.attempt, second.attempt);
    assert_int_equal(second.slot, OTTER_SLOT_B); /* the device runs A */
    assert_memory_equal(first.image.sha256.b, second.image.sha256.b, OTTER_DIGEST_LEN);
    assert_memory_not_equal(first.nonce, second.nonce, OTTER_NONCE_LEN);
    assert_int_equal(second.deadline - second.issued, 86400);
    assert_int_equal(world_count(w, 1, "offered"), 1);
}

static void fresh_poll_gets_a_signed_nothing(void **state)
{
    struct world *w = *state;
    struct otter_offer offer;
    bool answered;

    world_action(w, 1, "abort");
    assert_int_equal(world_poll(w, &(struct world_poll){.confirmed = true}, &offer, &answered), OTTER_OK);
    assert_false(answered); /* 204 */
    assert_int_equal(world_poll(w, &(struct world_poll){.confirmed = true, .fresh = true}, &offer, &answered),
                     OTTER_OK);
    assert_true(answered);
    assert_true(offer.empty);
}

/* What the attempt of the first device is offered, when its poll with this for `last` can be stored nowhere.
 */
static uint64_t offered_unstored(struct world *w, const struct otter_report *last, bool fresh)
{
    struct svc_call call = {.op = SVC_POLL};
    struct otter_offer offer;

    world_fill_poll(&call, &(struct world_poll){.confirmed = true, .fresh = fresh, .last = last});
    assert_int_equal(poll_unstored(w->svc, &call), OTTER_OK);
    assert_int_equal(call.out.body != NULL, fresh || !otter_update_finished(last->state));
    offer = world_read_offer(w, &call);
    svc_call_clear(&call);
    return offer.empty ? 0 : offer.attempt;
}

static void what_a_device_says_is_over_is_not_offered_again_though_that_cannot_be_stored(void **state)
{
    struct world *w = *state;
    struct otter_report last = {.attempt = 111, .step = 3, .state = OTTER_UPDATE_DOWNLOADING};

    assert_int_equal(world_ask(w, 0), 111);
    assert_int_equal(offered_unstored(w, &last, true), 111);
    last.state = OTTER_UPDATE_REVERTED;
    assert_int_equal(offered_unstored(w, &last, true), 0);
    assert_int_equal(offered_unstored(w, &last, false), 0);
    last.attempt = 110; /* another one is no news */
    assert_int_equal(offered_unstored(w, &last, true), 111);
    world_expect_state(w, 0, "offered");
}

static void device_on_trial_gets_nothing_but_an_answer(void **state)
{
    struct world *w = *state;
    const struct otter_digest *sha = &w->manifest.image[1].sha256;
    struct otter_offer offer;
    bool answered;

    assert_int_equal(world_ask(w, 0), 111);
    assert_int_equal(world_poll(w, &(struct world_poll){.sha = sha, .fresh = true}, &offer, &answered),
                     OTTER_OK);
    assert_true(answered && offer.empty);
    world_expect_state(w, 0, "offered"); /* not confirmed: nothing is proven */
}

static void confirmed_poll_proves_success_even_without_any_report(void **state)
{
    struct world *w = *state;

    assert_int_equal(world_ask(w, 0), 111);
    assert_int_equal(world_poll(w,
                                &(struct world_poll){.sha = &w->manifest.image[1].sha256, .confirmed = true},
                                NULL, NULL),
                     OTTER_OK);
    world_expect_state(w, 0, "succeeded");
}

static void claimed_success_on_the_old_digest_is_not_believed(void **state)
{
    struct world *w = *state;
    struct otter_report last = {.attempt = 111, .step = 5, .state = OTTER_UPDATE_SUCCEEDED};
    struct world_poll p = {.confirmed = true, .last = &last};
    struct otter_offer offer;

    assert_int_equal(world_ask(w, 0), 111);
    assert_int_equal(world_report(w, 0, 111, 1, OTTER_UPDATE_INSTALLED, OTTER_OK, NULL), OTTER_OK);
    assert_int_equal(world_report(w, 0, 111, 2, OTTER_UPDATE_SUCCEEDED, OTTER_OK, NULL),
                     OTTER_BAD_TRANSITION);
    world_expect_state(w, 0, "installed");
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(world_poll(w, &p, &offer, NULL), OTTER_OK);
        assert_int_equal(offer.attempt, 111); /* it may try again */
        world_expect_state(w, 0, "installed");
    }
    assert_int_equal(world_count(w, 1, "succeeded"), 0);
}

/* Someone wrote the release's image for the other slot by cable while the attempt was open. */
static void device_that_got_the_release_by_other_means_ends_its_attempt(void **state)
{
    struct world *w = *state;
    const struct world_poll by_cable = {.sha = &w->manifest.image[0].sha256, .confirmed = true};
    json_t *r;

    assert_int_equal(world_ask(w, 0), 111); /* for slot B */
    assert_int_equal(world_report(w, 0, 111, 1, OTTER_UPDATE_DOWNLOADING, OTTER_OK, NULL), OTTER_OK);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(world_poll(w, &by_cable, NULL, NULL), OTTER_OK);
    world_expect_state(w, 0, "cancelled");
    assert_int_equal(world_count(w, 1, "succeeded"), 0); /* nothing of the attempt was proven */
    assert_int_equal(world_count(w, 1, "cancelled"), 1);
    r = world_get(w, SVC_ROLLOUT_GET, NULL, 1);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(r, "reasons"), "up-to-date")), 1);
    json_decref(r);
    world_update(w, 1);
    world_update(w, 2);
    world_expect_rollout(w, 1, "complete", 1); /* nobody waits for it */
}

static void reverted_device_is_told_apart(void **state)
{
    struct world *w = *state;
    struct otter_report last = {
        .attempt = 111, .step = 4, .state = OTTER_UPDATE_REVERTED, .reason = OTTER_WATCHDOG};
    struct world_poll p = {.confirmed = true, .last = &last};
    struct otter_offer offer;
    json_t *r;

    assert_int_equal(world_ask(w, 0), 111);
    assert_int_equal(world_report(w, 0, 111, 1, OTTER_UPDATE_INSTALLED, OTTER_OK, NULL), OTTER_OK);
    /* The report itself was lost; it comes as `last` of the poll on the old digest, and again with the next.
     */
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(world_poll(w, &p, &offer, NULL), OTTER_OK);
        assert_true(offer.empty); /* once is enough: attempt-over */
    }
    assert_int_equal(world_report(w, 0, 111, 4, OTTER_UPDATE_REVERTED, OTTER_WATCHDOG, NULL), OTTER_OK);
    world_expect_state(w, 0, "reverted");
    r = world_get(w, SVC_ROLLOUT_GET, NULL, 1);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(r, "counts"), "reverted")), 1);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(r, "reasons"), "watchdog")), 1);
    json_decref(r);
}

static void repeated_reports_count_once(void **state)
{
    struct world *w = *state;
    json_t *list;
    bool go_on;

    assert_int_equal(world_ask(w, 0), 111);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(world_report(w, 0, 111, 1, OTTER_UPDATE_DOWNLOADING, OTTER_OK, &go_on), OTTER_OK);
        assert_true(go_on);
    }
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(world_report(w, 0, 111, 2, OTTER_UPDATE_FAILED, OTTER_SELF_TEST, NULL), OTTER_OK);
    assert_int_equal(world_count(w, 1, "failed"), 1);
    assert_int_equal(world_count(w, 1, "downloading"), 0);
    list = world_get(w, SVC_DEVICE_ATTEMPTS, world_device(0), 0);
    /* offered, downloading, failed */
    assert_int_equal(
        json_array_size(json_object_get(json_array_get(json_object_get(list, "items"), 0), "events")), 3);
    json_decref(list);
}

static void late_report_is_kept_and_changes_nothing(void **state)
{
    struct world *w = *state;

    assert_int_equal(world_ask(w, 0), 111);
    assert_int_equal(world_report(w, 0, 111, 3, OTTER_UPDATE_INSTALLED, OTTER_OK, NULL), OTTER_OK);
    assert_int_equal(world_report(w, 0, 111, 1, OTTER_UPDATE_DOWNLOADING, OTTER_OK, NULL), OTTER_OK);
    world_expect_state(w, 0, "installed");
    assert_int_equal(world_report(w, 0, 111, 4, OTTER_UPDATE_DOWNLOADING, OTTER_OK, NULL),
                     OTTER_BAD_TRANSITION);
    world_expect_state(w, 0, "installed");
}

static size_t events_of(struct world *w, unsigned device)
{
    json_t *list = world_get(w, SVC_DEVICE_ATTEMPTS, world_device(device), 0);
    size_t n = json_array_size(json_object_get(json_array_get(json_object_get(list, "items"), 0), "events"));

    json_decref(list);
    return n;
}

/* Each is well-formed and acknowledged, or the device would send it again. */
static void flood_of_reports_fills_no_disk(void **state)
{
    struct world *w = *state;

    assert_int_equal(world_ask(w, 0), 111);
    assert_int_equal(world_report(w, 0, 111, 100000, OTTER_UPDATE_DOWNLOADING, OTTER_OK, NULL), OTTER_OK);
    for (unsigned i = 1; i <= 300; i++)
        assert_int_equal(world_report(w, 0, 111, i, OTTER_UPDATE_DOWNLOADING, OTTER_OK, NULL), OTTER_OK);
    for (unsigned i = 1; i <= 100; i++)
        assert_int_equal(world_report(w, 0, 111, 100000 + i, OTTER_UPDATE_DOWNLOADING, OTTER_OK, NULL),
                         OTTER_OK);
    assert_int_equal(events_of(w, 0), 256);
    /* The state still follows. */
    assert_int_equal(world_report(w, 0, 111, 200000, OTTER_UPDATE_FAILED, OTTER_IMAGE_DIGEST, NULL),
                     OTTER_OK);
    world_expect_state(w, 0, "failed");
    assert_int_equal(world_count(w, 1, "failed"), 1);
}

static void foreign_and_closed_attempts_are_refused(void **state)
{
    struct world *w = *state;

    assert_int_equal(world_ask(w, 0), 111);
    assert_int_equal(world_report(w, 1, 111, 1, OTTER_UPDATE_FAILED, OTTER_OK, NULL), OTTER_NOT_FOUND);
    assert_int_equal(world_report(w, 0, 999, 1, OTTER_UPDATE_FAILED, OTTER_OK, NULL), OTTER_NOT_FOUND);
    world_expect_state(w, 0, "offered");
    assert_int_equal(world_report(w, 0, 111, 1, OTTER_UPDATE_FAILED, OTTER_IMAGE_DIGEST, NULL), OTTER_OK);
    assert_int_equal(world_report(w, 0, 111, 2, OTTER_UPDATE_TESTING, OTTER_OK, NULL), OTTER_ATTEMPT_CLOSED);
    world_expect_state(w, 0, "failed");
    assert_int_equal(world_report(w, 99, 111, 1, OTTER_UPDATE_FAILED, OTTER_OK, NULL), OTTER_UNKNOWN_DEVICE);
}

static void last_of_another_attempt_is_ignored(void **state)
{
    struct world *w = *state;
    struct otter_report last = {.attempt = 112, .step = 1, .state = OTTER_UPDATE_FAILED};

    assert_int_equal(world_ask(w, 0), 111);
    assert_int_equal(world_ask(w, 1), 112);
    assert_int_equal(world_poll(w, &(struct world_poll){.confirmed = true, .last = &last}, NULL, NULL),
                     OTTER_OK);
    world_expect_state(w, 0, "offered");
    world_expect_state(w, 1, "offered");
}

static void abort_stops_what_is_not_installed(void **state)
{
    struct world *w = *state;
    bool go_on;

    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(world_ask(w, i), 111 + i);
    assert_int_equal(world_report(w, 1, 112, 1, OTTER_UPDATE_INSTALLED, OTTER_OK, &go_on), OTTER_OK);
    assert_true(go_on);
    assert_int_equal(world_action(w, 1, "abort"), OTTER_OK);
    /* by the reply to its report */
    assert_int_equal(world_report(w, 0, 111, 1, OTTER_UPDATE_DOWNLOADING, OTTER_OK, &go_on), OTTER_OK);
    assert_false(go_on);
    world_expect_state(w, 0, "cancelled");
    /* the same report again: still no */
    assert_int_equal(world_report(w, 0, 111, 1, OTTER_UPDATE_DOWNLOADING, OTTER_OK, &go_on), OTTER_OK);
    assert_false(go_on);
    /* installed: goes on and counts */
    assert_int_equal(world_report(w, 1, 112, 2, OTTER_UPDATE_TESTING, OTTER_OK, &go_on), OTTER_OK);
    assert_true(go_on);
    assert_int_equal(
        world_poll(w,
                   &(struct world_poll){.device = 1, .sha = &w->manifest.image[1].sha256, .confirmed = true},
                   NULL, NULL),
        OTTER_OK);
    world_expect_state(w, 1, "succeeded");
    /* by its poll */
    assert_int_equal(world_ask(w, 2), 0);
    world_expect_state(w, 2, "cancelled");
    assert_int_equal(world_count(w, 1, "cancelled"), 2);
    assert_int_equal(world_count(w, 1, "succeeded"), 1);
}

static void polls_of_strangers_and_impostors_are_refused(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_POLL, .in.device = "device-001"};

    assert_int_equal(world_poll(w, &(struct world_poll){.device = 77}, NULL, NULL), OTTER_UNKNOWN_DEVICE);
    (void)snprintf(call.in.poll.device, sizeof(call.in.poll.device), "device-000");
    assert_int_equal(world_run(w, &call), OTTER_FORBIDDEN);
}

static void retry_after_spreads_around_the_interval(void **state)
{
    struct world *w = *state;
    unsigned low = 1000, high = 0;

    for (unsigned i = 0; i < 3; i++) {
        struct svc_call call = {.op = SVC_POLL};

        (void)snprintf(call.in.poll.device, sizeof(call.in.poll.device), "device-%03u", i);
        call.in.poll.running.confirmed = true;
        assert_int_equal(world_run(w, &call), OTTER_OK);
        low = call.out.retry_after < low ? call.out.retry_after : low;
        high = call.out.retry_after > high ? call.out.retry_after : high;
        assert_int_equal(call.out.root, 1);
        svc_call_clear(&call);
    }
    assert_in_range(low, 53, 67); /* 60 s, an eighth to either side */
    assert_in_range(high, low + 1, 68);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_rollout, world_teardown)
        T(update_that_works_is_counted_as_succeeded),
        T(attempts_are_numbered_from_111),
        T(open_attempt_is_offered_again_under_the_new_nonce),
        T(fresh_poll_gets_a_signed_nothing),
        T(what_a_device_says_is_over_is_not_offered_again_though_that_cannot_be_stored),
        T(device_on_trial_gets_nothing_but_an_answer),
        T(confirmed_poll_proves_success_even_without_any_report),
        T(claimed_success_on_the_old_digest_is_not_believed),
        T(device_that_got_the_release_by_other_means_ends_its_attempt),
        T(reverted_device_is_told_apart),
        T(repeated_reports_count_once),
        T(late_report_is_kept_and_changes_nothing),
        T(flood_of_reports_fills_no_disk),
        T(foreign_and_closed_attempts_are_refused),
        T(last_of_another_attempt_is_ignored),
        T(abort_stops_what_is_not_installed),
        T(polls_of_strangers_and_impostors_are_refused),
        T(retry_after_spreads_around_the_interval),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The trial: what confirms, what never does, and how each other end is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include "core/bytes.h"

#include <string.h>

/* cmocka fixture: the new image is on its first trial boot. */
static int on_trial(void **state)
{
    struct world *w;

    world_setup(state);
    w = *state;
    assert_true(world_run(w, 60000));
    w->self_test = OTTER_SELFTEST_RUNNING;
    world_reset(w);
    assert_true(world_view(w).on_trial);
    assert_int_equal(w->handover.slot, OTTER_SLOT_B);
    return 0;
}

static bool confirmed(const struct world *w)
{
    const struct otter_confirmed *c = &w->journal.live.confirmed;

    return c->slot == OTTER_SLOT_B && memcmp(c->digest.b, w->new_image.digest.b, OTTER_DIGEST_LEN) == 0;
}

static void a_server_without_a_self_test_confirms_nothing(void **state)
{
    struct world *w = *state;

    assert_false(world_run(w, 3599 * 1000));
    assert_true(world_view(w).polls > 30);
    assert_false(confirmed(w));
    assert_true(world_run(w, 2000)); /* the deadline */
    assert_true(w->seen[OTTER_TRIAL_DEADLINE]);
}

static void a_self_test_without_a_server_confirms_nothing(void **state)
{
    struct world *w = *state;

    w->self_test = OTTER_SELFTEST_PASSED;
    w->net.refuse = true;
    assert_false(world_run(w, 3599 * 1000));
    assert_false(confirmed(w));
    assert_true(w->journal.live.trial.self_test_passed);
    assert_true(world_run(w, 2000));
}

static void a_204_never_confirms(void **state)
{
    struct world *w = *state;

    w->self_test = OTTER_SELFTEST_PASSED;
    w->server.poll_status = 204;
    assert_false(world_run(w, 3599 * 1000));
    assert_true(world_view(w).polls > 30);
    assert_false(confirmed(w));
}

static void an_offer_by_a_stranger_never_confirms(void **state)
{
    struct world *w = *state;

    w->self_test = OTTER_SELFTEST_PASSED;
    w->server.offer_key = w->stranger;
    assert_false(world_run(w, 3599 * 1000));
    assert_false(confirmed(w));
}

static void both_confirm_in_either_order(void **state)
{
    struct world *w = *state;
    uint64_t polls;

    world_run(w, 300000); /* the server first */
    assert_false(confirmed(w));
    polls = w->server.polls;
    w->self_test = OTTER_SELFTEST_PASSED;
    assert_false(world_run(w, 2000));
    assert_true(confirmed(w));
    assert_int_equal(w->server.polls, polls + 1); /* at once, to say so */
    assert_true(w->server.last_poll.poll.running.confirmed);
    assert_false(world_view(w).on_trial);
}

static void a_trial_polls_on_whatever_a_failing_server_says(void **state)
{
    struct world *w = *state;

    w->server.poll_status = 503;
    w->server.poll_headers = "Retry-After: 86400\r\n";
    assert_false(world_run(w, 3000 * 1000));
    assert_true(w->server.polls > 45);
}

static void a_trial_polls_within_a_minute_and_installs_nothing(void **state)
{
    struct world *w = *state;
    unsigned images = w->server.image_requests;
    unsigned manifests = w->server.manifest_requests;
    uint32_t erases = w->flash.erases;
    unsigned polls = 0;
    uint64_t last = 0;

    w->server.poll_headers = "Retry-After: 86400\r\n";
    while (w->now < 3000 * 1000) {
        world_run(w, 100);
        if (w->server.polls != polls && polls != 0 && last != 0) {
            uint64_t gap = w->server.last_poll.at_ms - last;

            assert_in_range(gap, 5000, 60200);
            assert_true(w->server.last_poll.poll.fresh);
            assert_false(w->server.last_poll.poll.running.confirmed);
        }
        if (w->server.polls != polls)
            last = w->server.last_poll.at_ms;
        polls = w->server.polls;
    }
    assert_true(polls > 30);
    assert_int_equal(w->server.image_requests, images);
    assert_int_equal(w->server.manifest_requests, manifests);
    assert_int_equal(w->flash.erases, erases);
}

static void a_failed_self_test_goes_back_at_once_and_says_so(void **state)
{
    struct world *w = *state;
    struct otter_report report;
    struct otter_status_code cause;

    w->self_test = OTTER_SELFTEST_FAILED;
    assert_true(world_run(w, 1000));
    assert_true(otter_journal_is_rejected(&w->journal, &w->new_image.digest, &cause));
    assert_int_equal(otter_status_of_code(cause), OTTER_SELF_TEST);
    world_reset(w);
    assert_string_equal(w->boot_row, "confirmed");
    assert_false(w->journal.live.pending.present);
    assert_false(world_run(w, 60000));
    assert_true(world_reported(w, OTTER_UPDATE_REVERTED, &report));
    assert_int_equal(report.reason, OTTER_SELF_TEST);
    assert_int_equal(report.attempt, WORLD_ATTEMPT);
    assert_int_equal(w->server.last_poll.poll.running.slot, OTTER_SLOT_A);
    /* No other attempt begins by the poll that tells of it; the offer that still stands is refused unseen. */
    assert_int_equal(w->journal.live.ended, 1);
    assert_int_equal(w->server.manifest_requests, 1);
    assert_false(world_run(w, 2 * 3600 * 1000));
    assert_true(world_reported(w, OTTER_UPDATE_FAILED, &report));
    assert_int_equal(report.reason, OTTER_REJECTED_BEFORE);
}

static void a_hanging_image_is_reverted_as_watchdog(void **state)
{
    struct world *w = *state;
    struct otter_report report;

    for (unsigned i = 0; i < OTTER_TRIAL_BOOTS; i++)
        world_reset_by(w, OTTER_RESET_WATCHDOG);
    assert_string_equal(w->boot_row, "confirmed");
    w->server.empty_offer = true;
    world_run(w, 60000);
    assert_true(world_reported(w, OTTER_UPDATE_REVERTED, &report));
    assert_int_equal(report.reason, OTTER_WATCHDOG);
    assert_int_equal(otter_journal_install_count(&w->journal, &w->new_image.digest), 1);
}

static void three_trials_without_a_server_blame_the_server(void **state)
{
    struct world *w = *state;
    struct otter_report report;

    w->self_test = OTTER_SELFTEST_PASSED;
    w->net.refuse = true;
    for (unsigned i = 0; i < OTTER_TRIAL_BOOTS; i++) {
        assert_true(world_view(w).on_trial);
        assert_true(world_run(w, 3601 * 1000));
        world_reset(w);
    }
    assert_string_equal(w->boot_row, "confirmed");
    assert_int_equal(otter_journal_install_count(&w->journal, &w->new_image.digest), 0);
    assert_int_equal(w->journal.live.failures, 0); /* a trial's polls are not a back-off's */
    w->net.refuse = false;
    assert_true(world_run(w, 2 * 3600 * 1000)); /* the same image comes again, without a download */
    assert_true(world_reported(w, OTTER_UPDATE_REVERTED, &report));
    assert_int_equal(report.reason, OTTER_TRIAL_NO_SERVER);
    assert_int_equal(w->server.image_requests, 1);
    assert_int_equal(w->journal.live.ended, 1);
    w->server.empty_offer = true;
    world_reset(w);
    assert_int_equal(w->handover.boots_used, 1);
    assert_false(world_run(w, 60000));
    assert_true(confirmed(w));
    assert_int_equal(w->journal.live.ended, 0);
    assert_false(otter_journal_is_rejected(&w->journal, &w->new_image.digest, NULL));
}

static void testing_is_reported_once(void **state)
{
    struct world *w = *state;
    unsigned testing = 0;

    world_run(w, 60000);
    world_reset(w);
    world_run(w, 60000);
    for (unsigned i = 0; i < w->server.reports; i++)
        testing += w->server.report[i].state == OTTER_UPDATE_TESTING;
    assert_int_equal(testing, 1);
}

static void the_self_test_is_asked_until_it_answers(void **state)
{
    struct world *w = *state;

    world_run(w, 10000);
    assert_true(w->self_test_asked >= 10);
    w->self_test = OTTER_SELFTEST_PASSED;
    world_run(w, 1000);
    w->self_test_asked = 0;
    world_run(w, 10000);
    assert_int_equal(w->self_test_asked, 0);
}

/* Cuts at each journal write of the confirm: whatever was written, the next boot is consistent. */
static void a_confirm_cut_anywhere_is_finished_or_not_begun(void **state)
{
    (void)state;
    for (uint32_t cut = 0; cut < 60; cut++) {
        struct world *w;
        void *fresh;
        bool was_confirmed;

        on_trial(&fresh);
        w = fresh;
        w->self_test = OTTER_SELFTEST_PASSED;
        w->server.empty_offer = true;
        w->flash.fail_after = cut;
        world_run(w, 2000);
        was_confirmed = confirmed(w);
        w->flash.fail_after = UINT32_MAX;
        world_reset(w);
        assert_int_equal(w->handover.slot, OTTER_SLOT_B);
        assert_int_equal(w->handover.trial, !was_confirmed);
        assert_false(world_run(w, 120000));
        assert_true(confirmed(w));
        assert_false(w->journal.live.pending.present);
        assert_false(w->journal.live.trial.present);
        assert_false(world_reported(w, OTTER_UPDATE_REVERTED, NULL));
        assert_true(w->server.last_poll.poll.running.confirmed);
        world_teardown(&fresh);
    }
}

static void a_revert_cut_anywhere_is_told_once(void **state)
{
    (void)state;
    for (uint32_t cut = 0; cut < 40; cut++) {
        struct world *w;
        void *fresh;
        unsigned told = 0;

        on_trial(&fresh);
        w = fresh;
        w->self_test = OTTER_SELFTEST_FAILED;
        w->server.empty_offer = true;
        assert_true(world_run(w, 1000));
        w->flash.fail_after = UINT32_MAX;
        {
            struct otter_boot boot = {&w->flash.flash, &otter_crypto_openssl, &w->keys,
                                      &w->factory,     &w->journal,           false};
            struct otter_boot_decision decision;

            assert_int_equal(otter_boot_run(&boot, OTTER_RESET_SOFTWARE, &decision, &w->handover), OTTER_OK);
        }
        w->flash.fail_after = cut;
        assert_int_equal(world_start(w, OTTER_SLOT_A), OTTER_OK);
        w->flash.fail_after = UINT32_MAX;
        world_reset(w);
        world_run(w, 60000);
        assert_false(w->journal.live.pending.present);
        for (unsigned i = 0; i < w->server.reports; i++)
            told += w->server.report[i].state == OTTER_UPDATE_REVERTED;
        assert_int_equal(told, 1);
        world_teardown(&fresh);
    }
}

/* imgtool --pad: an image in the other slot that no server offered. */
static void a_padded_image_is_tried_and_confirmed_from_what_it_says(void **state)
{
    struct world *w;
    const struct otter_slot_layout *b = &ram_flash_map_small.slot[1];
    struct signed_image_options o = {{1, 1, 0, 0}, b->base, 40000, 5, 2, NULL};

    world_setup(state);
    w = *state;
    o.key = w->image_key;
    world_image_build(w, &w->new_image, &o);
    memcpy(ram_flash_at(&w->flash, b->base), w->new_image.bytes, w->new_image.size);
    otter_image_trailer_magic(4, ram_flash_at(&w->flash, b->base + b->size - OTTER_TRAILER_MAGIC_LEN));
    world_reset(w);
    assert_true(world_view(w).on_trial);
    w->server.empty_offer = true;
    assert_false(world_run(w, 60000));
    assert_true(confirmed(w));
    assert_int_equal(w->journal.live.confirmed.counter, 5);
    assert_int_equal(w->journal.live.confirmed.sequence, 1);
    assert_int_equal(w->server.reports, 0); /* no attempt, nothing to report */
}

static void a_confused_slot_switches_the_updater_off(void **state)
{
    struct world *w = *state;

    assert_int_equal(world_start(w, OTTER_SLOT_A), OTTER_SLOT_CONFUSED);
    assert_true(world_view(w).disabled);
    w->server.polls = 0;
    assert_false(world_run(w, 3599 * 1000));
    assert_true(world_run(w, 2000)); /* on trial, so that the trial is used up */
    assert_int_equal(w->server.polls, 0);
}

static void a_damaged_hand_over_switches_the_updater_off(void **state)
{
    struct world *w;

    world_setup(state);
    w = *state;
    w->handover.crc ^= 1;
    assert_int_equal(world_start(w, OTTER_SLOT_A), OTTER_SLOT_CONFUSED);
    assert_false(world_run(w, 7 * OTTER_TEST_DAY));
    assert_int_equal(w->server.polls, 0);
}

static void revoked_keys_are_told_to_the_bootloader_after_the_confirm(void **state)
{
    struct world *w;
    struct otter_root root;
    struct signed_image_options o = {{1, 1, 0, 0}, ram_flash_map_small.slot[1].base, 40000, 1, 2, NULL};

    world_setup(state);
    w = *state;
    root = w->root;
    root.revoked_count = 1;
    root.revoked[0] = *host_key_kid(w->image_key);
    world_add_root(w, &root);
    o.key = w->image_key2;
    world_image_build(w, &w->new_image, &o);
    world_publish(w);
    assert_true(world_run(w, 60000));
    assert_int_equal(w->journal.live.revoked_count, 0); /* the confirmed image is still the old key's */
    w->self_test = OTTER_SELFTEST_RUNNING;
    world_reset(w);
    w->server.empty_offer = true;
    assert_false(world_run(w, 60000));
    assert_int_equal(w->journal.live.revoked_count, 0); /* the way back stays open while on trial */
    w->self_test = OTTER_SELFTEST_PASSED;
    assert_false(world_run(w, 60000));
    assert_true(confirmed(w));
    assert_int_equal(w->journal.live.revoked_count, 1);
    assert_memory_equal(w->journal.live.revoked[0].b, host_key_kid(w->image_key)->b, OTTER_DIGEST_LEN);
}

static void the_last_image_key_is_never_revoked(void **state)
{
    struct world *w;
    struct otter_root root;

    world_setup(state);
    w = *state;
    root = w->root;
    root.revoked_count = 2;
    root.revoked[0] = *host_key_kid(w->image_key);
    root.revoked[1] = *host_key_kid(w->image_key2);
    world_add_root(w, &root);
    w->server.empty_offer = true;
    w->client.running.key.b[0] ^= 1; /* as if neither were the confirmed image's */
    world_run(w, 60000);
    assert_int_equal(w->client.root.version, 2);
    assert_int_equal(w->journal.live.revoked_count, 1);
    world_reset(w);
    world_run(w, 60000);
    assert_int_equal(w->journal.live.revoked_count, 1);
    world_reset(w);
    assert_string_equal(w->boot_row, "confirmed");
}

#define T(name) cmocka_unit_test_setup_teardown(name, on_trial, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_server_without_a_self_test_confirms_nothing),
        T(a_self_test_without_a_server_confirms_nothing),
        T(a_204_never_confirms),
        T(an_offer_by_a_stranger_never_confirms),
        T(both_confirm_in_either_order),
        T(a_trial_polls_on_whatever_a_failing_server_says),
        T(a_trial_polls_within_a_minute_and_installs_nothing),
        T(a_failed_self_test_goes_back_at_once_and_says_so),
        T(a_hanging_image_is_reverted_as_watchdog),
        T(three_trials_without_a_server_blame_the_server),
        T(testing_is_reported_once),
        T(the_self_test_is_asked_until_it_answers),
        cmocka_unit_test(a_confirm_cut_anywhere_is_finished_or_not_begun),
        cmocka_unit_test(a_revert_cut_anywhere_is_told_once),
        cmocka_unit_test_teardown(a_padded_image_is_tried_and_confirmed_from_what_it_says, world_teardown),
        T(a_confused_slot_switches_the_updater_off),
        cmocka_unit_test_teardown(a_damaged_hand_over_switches_the_updater_off, world_teardown),
        cmocka_unit_test_teardown(revoked_keys_are_told_to_the_bootloader_after_the_confirm, world_teardown),
        cmocka_unit_test_teardown(the_last_image_key_is_never_revoked, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

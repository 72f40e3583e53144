/* The bootloader over real flash contents: what it boots, what it writes before the jump, what it gives as
 * the cause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "board.h"
#include "boot/keys.h"

#include <string.h>

static const struct board_image plain = {.seed = 1};

static void expect(const struct board *b, const char *row, enum otter_slot slot)
{
    assert_int_equal(b->status, OTTER_OK);
    assert_string_equal(b->decision.row, row);
    if (!b->decision.jump)
        return;
    assert_int_equal(b->decision.slot, slot);
    assert_true(otter_handover_valid(&b->handover));
    assert_int_equal(b->handover.slot, slot);
    assert_int_equal(b->handover.trial, b->decision.action == OTTER_BOOT_TRIAL);
}

static void expect_rejected(const struct board *b, const struct otter_digest *digest, enum otter_status cause)
{
    struct otter_status_code found = {0};

    assert_true(otter_journal_is_rejected(&b->journal, digest, &found));
    assert_string_equal(otter_status_name(otter_status_of_code(found)), otter_status_name(cause));
}

/* A board that runs its first image from A. */
static struct otter_digest start(struct board *b, const struct board_image *image)
{
    struct otter_digest digest;

    board_init(b);
    digest = board_put(b, OTTER_SLOT_A, image);
    board_reset(b, OTTER_RESET_POWER);
    expect(b, "first-a", OTTER_SLOT_A);
    return digest;
}

static void test_the_first_boot_records_what_it_boots(void **state)
{
    struct otter_digest digest;
    struct board b;

    (void)state;
    digest = start(&b, &(struct board_image){.seed = 1, .counter = 7});
    assert_true(b.journal.live.confirmed.present);
    assert_int_equal(b.journal.live.confirmed.slot, OTTER_SLOT_A);
    assert_memory_equal(&b.journal.live.confirmed.digest, &digest, sizeof(digest));
    assert_int_equal(b.journal.live.confirmed.epoch, BOARD_EPOCH);
    assert_int_equal(b.journal.live.confirmed.sequence, BOARD_SEQUENCE);
    assert_int_equal(b.journal.live.confirmed.counter, 7);
    board_reset(&b, OTTER_RESET_SOFTWARE);
    expect(&b, "confirmed", OTTER_SLOT_A);
    assert_int_equal(b.handover.reset_cause, OTTER_RESET_SOFTWARE);
    board_free(&b);
}

static void test_what_is_not_bootable_says_why(void **state)
{
    static const struct {
        struct board_image image;
        enum otter_status why;
    } table[] = {
        {{.damaged = true}, OTTER_IMAGE_HASH},
        {{.key = BOARD_KEY_STRANGER}, OTTER_IMAGE_KEY_UNKNOWN},
        {{.wrong_link = true}, OTTER_IMAGE_LINK},
        {{.header_size = 0x220}, OTTER_IMAGE_HEADER},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct board b;

        board_init(&b);
        board_put(&b, OTTER_SLOT_A, &table[i].image);
        board_reset(&b, OTTER_RESET_POWER);
        expect(&b, "nothing-yet", OTTER_SLOT_A);
        assert_false(b.decision.jump);
        assert_string_equal(otter_status_name(b.decision.why[0]), otter_status_name(table[i].why));
        assert_int_equal(b.decision.why[1], OTTER_IMAGE_MAGIC);
        assert_false(b.journal.live.confirmed.present);
        board_put(&b, OTTER_SLOT_B, &plain);
        board_reset(&b, OTTER_RESET_POWER);
        expect(&b, "first-b", OTTER_SLOT_B);
        board_free(&b);
    }
}

static void test_without_image_keys_nothing_boots(void **state)
{
    struct board b;

    (void)state;
    board_init(&b);
    board_put(&b, OTTER_SLOT_A, &plain);
    otter_image_keys_init(&otter_crypto_openssl, NULL, &b.keys);
    b.boot.factory = NULL;
    board_reset(&b, OTTER_RESET_POWER);
    expect(&b, "nothing-yet", OTTER_SLOT_A);
    assert_int_equal(b.decision.why[0], OTTER_IMAGE_KEY_UNKNOWN);
    board_free(&b);
}

/* The loop of a bootloader that finds nothing: it must not wear the journal out while it waits for help. */
static void test_looking_again_and_again_writes_nothing(void **state)
{
    uint64_t operations = 0;
    struct board b;

    (void)state;
    board_init(&b);
    board_reset(&b, OTTER_RESET_POWER);
    operations = b.f.operations;
    for (unsigned i = 0; i < 2000; i++) {
        assert_int_equal(otter_boot_run(&b.boot, OTTER_RESET_POWER, &b.decision, &b.handover), OTTER_OK);
        expect(&b, "nothing-yet", OTTER_SLOT_A);
    }
    assert_int_equal(b.f.operations, operations);
    /* Help comes. */
    board_put(&b, OTTER_SLOT_A, &plain);
    assert_int_equal(otter_boot_run(&b.boot, OTTER_RESET_POWER, &b.decision, &b.handover), OTTER_OK);
    expect(&b, "first-a", OTTER_SLOT_A);
    board_free(&b);
}

/* Three trial boots, each ended by `cause`; the self-test passes in boot `passes` (0 = never). Then the
 * verdict. */
static void try_three_times(struct board *b, enum otter_slot slot, enum otter_reset_cause cause,
                            unsigned passes)
{
    for (unsigned i = 1; i <= OTTER_TRIAL_BOOTS; i++) {
        board_reset(b, i == 1 ? OTTER_RESET_SOFTWARE : cause);
        expect(b, "trial", slot);
        assert_int_equal(b->handover.boots_used, i);
        assert_int_equal(b->journal.live.trial.boots_used, i);
        if (i == passes) {
            struct otter_trial trial = b->journal.live.trial;

            trial.self_test_passed = true;
            assert_int_equal(otter_journal_set_trial(&b->journal, &trial), OTTER_OK);
        }
    }
    board_reset(b, cause);
}

static void test_an_image_that_is_never_confirmed_is_reverted_with_its_cause(void **state)
{
    static const struct {
        enum otter_reset_cause reset;
        unsigned passes;
        enum otter_status cause;
    } table[] = {
        {OTTER_RESET_WATCHDOG, 0, OTTER_WATCHDOG},        {OTTER_RESET_WATCHDOG, 1, OTTER_WATCHDOG},
        {OTTER_RESET_SOFTWARE, 0, OTTER_TRIAL_DEADLINE},  {OTTER_RESET_POWER, 0, OTTER_TRIAL_DEADLINE},
        {OTTER_RESET_SOFTWARE, 1, OTTER_TRIAL_NO_SERVER}, {OTTER_RESET_SOFTWARE, 3, OTTER_TRIAL_NO_SERVER},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct otter_digest digest;
        struct board b;

        start(&b, &plain);
        digest = board_put(&b, OTTER_SLOT_B, &(struct board_image){.seed = 2});
        board_pend(&b, OTTER_SLOT_B, digest);
        try_three_times(&b, OTTER_SLOT_B, table[i].reset, table[i].passes);
        expect(&b, "confirmed", OTTER_SLOT_A);
        expect_rejected(&b, &digest, table[i].cause);
        assert_int_equal(b.decision.why[1], table[i].cause);
        assert_true(b.journal.live.pending.present); /* the client needs its attempt, to report */
        board_reset(&b, OTTER_RESET_POWER);
        expect(&b, "confirmed", OTTER_SLOT_A);
        assert_int_equal(b.decision.why[1], OTTER_REJECTED_BEFORE);
        board_free(&b);
    }
}

static void test_hung_once_and_then_without_power_is_still_the_watchdog(void **state)
{
    struct otter_digest digest;
    struct board b;

    (void)state;
    start(&b, &plain);
    digest = board_put(&b, OTTER_SLOT_B, &(struct board_image){.seed = 2});
    board_pend(&b, OTTER_SLOT_B, digest);
    board_reset(&b, OTTER_RESET_SOFTWARE);
    board_reset(&b, OTTER_RESET_WATCHDOG);
    board_reset(&b, OTTER_RESET_POWER);
    expect(&b, "trial", OTTER_SLOT_B);
    board_reset(&b, OTTER_RESET_POWER);
    expect_rejected(&b, &digest, OTTER_WATCHDOG);
    board_free(&b);
}

static void test_a_confirm_ends_the_trial(void **state)
{
    struct otter_digest digest;
    struct board b;

    (void)state;
    start(&b, &plain);
    digest = board_put(&b, OTTER_SLOT_B, &(struct board_image){.seed = 2, .counter = 5});
    board_pend(&b, OTTER_SLOT_B, digest);
    board_reset(&b, OTTER_RESET_SOFTWARE);
    expect(&b, "trial", OTTER_SLOT_B);
    otter_journal_set_confirmed(&b.journal,
                                &(struct otter_confirmed){true, OTTER_SLOT_B, digest, BOARD_EPOCH, 41, 5});
    for (unsigned i = 0; i < 5; i++) { /* the pending record not cleared yet: a cut in between */
        board_reset(&b, OTTER_RESET_WATCHDOG);
        expect(&b, "confirmed", OTTER_SLOT_B);
    }
    board_free(&b);
}

static void test_a_pending_image_that_does_not_hold_is_rejected_unbooted(void **state)
{
    struct otter_digest digest, other = {{1}};
    struct board b;

    (void)state;
    start(&b, &(struct board_image){.seed = 1, .counter = 4});
    digest = board_put(&b, OTTER_SLOT_B, &(struct board_image){.seed = 2, .damaged = true});
    board_pend(&b, OTTER_SLOT_B, digest);
    board_reset(&b, OTTER_RESET_SOFTWARE);
    expect(&b, "confirmed", OTTER_SLOT_A);
    expect_rejected(&b, &digest, OTTER_TRIAL_IMAGE);
    assert_int_equal(b.decision.why[1], OTTER_IMAGE_HASH);

    digest = board_put(&b, OTTER_SLOT_B, &(struct board_image){.seed = 3, .counter = 3});
    board_pend(&b, OTTER_SLOT_B, digest);
    board_reset(&b, OTTER_RESET_SOFTWARE);
    expect(&b, "confirmed", OTTER_SLOT_A);
    expect_rejected(&b, &digest, OTTER_IMAGE_FLOOR);

    board_put(&b, OTTER_SLOT_B, &(struct board_image){.seed = 4, .counter = 4});
    board_pend(&b, OTTER_SLOT_B, other); /* another image than the record says */
    board_reset(&b, OTTER_RESET_SOFTWARE);
    expect(&b, "confirmed", OTTER_SLOT_A);
    expect_rejected(&b, &other, OTTER_TRIAL_IMAGE);
    assert_int_equal(b.decision.why[1], OTTER_TRIAL_IMAGE);
    board_free(&b);
}

static void test_a_padded_image_is_tried_once_something_is_confirmed(void **state)
{
    struct otter_digest digest;
    struct board b;

    (void)state;
    start(&b, &(struct board_image){.seed = 1, .padded = true});
    board_reset(&b, OTTER_RESET_POWER);
    expect(&b, "confirmed", OTTER_SLOT_A);
    digest = board_put(&b, OTTER_SLOT_B, &(struct board_image){.seed = 2, .padded = true});
    try_three_times(&b, OTTER_SLOT_B, OTTER_RESET_POWER, 0);
    expect(&b, "confirmed", OTTER_SLOT_A);
    expect_rejected(&b, &digest, OTTER_TRIAL_DEADLINE);
    board_free(&b);
}

static void test_the_former_padded_image_is_not_tried_after_an_update(void **state)
{
    struct otter_digest digest;
    struct board b;

    (void)state;
    start(&b, &(struct board_image){.seed = 1, .padded = true});
    digest = board_put(&b, OTTER_SLOT_B, &(struct board_image){.seed = 2});
    otter_journal_set_confirmed(&b.journal,
                                &(struct otter_confirmed){true, OTTER_SLOT_B, digest, BOARD_EPOCH, 41, 0});
    board_reset(&b, OTTER_RESET_SOFTWARE);
    expect(&b, "confirmed", OTTER_SLOT_B);
    board_free(&b);
}

static void test_a_damaged_confirmed_image_falls_back_with_the_floors_kept(void **state)
{
    struct otter_digest digest, former;
    struct board b;

    (void)state;
    former = start(&b, &(struct board_image){.seed = 1, .counter = 5});
    digest = board_put(&b, OTTER_SLOT_B, &(struct board_image){.seed = 2, .counter = 5});
    otter_journal_set_confirmed(&b.journal,
                                &(struct otter_confirmed){true, OTTER_SLOT_B, digest, BOARD_EPOCH, 41, 5});
    board_damage(&b, OTTER_SLOT_B);
    board_reset(&b, OTTER_RESET_POWER);
    expect(&b, "fallback", OTTER_SLOT_A);
    assert_int_equal(b.decision.why[1], OTTER_IMAGE_HASH);
    assert_memory_equal(&b.journal.live.confirmed.digest, &former, sizeof(former));
    assert_int_equal(b.journal.live.confirmed.sequence, 41);
    assert_int_equal(b.journal.live.confirmed.counter, 5);
    board_reset(&b, OTTER_RESET_POWER);
    expect(&b, "confirmed", OTTER_SLOT_A);
    board_free(&b);
}

static void test_a_fallback_below_the_counter_floor_is_never_booted(void **state)
{
    struct otter_digest digest;
    struct board b;

    (void)state;
    start(&b, &(struct board_image){.seed = 1, .counter = 4});
    digest = board_put(&b, OTTER_SLOT_B, &(struct board_image){.seed = 2, .counter = 5});
    otter_journal_set_confirmed(&b.journal,
                                &(struct otter_confirmed){true, OTTER_SLOT_B, digest, BOARD_EPOCH, 41, 5});
    board_damage(&b, OTTER_SLOT_B);
    for (unsigned i = 0; i < 3; i++) {
        board_reset(&b, OTTER_RESET_POWER);
        expect(&b, "nothing", OTTER_SLOT_A);
        assert_int_equal(b.decision.why[0], OTTER_IMAGE_FLOOR);
        assert_int_equal(b.decision.why[1], OTTER_IMAGE_HASH);
    }
    board_free(&b);
}

/* The floor is the confirmed image's own SEC_CNT, even if the record says less. */
static void test_the_confirmed_images_counter_is_a_floor_too(void **state)
{
    struct otter_digest digest;
    struct board b;

    (void)state;
    digest = start(&b, &(struct board_image){.seed = 1, .counter = 9});
    otter_journal_set_confirmed(&b.journal,
                                &(struct otter_confirmed){true, OTTER_SLOT_A, digest, BOARD_EPOCH, 40, 0});
    digest = board_put(&b, OTTER_SLOT_B, &(struct board_image){.seed = 2, .counter = 8});
    board_pend(&b, OTTER_SLOT_B, digest);
    board_reset(&b, OTTER_RESET_SOFTWARE);
    expect(&b, "confirmed", OTTER_SLOT_A);
    expect_rejected(&b, &digest, OTTER_IMAGE_FLOOR);
    board_free(&b);
}

static void test_a_revoked_key_boots_nothing_but_the_confirmed_image(void **state)
{
    struct otter_digest digest;
    struct board b;

    (void)state;
    start(&b, &(struct board_image){.seed = 1, .key = BOARD_KEY_1});
    assert_int_equal(otter_journal_add_revoked(&b.journal, board_kid(BOARD_KEY_1)), OTTER_OK);
    board_reset(&b, OTTER_RESET_POWER); /* its own key: not obeyed */
    expect(&b, "confirmed", OTTER_SLOT_A);
    digest = board_put(&b, OTTER_SLOT_B, &(struct board_image){.seed = 2, .key = BOARD_KEY_2});
    otter_journal_set_confirmed(&b.journal,
                                &(struct otter_confirmed){true, OTTER_SLOT_B, digest, BOARD_EPOCH, 41, 0});
    board_reset(&b, OTTER_RESET_POWER);
    expect(&b, "confirmed", OTTER_SLOT_B);
    assert_int_equal(b.decision.why[0], OTTER_IMAGE_KEY_REVOKED);
    board_damage(&b, OTTER_SLOT_B);
    board_reset(&b, OTTER_RESET_POWER);
    expect(&b, "nothing", OTTER_SLOT_A);
    board_free(&b);
}

static void test_the_last_key_is_never_revoked(void **state)
{
    struct otter_journal_live live = {.revoked_count = 3};
    struct otter_image_keys keys;
    struct board b;

    (void)state;
    board_init(&b);
    live.revoked[0] = *board_kid(BOARD_KEY_STRANGER);
    live.revoked[1] = *board_kid(BOARD_KEY_1);
    live.revoked[2] = *board_kid(BOARD_KEY_2);
    keys = b.keys;
    otter_image_keys_revoke(&keys, &live, NULL);
    assert_true(otter_image_key_is_revoked(&keys, board_kid(BOARD_KEY_1)));
    assert_false(otter_image_key_is_revoked(&keys, board_kid(BOARD_KEY_2)));
    assert_int_equal(keys.revoked_count, 1);
    keys = b.keys;
    otter_image_keys_revoke(&keys, &live, board_kid(BOARD_KEY_1));
    assert_false(otter_image_key_is_revoked(&keys, board_kid(BOARD_KEY_1)));
    assert_true(otter_image_key_is_revoked(&keys, board_kid(BOARD_KEY_2)));
    board_free(&b);
}

/* Wherever the power fails in a boot: the next boot goes on, and no trial boot is had for nothing. */
static void test_a_cut_at_any_operation_of_a_trial_boot(void **state)
{
    bool over = false;
    unsigned cuts = 0;

    (void)state;
    for (uint64_t k = 1; !over; k++) {
        struct otter_digest digest;
        struct board b;

        start(&b, &plain);
        digest = board_put(&b, OTTER_SLOT_B, &(struct board_image){.seed = 2});
        board_pend(&b, OTTER_SLOT_B, digest);
        b.f.cut_at = b.f.operations + k;
        b.f.seed = k;
        board_reset(&b, OTTER_RESET_SOFTWARE);
        over = !b.f.power_off;
        cuts += b.f.power_off;
        assert_int_equal(b.status, over ? OTTER_OK : OTTER_FLASH_ERROR);
        otter_flash_file_power_on(&b.f);
        board_reset(&b, OTTER_RESET_POWER);
        expect(&b, "trial", OTTER_SLOT_B);
        /* Torn in the last unit, the record may have become whole: then that boot counts, though it never
         * was. */
        assert_true(b.handover.boots_used == (over ? 2 : 1) || b.handover.boots_used == 2);
        board_free(&b);
    }
    assert_true(cuts > 20);
}

static void test_flash_that_cannot_be_written_boots_nothing(void **state)
{
    struct board b;

    (void)state;
    start(&b, &plain);
    b.f.cut_at = b.f.operations + 1;
    board_reset(&b, OTTER_RESET_POWER);
    assert_int_equal(b.status, OTTER_FLASH_ERROR);
    assert_null(b.decision.row);
    assert_false(otter_handover_valid(&b.handover));
    board_free(&b);
}

static void test_a_hand_over_that_was_touched_is_not_valid(void **state)
{
    struct otter_handover good = {.slot = 1, .trial = 1, .boots_used = 2, .reset_cause = 2}, bad;

    (void)state;
    otter_handover_seal(&good);
    assert_true(otter_handover_valid(&good));
    for (unsigned bit = 0; bit < 8 * sizeof(good); bit++) {
        bad = good;
        ((uint8_t *)&bad)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(otter_handover_valid(&bad));
    }
    bad = good;
    bad.slot = 2;
    otter_handover_seal(&bad);
    assert_false(otter_handover_valid(&bad));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_boot_records_what_it_boots),
        cmocka_unit_test(test_what_is_not_bootable_says_why),
        cmocka_unit_test(test_without_image_keys_nothing_boots),
        cmocka_unit_test(test_looking_again_and_again_writes_nothing),
        cmocka_unit_test(test_an_image_that_is_never_confirmed_is_reverted_with_its_cause),
        cmocka_unit_test(test_hung_once_and_then_without_power_is_still_the_watchdog),
        cmocka_unit_test(test_a_confirm_ends_the_trial),
        cmocka_unit_test(test_a_pending_image_that_does_not_hold_is_rejected_unbooted),
        cmocka_unit_test(test_a_padded_image_is_tried_once_something_is_confirmed),
        cmocka_unit_test(test_the_former_padded_image_is_not_tried_after_an_update),
        cmocka_unit_test(test_a_damaged_confirmed_image_falls_back_with_the_floors_kept),
        cmocka_unit_test(test_a_fallback_below_the_counter_floor_is_never_booted),
        cmocka_unit_test(test_the_confirmed_images_counter_is_a_floor_too),
        cmocka_unit_test(test_a_revoked_key_boots_nothing_but_the_confirmed_image),
        cmocka_unit_test(test_the_last_key_is_never_revoked),
        cmocka_unit_test(test_a_cut_at_any_operation_of_a_trial_boot),
        cmocka_unit_test(test_flash_that_cannot_be_written_boots_nothing),
        cmocka_unit_test(test_a_hand_over_that_was_touched_is_not_valid),
    };

    return cmocka_run_group_tests_name("boot", tests, board_keys_setup, board_keys_teardown);
}

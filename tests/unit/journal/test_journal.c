/* What the journal keeps, drops and writes, with the power on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "geometry.h"
#include "journal/write.h"
#include "sample.h"

#include <stdlib.h>
#include <string.h>

static void open_blank(struct otter_flash_file *f, const struct otter_flash_map *map, struct otter_journal *j)
{
    assert_int_equal(otter_flash_file_open_memory(f, map), 0);
    assert_int_equal(otter_journal_open(j, &f->flash), OTTER_OK);
}

static void test_blank_flash_becomes_an_empty_journal(void **state)
{
    static const struct otter_journal_live nothing;

    (void)state;
    for (unsigned g = 0; g < GEOMETRIES; g++) {
        struct otter_flash_file f;
        struct otter_journal j;

        open_blank(&f, geometries[g], &j);
        assert_memory_equal(&j.live, &nothing, sizeof(nothing));
        assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
        assert_memory_equal(&j.live, &nothing, sizeof(nothing));
        otter_flash_file_close(&f);
    }
}

static void test_every_value_survives_a_reopen(void **state)
{
    (void)state;
    for (unsigned g = 0; g < GEOMETRIES; g++)
        for (unsigned i = 0; i < SAMPLE_SETTERS; i++) {
            struct sample_state before, after;
            struct otter_flash_file f;
            struct otter_journal j;

            open_blank(&f, geometries[g], &j);
            assert_int_equal(sample_setters[i].set(&j, 5), OTTER_OK);
            assert_int_equal(sample_setters[i].set(&j, 6), OTTER_OK);
            sample_take(&j, &before);
            assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
            sample_take(&j, &after);
            if (!sample_same(&before, &after))
                fail_msg("%s on %s", sample_setters[i].name, geometries[g]->hardware);
            otter_flash_file_close(&f);
        }
}

static uint32_t record_at(const struct otter_journal *j, uint32_t offset)
{
    return j->flash->map->journal_base + j->now.half * j->flash->map->journal_half + offset;
}

static void test_setting_what_holds_writes_nothing(void **state)
{
    struct otter_flash_file f;
    struct otter_journal j;

    (void)state;
    open_blank(&f, geometries[0], &j);
    for (unsigned i = 0; i < SAMPLE_SETTERS; i++) {
        uint64_t before = f.operations;

        assert_int_equal(sample_setters[i].set(&j, 3), OTTER_OK);
        assert_true(f.operations > before);
    }
    for (unsigned i = 0; i < SAMPLE_SETTERS; i++) {
        uint64_t before = f.operations;

        assert_int_equal(sample_setters[i].set(&j, 3), OTTER_OK);
        assert_int_equal(f.operations, before);
    }
    assert_int_equal(otter_journal_drop_report(&j, 999, 1), OTTER_OK);
    assert_int_equal(otter_journal_drop_rejected(&j, &(struct otter_digest){{9}}), OTTER_OK);
    assert_int_equal(otter_journal_set_installs(&j, &(struct otter_installs){{{9}}, 0}), OTTER_OK);
    otter_flash_file_close(&f);
}

static void test_open_repeats_the_newest_entry_and_changes_nothing_else(void **state)
{
    struct sample_state before, after;
    struct otter_flash_file f;
    struct otter_journal j;
    uint64_t operations;

    (void)state;
    open_blank(&f, geometries[0], &j);
    sample_fill(&j, 1);
    assert_int_equal(otter_journal_set_failures(&j, 77), OTTER_OK);
    sample_take(&j, &before);
    operations = f.operations;
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    /* A void record, the entry, SETTLED. */
    assert_int_equal(f.operations - operations, 3 * OTTER_RECORD_LEN / 4);
    sample_take(&j, &after);
    assert_true(sample_same(&before, &after));
    otter_flash_file_close(&f);
}

/* A device that resets in a loop must not wear its journal out, whatever the newest entry is: here the
 * longest.
 */
static void test_open_of_a_settled_journal_writes_nothing(void **state)
{
    (void)state;
    for (unsigned g = 0; g < GEOMETRIES; g++) {
        struct otter_flash_file f;
        struct otter_journal j;
        uint64_t operations;

        open_blank(&f, geometries[g], &j);
        assert_int_equal(sample_setters[11].set(&j, 1), OTTER_OK);
        assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
        operations = f.operations;
        for (unsigned i = 0; i < 5; i++)
            assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
        assert_int_equal(f.operations, operations);
        assert_int_equal(j.live.root_version, 2);
        otter_flash_file_close(&f);
    }
}

/* A record behind SETTLED that cannot be read now, and may be later, is covered by the gap of another one. */
static void test_open_covers_what_is_torn_behind_a_settled_log(void **state)
{
    static const uint8_t torn[OTTER_RECORD_LEN] = {OTTER_RECORD_TIME, 0, 8};
    struct otter_flash_file f;
    struct otter_journal j;
    uint32_t end;

    (void)state;
    open_blank(&f, geometries[0], &j);
    assert_int_equal(otter_journal_set_failures(&j, 7), OTTER_OK);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    end = j.now.write_at;
    assert_int_equal(otter_flash_file_load(&f, record_at(&j, end), torn, sizeof(torn)), 0);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    assert_true(j.now.valid_end == j.now.write_at && j.now.write_at > end + OTTER_RECORD_LEN);
    otter_flash_file_close(&f);
}

static void test_what_reads_blank_at_open_is_made_void_before_it_is_written_behind(void **state)
{
    static const uint8_t nothing[OTTER_RECORD_LEN];
    uint8_t found[OTTER_RECORD_LEN];

    (void)state;
    for (unsigned g = 0; g < GEOMETRIES; g++) {
        struct otter_flash_file f;
        struct otter_journal j;
        uint32_t end;

        open_blank(&f, geometries[g], &j);
        assert_int_equal(otter_journal_set_failures(&j, 7), OTTER_OK);
        assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
        assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK); /* settled: nothing was written */
        end = j.now.write_at;
        assert_int_equal(otter_journal_set_failures(&j, 8), OTTER_OK);
        assert_int_equal(otter_flash_file_peek(&f, record_at(&j, end), found, sizeof(found)), 0);
        assert_memory_equal(found, nothing, sizeof(found));
        assert_int_equal(j.now.write_at, end + 2 * OTTER_RECORD_LEN);
        otter_flash_file_close(&f);
    }
}

/* An entry that the rest of its sector is too short for may be torn at the next one's beginning. */
static void test_so_is_the_first_record_of_the_next_sector(void **state)
{
    static const uint8_t nothing[OTTER_RECORD_LEN];
    uint8_t found[OTTER_RECORD_LEN];
    struct otter_flash_file f;
    struct otter_journal j;

    (void)state;
    open_blank(&f, geometries[2], &j); /* sectors of 4 KB */
    for (uint32_t i = 1; j.now.write_at < 4096 - 4 * OTTER_RECORD_LEN; i++)
        assert_int_equal(otter_journal_set_failures(&j, i), OTTER_OK);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    assert_true(j.now.write_at <= 4096);
    assert_int_equal(sample_setters[11].set(&j, 1), OTTER_OK);
    assert_int_equal(otter_flash_file_peek(&f, record_at(&j, 4096 + OTTER_RECORD_LEN), found, sizeof(found)),
                     0);
    assert_memory_equal(found, nothing, sizeof(found));
    assert_int_equal(j.root_at, 4096 + 2 * OTTER_RECORD_LEN);
    otter_flash_file_close(&f);
}

static void test_lists_drop_the_oldest(void **state)
{
    struct otter_digest first = sample_digest(0), last = sample_digest(4);
    struct otter_status_code cause = {0};
    struct otter_flash_file f;
    struct otter_journal j;

    (void)state;
    open_blank(&f, geometries[0], &j);
    for (unsigned i = 0; i <= OTTER_JOURNAL_REJECTED; i++)
        assert_int_equal(
            otter_journal_add_rejected(
                &j, &(struct otter_rejected){sample_digest(i), otter_status_code(OTTER_SELF_TEST)}),
            OTTER_OK);
    for (unsigned i = 0; i <= OTTER_JOURNAL_INSTALLS; i++)
        assert_int_equal(otter_journal_set_installs(&j, &(struct otter_installs){sample_digest(i), 2}),
                         OTTER_OK);
    for (uint32_t i = 1; i <= OTTER_JOURNAL_REPORTS + 1; i++)
        assert_int_equal(
            otter_journal_add_report(&j, &(struct otter_held_report){111, i, OTTER_UPDATE_DOWNLOADING,
                                                                     otter_status_code(OTTER_OK)}),
            OTTER_OK);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    assert_false(otter_journal_is_rejected(&j, &first, NULL));
    assert_true(otter_journal_is_rejected(&j, &last, &cause));
    assert_int_equal(otter_status_of_code(cause), OTTER_SELF_TEST);
    assert_int_equal(otter_journal_install_count(&j, &first), 0);
    assert_int_equal(otter_journal_install_count(&j, &last), 2);
    assert_int_equal(j.live.report_count, OTTER_JOURNAL_REPORTS);
    assert_int_equal(j.live.report[0].step, 2);
    assert_int_equal(j.live.step, OTTER_JOURNAL_REPORTS + 1);
    otter_flash_file_close(&f);
}

/* An application may be newer than the bootloader that turns the journal. */
static void test_a_cause_that_this_firmware_has_no_name_for_stays_what_it_was(void **state)
{
    const struct otter_status_code newer = {0xc0ffee11};
    struct otter_rejected r = {sample_digest(1), newer};
    struct otter_status_code found = {0};
    struct otter_flash_file f;
    struct otter_journal j;
    uint8_t half;

    (void)state;
    open_blank(&f, geometries[0], &j);
    half = j.now.half;
    assert_int_equal(otter_journal_add_rejected(&j, &r), OTTER_OK);
    assert_int_equal(
        otter_journal_add_report(&j, &(struct otter_held_report){111, 1, OTTER_UPDATE_FAILED, newer}),
        OTTER_OK);
    for (uint32_t i = 1; j.now.half == half; i++)
        assert_int_equal(otter_journal_set_failures(&j, i), OTTER_OK);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    assert_true(otter_journal_is_rejected(&j, &r.digest, &found));
    assert_int_equal(found.crc, newer.crc);
    assert_int_equal(j.live.report[0].reason.crc, newer.crc);
    assert_int_equal(otter_status_of_code(found), OTTER_INTERNAL);
    otter_flash_file_close(&f);
}

static void test_values_can_be_taken_away_again(void **state)
{
    static const struct otter_journal_live nothing;
    struct otter_digest digest = sample_digest(1);
    struct otter_flash_file f;
    struct otter_journal j;

    (void)state;
    open_blank(&f, geometries[0], &j);
    sample_setters[1].set(&j, 1);
    sample_setters[2].set(&j, 1);
    assert_int_equal(
        otter_journal_add_rejected(&j, &(struct otter_rejected){digest, otter_status_code(OTTER_WATCHDOG)}),
        OTTER_OK);
    assert_int_equal(otter_journal_set_installs(&j, &(struct otter_installs){digest, 1}), OTTER_OK);
    assert_int_equal(otter_journal_set_checkpoint(&j, &(struct otter_checkpoint){true, digest, 1, 2, 3}),
                     OTTER_OK);
    assert_int_equal(otter_journal_set_token(&j, "t"), OTTER_OK);
    assert_int_equal(otter_journal_set_failures(&j, 3), OTTER_OK);

    assert_int_equal(otter_journal_set_pending(&j, &(struct otter_pending){.present = false}), OTTER_OK);
    assert_int_equal(otter_journal_set_trial(&j, &(struct otter_trial){.present = false}), OTTER_OK);
    assert_int_equal(otter_journal_drop_rejected(&j, &digest), OTTER_OK);
    assert_int_equal(otter_journal_set_installs(&j, &(struct otter_installs){digest, 0}), OTTER_OK);
    assert_int_equal(otter_journal_set_checkpoint(&j, &(struct otter_checkpoint){.present = false}),
                     OTTER_OK);
    assert_int_equal(otter_journal_set_token(&j, ""), OTTER_OK);
    assert_int_equal(otter_journal_set_failures(&j, 0), OTTER_OK);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    assert_memory_equal(&j.live, &nothing, sizeof(nothing));
    otter_flash_file_close(&f);
}

static void test_acknowledged_report_is_forgotten_but_not_its_step(void **state)
{
    struct otter_flash_file f;
    struct otter_journal j;

    (void)state;
    open_blank(&f, geometries[0], &j);
    for (uint32_t i = 1; i <= 3; i++)
        otter_journal_add_report(
            &j, &(struct otter_held_report){111, i, OTTER_UPDATE_DOWNLOADED, otter_status_code(OTTER_OK)});
    assert_int_equal(otter_journal_drop_report(&j, 111, 2), OTTER_OK);
    assert_int_equal(otter_journal_drop_report(&j, 111, 3), OTTER_OK);
    assert_int_equal(otter_journal_drop_report(&j, 111, 1), OTTER_OK);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    assert_int_equal(j.live.report_count, 0);
    assert_int_equal(j.live.step, 3);
    assert_int_equal(j.live.step_attempt, 111);
    otter_flash_file_close(&f);
}

static void test_bounds_are_refused(void **state)
{
    static char long_text[OTTER_PAYLOAD_MAX + 2];
    struct otter_digest digest = sample_digest(99);
    struct otter_flash_file f;
    struct otter_journal j;

    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    open_blank(&f, geometries[0], &j);
    assert_int_equal(otter_journal_set_token(&j, long_text), OTTER_TOO_LARGE);
    assert_int_equal(otter_journal_set_root(&j, 1, long_text, OTTER_PAYLOAD_MAX + 1), OTTER_TOO_LARGE);
    assert_int_equal(otter_journal_set_root(&j, 1, long_text, 0), OTTER_TOO_LARGE);
    for (unsigned i = 0; i < OTTER_IMAGE_KEYS; i++)
        assert_int_equal(sample_setters[7].set(&j, i), OTTER_OK);
    assert_int_equal(otter_journal_add_revoked(&j, &digest), OTTER_NO_SPACE);
    otter_flash_file_close(&f);
}

static void test_a_new_pending_install_forgets_an_old_trial(void **state)
{
    struct otter_flash_file f;
    struct otter_journal j;

    (void)state;
    open_blank(&f, geometries[0], &j);
    assert_int_equal(
        otter_journal_set_trial(&j, &(struct otter_trial){true, sample_digest(2), 3, false, true}), OTTER_OK);
    assert_int_equal(
        otter_journal_set_pending(&j, &(struct otter_pending){.present = true, .digest = sample_digest(2)}),
        OTTER_OK);
    assert_false(j.live.trial.present);
    assert_true(j.live.pending.present);
    otter_flash_file_close(&f);
}

static void test_confirmed_remembers_the_one_before(void **state)
{
    struct otter_digest first = sample_digest(1);
    struct otter_flash_file f;
    struct otter_journal j;

    (void)state;
    open_blank(&f, geometries[0], &j);
    sample_setters[0].set(&j, 1);
    assert_false(j.live.has_previous);
    sample_setters[0].set(&j, 2);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    assert_true(j.live.has_previous);
    assert_memory_equal(&j.live.previous, &first, sizeof(first));
    otter_flash_file_close(&f);
}

static void test_the_largest_live_set_survives_turns(void **state)
{
    (void)state;
    for (unsigned g = 0; g < GEOMETRIES; g++) {
        struct sample_state before, after;
        struct otter_flash_file f;
        struct otter_journal j;
        uint32_t turn;

        open_blank(&f, geometries[g], &j);
        sample_fill(&j, 1);
        turn = j.now.turn;
        for (unsigned i = 0; j.now.turn < turn + 4; i++)
            assert_int_equal(sample_setters[i % 2 ? 11 : 6].set(&j, i), OTTER_OK);
        sample_take(&j, &before);
        assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
        sample_take(&j, &after);
        assert_true(sample_same(&before, &after));
        assert_int_equal(after.live.report_count, OTTER_JOURNAL_REPORTS);
        otter_flash_file_close(&f);
    }
}

static enum otter_status append(struct otter_journal *j, uint8_t type, const char *text)
{
    const struct otter_entry_data data = {
        .head = text, .head_len = (uint16_t)strlen(text), .len = (uint16_t)strlen(text)};

    return otter_log_append(j, &j->now, type, &data, NULL);
}

/* The newest entry of a type; false if there is none. */
static bool find(struct otter_journal *j, uint8_t type, char *out, size_t cap)
{
    uint32_t at = otter_log_half_size(j);
    struct otter_entry entry;

    while (otter_log_older(j, j->now.half, &at, &entry))
        if (entry.type == type && entry.len < cap &&
            otter_log_read(j, j->now.half, &entry, 0, out, entry.len) == OTTER_OK) {
            out[entry.len] = '\0';
            return true;
        }
    return false;
}

static void test_entries_of_a_newer_firmware_are_copied_forward(void **state)
{
    struct otter_flash_file f;
    struct otter_journal j;
    char text[128];

    (void)state;
    open_blank(&f, geometries[0], &j);
    assert_int_equal(append(&j, 0x40, "older value, which a newer one replaces"), OTTER_OK);
    assert_int_equal(append(&j, 0x40, "a value of more than one record, so that it is copied in pieces"),
                     OTTER_OK);
    assert_int_equal(append(&j, 0xfd, "short"), OTTER_OK);
    for (uint32_t i = 0, turn = j.now.turn; j.now.turn < turn + 3; i++)
        assert_int_equal(otter_journal_set_failures(&j, i + 1), OTTER_OK);
    assert_true(find(&j, 0x40, text, sizeof(text)));
    assert_string_equal(text, "a value of more than one record, so that it is copied in pieces");
    assert_true(find(&j, 0xfd, text, sizeof(text)));
    assert_string_equal(text, "short");
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    otter_flash_file_close(&f);
}

static void test_a_longer_value_of_a_known_type_is_read_as_far_as_known(void **state)
{
    struct otter_flash_file f;
    struct otter_journal j;

    (void)state;
    open_blank(&f, geometries[0], &j);
    assert_int_equal(append(&j, OTTER_RECORD_FAILURES, "\x07\x01\x01\x01 and more of a newer firmware"),
                     OTTER_OK);
    assert_int_equal(append(&j, OTTER_RECORD_TIME, "shrt"), OTTER_OK);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    assert_int_equal(j.live.failures, 0x01010107);
    assert_int_equal(j.live.time_floor, 0);
    otter_flash_file_close(&f);
}

/* A record that a cut left half written, was found unreadable, and reads well later (marginal cells). */
static void test_a_torn_entry_that_reads_well_later_stays_void(void **state)
{
    struct otter_digest old = sample_digest(1);
    struct otter_flash_file f;
    struct otter_journal j;
    uint8_t whole[OTTER_RECORDS(OTTER_LEN_CONFIRMED) * OTTER_RECORD_LEN];
    uint32_t at;

    (void)state;
    open_blank(&f, geometries[0], &j);
    sample_setters[0].set(&j, 1);
    assert_int_equal(otter_journal_set_failures(&j, 3),
                     OTTER_OK); /* the newest, so the one that open repeats */
    at = f.flash.map->journal_base + j.now.half * f.flash.map->journal_half + j.now.write_at;
    f.cut_at = f.operations + sizeof(whole) / 4; /* in its CRC */
    assert_int_equal(sample_setters[0].set(&j, 2), OTTER_FLASH_ERROR);
    assert_memory_equal(&j.live.confirmed.digest, &old, sizeof(old));
    otter_flash_file_power_on(&f);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    assert_memory_equal(&j.live.confirmed.digest, &old, sizeof(old));
    assert_int_equal(otter_journal_set_failures(&j, 4), OTTER_OK);

    { /* The bytes that it would have had, taken from a journal of the same history. */
        struct otter_flash_file twin;
        struct otter_journal k;

        open_blank(&twin, geometries[0], &k);
        sample_setters[0].set(&k, 1);
        assert_int_equal(otter_journal_set_failures(&k, 3), OTTER_OK);
        sample_setters[0].set(&k, 2);
        assert_int_equal(otter_flash_file_peek(&twin, at, whole, sizeof(whole)), 0);
        otter_flash_file_close(&twin);
    }
    assert_int_equal(otter_flash_file_load(&f, at, whole, sizeof(whole)), 0);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    assert_memory_equal(&j.live.confirmed.digest, &old, sizeof(old));
    assert_int_equal(j.live.failures, 4);
    otter_flash_file_close(&f);
}

/*
 * Twice in a row: a cut leaves an entry torn, and the next one leaves torn what leads past it. That reads
 * well once, the device acts on it, and then it does not, while the first one does.
 */
static void gap_that_reads_well_once(bool settled)
{
    static const uint8_t ruined[OTTER_RECORD_LEN];
    struct otter_flash_file f;
    struct otter_journal j;
    uint8_t whole[OTTER_RECORD_LEN], blank[OTTER_RECORD_LEN];
    uint32_t torn, over;

    open_blank(&f, geometries[0], &j);
    assert_int_equal(otter_journal_set_failures(&j, 7), OTTER_OK);
    if (settled)
        assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    assert_int_equal(otter_journal_set_time_floor(&j, 1800000000), OTTER_OK);
    torn = record_at(&j, j.now.valid_end - OTTER_RECORD_LEN);
    assert_int_equal(otter_flash_file_peek(&f, torn, whole, sizeof(whole)), 0);
    assert_int_equal(otter_flash_file_load(&f, torn, ruined, sizeof(ruined)), 0);

    f.cut_at = f.operations + 2 * OTTER_RECORD_LEN / 4 + 1; /* behind a void record and the one that counts */
    assert_int_not_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    otter_flash_file_power_on(&f);
    over = torn + 2 * OTTER_RECORD_LEN;
    memset(blank, 0xff, sizeof(blank));
    assert_int_equal(otter_flash_file_load(&f, over + OTTER_RECORD_LEN, blank, sizeof(blank)), 0);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    assert_int_equal(j.live.failures, 7);
    assert_int_equal(j.live.time_floor, 0);

    assert_int_equal(otter_flash_file_load(&f, over, ruined, sizeof(ruined)), 0);
    assert_int_equal(otter_flash_file_load(&f, torn, whole, sizeof(whole)), 0);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    assert_int_equal(j.live.failures, 7);
    assert_int_equal(j.live.time_floor, 0);
    otter_flash_file_close(&f);
}

static void test_a_repeated_entry_covers_what_the_torn_one_covered(void **state)
{
    (void)state;
    gap_that_reads_well_once(false);
}

static void test_and_so_does_settled(void **state)
{
    (void)state;
    gap_that_reads_well_once(true);
}

/* The like for a whole turn: its last record is torn, and reads well only after the device has gone on
 * without it. */
static void test_an_interrupted_turn_that_reads_well_later_stays_void(void **state)
{
    struct otter_digest old = sample_digest(1);
    uint32_t half = geometries[0]->journal_half, at;
    uint8_t turned[OTTER_RECORD_LEN], *before;
    struct otter_flash_file f;
    struct otter_journal j;
    uint64_t operations;

    (void)state;
    open_blank(&f, geometries[0], &j);
    sample_setters[0].set(&j, 1);
    for (uint32_t i = 1; otter_log_room(&j, &j.now) > 4; i++)
        assert_int_equal(otter_journal_set_failures(&j, i), OTTER_OK);
    before = journal_copy(&f);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    operations = f.operations;
    assert_int_equal(sample_setters[0].set(&j, 2), OTTER_OK);
    operations = f.operations - operations;
    assert_true(f.erases > 1);
    at = geometries[0]->journal_base + j.now.half * half + j.now.write_at - OTTER_RECORD_LEN;
    assert_int_equal(otter_flash_file_peek(&f, at, turned, sizeof(turned)), 0);

    journal_restore(&f, before);
    free(before);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    f.cut_at = f.operations + operations;
    assert_int_equal(sample_setters[0].set(&j, 2), OTTER_FLASH_ERROR);
    otter_flash_file_power_on(&f);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    assert_memory_equal(&j.live.confirmed.digest, &old, sizeof(old));
    assert_int_equal(otter_flash_file_load(&f, at, turned, sizeof(turned)), 0);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    assert_memory_equal(&j.live.confirmed.digest, &old, sizeof(old));
    otter_flash_file_close(&f);
}

static void test_ruined_flash_starts_empty(void **state)
{
    static const struct otter_journal_live nothing;
    struct otter_flash_file f;
    struct otter_journal j;
    uint8_t *junk;
    uint32_t size = 2 * geometries[0]->journal_half;

    (void)state;
    open_blank(&f, geometries[0], &j);
    junk = malloc(size);
    assert_non_null(junk);
    for (uint32_t i = 0; i < size; i++)
        junk[i] = (uint8_t)(i * 2654435761u >> 13);
    assert_int_equal(otter_flash_file_load(&f, geometries[0]->journal_base, junk, size), 0);
    free(junk);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    assert_memory_equal(&j.live, &nothing, sizeof(nothing));
    assert_int_equal(otter_journal_set_failures(&j, 1), OTTER_OK);
    assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
    assert_int_equal(j.live.failures, 1);
    otter_flash_file_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blank_flash_becomes_an_empty_journal),
        cmocka_unit_test(test_every_value_survives_a_reopen),
        cmocka_unit_test(test_setting_what_holds_writes_nothing),
        cmocka_unit_test(test_open_repeats_the_newest_entry_and_changes_nothing_else),
        cmocka_unit_test(test_open_of_a_settled_journal_writes_nothing),
        cmocka_unit_test(test_open_covers_what_is_torn_behind_a_settled_log),
        cmocka_unit_test(test_what_reads_blank_at_open_is_made_void_before_it_is_written_behind),
        cmocka_unit_test(test_so_is_the_first_record_of_the_next_sector),
        cmocka_unit_test(test_lists_drop_the_oldest),
        cmocka_unit_test(test_a_cause_that_this_firmware_has_no_name_for_stays_what_it_was),
        cmocka_unit_test(test_values_can_be_taken_away_again),
        cmocka_unit_test(test_acknowledged_report_is_forgotten_but_not_its_step),
        cmocka_unit_test(test_bounds_are_refused),
        cmocka_unit_test(test_a_new_pending_install_forgets_an_old_trial),
        cmocka_unit_test(test_confirmed_remembers_the_one_before),
        cmocka_unit_test(test_the_largest_live_set_survives_turns),
        cmocka_unit_test(test_entries_of_a_newer_firmware_are_copied_forward),
        cmocka_unit_test(test_a_longer_value_of_a_known_type_is_read_as_far_as_known),
        cmocka_unit_test(test_a_torn_entry_that_reads_well_later_stays_void),
        cmocka_unit_test(test_a_repeated_entry_covers_what_the_torn_one_covered),
        cmocka_unit_test(test_and_so_does_settled),
        cmocka_unit_test(test_an_interrupted_turn_that_reads_well_later_stays_void),
        cmocka_unit_test(test_ruined_flash_starts_empty),
    };

    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}

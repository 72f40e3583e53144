/* The straight road, and each turn off it that ends well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

static const struct otter_slot_layout *slot_b(void)
{
    return &ram_flash_map_small.slot[1];
}

static uint32_t slot_b_erases(const struct world *w)
{
    return ram_flash_erases_in(&w->flash, slot_b()->base, slot_b()->size);
}

static uint32_t image_sectors(const struct world *w)
{
    return (w->new_image.size + 16383) / 16384;
}

static void assert_slot_holds_image(struct world *w)
{
    const uint8_t *end = ram_flash_at(&w->flash, slot_b()->base + w->new_image.size);

    assert_memory_equal(ram_flash_at(&w->flash, slot_b()->base), w->new_image.bytes, w->new_image.size);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(end[i], 0xff);
}

static void an_update_goes_from_offer_to_confirm(void **state)
{
    struct world *w = *state;
    struct otter_report report;
    const struct otter_journal_live *live = &w->journal.live;
    const struct otter_running *running = &w->server.last_poll.poll.running;

    assert_true(world_run(w, 60000));
    assert_true(live->pending.present);
    assert_memory_equal(live->pending.digest.b, w->new_image.digest.b, OTTER_DIGEST_LEN);
    assert_int_equal(live->pending.attempt, WORLD_ATTEMPT);
    assert_int_equal(otter_journal_install_count(&w->journal, &w->new_image.digest), 1);
    assert_slot_holds_image(w);
    assert_int_equal(slot_b_erases(w), image_sectors(w));
    assert_true(world_reported(w, OTTER_UPDATE_DOWNLOADING, NULL));
    assert_true(world_reported(w, OTTER_UPDATE_DOWNLOADED, NULL));
    assert_true(world_reported(w, OTTER_UPDATE_INSTALLED, &report));
    assert_int_equal(report.step, 3);
    assert_int_equal(w->server.connections, 1); /* one for a whole update */

    world_reset(w);
    assert_string_equal(w->boot_row, "trial");
    w->server.empty_offer = true;
    assert_false(world_run(w, 60000));
    assert_true(world_reported(w, OTTER_UPDATE_TESTING, &report));
    assert_int_equal(report.step, 4);
    assert_int_equal(live->confirmed.slot, OTTER_SLOT_B);
    assert_int_equal(live->confirmed.sequence, 2);
    assert_false(live->pending.present);
    assert_false(live->trial.present);
    assert_int_equal(otter_journal_install_count(&w->journal, &w->new_image.digest), 0);
    assert_int_equal(running->slot, OTTER_SLOT_B);
    assert_true(running->confirmed);
    assert_memory_equal(running->sha256.b, w->new_image.digest.b, OTTER_DIGEST_LEN);
    assert_int_equal(w->server.last_poll.poll.sequence, 2);
    assert_int_equal(live->report_count, 0);
    world_reset(w);
    assert_string_equal(w->boot_row, "confirmed");
}

static void a_poll_that_changes_nothing_writes_nothing(void **state)
{
    struct world *w = *state;
    uint32_t programs;

    w->server.poll_status = 204;
    assert_false(world_run(w, 1000));
    programs = w->flash.programs;
    assert_false(world_run(w, 20 * 3600 * 1000));
    assert_true(w->server.polls > 15);
    assert_int_equal(w->flash.programs, programs);
}

static void retry_after_sets_the_next_poll(void **state)
{
    struct world *w = *state;

    w->server.poll_status = 204;
    w->server.poll_headers = "Retry-After: 600\r\n";
    world_run(w, 599000);
    assert_int_equal(w->server.polls, 1);
    world_run(w, 600 * 1000 / 16 + 2000);
    assert_int_equal(w->server.polls, 2);
    assert_true(world_view(w).polls == 2);
}

static void a_signed_reply_is_asked_for_at_boot_and_daily(void **state)
{
    struct world *w = *state;
    struct otter_poll *poll = &w->server.last_poll.poll;

    w->server.empty_offer = true;
    world_run(w, 1000);
    assert_true(poll->fresh);
    w->server.poll_status = 204;
    world_run(w, 3600 * 1000 * 2);
    assert_false(poll->fresh);
    world_run(w, 3600 * 1000 * 24);
    assert_true(poll->fresh); /* until it is had */
    w->server.poll_status = 200;
    world_run(w, 3600 * 1000 * 4);
    assert_false(poll->fresh);
}

static void a_week_without_an_offer_is_stale(void **state)
{
    struct world *w = *state;

    w->server.poll_status = 204;
    world_run(w, UINT64_C(604700) * 1000);
    assert_false(world_view(w).stale);
    world_run(w, 2 * 3600 * 1000);
    assert_true(world_view(w).stale);
    world_run(w, 2 * 3600 * 1000);
    assert_true(w->server.last_poll.poll.stale);
    w->server.poll_status = 200;
    w->server.empty_offer = true;
    world_run(w, 2 * 3600 * 1000);
    assert_false(world_view(w).stale);
}

static void poll_now_polls_now(void **state)
{
    struct world *w = *state;

    w->server.poll_status = 204;
    world_run(w, 1000);
    otter_client_poll_now(&w->client);
    world_run(w, 1);
    assert_int_equal(w->server.polls, 2);
}

static void attributes_are_sent_once_after_boot(void **state)
{
    struct world *w = *state;

    w->hooks.attributes = "{\"tz\":\"Europe/Berlin\"}";
    w->server.poll_status = 204;
    world_run(w, 10 * 3600 * 1000);
    assert_int_equal(w->server.attributes, 1);
    assert_non_null(strstr(w->server.attributes_head, "\r\nOtter-Device: lamp-1\r\n"));
}

static void a_dropped_download_goes_on_where_it_stopped(void **state)
{
    struct world *w = *state;

    w->net.drop_after = 20000;
    w->net.drops = 1;
    assert_true(world_run(w, 60000));
    assert_int_equal(w->server.image_requests, 2);
    assert_non_null(strstr(w->server.blob_head, "\r\nRange: bytes=1"));
    assert_non_null(strstr(w->server.blob_head, "\r\nIf-Range: \""));
    assert_slot_holds_image(w);
    assert_int_equal(slot_b_erases(w), image_sectors(w));
}

static void many_drops_erase_no_sector_twice(void **state)
{
    struct world *w = *state;

    w->net.drop_after = 1500;
    w->net.drops = 100;
    assert_true(world_run(w, 600000));
    assert_true(w->server.image_requests > 20);
    assert_slot_holds_image(w);
    assert_int_equal(slot_b_erases(w), image_sectors(w));
}

static void run_until_erases(struct world *w, uint32_t n)
{
    for (unsigned i = 0; i < 100000 && slot_b_erases(w) < n; i++)
        (void)otter_client_step(&w->client, w->now);
    assert_int_equal(slot_b_erases(w), n);
}

static void a_reset_resumes_at_the_last_full_sector(void **state)
{
    struct world *w = *state;

    run_until_erases(w, 3);
    (void)otter_client_step(&w->client, w->now); /* its checkpoint */
    world_reset(w);
    assert_true(world_run(w, 60000));
    assert_non_null(strstr(w->server.blob_head, "\r\nRange: bytes=32768-\r\n"));
    assert_slot_holds_image(w);
    assert_int_equal(slot_b_erases(w), image_sectors(w)); /* the third was erased and still blank */
}

static void a_sector_that_is_not_blank_is_erased_again(void **state)
{
    struct world *w = *state;
    uint32_t programs;

    run_until_erases(w, 2);
    programs = w->flash.programs;
    for (unsigned i = 0; i < 10000 && w->flash.programs < programs + 6; i++)
        (void)otter_client_step(&w->client, w->now);
    world_reset(w);
    assert_true(world_run(w, 60000));
    assert_non_null(strstr(w->server.blob_head, "\r\nRange: bytes=16384-\r\n"));
    assert_slot_holds_image(w);
    assert_int_equal(slot_b_erases(w), image_sectors(w) + 1);
}

/* Slot B holds all of the image, by a download that had come so far. */
static void hold_image(struct world *w, uint32_t written_to)
{
    const struct otter_checkpoint cp = {true, w->new_image.digest, OTTER_SLOT_B, 49152, written_to};

    memcpy(ram_flash_at(&w->flash, ram_flash_map_small.slot[1].base), w->new_image.bytes, w->new_image.size);
    assert_int_equal(otter_journal_set_checkpoint(&w->journal, &cp), OTTER_OK);
    world_reset(w);
}

static void a_last_unit_that_may_be_torn_is_written_again(void **state)
{
    struct world *w = *state;

    hold_image(w, 32768);
    assert_true(world_run(w, 60000));
    assert_int_equal(w->server.image_requests, 1);
    assert_non_null(strstr(w->server.blob_head, "\r\nRange: bytes=32768-\r\n"));
    assert_slot_holds_image(w);
    assert_int_equal(slot_b_erases(w), 1);
    assert_int_equal(w->journal.live.checkpoint.written_to, w->new_image.size);
}

static void a_download_that_has_ended_is_not_done_again(void **state)
{
    struct world *w = *state;

    hold_image(w, w->new_image.size);
    assert_true(world_run(w, 60000));
    assert_int_equal(w->server.image_requests, 0);
    assert_int_equal(slot_b_erases(w), 0);
}

static void a_reset_at_any_step_still_ends_updated(void **state)
{
    /* Each boot gets a little further than the last one: resets in every phase. */
    struct world *w = *state;
    unsigned boots = 0;
    bool done = false;

    w->net.piece = 4000;
    for (unsigned steps = 10; !done && boots < 400; steps += 1, boots++) {
        for (unsigned i = 0; i < steps && !done; i++)
            done = otter_client_step(&w->client, w->now).want == OTTER_WANT_RESET;
        world_reset(w);
        done = w->handover.trial != 0;
    }
    assert_true(done);
    assert_slot_holds_image(w);
    w->server.empty_offer = true;
    assert_false(world_run(w, 60000));
    assert_int_equal(w->journal.live.confirmed.slot, OTTER_SLOT_B);
}

/* From operation `cut` on flash does nothing any more, as after a power cut; then it comes back. */
static void a_cut_at_any_flash_operation_still_ends_updated(void **state)
{
    bool whole = false;

    (void)state;
    for (uint32_t cut = 0; !whole; cut++) {
        struct world *w;
        void *fresh;

        world_setup(&fresh);
        w = fresh;
        w->flash.fail_after = cut;
        whole = world_run(w, 1000) && w->flash.fail_after > 0;
        w->flash.fail_after = UINT32_MAX;
        world_reset(w);
        for (unsigned i = 0; i < 2 && w->handover.trial == 0; i++) {
            assert_true(world_run(w, 8 * 3600 * 1000));
            world_reset(w);
        }
        assert_int_equal(w->handover.trial, 1);
        assert_slot_holds_image(w);
        w->server.empty_offer = true;
        assert_false(world_run(w, 60000));
        assert_int_equal(w->journal.live.confirmed.slot, OTTER_SLOT_B);
        assert_int_equal(w->journal.live.confirmed.sequence, 2);
        world_teardown(&fresh);
        assert_true(cut < 1000);
    }
}

static void a_full_reply_to_a_range_is_taken_from_where_we_are(void **state)
{
    struct world *w = *state;

    w->net.drop_after = 20000;
    w->net.drops = 1;
    w->server.ignore_range = true;
    assert_true(world_run(w, 60000));
    assert_int_equal(w->server.image_requests, 2);
    assert_slot_holds_image(w);
    assert_int_equal(slot_b_erases(w), image_sectors(w));
}

static const struct {
    int skew[3];
    bool no_content_range;
    const char *etag;
} wrong_ranges[] = {
    {{-1, 0, 0}, false, NULL},       {{1, 0, 0}, false, NULL},      {{0, -1, 0}, false, NULL},
    {{0, 0, 1}, false, NULL},        {{0, 1, 2}, false, NULL},      {{0, 0, 0}, true, NULL},
    {{0, 0, 0}, false, "\"other\""}, {{0, 0, 0}, false, "W/\"w\""}, {{0, 0, 0}, false, ""},
};

static void a_wrongly_answered_range_is_named_and_the_whole_asked_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(wrong_ranges); i++) {
        struct world *w;
        void *fresh;

        world_setup(&fresh);
        w = fresh;
        w->net.drop_after = 20000;
        w->net.drops = 1;
        memcpy(w->server.range_skew, wrong_ranges[i].skew, sizeof(w->server.range_skew));
        w->server.no_content_range = wrong_ranges[i].no_content_range;
        for (unsigned n = 0; n < 100000 && w->server.image_requests == 0; n++)
            (void)otter_client_step(&w->client, w->now);
        w->server.etag = wrong_ranges[i].etag;
        assert_true(world_run(w, 60000));
        assert_true(w->seen[OTTER_HTTP_RANGE]);
        assert_int_equal(w->server.image_requests, 3);
        assert_null(strstr(w->server.blob_head, "Range"));
        assert_slot_holds_image(w);
        world_teardown(&fresh);
    }
}

static void the_servers_own_tag_is_used_for_if_range(void **state)
{
    struct world *w = *state;

    w->net.drop_after = 20000;
    w->net.drops = 1;
    w->server.etag = "\"v1\"";
    assert_true(world_run(w, 60000));
    assert_int_equal(w->server.image_requests, 2);
    assert_non_null(strstr(w->server.blob_head, "\r\nIf-Range: \"v1\"\r\n"));
    assert_slot_holds_image(w);
}

static void progress_forgives_earlier_failures_to_fetch(void **state)
{
    struct world *w = *state;

    w->net.drop_after = 20000;
    w->server.image_plan = "4444444d4444444";
    assert_true(world_run(w, 2 * OTTER_TEST_DAY));
    assert_int_equal(w->server.image_requests, 16);
    assert_slot_holds_image(w);
}

static unsigned long range_from(const struct world *w)
{
    const char *range = strstr(w->server.blob_head, "\r\nRange: bytes=");

    return range != NULL ? strtoul(range + 15, NULL, 10) : 0;
}

/* Also when a connection in between brought nothing, so that the attempt went through a poll. */
static void a_fruitless_connection_costs_neither_bytes_nor_an_erase(void **state)
{
    struct world *w = *state;

    w->net.drop_after = 20000;
    w->server.image_plan = "d44.";
    assert_true(world_run(w, OTTER_TEST_DAY));
    assert_int_equal(w->server.image_requests, 4);
    assert_true(range_from(w) > 16384 && range_from(w) % 16384 != 0);
    assert_slot_holds_image(w);
    assert_int_equal(slot_b_erases(w), image_sectors(w));
}

static void fruitless_connections_do_not_renew_a_bad_blob(void **state)
{
    struct world *w = *state;
    struct otter_report report;

    w->server.corrupt_at = 12345;
    w->server.corrupt_times = 1000;
    w->server.image_plan = ".4.4.4.4.4.4.4.4.4";
    assert_false(world_run(w, OTTER_TEST_DAY));
    assert_true(world_reported(w, OTTER_UPDATE_FAILED, &report));
    assert_int_equal(report.reason, OTTER_IMAGE_DIGEST);
    assert_int_equal(w->server.image_requests, 7);
}

/* A blob that is not there: back-off doubles although each poll in between is answered well. */
static void failures_to_fetch_back_off_doubling(void **state)
{
    struct world *w = *state;

    w->server.image_status = 404;
    assert_false(world_run(w, 8 * 60000)); /* seven waits of a minute at most would be over by now */
    assert_true(w->server.image_requests > 1);
    assert_false(world_reported(w, OTTER_UPDATE_FAILED, NULL));
    assert_false(world_run(w, 3 * 3600000));
    assert_true(world_reported(w, OTTER_UPDATE_FAILED, NULL));
    assert_int_equal(w->server.image_requests, 8);
}

/* An image of exactly `size` bytes: a signature has 70 to 72 bytes, so the payload is sought. */
static void build_of_size(struct world *w, uint32_t size)
{
    struct signed_image_options o = {{1, 1, 0, 0}, slot_b()->base, size - 0x200 - 12 - 160, 1, 2,
                                     w->image_key};

    do {
        world_image_build(w, &w->new_image, &o);
        o.payload = o.payload + size - w->new_image.size;
    } while (w->new_image.size != size);
    world_publish(w);
}

static void any_size_up_to_the_trailer_arrives_whole(void **state)
{
    const uint32_t largest = slot_b()->size - slot_b()->trailer_size;
    const uint32_t sizes[] = {1024,  1025,        16383,       16384,       16385,
                              32768, largest - 3, largest - 2, largest - 1, largest};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(sizes); i++) {
        void *fresh;
        struct world *w;

        world_setup(&fresh);
        w = fresh;
        build_of_size(w, sizes[i]);
        memset(ram_flash_at(&w->flash, slot_b()->base), 0, slot_b()->size);
        w->net.drop_after = 9000;
        w->net.drops = 3;
        assert_true(world_run(w, 600000));
        assert_memory_equal(ram_flash_at(&w->flash, slot_b()->base), w->new_image.bytes, sizes[i]);
        assert_int_equal(slot_b_erases(w), (sizes[i] + 16383) / 16384);
        /* Behind it, up to the sector's end, nothing but the erase; then what was there before. */
        for (uint32_t at = sizes[i]; at < slot_b()->size; at++)
            if (*ram_flash_at(&w->flash, slot_b()->base + at) !=
                (at < (sizes[i] + 16383) / 16384 * 16384 ? 0xff : 0x00))
                fail_msg("size %u: byte %u", (unsigned)sizes[i], (unsigned)at);
        world_reset(w);
        assert_int_equal(w->handover.trial, 1);
        world_teardown(&fresh);
    }
}

static void a_full_sector_is_checkpointed_before_the_next_erase(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < 100000 && w->journal.live.checkpoint.written_to == 0; i++)
        (void)otter_client_step(&w->client, w->now);
    assert_int_equal(w->journal.live.checkpoint.written_to, 16384);
    assert_int_equal(slot_b_erases(w), 1);
}

static void a_flipped_bit_costs_one_more_download(void **state)
{
    struct world *w = *state;

    w->server.corrupt_at = 12345;
    w->server.corrupt_times = 1;
    assert_true(world_run(w, 60000));
    assert_true(w->seen[OTTER_IMAGE_DIGEST]);
    assert_int_equal(w->server.image_requests, 2);
    assert_slot_holds_image(w);
}

static void an_image_that_is_there_already_is_not_fetched(void **state)
{
    struct world *w = *state;

    memcpy(ram_flash_at(&w->flash, slot_b()->base), w->new_image.bytes, w->new_image.size);
    assert_true(world_run(w, 60000));
    assert_int_equal(w->server.image_requests, 0);
    assert_int_equal(slot_b_erases(w), 0);
    assert_false(world_reported(w, OTTER_UPDATE_DOWNLOADING, NULL));
    assert_true(world_reported(w, OTTER_UPDATE_INSTALLED, NULL));
}

static void the_application_decides_when(void **state)
{
    struct world *w = *state;

    w->may_install = false;
    assert_false(world_run(w, 10 * 60 * 1000));
    assert_int_equal(w->may_install_asked, 11);
    assert_false(w->journal.live.pending.present);
    assert_false(world_run(w, 3 * 3600 * 1000)); /* polls go on, nothing is fetched twice */
    assert_true(w->server.polls >= 3);
    assert_int_equal(w->server.image_requests, 1);
    assert_int_equal(w->server.reports, 2);
    w->may_install = true;
    assert_true(world_run(w, 61000));
    assert_true(w->journal.live.pending.present);
}

static void an_offer_withdrawn_while_waiting_is_not_installed(void **state)
{
    struct world *w = *state;

    w->may_install = false;
    world_run(w, 60000);
    w->server.empty_offer = true;
    world_run(w, 4000 * 1000);
    w->may_install = true;
    assert_false(world_run(w, 4000 * 1000));
    assert_false(w->journal.live.pending.present);
}

static void a_padded_trailer_goes_before_the_first_byte(void **state)
{
    struct world *w = *state;
    uint8_t *magic = ram_flash_at(&w->flash, slot_b()->base + slot_b()->size - OTTER_TRAILER_MAGIC_LEN);

    otter_image_trailer_magic(4, magic);
    run_until_erases(w, 1);
    assert_false(otter_image_trailer_good(magic, 4));
    assert_true(world_run(w, 60000));
    assert_slot_holds_image(w);
    assert_int_equal(slot_b_erases(w), image_sectors(w) + 1);
}

static void a_checkpoint_of_another_image_or_slot_vouches_for_nothing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct otter_checkpoint cp = {
            .present = true, .slot = OTTER_SLOT_B, .erased_to = 32768, .written_to = 32768};
        struct world *w;
        void *fresh;

        world_setup(&fresh);
        w = fresh;
        cp.digest = w->new_image.digest;
        if (i == 0)
            cp.digest.b[0] ^= 1;
        else
            cp.slot = OTTER_SLOT_A;
        assert_int_equal(otter_journal_set_checkpoint(&w->journal, &cp), OTTER_OK);
        for (unsigned n = 0; n < 100000 && w->client.phase != OTTER_PHASE_DOWNLOAD; n++)
            (void)otter_client_step(&w->client, w->now);
        /* Replaced before anything in the slot changes. */
        assert_int_equal(slot_b_erases(w), 0);
        assert_memory_equal(w->journal.live.checkpoint.digest.b, w->new_image.digest.b, OTTER_DIGEST_LEN);
        assert_int_equal(w->journal.live.checkpoint.slot, OTTER_SLOT_B);
        assert_int_equal(w->journal.live.checkpoint.written_to, 0);
        assert_true(world_run(w, 60000));
        assert_null(strstr(w->server.blob_head, "Range"));
        assert_slot_holds_image(w);
        assert_int_equal(slot_b_erases(w), image_sectors(w));
        world_teardown(&fresh);
    }
}

static void a_checkpoint_between_sector_edges_is_not_used(void **state)
{
    struct world *w = *state;
    struct otter_checkpoint cp = {
        .present = true, .slot = OTTER_SLOT_B, .erased_to = 32768, .written_to = 20000};

    cp.digest = w->new_image.digest;
    assert_int_equal(otter_journal_set_checkpoint(&w->journal, &cp), OTTER_OK);
    assert_true(world_run(w, 60000));
    assert_null(strstr(w->server.blob_head, "Range"));
    assert_slot_holds_image(w);
}

static void a_device_without_factory_data_stays_quiet(void **state)
{
    struct world *w = *state;
    struct otter_client_config config = w->client.config;
    struct otter_factory factory = w->factory;

    config.factory = NULL;
    assert_int_equal(otter_client_init(&w->client, &config, w->now), OTTER_UNKNOWN_DEVICE);
    assert_false(world_run(w, OTTER_TEST_DAY));
    config.factory = &factory;
    strcpy(factory.hardware, "other");
    assert_int_equal(otter_client_init(&w->client, &config, w->now), OTTER_WRONG_HARDWARE);
    strcpy(factory.hardware, "ram-board");
    strcpy(factory.url[0], "gopher://h");
    assert_int_equal(otter_client_init(&w->client, &config, w->now), OTTER_BAD_VALUE);
    strcpy(factory.url[0], "http://h");
    factory.root_len = 3;
    assert_true(otter_client_init(&w->client, &config, w->now) != OTTER_OK);
    assert_false(world_run(w, OTTER_TEST_DAY));
    assert_true(world_view(w).disabled);
    assert_int_equal(w->server.polls, 0);
}

static void installs_of_a_digest_are_counted(void **state)
{
    struct world *w = *state;
    struct otter_installs installs = {w->new_image.digest, 1};

    assert_int_equal(otter_journal_set_installs(&w->journal, &installs), OTTER_OK);
    assert_true(world_run(w, 60000));
    assert_int_equal(otter_journal_install_count(&w->journal, &w->new_image.digest), 2);
}

static void a_week_of_uptime_forgives_installs(void **state)
{
    struct world *w = *state;
    struct otter_installs installs = {w->new_image.digest, 2};

    assert_int_equal(otter_journal_set_installs(&w->journal, &installs), OTTER_OK);
    w->server.poll_status = 204;
    world_run(w, 6 * OTTER_TEST_DAY);
    assert_int_equal(otter_journal_install_count(&w->journal, &w->new_image.digest), 2);
    world_run(w, 2 * OTTER_TEST_DAY);
    assert_int_equal(otter_journal_install_count(&w->journal, &w->new_image.digest), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_update_goes_from_offer_to_confirm),
        T(a_poll_that_changes_nothing_writes_nothing),
        T(retry_after_sets_the_next_poll),
        T(a_signed_reply_is_asked_for_at_boot_and_daily),
        T(a_week_without_an_offer_is_stale),
        T(poll_now_polls_now),
        T(attributes_are_sent_once_after_boot),
        T(a_dropped_download_goes_on_where_it_stopped),
        T(many_drops_erase_no_sector_twice),
        T(a_reset_resumes_at_the_last_full_sector),
        T(a_sector_that_is_not_blank_is_erased_again),
        T(a_last_unit_that_may_be_torn_is_written_again),
        T(a_download_that_has_ended_is_not_done_again),
        T(a_reset_at_any_step_still_ends_updated),
        cmocka_unit_test(a_cut_at_any_flash_operation_still_ends_updated),
        T(a_full_reply_to_a_range_is_taken_from_where_we_are),
        cmocka_unit_test(a_wrongly_answered_range_is_named_and_the_whole_asked_for),
        T(the_servers_own_tag_is_used_for_if_range),
        T(progress_forgives_earlier_failures_to_fetch),
        T(a_fruitless_connection_costs_neither_bytes_nor_an_erase),
        T(fruitless_connections_do_not_renew_a_bad_blob),
        T(failures_to_fetch_back_off_doubling),
        cmocka_unit_test(any_size_up_to_the_trailer_arrives_whole),
        T(a_full_sector_is_checkpointed_before_the_next_erase),
        T(a_flipped_bit_costs_one_more_download),
        T(an_image_that_is_there_already_is_not_fetched),
        T(the_application_decides_when),
        T(an_offer_withdrawn_while_waiting_is_not_installed),
        T(a_padded_trailer_goes_before_the_first_byte),
        cmocka_unit_test(a_checkpoint_of_another_image_or_slot_vouches_for_nothing),
        T(a_checkpoint_between_sector_edges_is_not_used),
        T(a_device_without_factory_data_stays_quiet),
        T(installs_of_a_digest_are_counted),
        T(a_week_of_uptime_forgives_installs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

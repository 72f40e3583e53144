/* Each refusal has its own name, reaches the server, and leaves the device as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

static uint32_t slot_b_erases(const struct world *w)
{
    return ram_flash_erases_in(&w->flash, ram_flash_map_small.slot[1].base, ram_flash_map_small.slot[1].size);
}

/* ---- manifests ---- */

static void product(struct world *w, struct otter_manifest *m)
{
    (void)w;
    strcpy(m->product, "oven");
}
static void hardware(struct world *w, struct otter_manifest *m)
{
    (void)w;
    strcpy(m->hardware[0], "other");
}
static void expired(struct world *w, struct otter_manifest *m)
{
    (void)w;
    m->expires = 1999999;
}
static void epoch(struct world *w, struct otter_manifest *m)
{
    (void)w;
    m->epoch = 2;
}
static void sequence(struct world *w, struct otter_manifest *m)
{
    (void)w;
    m->sequence = 1;
}
static void counter(struct world *w, struct otter_manifest *m)
{
    (void)w;
    m->security_counter = 0;
}
static void requires_from(struct world *w, struct otter_manifest *m)
{
    (void)w;
    m->has_requires_from = true;
    m->requires_from = (struct otter_version){1, 0, 1, 0};
}
static void requires_below(struct world *w, struct otter_manifest *m)
{
    (void)w;
    m->has_requires_below = true;
    m->requires_below = (struct otter_version){1, 0, 0, 0};
}
static void another_image(struct world *w, struct otter_manifest *m)
{
    (void)w;
    m->image[0].sha256.b[0] ^= 1;
}
static void link(struct world *w, struct otter_manifest *m)
{
    (void)w;
    m->image[0].link += 4;
}
static void version(struct world *w, struct otter_manifest *m)
{
    (void)w;
    m->version.revision = 9;
}
static void image_counter(struct world *w, struct otter_manifest *m)
{
    (void)w;
    m->security_counter = 7;
}

/* ---- offers ---- */

static void manifest_size(struct world *w, struct otter_offer *o)
{
    (void)w;
    o->manifest.size++;
}
static void slot_running(struct world *w, struct otter_offer *o)
{
    (void)w;
    o->slot = OTTER_SLOT_A;
}

static const struct {
    const char *name;
    void (*manifest)(struct world *w, struct otter_manifest *m);
    void (*offer)(struct world *w, struct otter_offer *o);
    enum otter_status why;
    bool downloads; /* refused only after the image is there */
} cases[] = {
    {"wrong product", product, NULL, OTTER_WRONG_PRODUCT, false},
    {"wrong hardware", hardware, NULL, OTTER_WRONG_HARDWARE, false},
    {"expired", expired, NULL, OTTER_MANIFEST_EXPIRED, false},
    {"wrong epoch", epoch, NULL, OTTER_WRONG_EPOCH, false},
    {"sequence not above", sequence, NULL, OTTER_SEQUENCE, false},
    {"counter below", counter, NULL, OTTER_COUNTER, false},
    {"requires from", requires_from, NULL, OTTER_REQUIRES_FROM, false},
    {"requires below", requires_below, NULL, OTTER_REQUIRES_BELOW, false},
    {"image mismatch", another_image, NULL, OTTER_IMAGE_MISMATCH, false},
    {"wrong link", link, NULL, OTTER_WRONG_LINK, false},
    {"manifest size", NULL, manifest_size, OTTER_MANIFEST_SIZE, false},
    {"slot of the running image", NULL, slot_running, OTTER_IMAGE_MISMATCH, false},
    {"image of another version", version, NULL, OTTER_IMAGE_VERSION, true},
    {"image of another counter", image_counter, NULL, OTTER_IMAGE_COUNTER, true},
};

/* Runs an update that must be refused: the report, and no second look at the same offer. */
static void refused_with(struct world *w, enum otter_status why, bool downloads)
{
    struct otter_report report;
    unsigned manifests;

    assert_false(world_run(w, 600000)); /* wrong bytes are fetched four times, with back-off in between */
    assert_true(world_reported(w, OTTER_UPDATE_FAILED, &report));
    assert_string_equal(otter_status_name(report.reason), otter_status_name(why));
    assert_int_equal(report.attempt, WORLD_ATTEMPT);
    assert_int_equal(slot_b_erases(w) > 0, downloads);
    assert_false(w->journal.live.pending.present);
    assert_int_equal(w->journal.live.report_count, 0);
    manifests = w->server.manifest_requests;
    assert_false(world_run(w, 4 * 3600 * 1000));
    assert_true(w->server.polls > 3);
    assert_int_equal(w->server.manifest_requests, manifests);
    assert_int_equal(world_view(w).last_error, why);
    world_reset(w);
    assert_string_equal(w->boot_row, "confirmed");
}

static void a_manifest_is_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(cases); i++) {
        struct world *w;
        void *fresh;

        print_message("  %s\n", cases[i].name);
        world_setup(&fresh);
        w = fresh;
        w->server.tweak_manifest = cases[i].manifest;
        w->server.tweak_offer = cases[i].offer;
        world_publish(w);
        refused_with(w, cases[i].why, cases[i].downloads);
        world_teardown(&fresh);
    }
}

static void a_foreign_release_key_is_refused(void **state)
{
    struct world *w = *state;

    w->server.release_key = w->stranger;
    world_publish(w);
    refused_with(w, OTTER_UNKNOWN_KEY, false);
    assert_int_equal(w->server.root_requests, 1); /* asked for newer roots before saying so, once a poll */
}

static void another_manifest_under_the_digest_is_refused(void **state)
{
    struct world *w = *state;

    w->server.raw_target = "/v1/blobs/";
    w->server.raw_reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    assert_false(world_run(w, 600000));
    assert_true(world_reported(w, OTTER_UPDATE_FAILED, NULL));
    assert_int_equal(world_view(w).last_error, OTTER_MANIFEST_SIZE);
}

/* ---- images ---- */

static void image_by(struct world *w, const struct host_key *key, uint32_t load_addr)
{
    struct signed_image_options o = {{1, 1, 0, 0}, load_addr, 40000, 1, 2, key};

    world_image_build(w, &w->new_image, &o);
    world_publish(w);
}

static void a_foreign_image_key_is_refused(void **state)
{
    struct world *w = *state;

    image_by(w, w->stranger, ram_flash_map_small.slot[1].base);
    refused_with(w, OTTER_IMAGE_KEY_UNKNOWN, true);
}

static void an_image_linked_elsewhere_is_refused(void **state)
{
    struct world *w = *state;

    image_by(w, w->image_key, ram_flash_map_small.slot[0].base);
    refused_with(w, OTTER_IMAGE_LINK, true);
}

static void an_image_by_a_revoked_key_is_refused(void **state)
{
    struct world *w = *state;
    struct otter_root root = w->root;

    root.revoked_count = 1;
    root.revoked[0] = *host_key_kid(w->image_key2);
    world_add_root(w, &root);
    image_by(w, w->image_key2, ram_flash_map_small.slot[1].base);
    refused_with(w, OTTER_IMAGE_KEY_REVOKED, true);
}

static void a_key_that_the_running_image_still_needs_signs_nothing_new(void **state)
{
    struct world *w = *state;
    struct otter_root root = w->root;

    root.revoked_count = 1;
    root.revoked[0] = *host_key_kid(w->image_key);
    world_add_root(w, &root);
    refused_with(w, OTTER_IMAGE_KEY_REVOKED, true);
    assert_int_equal(w->journal.live.revoked_count, 0);
}

static void an_image_with_a_broken_signature_is_refused(void **state)
{
    struct world *w = *state;

    w->new_image.bytes[w->new_image.size - 1] ^= 1;
    otter_sha256_of(&otter_crypto_openssl, w->new_image.bytes, w->new_image.size, &w->new_image.digest);
    world_publish(w);
    refused_with(w, OTTER_IMAGE_SIGNATURE, true);
}

/* Images that no honest server publishes: a byte of the header or the TLVs is wrong, and the manifest says
 * so. */
static void an_image_of_damaged_structure_is_refused_by_name(void **state)
{
    static const struct {
        const char *name;
        bool from_end; /* offset counted from the last TLV's end */
        uint32_t at;
        uint8_t flip;
        enum otter_status why;
    } rows[] = {
        {"magic", false, 0, 0x01, OTTER_IMAGE_MAGIC},
        {"header size", false, 8, 0x01, OTTER_IMAGE_HEADER},
        {"payload size over the image", false, 15, 0x01, OTTER_IMAGE_TOO_LARGE},
        {"payload size within it", false, 12, 0x04, OTTER_IMAGE_TLV},
        {"protected size", false, 11, 0x80, OTTER_IMAGE_HEADER},
        {"flags", false, 16, 0x10, OTTER_IMAGE_FLAGS},
        {"payload", false, 0x200, 0x01, OTTER_IMAGE_HASH},
        {"signature", true, 1, 0x01, OTTER_IMAGE_SIGNATURE},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct world *w;
        void *fresh;

        print_message("  %s\n", rows[i].name);
        world_setup(&fresh);
        w = fresh;
        w->new_image.bytes[rows[i].from_end ? w->new_image.size - rows[i].at : rows[i].at] ^= rows[i].flip;
        otter_sha256_of(&otter_crypto_openssl, w->new_image.bytes, w->new_image.size, &w->new_image.digest);
        world_publish(w);
        refused_with(w, rows[i].why, true);
        world_teardown(&fresh);
    }
}

static void an_image_over_the_slot_is_refused_before_any_erase(void **state)
{
    struct world *w = *state;

    w->new_image.size = ram_flash_map_small.slot[1].size - ram_flash_map_small.slot[1].trailer_size + 1;
    world_publish(w);
    refused_with(w, OTTER_IMAGE_TOO_LARGE, false);
}

static void the_wrong_bytes_again_and_again_are_refused(void **state)
{
    struct world *w = *state;

    w->server.corrupt_at = 5;
    w->server.corrupt_times = 100;
    refused_with(w, OTTER_IMAGE_DIGEST, true);
    assert_int_equal(w->server.image_requests, 4);
}

/* Whoever asks for this blob gets these bytes. */
static void answer_blob(struct world *w, const struct otter_digest *digest, const char *raw, char target[100])
{
    strcpy(target, "/v1/blobs/");
    otter_hex_encode(digest->b, sizeof(digest->b), target + strlen(target));
    w->server.raw_target = target;
    w->server.raw_reply = raw;
}

static void a_blob_of_another_length_is_refused(void **state)
{
    struct world *w = *state;
    struct otter_report report;
    char target[100];

    answer_blob(w, &w->new_image.digest, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", target);
    refused_with(w, OTTER_IMAGE_LENGTH, false);
    assert_true(world_reported(w, OTTER_UPDATE_FAILED, &report));
    assert_string_equal(report.detail, "Content-Length 7");
}

/* A wire that changes a byte, or a length, has not made the release a bad one. */
static void wrong_bytes_once_cost_a_back_off_and_not_the_update(void **state)
{
    static const struct {
        bool image;
        const char *raw;
        enum otter_status why;
    } rows[] = {
        {false, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", OTTER_MANIFEST_SIZE},
        {false, "", OTTER_MANIFEST_DIGEST},
        {true, "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", OTTER_IMAGE_LENGTH},
        {true, NULL, OTTER_IMAGE_DIGEST},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct world *w;
        void *fresh;
        char target[100], changed[OTTER_ENVELOPE_MAX + 100];

        world_setup(&fresh);
        w = fresh;
        (void)snprintf(changed, sizeof(changed), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s ",
                       w->manifest_len, w->manifest_envelope + 1);
        if (rows[i].raw != NULL)
            answer_blob(w, rows[i].image ? &w->new_image.digest : &w->manifest_digest,
                        rows[i].raw[0] != '\0' ? rows[i].raw : changed, target);
        w->server.corrupt_at = rows[i].raw == NULL ? 5 : UINT32_MAX;
        w->server.corrupt_times = rows[i].raw == NULL;
        for (unsigned ms = 0; ms < 2000 && !w->seen[rows[i].why]; ms++)
            assert_false(world_run(w, 1));
        assert_true(w->seen[rows[i].why]);
        w->server.raw_target = NULL;
        assert_true(world_run(w, 61000));
        assert_true(w->journal.live.pending.present);
        assert_false(world_reported(w, OTTER_UPDATE_FAILED, NULL));
        world_teardown(&fresh);
    }
}

static void bad_flash_is_named(void **state)
{
    struct world *w = *state;

    w->flash.bad_base = ram_flash_map_small.slot[1].base + 16384;
    w->flash.bad_size = 16384;
    refused_with(w, OTTER_FLASH_ERROR, true);
}

/* ---- what happened before ---- */

static void a_rejected_digest_is_refused_unseen(void **state)
{
    struct world *w = *state;
    struct otter_rejected rejected = {w->new_image.digest, otter_status_code(OTTER_WATCHDOG)};

    assert_int_equal(otter_journal_add_rejected(&w->journal, &rejected), OTTER_OK);
    refused_with(w, OTTER_REJECTED_BEFORE, false);
    assert_int_equal(w->server.manifest_requests, 0);
}

static void the_fourth_install_of_a_digest_is_refused(void **state)
{
    struct world *w = *state;
    struct otter_installs installs = {w->new_image.digest, 3};

    assert_int_equal(otter_journal_set_installs(&w->journal, &installs), OTTER_OK);
    refused_with(w, OTTER_INSTALL_LIMIT, false);
}

static void deadline_near(struct world *w, struct otter_offer *o)
{
    (void)w;
    o->deadline = o->issued + 100;
}

static void an_attempt_ends_at_its_deadline(void **state)
{
    struct world *w = *state;

    w->server.tweak_offer = deadline_near;
    w->may_install = false;
    world_run(w, 99000);
    assert_false(world_reported(w, OTTER_UPDATE_FAILED, NULL));
    world_run(w, 2000);
    refused_with(w, OTTER_DEADLINE, true);
}

static void a_refusal_outlives_a_reset_until_the_server_knows(void **state)
{
    struct world *w = *state;
    unsigned manifests;

    w->server.tweak_manifest = sequence;
    world_publish(w);
    w->server.report_status = 503;
    assert_false(world_run(w, 60000));
    manifests = w->server.manifest_requests;
    world_reset(w);
    assert_false(world_run(w, 60000));
    assert_int_equal(w->server.manifest_requests, manifests);
    assert_true(w->server.last_poll.poll.has_last);
    assert_int_equal(w->server.last_poll.poll.last.state, OTTER_UPDATE_FAILED);
    assert_int_equal(w->server.last_poll.poll.last.reason, OTTER_SEQUENCE);
}

/* ---- offers that are not believed: no attempt to report for, and no sign of life ---- */

static void other_device(struct world *w, struct otter_offer *o)
{
    (void)w;
    strcpy(o->device, "lamp-2");
}
static void other_nonce(struct world *w, struct otter_offer *o)
{
    (void)w;
    o->nonce[3] ^= 1;
}
static void before_floor(struct world *w, struct otter_offer *o)
{
    (void)w;
    o->issued = 999999;
    o->deadline = o->empty ? 0 : 3000000;
}
static void after_root(struct world *w, struct otter_offer *o)
{
    (void)w;
    o->issued = 9000001;
    o->deadline = o->empty ? 0 : 9100000;
}

static void an_offer_that_is_not_ours_proves_nothing(void **state)
{
    static const struct {
        void (*tweak)(struct world *w, struct otter_offer *o);
        enum otter_status why;
    } offers[] = {
        {other_device, OTTER_OFFER_DEVICE}, {other_nonce, OTTER_OFFER_NONCE},
        {before_floor, OTTER_OFFER_TIME},   {after_root, OTTER_ROOT_EXPIRED},
        {NULL, OTTER_UNKNOWN_KEY},
    };

    (void)state;
    for (size_t i = 0; i < 2 * OTTER_ARRAY_LEN(offers); i++) {
        struct world *w;
        void *fresh;

        world_setup(&fresh);
        w = fresh;
        w->server.empty_offer = i % 2;
        w->server.tweak_offer = offers[i / 2].tweak;
        if (offers[i / 2].tweak == NULL)
            w->server.offer_key = w->stranger;
        assert_false(world_run(w, 500));
        assert_string_equal(otter_status_name(world_view(w).last_error),
                            otter_status_name(offers[i / 2].why));
        assert_int_equal(world_view(w).polls, 0);
        assert_int_equal(w->server.manifest_requests, 0);
        assert_true(w->client.failures > 0);
        assert_int_equal(w->server.last_poll.poll.refused, OTTER_OK);
        world_teardown(&fresh);
    }
}

static void a_refused_offer_is_told_in_polls_until_one_is_believed(void **state)
{
    struct world *w = *state;

    w->server.empty_offer = true;
    world_run(w, 500);
    w->server.offer_key = w->stranger;
    world_run(w, 4 * 3600 * 1000); /* a poll without fresh:1, and the next */
    assert_true(w->server.polls >= 3);
    assert_int_equal(w->server.last_poll.poll.refused, OTTER_UNKNOWN_KEY);
    assert_true(w->server.last_poll.poll.fresh); /* so that a 204 does not leave it standing */
    w->server.offer_key = w->offer_key;
    world_run(w, 9 * 3600 * 1000);
    otter_client_poll_now(&w->client);
    world_run(w, 1000);
    assert_int_equal(w->server.last_poll.poll.refused, OTTER_OK);
    assert_int_equal(w->client.refused, OTTER_OK);
}

static void a_failed_fetch_names_the_http_status_while_ram_holds_it(void **state)
{
    struct world *w = *state;
    struct otter_report report;

    w->server.image_status = 507;
    assert_false(world_run(w, 7 * OTTER_TEST_DAY));
    assert_true(world_reported(w, OTTER_UPDATE_FAILED, &report));
    assert_int_equal(report.reason, OTTER_HTTP_STATUS);
    assert_string_equal(report.detail, "HTTP 507");
    assert_true(world_reported(w, OTTER_UPDATE_DOWNLOADING, &report));
    assert_string_equal(report.detail, "");
}

static void another_attempt_each_time(struct world *w, struct otter_offer *offer)
{
    offer->attempt = 1000 + w->server.polls;
}

static void too_old(struct world *w, struct otter_manifest *manifest)
{
    (void)w;
    manifest->sequence = 1;
}

static unsigned tries_after_days_without(struct world *w, unsigned days)
{
    unsigned before;

    w->server.empty_offer = true;
    w->server.poll_headers = "Retry-After: 86400\r\n";
    assert_false(world_run(w, days * OTTER_TEST_DAY));
    w->server.empty_offer = false;
    w->server.poll_headers = "Retry-After: 5\r\n";
    before = w->server.manifest_requests;
    assert_false(
        world_run(w, OTTER_TEST_DAY + OTTER_TEST_DAY / 8)); /* until the next poll, and a little longer */
    return w->server.manifest_requests - before;
}

/* A server with the offer key but nothing to offer: its attempts must not wear the journal out. */
static void attempts_that_come_to_nothing_come_ever_more_rarely(void **state)
{
    struct world *w = *state;
    unsigned first;

    w->server.poll_headers = "Retry-After: 5\r\n";
    w->server.tweak_offer = another_attempt_each_time;
    w->server.tweak_manifest = too_old;
    world_publish(w);
    assert_false(world_run(w, OTTER_TEST_DAY));
    first = w->server.polls;
    assert_in_range(first, 5, 40);
    assert_int_equal(w->server.manifest_requests, first);
    assert_false(world_run(w, 10 * OTTER_TEST_DAY));
    assert_in_range(w->server.polls - first, 5, 80);
    /* A day without any forgives one of them. */
    assert_in_range(tries_after_days_without(w, 2), 1, 3);
    assert_in_range(tries_after_days_without(w, 30), 6, 20);
}

static void another_attempt_after_each_loss(struct world *w, struct otter_offer *offer)
{
    offer->attempt = 1000;
    for (unsigned i = 0; i < w->server.reports; i++)
        offer->attempt += w->server.report[i].state == OTTER_UPDATE_FAILED;
}

/* Nor the slot: wear is bounded by days, whatever the server does and however often the device resets. */
static void a_blob_that_is_never_right(struct world *w, void (*tweak)(struct world *, struct otter_offer *))
{
    uint32_t sectors = (w->new_image.size + 16383) / 16384, before;

    w->server.poll_headers = "Retry-After: 5\r\n";
    w->server.tweak_offer = tweak;
    w->server.corrupt_at = 5;
    w->server.corrupt_times = UINT32_MAX;
    assert_false(world_run(w, 2 * OTTER_TEST_DAY));
    before = slot_b_erases(w);
    assert_in_range(before, 5 * sectors, 20 * 4 * sectors);
    for (unsigned day = 0; day < 10; day++) {
        assert_false(world_run(w, OTTER_TEST_DAY));
        world_reset(w); /* an attempt at once, and others no sooner than half a day after each other */
    }
    assert_in_range(slot_b_erases(w) - before, 10 * sectors, 10 * 3 * 4 * sectors);
}

static void a_blob_that_is_never_right_wears_the_slot_out_slowly(void **state)
{
    a_blob_that_is_never_right(*state, another_attempt_after_each_loss);
}

static void nor_does_another_attempt_at_each_poll_bring_more(void **state)
{
    a_blob_that_is_never_right(*state, another_attempt_each_time);
}

/* The same for a server that calls off what it has just offered. */
static void attempts_that_are_called_off_come_ever_more_rarely(void **state)
{
    struct world *w = *state;

    w->server.poll_headers = "Retry-After: 5\r\n";
    w->server.report_body = "{\"continue\":false}";
    w->server.tweak_offer = another_attempt_each_time;
    assert_false(world_run(w, OTTER_TEST_DAY));
    assert_in_range(w->server.polls, 5, 40);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(attempts_that_come_to_nothing_come_ever_more_rarely),
        T(attempts_that_are_called_off_come_ever_more_rarely),
        T(a_blob_that_is_never_right_wears_the_slot_out_slowly),
        T(nor_does_another_attempt_at_each_poll_bring_more),
        cmocka_unit_test(a_manifest_is_refused_by_name),
        T(a_foreign_release_key_is_refused),
        T(another_manifest_under_the_digest_is_refused),
        T(a_foreign_image_key_is_refused),
        T(an_image_linked_elsewhere_is_refused),
        T(an_image_by_a_revoked_key_is_refused),
        T(a_key_that_the_running_image_still_needs_signs_nothing_new),
        T(an_image_with_a_broken_signature_is_refused),
        cmocka_unit_test(an_image_of_damaged_structure_is_refused_by_name),
        T(an_image_over_the_slot_is_refused_before_any_erase),
        T(the_wrong_bytes_again_and_again_are_refused),
        T(a_blob_of_another_length_is_refused),
        cmocka_unit_test(wrong_bytes_once_cost_a_back_off_and_not_the_update),
        T(bad_flash_is_named),
        T(a_rejected_digest_is_refused_unseen),
        T(the_fourth_install_of_a_digest_is_refused),
        T(an_attempt_ends_at_its_deadline),
        T(a_refusal_outlives_a_reset_until_the_server_knows),
        cmocka_unit_test(an_offer_that_is_not_ours_proves_nothing),
        T(a_refused_offer_is_told_in_polls_until_one_is_believed),
        T(a_failed_fetch_names_the_http_status_while_ram_holds_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

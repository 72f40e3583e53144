/*
 * Images that imgtool made (manifests/vectors/image/imgtool-*.json), at the bootloader: which are booted,
 * which are tried, which refused, by both crypto adapters. They were made for a slot of 6 KB; here each lies
 * stretched in a slot of 896 KB, as imgtool would have padded it for that one (tests/interop/test_imgtool.py
 * proves that it would).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "boot/boot.h"
#include "boot/keys.h"
#include "core/bytes.h"
#include "crypto/crypto_bearssl.h"
#include "host/cleanup.h"
#include "host/crypto.h"
#include "host/json.h"
#include "ports/posix/flash_file.h"

#include <stdio.h>
#include <string.h>

#define MADE_FOR 0x1800u
#define TRAILER  1584u

static const char *vectors;
static const struct otter_crypto *crypto;

struct board {
    struct otter_flash_file f;
    struct otter_factory factory;
    struct otter_image_keys keys;
    struct otter_journal journal;
    struct otter_boot boot;
    struct otter_boot_decision decision;
    struct otter_handover handover;
};

static json_t *load(const char *name)
{
    char path[4096];
    struct host_error err = {0};
    json_t *j;

    assert_true(snprintf(path, sizeof(path), "%s/image/imgtool-%s.json", vectors, name) < (int)sizeof(path));
    j = host_json_load_file(path, 65536, &err);
    if (j == NULL)
        fail_msg("%s", err.message);
    return j;
}

static size_t decode(const json_t *text, uint8_t *out, size_t cap)
{
    const char *s = json_string_value(text);
    int n = s != NULL ? otter_b64_decode(s, strlen(s), out, cap) : -1;

    assert_true(n > 0);
    return (size_t)n;
}

/* A board whose factory data hold the two keys of the vectors. */
static void board_init(struct board *b)
{
    auto_json json_t *j = load("plain");
    uint8_t spki[OTTER_SPKI_LEN];

    memset(b, 0, sizeof(*b));
    assert_int_equal(otter_flash_file_open_memory(&b->f, &otter_map_nucleo_f429zi), 0);
    b->factory.key_count = 2;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(decode(json_array_get(json_object_get(j, "keys"), i), spki, sizeof(spki)),
                         sizeof(spki));
        memcpy(b->factory.key[i], otter_spki_point(spki, sizeof(spki)), OTTER_POINT_LEN);
    }
    otter_image_keys_init(crypto, &b->factory, &b->keys);
    b->boot = (struct otter_boot){&b->f.flash, crypto, &b->keys, NULL, &b->journal, false};
}

static void put(struct board *b, enum otter_slot slot, const char *name)
{
    const struct otter_slot_layout *layout = &b->f.flash.map->slot[slot];
    auto_json json_t *j = load(name);
    static uint8_t bytes[MADE_FOR];
    size_t len = decode(json_object_get(j, "image"), bytes, sizeof(bytes));
    uint32_t head = len == MADE_FOR ? MADE_FOR - TRAILER : (uint32_t)len;

    assert_int_equal(otter_flash_file_load(&b->f, layout->base, bytes, head), 0);
    if (len == MADE_FOR)
        assert_int_equal(
            otter_flash_file_load(&b->f, layout->base + layout->size - TRAILER, bytes + head, TRAILER), 0);
}

static void reset(struct board *b)
{
    memset(&b->handover, 0, sizeof(b->handover));
    b->boot.is_open = false;
    assert_int_equal(otter_boot_run(&b->boot, OTTER_RESET_POWER, &b->decision, &b->handover), OTTER_OK);
}

static void test_what_imgtool_signed_is_booted_first(void **state)
{
    static const struct {
        const char *name;
        enum otter_slot slot;
        uint32_t counter;
        enum otter_status why; /* OK: it boots */
    } table[] = {
        {"plain", OTTER_SLOT_A, 0, OTTER_OK},
        {"counter", OTTER_SLOT_A, 9, OTTER_OK},
        {"counter-auto", OTTER_SLOT_A, 0x01020003, OTTER_OK},
        {"header-1024", OTTER_SLOT_A, 1, OTTER_OK},
        {"header-2048", OTTER_SLOT_B, 0, OTTER_OK},
        {"any-place", OTTER_SLOT_A, 0, OTTER_OK},
        {"any-place", OTTER_SLOT_B, 0, OTTER_OK},
        {"entries", OTTER_SLOT_A, 3, OTTER_OK},
        {"pad-a", OTTER_SLOT_A, 0, OTTER_OK},
        {"confirm-b", OTTER_SLOT_B, 0, OTTER_OK},
        {"header-32", OTTER_SLOT_A, 0, OTTER_IMAGE_HEADER},
        {"pad-a", OTTER_SLOT_B, 0, OTTER_IMAGE_LINK},
        {"full-key", OTTER_SLOT_A, 0, OTTER_IMAGE_TLV},
        {"ram-load", OTTER_SLOT_A, 0, OTTER_IMAGE_FLAGS},
        {"non-bootable", OTTER_SLOT_A, 0, OTTER_IMAGE_FLAGS},
        {"big-endian", OTTER_SLOT_A, 0, OTTER_IMAGE_MAGIC},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(table); i++) {
        struct board b;

        board_init(&b);
        put(&b, table[i].slot, table[i].name);
        reset(&b);
        if (b.decision.jump != (table[i].why == OTTER_OK) || b.decision.why[table[i].slot] != table[i].why)
            fail_msg("%s: %s, %s", table[i].name, b.decision.row,
                     otter_status_name(b.decision.why[table[i].slot]));
        if (b.decision.jump) {
            assert_string_equal(b.decision.row, table[i].slot == OTTER_SLOT_A ? "first-a" : "first-b");
            assert_int_equal(b.journal.live.confirmed.counter, table[i].counter);
        }
        otter_flash_file_close(&b.f);
    }
}

/* Beside a confirmed image: three trial boots, then back, and never again. */
static void expect_three_trials(struct board *b)
{
    for (unsigned boot = 1; boot <= OTTER_TRIAL_BOOTS; boot++) {
        reset(b);
        assert_string_equal(b->decision.row, "trial");
        assert_int_equal(b->decision.slot, OTTER_SLOT_B);
        assert_true(b->handover.trial);
        assert_int_equal(b->handover.boots_used, boot);
    }
    for (unsigned boot = 0; boot < 2; boot++) {
        reset(b);
        assert_string_equal(b->decision.row, "confirmed");
        assert_int_equal(b->decision.slot, OTTER_SLOT_A);
    }
    assert_int_equal(b->journal.live.rejected_count, 1);
}

static void test_what_imgtool_padded_is_tried(void **state)
{
    static const struct {
        const char *name;
        const char *running; /* confirmed, in A */
        bool tried;
    } table[] = {
        {"pad-b", "plain", true},        {"pad-b-1024", "plain", true}, {"pad-b-any", "plain", true},
        {"test-b", "plain", true},       {"confirm-b", "plain", true},  {"pad-b", "pad-a", true},
        {"pad-b-32", "plain", false},    /* vectors that the core cannot take */
        {"header-2048", "plain", false}, /* good, but nobody asks for a trial */
        {"pad-a", "plain", false},       /* linked for the other slot */
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(table); i++) {
        struct board b;

        board_init(&b);
        put(&b, OTTER_SLOT_A, table[i].running);
        reset(&b);
        assert_string_equal(b.decision.row, "first-a");
        put(&b, OTTER_SLOT_B, table[i].name);
        if (table[i].tried) {
            expect_three_trials(&b);
        } else {
            reset(&b);
            assert_string_equal(b.decision.row, "confirmed");
            assert_int_equal(b.journal.live.trial.present, false);
        }
        otter_flash_file_close(&b.f);
    }
}

/* imgtool's -s is the bootloader's floor. */
static void test_a_padded_image_below_the_floor_is_not_tried(void **state)
{
    struct board b;

    (void)state;
    board_init(&b);
    put(&b, OTTER_SLOT_A, "counter"); /* 9 */
    reset(&b);
    put(&b, OTTER_SLOT_B, "pad-b"); /* 7 */
    reset(&b);
    assert_string_equal(b.decision.row, "confirmed");
    assert_int_equal(b.decision.slot, OTTER_SLOT_A);
    assert_false(b.journal.live.trial.present);
    otter_flash_file_close(&b.f);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_imgtool_signed_is_booted_first),
        cmocka_unit_test(test_what_imgtool_padded_is_tried),
        cmocka_unit_test(test_a_padded_image_below_the_floor_is_not_tried),
    };
    int failed;

    if (argc != 3) {
        (void)fprintf(stderr, "usage: test-boot-imgtool manifests/vectors openssl|bearssl\n");
        return 1;
    }
    vectors = argv[1];
    crypto = strcmp(argv[2], "bearssl") == 0 ? &otter_crypto_bearssl : &otter_crypto_openssl;
    failed = cmocka_run_group_tests_name("imgtool", tests, NULL, NULL);
    return failed != 0;
}

#include "cmocka_first.h"

#include "core/bytes.h"
#include "hardware.h"
#include "host/crypto.h"
#include "image_build.h"

#include <stdlib.h>
#include <string.h>

#define LINK_A 0x08020000u

static struct host_key *key;

static int make_key(void **state)
{
    (void)state;
    key = host_key_generate(NULL);
    return key == NULL;
}

static int free_key(void **state)
{
    (void)state;
    host_key_free(key);
    return 0;
}

static struct cli_image_spec spec_f429(void)
{
    return (struct cli_image_spec){.version = {1, 2, 3, 4},
                                   .header_size = 0x200,
                                   .slot_size = 896 * 1024,
                                   .align = 4,
                                   .rom_fixed = true,
                                   .load_addr = LINK_A,
                                   .has_counter = true,
                                   .counter = 7,
                                   .selftest = OTTER_SELFTEST_HANG,
                                   .selftest_percent = 25};
}

static bool sign(const struct cli_image_spec *spec, const void *bin, size_t len, struct cli_image *image,
                 struct host_error *err)
{
    uint8_t sig[OTTER_SIG_LEN];

    *image = (struct cli_image){0};
    return cli_image_begin(spec, bin, len, image, err) && host_key_sign(key, &image->hash, sig) &&
           cli_image_finish(spec, image, host_key_point(key), sig, err);
}

static void test_every_byte_of_header_and_tlvs_is_in_its_place(void **state)
{
    static const uint8_t header[32] = {0x3d, 0xb8, 0xf3, 0x96, 0x00, 0x00, 0x02, 0x08, 0x00, 0x02, 18,
                                       0,    5,    0,    0,    0,    0x00, 0x01, 0x00, 0x00, 1,    2,
                                       3,    0,    4,    0,    0,    0,    0,    0,    0,    0};
    static const uint8_t protected_area[18] = {0x08, 0x69, 18, 0,    0x50, 0x00, 4, 0, 7,
                                               0,    0,    0,  0xa0, 0x4f, 2,    0, 2, 25};
    struct cli_image_spec spec = spec_f429();
    struct host_error err = {0};
    struct cli_image image;

    (void)state;
    assert_true(sign(&spec, "hello", 5, &image, &err));
    assert_memory_equal(image.data, header, sizeof(header));
    for (size_t i = 32; i < 0x200; i++)
        assert_int_equal(image.data[i], 0xff);
    assert_memory_equal(image.data + 0x200, "hello", 5);
    assert_memory_equal(image.data + 0x205, protected_area, sizeof(protected_area));
    assert_memory_equal(image.data + 0x217, "\x07\x69", 2);
    assert_int_equal(otter_le16(image.data + 0x219), image.len - 0x217);
    assert_memory_equal(image.data + 0x21b, "\x10\x00\x20\x00", 4);
    assert_memory_equal(image.data + 0x21f, image.hash.b, 32);
    assert_memory_equal(image.data + 0x23f, "\x01\x00\x20\x00", 4);
    assert_memory_equal(image.data + 0x243, host_key_kid(key)->b, 32);
    assert_memory_equal(image.data + 0x263, "\x22\x00", 2);
    assert_int_equal(otter_le16(image.data + 0x265), image.len - 0x267);
    cli_image_free(&image);
}

static void test_the_bootloaders_own_check_accepts_it(void **state)
{
    struct cli_image_spec spec = spec_f429();
    struct otter_image_keys keys = {.count = 1};
    struct cli_image_source source;
    struct otter_image_info info;
    struct otter_digest digest;
    struct cli_image image;

    (void)state;
    memcpy(keys.point[0], host_key_point(key), OTTER_POINT_LEN);
    keys.kid[0] = *host_key_kid(key);
    assert_true(sign(&spec, "firmware", 8, &image, NULL));
    cli_image_source_init(&source, image.data, image.len);
    assert_int_equal(otter_verify_image(&otter_crypto_openssl, &keys, &source.source, &info, &digest),
                     OTTER_OK);
    assert_int_equal(info.file_size, image.len);
    assert_int_equal(info.counter, 7);
    assert_int_equal(info.selftest, OTTER_SELFTEST_HANG);
    assert_int_equal(info.selftest_percent, 25);
    assert_int_equal(info.header.load_addr, LINK_A);
    for (size_t i = 0; i < image.len; i += 37) { /* any byte changed is found */
        image.data[i] ^= 1;
        assert_int_not_equal(otter_verify_image(&otter_crypto_openssl, &keys, &source.source, &info, &digest),
                             OTTER_OK);
        image.data[i] ^= 1;
    }
    cli_image_free(&image);
}

static void test_room_for_the_header_in_the_input_is_used(void **state)
{
    struct cli_image_spec spec = spec_f429();
    struct cli_image with_room, without, forced;
    uint8_t bin[0x200 + 5] = {0};

    (void)state;
    memcpy(bin + 0x200, "hello", 5);
    assert_true(cli_image_begin(&spec, bin, sizeof(bin), &with_room, NULL));
    assert_true(cli_image_begin(&spec, "hello", 5, &without, NULL));
    assert_int_equal(with_room.len, without.len);
    assert_memory_equal(with_room.data + 0x200, without.data + 0x200, without.len - 0x200);
    spec.pad_header = true;
    assert_true(cli_image_begin(&spec, bin, sizeof(bin), &forced, NULL));
    assert_int_equal(forced.len, without.len + 0x200);
    cli_image_free(&with_room);
    cli_image_free(&without);
    cli_image_free(&forced);
}

static void test_the_largest_image_fits_and_one_byte_more_is_refused(void **state)
{
    struct cli_image_spec spec = spec_f429();
    struct cli_image_spec plain = spec;
    uint8_t *bin = calloc(1, 915920);
    struct host_error err = {0};
    size_t refused = 0, most = 0;

    (void)state;
    bin[0] = 1;
    plain.selftest = OTTER_SELFTEST_NONE;
    /* The signature has 68 to 72 bytes: around the limit either may happen, but never a file over it. */
    for (size_t len = 915920 - 0x200 - 12 - 4 - 12 - 64 - 74; len < 915920 - 0x200 - 12 - 4 - 12 - 64 - 60;
         len++) {
        struct cli_image image;

        err = (struct host_error){0};
        if (sign(&plain, bin, len, &image, &err)) {
            most = image.len > most ? image.len : most;
        } else {
            assert_non_null(strstr(err.message, "image-too-large"));
            refused++;
        }
        cli_image_free(&image);
    }
    assert_true(most > 915900 && most <= 915920);
    assert_true(refused > 0);
    free(bin);
}

static void test_bad_inputs_are_refused(void **state)
{
    static const struct {
        uint32_t header_size, slot_size, align;
        size_t len;
        const char *says;
    } rows[] = {
        {0x200, 896 * 1024, 4, 0, "image-length"}, {16, 896 * 1024, 4, 5, "image-header"},
        {0x201, 896 * 1024, 4, 5, "image-header"}, {0x10000, 896 * 1024, 4, 5, "image-header"},
        {0x200, 896 * 1024, 3, 5, "alignment"},    {0x200, 896 * 1024, 64, 5, "alignment"},
        {0x200, 2000, 4, 5, "image-too-large"},    {0x200, 4096, 4, 8192, "image-too-large"},
    };
    static const uint8_t bin[8192] = {1};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct cli_image_spec spec = {
            .header_size = rows[i].header_size, .slot_size = rows[i].slot_size, .align = rows[i].align};
        struct host_error err = {0};
        struct cli_image image;

        assert_false(cli_image_begin(&spec, bin, rows[i].len, &image, &err));
        assert_non_null(strstr(err.message, rows[i].says));
    }
}

static void test_a_foreign_signature_is_not_taken(void **state)
{
    struct cli_image_spec spec = spec_f429();
    struct host_error err = {0};
    uint8_t sig[OTTER_SIG_LEN];
    struct otter_digest other = {{1}};
    struct cli_image image;

    (void)state;
    assert_true(cli_image_begin(&spec, "hello", 5, &image, &err));
    assert_true(host_key_sign(key, &other, sig));
    assert_false(cli_image_finish(&spec, &image, host_key_point(key), sig, &err));
    assert_non_null(strstr(err.message, "image-signature"));
    cli_image_free(&image);
}

static void test_a_padded_image_ends_with_the_trailers_magic(void **state)
{
    static const struct {
        uint32_t align;
        uint8_t first;
    } rows[] = {{4, 0x77}, {8, 0x77}, {32, 0x20}};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct cli_image_spec spec = spec_f429();
        struct cli_image image;

        spec.align = rows[i].align;
        assert_true(sign(&spec, "hello", 5, &image, NULL));
        assert_true(cli_image_pad(&spec, &image, NULL));
        assert_int_equal(image.len, spec.slot_size);
        assert_int_equal(image.data[image.len - 16], rows[i].first);
        assert_int_equal(image.data[image.len - 17], 0xff);
        assert_true(otter_image_trailer_good(image.data + image.len - 16, rows[i].align));
        cli_image_free(&image);
    }
}

static void test_known_boards_hold_the_largest_image_of_their_slots(void **state)
{
    (void)state;
    for (unsigned i = 0; cli_hardware_at(i) != NULL; i++) {
        const struct cli_hardware *h = cli_hardware_at(i);

        assert_ptr_equal(cli_hardware_find(h->name), h);
        assert_true(h->link[0] + h->slot_size <= h->link[1]);
        assert_int_equal(h->link[0] % h->header_size, 0); /* VTOR's alignment */
    }
    assert_int_equal(cli_hardware_find("nucleo-f429zi")->link[1], 0x08120000);
    assert_null(cli_hardware_find("toaster"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_of_header_and_tlvs_is_in_its_place),
        cmocka_unit_test(test_the_bootloaders_own_check_accepts_it),
        cmocka_unit_test(test_room_for_the_header_in_the_input_is_used),
        cmocka_unit_test(test_the_largest_image_fits_and_one_byte_more_is_refused),
        cmocka_unit_test(test_bad_inputs_are_refused),
        cmocka_unit_test(test_a_foreign_signature_is_not_taken),
        cmocka_unit_test(test_a_padded_image_ends_with_the_trailers_magic),
        cmocka_unit_test(test_known_boards_hold_the_largest_image_of_their_slots),
    };

    return cmocka_run_group_tests(tests, make_key, free_key);
}

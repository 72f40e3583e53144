#include "check.h"

#include "core/bytes.h"
#include "core/factory.h"

#include <stdlib.h>

static void fill(struct otter_factory *f)
{
    memset(f, 0, sizeof(*f));
    strcpy(f->device, "sensor-0001");
    strcpy(f->product, "thermostat");
    strcpy(f->hardware, "nucleo-f429zi");
    strcpy(f->url[0], "https://updates.example:8443");
    strcpy(f->tls_name[0], "otter.test");
    strcpy(f->url[1], "http://10.0.0.1");
    memset(f->secret, 0x5a, sizeof(f->secret));
    memcpy(f->mac, "\x02\x00\x00\x00\x00\x01", 6);
    f->sequence = 41;
    f->key_count = 2;
    f->key[0][0] = f->key[1][0] = 0x04;
    f->key[1][64] = 0x99;
    f->ca_len = 5;
    memcpy(f->ca, "\x30\x03\x02\x01\x05", 5);
    f->root_len = 2;
    strcpy(f->root, "{}");
}

static void factory_data_come_back_as_they_were(void **state)
{
    static struct otter_factory in;
    static struct otter_factory out;
    uint8_t region[OTTER_FACTORY_MAX];
    size_t len;

    (void)state;
    fill(&in);
    memset(region, 0xff, sizeof(region));
    len = otter_factory_encode(&in, region, sizeof(region));
    assert_int_equal(len, 56 + 2 * 65 + 12 + 11 + 14 + 29 + 11 + 16 + 1 + 7 + 4 + 4);
    assert_memory_equal(region, "OTTF\1\0", 6);
    assert_int_equal(otter_le16(region + 6), len);
    assert_int_equal(otter_factory_decode(region, sizeof(region), &out), OTTER_OK);
    assert_memory_equal(&in, &out, sizeof(in));
    assert_int_equal(otter_factory_decode(region, len, &out), OTTER_OK);
}

static void flag_at_55(uint8_t *region, size_t len, uint8_t flags)
{
    region[55] = flags;
    otter_put_le32(region + len - 4, otter_crc32(0, region, len - 4));
}

static void a_fleet_key_is_flagged_and_flags_that_are_not_known_are_refused(void **state)
{
    static struct otter_factory in;
    static struct otter_factory out;
    uint8_t region[OTTER_FACTORY_MAX];
    size_t len;

    (void)state;
    fill(&in);
    in.fleet_key = true;
    len = otter_factory_encode(&in, region, sizeof(region));
    assert_int_equal(region[55], 1);
    assert_int_equal(otter_factory_decode(region, len, &out), OTTER_OK);
    assert_memory_equal(&in, &out, sizeof(in));
    for (unsigned bit = 1; bit < 8; bit++) {
        flag_at_55(region, len, (uint8_t)(1u << bit));
        assert_int_equal(otter_factory_decode(region, len, &out), OTTER_BAD_ENCODING);
    }
}

static void the_largest_factory_data_fit(void **state)
{
    static struct otter_factory in;
    static struct otter_factory out;
    uint8_t region[OTTER_FACTORY_MAX];
    char *const names[] = {in.device, in.product, in.hardware, in.tls_name[0], in.tls_name[1]};
    size_t len;

    (void)state;
    fill(&in);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(names); i++)
        memset(names[i], 'x', OTTER_NAME_MAX);
    for (size_t i = 0; i < 2; i++) {
        memset(in.url[i], 'u', OTTER_URL_MAX);
        memcpy(in.url[i], "http://", 7);
    }
    in.sequence = OTTER_INT_MAX;
    in.key_count = OTTER_IMAGE_KEYS;
    in.key[2][0] = in.key[3][0] = 4;
    in.ca_len = OTTER_CA_MAX;
    in.root_len = OTTER_PAYLOAD_MAX;
    memset(in.root, '{', OTTER_PAYLOAD_MAX);
    len = otter_factory_encode(&in, region, sizeof(region));
    assert_true(len > 4096);
    assert_int_equal(otter_factory_decode(region, len, &out), OTTER_OK);
    assert_memory_equal(&in, &out, sizeof(in));
    for (size_t cap = 0; cap < len; cap++) {
        uint8_t *small = malloc(cap > 0 ? cap : 1);

        assert_int_equal(otter_factory_encode(&in, small, cap), 0);
        free(small);
    }
}

static void members_out_of_range_are_not_written(void **state)
{
    static const char *const bad_urls[] = {"ftp://x",    "http://", "https://", "http:/x",
                                           "http://a b", "x",       "HTTP://x"};
    static struct otter_factory f;
    uint8_t region[OTTER_FACTORY_MAX];

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(bad_urls); i++) {
        fill(&f);
        strcpy(f.url[1], bad_urls[i]);
        check_true(bad_urls[i], otter_factory_encode(&f, region, sizeof(region)) == 0);
    }
    fill(&f);
    f.key_count = OTTER_IMAGE_KEYS + 1;
    assert_int_equal(otter_factory_encode(&f, region, sizeof(region)), 0);
    fill(&f);
    f.sequence = OTTER_INT_MAX + 1;
    assert_int_equal(otter_factory_encode(&f, region, sizeof(region)), 0);
    fill(&f);
    f.ca_len = OTTER_CA_MAX + 1;
    assert_int_equal(otter_factory_encode(&f, region, sizeof(region)), 0);
    fill(&f);
    f.root_len = OTTER_PAYLOAD_MAX + 1;
    assert_int_equal(otter_factory_encode(&f, region, sizeof(region)), 0);
    fill(&f);
    f.key[1][0] = 0x03;
    assert_int_equal(otter_factory_encode(&f, region, sizeof(region)), 0);
    fill(&f);
    f.device[0] = '\0';
    assert_int_equal(otter_factory_encode(&f, region, sizeof(region)), 0);
    fill(&f);
    memset(f.product, 'x', sizeof(f.product)); /* no NUL */
    assert_int_equal(otter_factory_encode(&f, region, sizeof(region)), 0);
}

/* Changes one byte and mends the CRC, so that the check behind it is reached. */
static enum otter_status decode_changed(size_t at, uint8_t value)
{
    static struct otter_factory in;
    static struct otter_factory out;
    uint8_t region[OTTER_FACTORY_MAX];
    size_t len;

    fill(&in);
    len = otter_factory_encode(&in, region, sizeof(region));
    region[at] = value;
    otter_put_le32(region + len - 4, otter_crc32(0, region, len - 4));
    return otter_factory_decode(region, len, &out);
}

static void malformed_factory_data_are_refused(void **state)
{
    enum {
        KEYS = 56,
        DEVICE = KEYS + 130,
        PRODUCT = DEVICE + 12,
        URL = PRODUCT + 11 + 14,
        CA = URL + 29 + 11 + 16 + 1
    };
    static const struct {
        const char *what;
        size_t at;
        uint8_t value;
        enum otter_status want;
    } rows[] = {
        {"nothing wrong", 0, 'O', OTTER_OK},
        {"magic", 3, 'G', OTTER_BAD_ENCODING},
        {"format", 4, 2, OTTER_BAD_ENCODING},
        {"sequence over 2^53", 15, 1, OTTER_BAD_VALUE},
        {"five keys", 54, 5, OTTER_BAD_ENCODING},
        {"a flag that is not known", 55, 2, OTTER_BAD_ENCODING},
        {"a compressed point", KEYS, 2, OTTER_BAD_VALUE},
        {"device id empty, and so all behind it elsewhere", DEVICE, 0, OTTER_BAD_ENCODING},
        {"device id too long", DEVICE, 65, OTTER_BAD_ENCODING},
        {"device id with a space", DEVICE + 1, ' ', OTTER_BAD_VALUE},
        {"product with a NUL", PRODUCT + 1, 0, OTTER_BAD_VALUE},
        {"URL of another scheme", URL + 1, 'x', OTTER_BAD_VALUE},
        {"CA longer than the rest", CA, 200, OTTER_BAD_ENCODING},
        {"CA shorter: bytes left over", CA, 0, OTTER_BAD_ENCODING},
        {"CA over its bound", CA + 1, 0x09, OTTER_BAD_ENCODING},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        check_status(rows[i].what, decode_changed(rows[i].at, rows[i].value), rows[i].want);
}

/* A bootloader needs the keys, whatever the URL is like. */
static void a_look_without_judgement_takes_any_alphabet(void **state)
{
    static struct otter_factory f, judged, read;
    uint8_t region[OTTER_FACTORY_MAX];
    size_t len;

    (void)state;
    fill(&f);
    len = otter_factory_encode(&f, region, sizeof(region));
    assert_int_equal(otter_factory_decode(region, len, &judged), OTTER_OK);
    assert_int_equal(otter_factory_read(region, len, &read), OTTER_OK);
    assert_memory_equal(&judged, &read, sizeof(read));
    region[56 + 130 + 1] = ' '; /* in the device's id */
    otter_put_le32(region + len - 4, otter_crc32(0, region, len - 4));
    assert_int_equal(otter_factory_decode(region, len, &judged), OTTER_BAD_VALUE);
    assert_int_equal(otter_factory_read(region, len, &read), OTTER_OK);
    assert_memory_equal(read.key, f.key, sizeof(f.key));
    region[len - 1] ^= 1;
    assert_int_equal(otter_factory_read(region, len, &read), OTTER_BAD_ENCODING);
}

static void any_cut_or_flipped_bit_is_refused(void **state)
{
    static struct otter_factory in;
    static struct otter_factory out;
    static const struct otter_factory zero;
    uint8_t region[OTTER_FACTORY_MAX];
    size_t len;

    (void)state;
    fill(&in);
    len = otter_factory_encode(&in, region, sizeof(region));
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *exact = malloc(cut > 0 ? cut : 1);

        memcpy(exact, region, cut);
        assert_int_equal(otter_factory_decode(exact, cut, &out), OTTER_BAD_ENCODING);
        free(exact);
    }
    for (size_t i = 0; i < len; i++) {
        region[i] ^= 0x10;
        assert_int_not_equal(otter_factory_decode(region, len, &out), OTTER_OK);
        assert_memory_equal(&out, &zero, sizeof(out));
        region[i] ^= 0x10;
    }
}

static void an_erased_region_holds_no_factory_data(void **state)
{
    static struct otter_factory out;
    uint8_t region[OTTER_FACTORY_MAX];

    (void)state;
    memset(region, 0xff, sizeof(region));
    assert_int_equal(otter_factory_decode(region, sizeof(region), &out), OTTER_BAD_ENCODING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factory_data_come_back_as_they_were),
        cmocka_unit_test(a_fleet_key_is_flagged_and_flags_that_are_not_known_are_refused),
        cmocka_unit_test(the_largest_factory_data_fit),
        cmocka_unit_test(members_out_of_range_are_not_written),
        cmocka_unit_test(malformed_factory_data_are_refused),
        cmocka_unit_test(a_look_without_judgement_takes_any_alphabet),
        cmocka_unit_test(any_cut_or_flipped_bit_is_refused),
        cmocka_unit_test(an_erased_region_holds_no_factory_data),
    };

    return cmocka_run_group_tests_name("factory", tests, NULL, NULL);
}

#include "check.h"

#include "images.h"

#include "core/bytes.h"

#define CRYPTO (&otter_crypto_openssl)

static enum otter_status inspect(const uint8_t *image, uint32_t len, struct otter_image_info *info)
{
    struct memory_source m;
    enum otter_status status;

    memory_source_open(&m, image, len);
    status = otter_image_inspect(&m.source, info);
    memory_source_close(&m);
    return status;
}

static void a_header_is_32_bytes_of_mcuboot(void **state)
{
    static const uint8_t bytes[OTTER_IMAGE_HEADER_LEN] = {
        0x3d, 0xb8, 0xf3, 0x96, 0x00, 0x00, 0x12, 0x08, 0x00, 0x02, 0x0c, 0x00, 0x78, 0x56, 0x34, 0x12,
        0x00, 0x01, 0x00, 0x00, 0x01, 0x02, 0x04, 0x03, 0x08, 0x07, 0x06, 0x05, 0x00, 0x00, 0x00, 0x00};
    struct otter_image_header h;
    uint8_t out[OTTER_IMAGE_HEADER_LEN];

    (void)state;
    assert_int_equal(otter_image_header_decode(bytes, &h), OTTER_OK);
    assert_int_equal(h.load_addr, 0x08120000);
    assert_int_equal(h.header_size, 0x200);
    assert_int_equal(h.protected_size, 12);
    assert_int_equal(h.image_size, 0x12345678);
    assert_int_equal(h.flags, OTTER_IMAGE_ROM_FIXED);
    assert_int_equal(h.version.revision, 0x0304);
    assert_int_equal(h.version.build, 0x05060708);
    otter_image_header_encode(&h, out);
    assert_memory_equal(out, bytes, sizeof(out));
}

static void headers_out_of_bounds_are_refused(void **state)
{
    static const struct {
        const char *what;
        unsigned at;
        uint32_t value; /* little endian, four bytes */
        enum otter_status want;
    } rows[] = {
        {"magic", 0, 0x96f3b83c, OTTER_IMAGE_MAGIC},
        {"erased", 0, UINT32_MAX, OTTER_IMAGE_MAGIC},
        {"header of 32", 8, 32, OTTER_OK},
        {"header of 28", 8, 28, OTTER_IMAGE_HEADER},
        {"header of 0", 8, 0, OTTER_IMAGE_HEADER},
        {"header of 34", 8, 34, OTTER_IMAGE_HEADER},
        {"header of 65,532", 8, 65532, OTTER_OK},
        {"protected 3", 8, 3u << 16 | 64, OTTER_IMAGE_HEADER},
        {"protected 4", 8, 4u << 16 | 64, OTTER_OK},
        {"protected 4,096", 8, 4096u << 16 | 64, OTTER_OK},
        {"protected 4,097", 8, 4097u << 16 | 64, OTTER_IMAGE_HEADER},
        {"no payload", 12, 0, OTTER_IMAGE_HEADER},
        {"sum is 2^32 - 1", 12, UINT32_MAX - 64, OTTER_OK},
        {"sum is 2^32", 12, UINT32_MAX - 63, OTTER_IMAGE_HEADER},
        {"payload of 2^32 - 1", 12, UINT32_MAX, OTTER_IMAGE_HEADER},
        {"no flag", 16, 0, OTTER_OK},
        {"position independent", 16, 0x1, OTTER_OK},
        {"encrypted, AES-128", 16, 0x104, OTTER_IMAGE_FLAGS},
        {"encrypted, AES-256", 16, 0x108, OTTER_IMAGE_FLAGS},
        {"not bootable", 16, 0x110, OTTER_IMAGE_FLAGS},
        {"RAM load", 16, 0x120, OTTER_IMAGE_FLAGS},
        {"LZMA1", 16, 0x300, OTTER_IMAGE_FLAGS},
        {"LZMA2", 16, 0x500, OTTER_IMAGE_FLAGS},
        {"a flag nobody knows", 16, 0x80000100, OTTER_IMAGE_FLAGS},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        const struct otter_image_header sample = {0, 64, 0, 100, OTTER_IMAGE_ROM_FIXED, {1, 0, 0, 0}};
        struct otter_image_header h = {.header_size = 77};
        uint8_t b[OTTER_IMAGE_HEADER_LEN];

        otter_image_header_encode(&sample, b);
        otter_put_le32(b + rows[i].at, rows[i].value);
        check_status(rows[i].what, otter_image_header_decode(b, &h), rows[i].want);
        assert_true((h.header_size == 77) == (rows[i].want != OTTER_OK));
    }
}

static void tlvs_of_ours_are_where_they_belong_and_once(void **state)
{
    static const struct {
        const char *tlvs;
        enum otter_status want;
    } rows[] = {
        {"c|khg", OTTER_OK},
        {"|h", OTTER_OK},
        {"csdv|vdkhgd", OTTER_OK},
        {"d|ghk", OTTER_OK},
        {"c|", OTTER_IMAGE_TLV}, /* no hash */
        {"|kg", OTTER_IMAGE_TLV},
        {"|hh", OTTER_IMAGE_TLV},
        {"|khgk", OTTER_IMAGE_TLV},
        {"|khgg", OTTER_IMAGE_TLV},
        {"cc|h", OTTER_IMAGE_TLV},
        {"ss|h", OTTER_IMAGE_TLV},
        {"|ch", OTTER_IMAGE_TLV}, /* unprotected counter */
        {"|sh", OTTER_IMAGE_TLV},
        {"h|", OTTER_IMAGE_TLV}, /* protected hash */
        {"h|h", OTTER_IMAGE_TLV},
        {"k|hg", OTTER_IMAGE_TLV},
        {"g|kh", OTTER_IMAGE_TLV},
        {"C|h", OTTER_IMAGE_TLV},
        {"|H", OTTER_IMAGE_TLV},
        {"|Kh", OTTER_IMAGE_TLV},
        {"S|h", OTTER_IMAGE_TLV},
        {"M|h", OTTER_IMAGE_TLV},
        {"N|h", OTTER_IMAGE_TLV},
        {"P|h", OTTER_IMAGE_TLV},
        {"Q|h", OTTER_IMAGE_TLV},
        {"|khG", OTTER_IMAGE_SIGNATURE},
        {"|khL", OTTER_IMAGE_SIGNATURE},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct otter_image_info info = {.counter = 77};
        struct image_spec spec;
        uint8_t image[IMAGE_BUF];
        uint32_t len;

        image_spec_sample(&spec);
        spec.tlvs = rows[i].tlvs;
        len = image_build(&spec, image);
        check_status(rows[i].tlvs, inspect(image, len, &info), rows[i].want);
        if (rows[i].want != OTTER_OK) {
            assert_int_equal(info.counter, 77);
            continue;
        }
        assert_int_equal(info.file_size, len);
        check_true(rows[i].tlvs, info.has_counter == (rows[i].tlvs[0] == 'c'));
        check_true(rows[i].tlvs, info.has_key == (strchr(rows[i].tlvs, 'g') != NULL));
    }
}

static void inspection_tells_what_the_image_says(void **state)
{
    struct otter_image_info info;
    struct image_spec spec;
    uint8_t image[IMAGE_BUF];
    uint32_t len;

    (void)state;
    image_spec_sample(&spec);
    spec.tlvs = "cs|khg";
    len = image_build(&spec, image);
    assert_int_equal(inspect(image, len, &info), OTTER_OK);
    assert_int_equal(info.hashed_size, 64 + 1000 + 4 + 8 + 6);
    assert_int_equal(info.file_size, len);
    assert_int_equal(info.counter, 5);
    assert_int_equal(info.selftest, OTTER_SELFTEST_FAIL);
    assert_int_equal(info.selftest_percent, 50);
    assert_memory_equal(info.key.b, key_kid(KEY_RELEASE)->b, OTTER_DIGEST_LEN);
    assert_int_equal(otter_version_compare(&info.header.version, &spec.version), 0);
    assert_true(CRYPTO->p256_verify(key_point(KEY_RELEASE), info.hash.b, info.sig));

    spec.tlvs = "|hg"; /* a signature without key id */
    assert_int_equal(inspect(image, image_build(&spec, image), &info), OTTER_OK);
    assert_false(info.has_key || info.has_counter);
    assert_int_equal(info.selftest, OTTER_SELFTEST_NONE);
    spec.tlvs = "|kh";
    assert_int_equal(inspect(image, image_build(&spec, image), &info), OTTER_OK);
    assert_false(info.has_key);
}

/* Offsets in "c|h": 1,064 protected info, 1,068 SEC_CNT, 1,076 info, 1,080 SHA256, 1,116 end. */
static void damaged_tlv_areas_are_refused(void **state)
{
    static const struct {
        const char *what;
        unsigned at;
        uint16_t value;
        enum otter_status want;
    } rows[] = {
        {"nothing", 1064, 0x6908, OTTER_OK},
        {"protected magic", 1064, 0x6907, OTTER_IMAGE_TLV},
        {"protected total above the header's", 1066, 13, OTTER_IMAGE_TLV},
        {"protected total below the header's", 1066, 11, OTTER_IMAGE_TLV},
        {"header's protected size off by one", 10, 13, OTTER_IMAGE_TLV},
        {"header's protected size 0", 10, 0, OTTER_IMAGE_TLV},
        {"protected entry over its edge", 1070, 5, OTTER_IMAGE_TLV},
        {"protected entry short: a rest of 2", 1070, 2, OTTER_IMAGE_TLV},
        {"protected entry of 65,535", 1070, UINT16_MAX, OTTER_IMAGE_TLV},
        {"another type of the same length", 1068, 0x51, OTTER_OK},
        {"magic", 1076, 0x6908, OTTER_IMAGE_TLV},
        {"total 3", 1078, 3, OTTER_IMAGE_TLV},
        {"total 0", 1078, 0, OTTER_IMAGE_TLV},
        {"total 4: no entry", 1078, 4, OTTER_IMAGE_TLV},
        {"total 7: half an entry", 1078, 7, OTTER_IMAGE_TLV},
        {"total 39: cuts the entry", 1078, 39, OTTER_IMAGE_TLV},
        {"total 41: over the file's end", 1078, 41, OTTER_IMAGE_TOO_LARGE},
        {"total 4,096: over the file's end", 1078, 4096, OTTER_IMAGE_TOO_LARGE},
        {"total 4,097: over its bound", 1078, 4097, OTTER_IMAGE_TLV},
        {"entry over the edge", 1082, 33, OTTER_IMAGE_TLV},
        {"payload over the file's end", 12, 1100, OTTER_IMAGE_TOO_LARGE},
        {"header over the file's end", 8, 0x1000, OTTER_IMAGE_TOO_LARGE},
        {"payload almost 4 GB", 14, 0xfff0, OTTER_IMAGE_TOO_LARGE},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct otter_image_info info;
        struct image_spec spec;
        uint8_t image[IMAGE_BUF];
        uint32_t len;

        image_spec_sample(&spec);
        spec.tlvs = "c|h";
        len = image_build(&spec, image);
        assert_int_equal(len, 1116);
        otter_put_le16(image + rows[i].at, rows[i].value);
        check_status(rows[i].what, inspect(image, len, &info), rows[i].want);
    }
}

/* A spare byte behind the last entry cannot hold one: it makes the area malformed. */
static void cut_images_do_not_end_within_the_source(void **state)
{
    struct otter_image_info info;
    struct image_spec spec;
    uint8_t image[IMAGE_BUF];
    uint32_t len;

    (void)state;
    image_spec_sample(&spec);
    len = image_build(&spec, image);
    for (uint32_t cut = 0; cut < len; cut++)
        assert_int_equal(inspect(image, cut, &info), OTTER_IMAGE_TOO_LARGE);
    memset(image + len, 0xff, IMAGE_BUF - len); /* a slot: erased behind the image */
    assert_int_equal(inspect(image, IMAGE_BUF, &info), OTTER_OK);
    assert_int_equal(info.file_size, len);
}

static void a_failing_read_is_an_io_error_wherever_it_happens(void **state)
{
    struct otter_image_info info;
    struct otter_digest digest;
    struct otter_digest hash;
    struct image_spec spec;
    struct memory_source m;
    uint8_t image[IMAGE_BUF];
    unsigned reads;

    (void)state;
    image_spec_sample(&spec);
    memory_source_open(&m, image, image_build(&spec, image));
    assert_int_equal(otter_image_inspect(&m.source, &info), OTTER_OK);
    reads = m.reads;
    for (m.fail_at = 1; m.fail_at <= reads; m.fail_at++) {
        m.reads = 0;
        assert_int_equal(otter_image_inspect(&m.source, &info), OTTER_IO_ERROR);
    }
    m.reads = m.fail_at = 0;
    assert_int_equal(otter_image_digest(CRYPTO, &m.source, &info, &digest, &hash), OTTER_OK);
    reads = m.reads;
    for (m.fail_at = 1; m.fail_at <= reads; m.fail_at++) {
        m.reads = 0;
        assert_int_equal(otter_image_digest(CRYPTO, &m.source, &info, &digest, &hash), OTTER_IO_ERROR);
    }
    memory_source_close(&m);
}

static void one_pass_gives_digest_and_hash(void **state)
{
    static const uint32_t payloads[] = {1, 447, 448, 449, 1000, 4096}; /* around the buffer's edges, too */

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(payloads); i++) {
        struct otter_image_info info;
        struct otter_digest digest;
        struct otter_digest hash;
        struct otter_digest want;
        struct image_spec spec;
        struct memory_source m;
        uint8_t image[IMAGE_BUF];
        uint32_t len;

        image_spec_sample(&spec);
        spec.payload_size = payloads[i];
        len = image_build(&spec, image);
        memory_source_open(&m, image, len);
        assert_int_equal(otter_image_inspect(&m.source, &info), OTTER_OK);
        assert_int_equal(otter_image_digest(CRYPTO, &m.source, &info, &digest, &hash), OTTER_OK);
        assert_memory_equal(hash.b, info.hash.b, OTTER_DIGEST_LEN);
        image_file_digest(image, len, &want);
        assert_memory_equal(digest.b, want.b, OTTER_DIGEST_LEN);
        info.file_size = len + 1;
        assert_int_equal(otter_image_digest(CRYPTO, &m.source, &info, &digest, &hash), OTTER_IMAGE_TOO_LARGE);
        memory_source_close(&m);
    }
}

struct collector {
    struct otter_tlv_visitor visitor;
    unsigned stop_after;
    unsigned count;
    uint16_t type[8];
    bool is_protected[8];
};

static bool collect(struct otter_tlv_visitor *self, bool is_protected, uint16_t type, uint16_t len,
                    uint32_t data_off)
{
    struct collector *c = OTTER_CONTAINER_OF(self, struct collector, visitor);

    assert_in_range(len + data_off, 1, IMAGE_BUF);
    c->type[c->count] = type;
    c->is_protected[c->count] = is_protected;
    return ++c->count != c->stop_after;
}

static void tlvs_are_visited_in_order(void **state)
{
    static const uint16_t order[] = {OTTER_TLV_SEC_CNT, OTTER_TLV_DEPENDENCY, 0x12a1, OTTER_TLV_KEYHASH,
                                     OTTER_TLV_SHA256};
    struct collector c = {.visitor = {collect}};
    struct otter_image_info info;
    struct image_spec spec;
    struct memory_source m;
    uint8_t image[IMAGE_BUF];

    (void)state;
    image_spec_sample(&spec);
    spec.tlvs = "cd|vkh";
    memory_source_open(&m, image, image_build(&spec, image));
    assert_int_equal(otter_image_inspect(&m.source, &info), OTTER_OK);
    assert_int_equal(otter_image_tlvs(&m.source, &info, &c.visitor), OTTER_OK);
    assert_int_equal(c.count, 5);
    assert_memory_equal(c.type, order, sizeof(order));
    assert_true(c.is_protected[1] && !c.is_protected[2]);
    for (unsigned stop = 1; stop <= 5; stop++) {
        c.count = 0;
        c.stop_after = stop;
        assert_int_equal(otter_image_tlvs(&m.source, &info, &c.visitor), OTTER_OK);
        assert_int_equal(c.count, stop);
    }
    m.reads = 0;
    m.fail_at = 4;
    assert_int_equal(otter_image_tlvs(&m.source, &info, &c.visitor), OTTER_IO_ERROR);
    memory_source_close(&m);
}

/* The draw, by its definition in device.md, for a digest of zeros: computed with sha256sum. */
static void self_tests_apply_by_a_draw_of_digest_and_device(void **state)
{
    const struct otter_digest image = {{0}};
    struct otter_digest draw;
    uint8_t text[OTTER_DIGEST_LEN + 3] = {0};
    unsigned below = 0;
    unsigned share;

    (void)state;
    memcpy(text + OTTER_DIGEST_LEN, "d:1", 3);
    otter_sha256_of(CRYPTO, text, sizeof(text), &draw);
    share = (unsigned)(otter_be64(draw.b) % 100);
    assert_false(otter_selftest_applies(CRYPTO, &image, "d:1", (uint8_t)share));
    assert_true(otter_selftest_applies(CRYPTO, &image, "d:1", (uint8_t)(share + 1)));
    for (unsigned i = 0; i < 1000; i++) {
        char device[16];

        snprintf(device, sizeof(device), "d%u", i);
        assert_false(otter_selftest_applies(CRYPTO, &image, device, 0));
        assert_true(otter_selftest_applies(CRYPTO, &image, device, 100));
        below += otter_selftest_applies(CRYPTO, &image, device, 30);
    }
    assert_in_range(below, 250, 350);
}

static void trailers_are_imgtools(void **state)
{
    static const uint8_t good32[OTTER_TRAILER_MAGIC_LEN] = {0x20, 0x00, 0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b,
                                                            0x8d, 0x77, 0x67, 0x9c, 0x11, 0x0f, 0x1f, 0x8a};
    uint8_t magic[OTTER_TRAILER_MAGIC_LEN];

    (void)state;
    assert_int_equal(otter_image_trailer_size(1), 384 + 32 + 16);
    assert_int_equal(otter_image_trailer_size(4), 1584);
    assert_int_equal(otter_image_trailer_size(8), 3072 + 32 + 16);
    assert_int_equal(otter_image_trailer_size(32), 12288 + 128 + 32);

    otter_image_trailer_magic(4, magic);
    assert_memory_equal(magic, "\x77\xc2\x95\xf3\x60\xd2\xef\x7f\x35\x52\x50\x0f\x2c\xb6\x79\x80",
                        sizeof(magic));
    assert_true(otter_image_trailer_good(magic, 1));
    assert_true(otter_image_trailer_good(magic, 8));
    assert_false(otter_image_trailer_good(magic, 32));
    otter_image_trailer_magic(32, magic);
    assert_memory_equal(magic, good32, sizeof(magic));
    assert_true(otter_image_trailer_good(magic, 32));
    assert_false(otter_image_trailer_good(magic, 8));
    for (unsigned i = 0; i < sizeof(magic); i++) {
        magic[i] ^= 0x80;
        assert_false(otter_image_trailer_good(magic, 32));
        magic[i] ^= 0x80;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_is_32_bytes_of_mcuboot),
        cmocka_unit_test(headers_out_of_bounds_are_refused),
        cmocka_unit_test(tlvs_of_ours_are_where_they_belong_and_once),
        cmocka_unit_test(inspection_tells_what_the_image_says),
        cmocka_unit_test(damaged_tlv_areas_are_refused),
        cmocka_unit_test(cut_images_do_not_end_within_the_source),
        cmocka_unit_test(a_failing_read_is_an_io_error_wherever_it_happens),
        cmocka_unit_test(one_pass_gives_digest_and_hash),
        cmocka_unit_test(tlvs_are_visited_in_order),
        cmocka_unit_test(self_tests_apply_by_a_draw_of_digest_and_device),
        cmocka_unit_test(trailers_are_imgtools),
    };

    return cmocka_run_group_tests_name("image", tests, keys_setup, keys_teardown);
}

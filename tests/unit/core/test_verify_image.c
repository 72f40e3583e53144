#include "check.h"

#include "images.h"

#include "core/bytes.h"
#include "core/verify.h"

#define CRYPTO (&otter_crypto_openssl)

static void keys_sample(struct otter_image_keys *keys)
{
    *keys = (struct otter_image_keys){.count = 2};
    for (unsigned i = 0; i < 2; i++) {
        enum test_key key = i == 0 ? KEY_RELEASE_2 : KEY_RELEASE;

        keys->kid[i] = *key_kid(key);
        memcpy(keys->point[i], key_point(key), OTTER_POINT_LEN);
    }
}

static enum otter_status verify(const struct image_spec *spec, const struct otter_image_keys *keys,
                                struct otter_image_info *info)
{
    struct otter_digest digest = {{0}};
    struct otter_digest want;
    struct memory_source m;
    uint8_t image[IMAGE_BUF];
    uint32_t len = image_build(spec, image);
    enum otter_status status;

    memory_source_open(&m, image, len);
    status = otter_verify_image(CRYPTO, keys, &m.source, info, &digest);
    memory_source_close(&m);
    image_file_digest(image, len, &want);
    assert_true((memcmp(want.b, digest.b, OTTER_DIGEST_LEN) == 0) == (status == OTTER_OK));
    return status;
}

static void images_are_authentic_by_a_known_key_only(void **state)
{
    static const struct {
        const char *tlvs;
        enum test_key key;
        enum otter_status want;
    } rows[] = {
        {"c|khg", KEY_RELEASE, OTTER_OK},
        {"c|khg", KEY_RELEASE_2, OTTER_OK},
        {"|ghk", KEY_RELEASE, OTTER_OK},
        {"c|khg", KEY_STRANGER, OTTER_IMAGE_KEY_UNKNOWN},
        {"c|kXg", KEY_RELEASE, OTTER_IMAGE_HASH},
        {"c|kXg", KEY_STRANGER, OTTER_IMAGE_HASH},
        {"c|khY", KEY_RELEASE, OTTER_IMAGE_SIGNATURE},
        {"c|khY", KEY_STRANGER, OTTER_IMAGE_KEY_UNKNOWN},
        {"c|khG", KEY_RELEASE, OTTER_IMAGE_SIGNATURE},
        {"c|h", KEY_RELEASE, OTTER_IMAGE_TLV}, /* unsigned */
        {"c|kh", KEY_RELEASE, OTTER_IMAGE_TLV},
        {"c|hg", KEY_RELEASE, OTTER_IMAGE_TLV},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct otter_image_info info = {.counter = 77};
        struct otter_image_keys keys;
        struct image_spec spec;

        keys_sample(&keys);
        image_spec_sample(&spec);
        spec.tlvs = rows[i].tlvs;
        spec.key = rows[i].key;
        check_status(rows[i].tlvs, verify(&spec, &keys, &info), rows[i].want);
        assert_true((info.counter == 77) == (rows[i].want != OTTER_OK));
    }
}

static void a_revoked_key_signs_nothing_any_more(void **state)
{
    struct otter_image_info info;
    struct otter_image_keys keys;
    struct image_spec spec;

    (void)state;
    keys_sample(&keys);
    image_spec_sample(&spec);
    keys.revoked_count = 2;
    keys.revoked[0] = (struct otter_digest){{1}};
    keys.revoked[1] = *key_kid(KEY_RELEASE);
    assert_int_equal(verify(&spec, &keys, &info), OTTER_IMAGE_KEY_REVOKED);
    spec.tlvs = "c|khY"; /* before any verification is spent */
    assert_int_equal(verify(&spec, &keys, &info), OTTER_IMAGE_KEY_REVOKED);
    spec.tlvs = "c|khg";
    spec.key = KEY_RELEASE_2;
    assert_int_equal(verify(&spec, &keys, &info), OTTER_OK);
    keys.count = 0;
    assert_int_equal(verify(&spec, &keys, &info), OTTER_IMAGE_KEY_UNKNOWN);
}

/* One bit of each byte, TLVs included. */
static void no_flipped_bit_goes_unseen(void **state)
{
    struct otter_image_keys keys;
    struct image_spec spec;
    uint8_t image[IMAGE_BUF];
    uint32_t len;

    (void)state;
    keys_sample(&keys);
    image_spec_sample(&spec);
    spec.header_size = 32;
    spec.payload_size = 16;
    len = image_build(&spec, image);
    for (uint32_t i = 0; i < len; i++) {
        struct otter_image_info info;
        struct otter_digest digest;
        struct memory_source m;

        image[i] ^= (uint8_t)(1u << i % 8);
        memory_source_open(&m, image, len);
        assert_int_not_equal(otter_verify_image(CRYPTO, &keys, &m.source, &info, &digest), OTTER_OK);
        memory_source_close(&m);
        image[i] ^= (uint8_t)(1u << i % 8);
    }
}

/* The image in slot B of a manifest that agrees with it, unless a row changes either. */
struct scene {
    struct image_spec spec;
    struct otter_manifest manifest;
    struct otter_image_keys keys;
    bool without_keys;
    int size_change;  /* of the manifest's image */
    unsigned flip_at; /* a byte of the image, flipped after its digest was taken; 0: none */
    uint32_t slack;   /* erased bytes behind the image, as in a slot */
};

static enum otter_status judge(struct scene *s, struct otter_image_info *info)
{
    struct memory_source m;
    uint8_t image[IMAGE_BUF];
    uint32_t len;
    enum otter_status status;

    memset(image, 0xff, sizeof(image));
    len = image_build(&s->spec, image);
    s->manifest.image[1].size = len + (uint32_t)s->size_change;
    image_file_digest(image, (uint32_t)s->manifest.image[1].size, &s->manifest.image[1].sha256);
    if (s->flip_at != 0)
        image[s->flip_at] ^= 1;
    memory_source_open(&m, image, len + s->slack);
    status = otter_verify_manifest_image(CRYPTO, s->without_keys ? NULL : &s->keys, &s->manifest, 1,
                                         &m.source, info);
    memory_source_close(&m);
    return status;
}

static void scene_sample(struct scene *s)
{
    memset(s, 0, sizeof(*s));
    image_spec_sample(&s->spec);
    keys_sample(&s->keys);
    s->slack = 512;
    s->manifest = (struct otter_manifest){
        .version = {1, 2, 3, 4},
        .security_counter = 5,
        .image_count = 2,
        .image = {{OTTER_SLOT_A, 0x08020000, 1, {{0}}}, {OTTER_SLOT_B, 0x08120000, 0, {{0}}}}};
}

static void foreign_key(struct scene *s)
{
    s->spec.key = KEY_STRANGER;
}

static void wrong_signature(struct scene *s)
{
    s->spec.tlvs = "c|khY";
}

static void revoked_key(struct scene *s)
{
    s->keys.revoked[0] = *key_kid(KEY_RELEASE);
    s->keys.revoked_count = 1;
}

static void unsigned_image(struct scene *s)
{
    s->spec.tlvs = "c|h";
}

static void unsigned_without_keys(struct scene *s)
{
    s->spec.tlvs = "c|h";
    s->without_keys = true;
}

static void foreign_without_keys(struct scene *s)
{
    foreign_key(s);
    s->without_keys = true;
}

static void wrong_hash(struct scene *s)
{
    s->spec.tlvs = "c|kXg";
}

static void wrong_hash_without_keys(struct scene *s)
{
    wrong_hash(s);
    s->without_keys = true;
}

static void version(struct scene *s)
{
    s->spec.version.build = 5;
}

static void counter_above(struct scene *s)
{
    s->spec.counter = 6;
}

static void counter_below(struct scene *s)
{
    s->spec.counter = 4;
}

static void counter_absent(struct scene *s)
{
    s->spec.tlvs = "|khg";
    s->manifest.security_counter = 0;
}

static void link_elsewhere(struct scene *s)
{
    s->spec.load_addr = 0x08020000;
}

static void link_absent(struct scene *s)
{
    s->spec.flags = 0;
}

static void link_of_any(struct scene *s)
{
    s->manifest.image[1].slot = OTTER_SLOT_ANY;
    s->spec.flags = 0;
}

static void longer_in_manifest(struct scene *s)
{
    s->size_change = 1;
}

static void shorter_in_manifest(struct scene *s)
{
    s->size_change = -1;
}

static void longer_than_source(struct scene *s)
{
    s->size_change = 1;
    s->slack = 0;
}

static void longer_by_2_to_32(struct scene *s)
{
    s->size_change = 4000; /* and the source is smaller */
}

static void exactly_the_source(struct scene *s)
{
    s->slack = 0;
}

static void damaged_payload(struct scene *s)
{
    s->flip_at = 500;
}

static void damaged_magic(struct scene *s)
{
    s->flip_at = 1;
}

static void damaged_header_size(struct scene *s)
{
    s->flip_at = 9;
}

static void no_image(struct scene *s)
{
    s->spec.tlvs = "cc|h";
}

static void unbootable(struct scene *s)
{
    s->spec.flags = OTTER_IMAGE_ROM_FIXED | OTTER_IMAGE_NON_BOOTABLE;
}

static void nothing(struct scene *s)
{
    (void)s;
}

static void the_image_must_be_the_manifests(void **state)
{
    static const struct {
        const char *what;
        void (*apply)(struct scene *s);
        enum otter_status want;
    } rows[] = {
        {"all agree", nothing, OTTER_OK},
        {"a source without slack", exactly_the_source, OTTER_OK},
        {"damaged payload", damaged_payload, OTTER_IMAGE_REREAD},
        {"damaged magic", damaged_magic, OTTER_IMAGE_REREAD},
        {"damaged header size", damaged_header_size, OTTER_IMAGE_REREAD},
        {"longer in the manifest", longer_in_manifest, OTTER_IMAGE_LENGTH},
        {"shorter in the manifest", shorter_in_manifest, OTTER_IMAGE_LENGTH},
        {"longer than the source", longer_than_source, OTTER_IMAGE_LENGTH},
        {"far longer than the source", longer_by_2_to_32, OTTER_IMAGE_LENGTH},
        {"signed nonsense", no_image, OTTER_IMAGE_TLV},
        {"not bootable", unbootable, OTTER_IMAGE_FLAGS},
        {"hash TLV", wrong_hash, OTTER_IMAGE_HASH},
        {"hash TLV, no keys", wrong_hash_without_keys, OTTER_IMAGE_HASH},
        {"version", version, OTTER_IMAGE_VERSION},
        {"counter above", counter_above, OTTER_IMAGE_COUNTER},
        {"counter below", counter_below, OTTER_IMAGE_COUNTER},
        {"counter absent", counter_absent, OTTER_IMAGE_COUNTER},
        {"linked elsewhere", link_elsewhere, OTTER_IMAGE_LINK},
        {"not linked", link_absent, OTTER_IMAGE_LINK},
        {"not linked, for any slot", link_of_any, OTTER_OK},
        {"unsigned", unsigned_image, OTTER_IMAGE_TLV},
        {"foreign key", foreign_key, OTTER_IMAGE_KEY_UNKNOWN},
        {"revoked key", revoked_key, OTTER_IMAGE_KEY_REVOKED},
        {"wrong signature", wrong_signature, OTTER_IMAGE_SIGNATURE},
        {"unsigned, no keys", unsigned_without_keys, OTTER_OK},
        {"foreign key, no keys", foreign_without_keys, OTTER_OK},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct otter_image_info info = {.hashed_size = 77};
        struct scene s;

        scene_sample(&s);
        rows[i].apply(&s);
        check_status(rows[i].what, judge(&s, &info), rows[i].want);
        assert_true((info.hashed_size == 77) == (rows[i].want != OTTER_OK));
    }
}

static void the_first_refusal_in_the_order_wins(void **state)
{
    static const struct {
        void (*apply)(struct scene *s);
        enum otter_status want;
    } order[] = {
        {damaged_payload, OTTER_IMAGE_REREAD}, {unbootable, OTTER_IMAGE_FLAGS},
        {version, OTTER_IMAGE_VERSION},        {counter_above, OTTER_IMAGE_COUNTER},
        {link_elsewhere, OTTER_IMAGE_LINK},    {foreign_key, OTTER_IMAGE_KEY_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(order); i++) {
        struct otter_image_info info;
        struct scene s;

        scene_sample(&s);
        for (size_t j = i; j < OTTER_ARRAY_LEN(order); j++)
            order[j].apply(&s);
        check_status(otter_status_name(order[i].want), judge(&s, &info), order[i].want);
    }
}

static void a_failing_read_is_an_io_error_wherever_it_happens(void **state)
{
    struct scene s;
    struct otter_image_info info;
    struct memory_source m;
    uint8_t image[IMAGE_BUF];
    uint32_t len;
    unsigned reads;

    (void)state;
    scene_sample(&s);
    len = image_build(&s.spec, image);
    s.manifest.image[1].size = len;
    image_file_digest(image, len, &s.manifest.image[1].sha256);
    memory_source_open(&m, image, len);
    assert_int_equal(otter_verify_manifest_image(CRYPTO, &s.keys, &s.manifest, 1, &m.source, &info),
                     OTTER_OK);
    reads = m.reads;
    for (m.fail_at = 1; m.fail_at <= reads; m.fail_at++) {
        m.reads = 0;
        assert_int_equal(otter_verify_manifest_image(CRYPTO, &s.keys, &s.manifest, 1, &m.source, &info),
                         OTTER_IO_ERROR);
    }
    memory_source_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_are_authentic_by_a_known_key_only),
        cmocka_unit_test(a_revoked_key_signs_nothing_any_more),
        cmocka_unit_test(no_flipped_bit_goes_unseen),
        cmocka_unit_test(the_image_must_be_the_manifests),
        cmocka_unit_test(the_first_refusal_in_the_order_wins),
        cmocka_unit_test(a_failing_read_is_an_io_error_wherever_it_happens),
    };

    return cmocka_run_group_tests_name("verify image", tests, keys_setup, keys_teardown);
}

#include "check.h"

#include "signing.h"

#include "core/bytes.h"
#include "core/verify.h"

#define CRYPTO    (&otter_crypto_openssl)
#define SLOT_SIZE 917504u
#define TRAILER   1584u

static struct otter_jws scratch;
static char envelope[OTTER_ENVELOPE_MAX + 1];

/* Everything a judgement needs; all agree. The offer is for slot B of the manifest. */
struct scene {
    struct otter_root root;
    struct otter_device_facts facts;
    struct otter_manifest manifest;
    struct otter_offer offer;
    enum test_key by;
};

static void scene_sample(struct scene *s)
{
    memset(s, 0, sizeof(*s));
    root_sample(&s->root);
    s->by = KEY_RELEASE;
    s->facts = (struct otter_device_facts){
        .device = "d:1",
        .product = "thermostat",
        .hardware = "mps2-an386",
        .running = {{1, 0, 0, 0}, {{9}}, OTTER_SLOT_A, true},
        .epoch = 2,
        .sequence = 16,
        .counter_floor = 5,
        .takes_delta = true,
        .slot = {{0x08020000, SLOT_SIZE, TRAILER}, {0x08120000, SLOT_SIZE, TRAILER}},
    };
    s->manifest = (struct otter_manifest){
        .product = "thermostat",
        .hardware = {"nucleo-f429zi", "mps2-an386"},
        .hardware_count = 2,
        .image_count = 2,
        .has_requires_from = true,
        .has_requires_below = true,
        .version = {1, 1, 0, 0},
        .requires_from = {1, 0, 0, 0},
        .requires_below = {2, 0, 0, 0},
        .epoch = 2,
        .sequence = 17,
        .security_counter = 5,
        .created = 1000,
        .expires = 5000,
        .image = {{OTTER_SLOT_A, 0x08020000, 1000, {{1}}}, {OTTER_SLOT_B, 0x08120000, 1001, {{2}}}},
    };
    s->offer = (struct otter_offer){.issued = 2000,
                                    .deadline = 3000,
                                    .attempt = 111,
                                    .slot = OTTER_SLOT_B,
                                    .image = {{{2}}, 1001},
                                    .delta_base = {{9}},
                                    .delta = {{{3}}, 100}};
}

/* Signs the scene's manifest into `envelope` and makes the offer name it. */
static size_t publish(struct scene *s)
{
    struct otter_digest digest;
    char text[OTTER_PAYLOAD_MAX + 1];
    size_t len;

    assert_int_equal(otter_manifest_encode(&s->manifest, text, sizeof(text)), OTTER_OK);
    len = seal(text, strlen(text), &s->by, 1, envelope);
    otter_sha256_of(CRYPTO, envelope, len, &digest);
    s->offer.manifest = (struct otter_blob_ref){digest, len};
    return len;
}

static enum otter_status judge(const struct scene *s, size_t len, unsigned *ret_image)
{
    struct otter_manifest manifest = {.sequence = 77};
    enum otter_status status = otter_verify_manifest(CRYPTO, &s->root, &s->facts, &s->offer, envelope, len,
                                                     &scratch, &manifest, ret_image);

    assert_int_equal(manifest.sequence, status == OTTER_OK ? s->manifest.sequence : 77);
    return status;
}

static void product(struct scene *s)
{
    strcpy(s->manifest.product, "freezer");
}

static void hardware(struct scene *s)
{
    s->facts.hardware = "mps2-an38";
}

static void expired(struct scene *s)
{
    s->manifest.expires = 2000;
}

static void last_second(struct scene *s)
{
    s->manifest.expires = 2001;
}

static void epoch_above(struct scene *s)
{
    s->manifest.epoch = 3;
}

static void epoch_below(struct scene *s)
{
    s->manifest.epoch = 1;
}

static void sequence_equal(struct scene *s)
{
    s->facts.sequence = 17;
}

static void sequence_above(struct scene *s)
{
    s->facts.sequence = 18;
}

static void confirmed_epoch_above(struct scene *s)
{
    s->facts.epoch = 3;
    s->facts.sequence = 0;
}

static void confirmed_epoch_below(struct scene *s)
{
    s->facts.epoch = 1;
    s->facts.sequence = 99;
}

static void counter(struct scene *s)
{
    s->facts.counter_floor = 6;
}

static void requires_from(struct scene *s)
{
    s->manifest.requires_from.build = 1;
}

static void requires_below(struct scene *s)
{
    s->manifest.requires_below = s->facts.running.version;
}

static void just_below(struct scene *s)
{
    s->manifest.requires_below = (struct otter_version){1, 0, 0, 1};
}

static void unbounded(struct scene *s)
{
    s->manifest.has_requires_from = s->manifest.has_requires_below = false;
    s->facts.running.version = (struct otter_version){9, 0, 0, 0};
}

static void image_digest(struct scene *s)
{
    s->offer.image.sha256.b[31] ^= 1;
}

static void image_size(struct scene *s)
{
    s->offer.image.size++;
}

static void image_of_other_slot(struct scene *s)
{
    s->offer.image = (struct otter_blob_ref){{{1}}, 1000};
}

static void slot_not_in_manifest(struct scene *s)
{
    s->manifest.image_count = 1;
}

static void slot_running(struct scene *s)
{
    s->facts.running.slot = OTTER_SLOT_B;
}

static void slot_any(struct scene *s)
{
    s->manifest.image[1].slot = OTTER_SLOT_ANY;
    s->offer.slot = OTTER_SLOT_ANY;
}

static void slot_absent(struct scene *s)
{
    s->facts.slot[1].size = 0;
}

static void link_elsewhere(struct scene *s)
{
    s->manifest.image[1].link = 0x08020000;
}

static void link_beyond_32_bits(struct scene *s)
{
    s->manifest.image[1].link = (UINT64_C(1) << 32) + 0x08120000;
}

static void fits_exactly(struct scene *s)
{
    s->manifest.image[1].size = s->offer.image.size = SLOT_SIZE - TRAILER;
}

static void one_too_large(struct scene *s)
{
    s->manifest.image[1].size = s->offer.image.size = SLOT_SIZE - TRAILER + 1;
}

static void too_large_by_2_to_32(struct scene *s)
{
    s->manifest.image[1].size = s->offer.image.size = (UINT64_C(1) << 32) + 1;
}

static void trailer_larger_than_slot(struct scene *s)
{
    s->facts.slot[1].trailer_size = SLOT_SIZE + 1;
}

static void with_delta(struct scene *s)
{
    s->offer.has_delta = true;
}

static void delta_unsupported(struct scene *s)
{
    s->offer.has_delta = true;
    s->facts.takes_delta = false;
}

static void delta_base(struct scene *s)
{
    s->offer.has_delta = true;
    s->facts.running.sha256.b[0] ^= 1;
}

static void delta_size(struct scene *s)
{
    s->offer.has_delta = true;
    s->offer.delta.size = 1001;
}

static void delta_just_smaller(struct scene *s)
{
    s->offer.has_delta = true;
    s->offer.delta.size = 1000;
}

static void foreign_key(struct scene *s)
{
    s->by = KEY_STRANGER;
}

static void offer_key(struct scene *s)
{
    s->by = KEY_OFFER;
}

static void threshold(struct scene *s)
{
    s->root.role[OTTER_ROLE_RELEASE].threshold = 2;
}

struct change {
    const char *what;
    void (*apply)(struct scene *s);
    enum otter_status want;
};

/* In the order of protocol.md: so that each may be combined with all behind it. */
static const struct change refusals[] = {
    {"foreign key", foreign_key, OTTER_UNKNOWN_KEY},
    {"product", product, OTTER_WRONG_PRODUCT},
    {"hardware", hardware, OTTER_WRONG_HARDWARE},
    {"expired", expired, OTTER_MANIFEST_EXPIRED},
    {"epoch below", epoch_below, OTTER_WRONG_EPOCH},
    {"sequence equal", sequence_equal, OTTER_SEQUENCE},
    {"counter", counter, OTTER_COUNTER},
    {"requires from", requires_from, OTTER_REQUIRES_FROM},
    {"requires below", requires_below, OTTER_REQUIRES_BELOW},
    {"image size", image_size, OTTER_IMAGE_MISMATCH},
    {"slot running", slot_running, OTTER_SLOT_RUNNING},
    {"link", link_elsewhere, OTTER_WRONG_LINK},
    {"trailer", trailer_larger_than_slot, OTTER_IMAGE_TOO_LARGE},
    {"delta unsupported", delta_unsupported, OTTER_DELTA_UNSUPPORTED},
    {"delta base", delta_base, OTTER_DELTA_BASE},
    {"delta size", delta_size, OTTER_DELTA_SIZE},
};

static const struct change single[] = {
    {"offer key", offer_key, OTTER_UNKNOWN_KEY},
    {"threshold", threshold, OTTER_THRESHOLD},
    {"last second", last_second, OTTER_OK},
    {"epoch above", epoch_above, OTTER_WRONG_EPOCH},
    {"sequence above", sequence_above, OTTER_SEQUENCE},
    {"confirmed epoch above", confirmed_epoch_above, OTTER_SEQUENCE},
    {"confirmed epoch below", confirmed_epoch_below, OTTER_OK},
    {"just below", just_below, OTTER_OK},
    {"unbounded", unbounded, OTTER_OK},
    {"image digest", image_digest, OTTER_IMAGE_MISMATCH},
    {"image of the other slot", image_of_other_slot, OTTER_IMAGE_MISMATCH},
    {"slot not in the manifest", slot_not_in_manifest, OTTER_IMAGE_MISMATCH},
    {"slot any", slot_any, OTTER_SLOT_UNSUPPORTED},
    {"slot absent", slot_absent, OTTER_SLOT_UNSUPPORTED},
    {"link beyond 32 bits", link_beyond_32_bits, OTTER_WRONG_LINK},
    {"fits exactly", fits_exactly, OTTER_OK},
    {"one too large", one_too_large, OTTER_IMAGE_TOO_LARGE},
    {"too large by 2^32", too_large_by_2_to_32, OTTER_IMAGE_TOO_LARGE},
    {"with a delta", with_delta, OTTER_OK},
    {"delta just smaller", delta_just_smaller, OTTER_OK},
};

static void check_change(const struct change *c)
{
    struct scene s;
    unsigned image = 77;

    scene_sample(&s);
    c->apply(&s);
    check_status(c->what, judge(&s, publish(&s), &image), c->want);
    assert_int_equal(image, c->want == OTTER_OK ? 1 : 77);
}

static void each_refusal_has_its_own_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(refusals); i++)
        check_change(&refusals[i]);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(single); i++)
        check_change(&single[i]);
}

static void the_first_refusal_in_the_order_wins(void **state)
{
    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(refusals); i++) {
        struct scene s;
        unsigned image = 77;

        scene_sample(&s);
        for (size_t j = i; j < OTTER_ARRAY_LEN(refusals); j++)
            refusals[j].apply(&s);
        check_status(refusals[i].what, judge(&s, publish(&s), &image), refusals[i].want);
        assert_int_equal(image, 77);
    }
}

static void the_offers_size_and_digest_come_before_all_else(void **state)
{
    struct scene s;
    unsigned image;
    size_t len;

    (void)state;
    scene_sample(&s);
    foreign_key(&s);
    len = publish(&s);
    s.offer.manifest.sha256.b[0] ^= 1;
    assert_int_equal(judge(&s, len, &image), OTTER_MANIFEST_DIGEST);
    s.offer.manifest.size++;
    assert_int_equal(judge(&s, len, &image), OTTER_MANIFEST_SIZE);
    s.offer.manifest.size -= 2;
    assert_int_equal(judge(&s, len, &image), OTTER_MANIFEST_SIZE);
}

/* The digest agrees, so only the envelope itself can be wrong. */
static void a_manifest_that_is_none_is_refused(void **state)
{
    static const enum test_key by = KEY_RELEASE;
    struct scene s;
    unsigned image;
    size_t len;

    (void)state;
    scene_sample(&s);
    len = seal("{\"type\":\"otter-offer\"}", 22, &by, 1, envelope);
    s.offer.manifest.size = len;
    otter_sha256_of(CRYPTO, envelope, len, &s.offer.manifest.sha256);
    assert_int_equal(judge(&s, len, &image), OTTER_WRONG_TYPE);
    envelope[len - 1] = ' ';
    otter_sha256_of(CRYPTO, envelope, len, &s.offer.manifest.sha256);
    assert_int_equal(judge(&s, len, &image), OTTER_BAD_JSON);
}

static void a_changed_byte_of_the_payload_breaks_the_signature(void **state)
{
    struct scene s;
    unsigned image;
    size_t len;
    char *at;

    (void)state;
    scene_sample(&s);
    len = publish(&s);
    at = strstr(envelope, "\"payload\":\"") + 60;
    *at = *at == 'A' ? 'B' : 'A';
    otter_sha256_of(CRYPTO, envelope, len, &s.offer.manifest.sha256);
    assert_int_equal(judge(&s, len, &image), OTTER_BAD_SIGNATURE);
}

/* What does not depend on a device, as the server and the CLI ask it. */
static void a_release_is_judged_without_a_device(void **state)
{
    static const struct change rows[] = {
        {"another product", product, OTTER_OK},          {"other hardware", hardware, OTTER_OK},
        {"expired", expired, OTTER_MANIFEST_EXPIRED},    {"last second", last_second, OTTER_OK},
        {"epoch below", epoch_below, OTTER_WRONG_EPOCH}, {"epoch above", epoch_above, OTTER_WRONG_EPOCH},
        {"foreign key", foreign_key, OTTER_UNKNOWN_KEY}, {"threshold", threshold, OTTER_THRESHOLD},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct otter_manifest manifest = {.sequence = 77};
        struct scene s;
        size_t len;

        scene_sample(&s);
        rows[i].apply(&s);
        len = publish(&s);
        check_status(rows[i].what,
                     otter_verify_release(CRYPTO, &s.root, 2000, envelope, len, &scratch, &manifest),
                     rows[i].want);
        assert_int_equal(manifest.sequence, rows[i].want == OTTER_OK ? 17 : 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_refusal_has_its_own_name),
        cmocka_unit_test(the_first_refusal_in_the_order_wins),
        cmocka_unit_test(the_offers_size_and_digest_come_before_all_else),
        cmocka_unit_test(a_manifest_that_is_none_is_refused),
        cmocka_unit_test(a_changed_byte_of_the_payload_breaks_the_signature),
        cmocka_unit_test(a_release_is_judged_without_a_device),
    };

    return cmocka_run_group_tests_name("verify manifest", tests, keys_setup, keys_teardown);
}

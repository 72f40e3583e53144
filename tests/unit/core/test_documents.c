#include "check.h"

#include "signing.h"

#include "core/bytes.h"

#define CRYPTO (&otter_crypto_openssl)

static void a_root_comes_back_as_it_was(void **state)
{
    struct otter_root root;
    struct otter_root back;
    char text[OTTER_PAYLOAD_MAX + 1];

    (void)state;
    root_sample(&root);
    assert_int_equal(otter_root_encode(&root, text, sizeof(text)), OTTER_OK);
    assert_memory_equal(text,
                        "{\"type\":\"otter-root\",\"version\":1,\"created\":1000,\"expires\":5000,"
                        "\"sequence_epoch\":2,\"keys\":{\"",
                        85);
    assert_int_equal(otter_root_decode(CRYPTO, text, strlen(text), &back), OTTER_OK);
    assert_memory_equal(&root, &back, sizeof(root));
}

static void the_epoch_alone_is_the_decoded_ones(void **state)
{
    static const struct {
        const char *what, *payload;
        bool found;
        uint64_t epoch;
    } rows[] = {
        {"as the encoder writes", "{\"sequence_epoch\":7,\"keys\":{}}", true, 7},
        {"white space", "{ \"sequence_epoch\" \n:\t 70 }", true, 70},
        {"greatest", "{\"sequence_epoch\":9007199254740991}", true, OTTER_INT_MAX},
        {"too great", "{\"sequence_epoch\":9007199254740992}", false, 0},
        {"leading zero", "{\"sequence_epoch\":07}", false, 0},
        {"no number", "{\"sequence_epoch\":\"7\"}", false, 0},
        {"nothing behind", "{\"sequence_epoch\":", false, 0},
        {"no colon", "{\"sequence_epoch\"", false, 0},
        {"cut short", "{\"sequence_epoch", false, 0},
        {"another name", "{\"sequence_epochs\":7}", false, 0},
        {"nothing", "", false, 0},
    };
    char text[OTTER_PAYLOAD_MAX + 1];
    struct otter_root root;
    uint64_t epoch;

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        epoch = 0;
        check_true(rows[i].what,
                   otter_root_epoch(rows[i].payload, strlen(rows[i].payload), &epoch) == rows[i].found);
        check_true(rows[i].what, epoch == rows[i].epoch);
    }
    root_sample(&root);
    for (root.sequence_epoch = 1; root.sequence_epoch < OTTER_INT_MAX / 9; root.sequence_epoch *= 9) {
        assert_int_equal(otter_root_encode(&root, text, sizeof(text)), OTTER_OK);
        assert_true(otter_root_epoch(text, strlen(text), &epoch));
        assert_true(epoch == root.sequence_epoch);
    }
}

/* Seven keys, nine key ids, three revocations, the greatest integers: it must still be a payload. */
static void the_largest_root_is_a_payload(void **state)
{
    struct otter_root root;
    struct otter_root back;
    char text[OTTER_PAYLOAD_MAX + 1];
    size_t len;

    (void)state;
    root_sample(&root);
    root.version = root.created = root.expires = root.sequence_epoch = OTTER_INT_MAX;
    root.key_count = 7;
    root.key[6].kid = *key_kid(KEY_STRANGER);
    memcpy(root.key[6].point, key_point(KEY_STRANGER), OTTER_POINT_LEN);
    root.role[OTTER_ROLE_ROOT] = (struct otter_root_role){5, 5, {0, 1, 2, 3, 4}};
    root.role[OTTER_ROLE_RELEASE] = (struct otter_root_role){2, 2, {0, 1}};
    root.role[OTTER_ROLE_OFFER] = (struct otter_root_role){1, 2, {5, 6}};
    root.revoked_count = 3;
    assert_int_equal(otter_root_encode(&root, text, sizeof(text)), OTTER_OK);
    len = strlen(text);
    assert_in_range(len, 1900, OTTER_PAYLOAD_MAX);
    assert_int_equal(otter_root_decode(CRYPTO, text, len, &back), OTTER_OK);
    for (size_t cap = 0; cap <= len; cap++)
        assert_int_equal(otter_root_encode(&root, text, cap), OTTER_NO_SPACE);
}

/* Roles by key numbers; the decoder must judge them as the row says. */
static void roles_obey_their_rules(void **state)
{
    static const struct {
        const char *what;
        struct otter_root_role role[OTTER_ROLE_COUNT];
        enum otter_status want;
    } rows[] = {
        {"as it should be", {{1, 2, {0, 1}}, {1, 1, {2}}, {1, 1, {4}}}, OTTER_OK},
        {"all of n", {{2, 2, {0, 1}}, {1, 1, {2}}, {1, 1, {4}}}, OTTER_OK},
        {"a key of root and release", {{1, 1, {0}}, {1, 1, {0}}, {1, 1, {4}}}, OTTER_OK},
        {"two offer keys", {{1, 1, {0}}, {1, 1, {2}}, {1, 2, {4, 5}}}, OTTER_OK},
        {"nine key ids", {{1, 4, {0, 1, 2, 3}}, {1, 4, {0, 1, 2, 3}}, {1, 1, {4}}}, OTTER_OK},
        {"ten key ids", {{1, 4, {0, 1, 2, 3}}, {1, 4, {0, 1, 2, 3}}, {1, 2, {4, 5}}}, OTTER_ROOT_ROLES},
        {"threshold 0", {{0, 1, {0}}, {1, 1, {2}}, {1, 1, {4}}}, OTTER_ROOT_ROLES},
        {"threshold above n", {{1, 1, {0}}, {2, 1, {2}}, {1, 1, {4}}}, OTTER_ROOT_ROLES},
        {"no key", {{1, 0, {0}}, {1, 1, {2}}, {1, 1, {4}}}, OTTER_ROOT_ROLES},
        {"no key and threshold 0", {{1, 1, {0}}, {0, 0, {0}}, {1, 1, {4}}}, OTTER_ROOT_ROLES},
        {"a key twice", {{1, 2, {0, 0}}, {1, 1, {2}}, {1, 1, {4}}}, OTTER_ROOT_ROLES},
        {"offer threshold 2", {{1, 1, {0}}, {1, 1, {2}}, {2, 2, {4, 5}}}, OTTER_ROOT_ROLES},
        {"offer key signs releases", {{1, 1, {0}}, {1, 2, {2, 4}}, {1, 1, {4}}}, OTTER_ROOT_ROLES},
        {"offer key signs roots", {{1, 1, {5}}, {1, 1, {2}}, {1, 2, {4, 5}}}, OTTER_ROOT_ROLES},
        {"a key that is not there", {{1, 1, {0}}, {1, 1, {6}}, {1, 1, {4}}}, OTTER_ROOT_ROLES},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct otter_root root;
        struct otter_root back;
        char text[OTTER_PAYLOAD_MAX + 1];

        root_sample(&root);
        root.key[6].kid = *key_kid(KEY_STRANGER); /* may be named, is not in `keys` */
        memcpy(root.role, rows[i].role, sizeof(root.role));
        assert_int_equal(otter_root_encode(&root, text, sizeof(text)), OTTER_OK);
        check_status(rows[i].what, otter_root_decode(CRYPTO, text, strlen(text), &back), rows[i].want);
    }
}

static void keys_must_be_what_their_ids_say(void **state)
{
    struct otter_root root;
    struct otter_root back;
    char text[OTTER_PAYLOAD_MAX + 1];

    (void)state;
    root_sample(&root);
    root.key[2].point[20] ^= 1;
    assert_int_equal(otter_root_encode(&root, text, sizeof(text)), OTTER_OK);
    assert_int_equal(otter_root_decode(CRYPTO, text, strlen(text), &back), OTTER_ROOT_KEYS);

    root_sample(&root);
    root.key[2].point[0] = 0x02; /* id and key agree then, but it is no uncompressed point */
    otter_key_id(CRYPTO, root.key[2].point, &root.key[2].kid);
    assert_int_equal(otter_root_encode(&root, text, sizeof(text)), OTTER_OK);
    assert_int_equal(otter_root_decode(CRYPTO, text, strlen(text), &back), OTTER_ROOT_KEYS);

    root_sample(&root);
    root.key[1] = root.key[0];
    root.role[OTTER_ROLE_ROOT] = (struct otter_root_role){1, 1, {0}};
    assert_int_equal(otter_root_encode(&root, text, sizeof(text)), OTTER_OK);
    assert_int_equal(otter_root_decode(CRYPTO, text, strlen(text), &back), OTTER_DUPLICATE_MEMBER);

    root_sample(&root);
    root.key_count = 0;
    assert_int_equal(otter_root_encode(&root, text, sizeof(text)), OTTER_OK);
    assert_int_equal(otter_root_decode(CRYPTO, text, strlen(text), &back), OTTER_BAD_VALUE);
}

static void roots_out_of_shape_are_refused(void **state)
{
    static const struct {
        const char *find;
        const char *with;
        enum otter_status want;
    } rows[] = {
        {"{\"type\"", " {\"type\"", OTTER_OK},
        {"otter-root", "otter-offer", OTTER_WRONG_TYPE},
        {"otter-root", "otter\\u002droot", OTTER_WRONG_TYPE},
        {"\"type\":\"otter-root\",", "", OTTER_MISSING_MEMBER},
        {"\"type\":\"otter-root\",", "\"type\":\"otter-root\",\"type\":\"otter-root\",",
         OTTER_DUPLICATE_MEMBER},
        {"\"type\":\"otter-root\",", "\"type\":7,", OTTER_BAD_VALUE},
        {"\"version\":1", "\"version\":0", OTTER_BAD_VALUE},
        {"\"version\":1", "\"version\":1.0", OTTER_BAD_VALUE},
        {"\"version\":1", "\"version\":\"1\"", OTTER_BAD_VALUE},
        {"\"version\":1", "\"version\":9007199254740992", OTTER_BAD_VALUE},
        {"\"version\":1,", "", OTTER_MISSING_MEMBER},
        {"\"created\":1000", "\"created\":-1", OTTER_BAD_VALUE},
        {"\"expires\":5000", "\"expires\":5e3", OTTER_BAD_VALUE},
        {"\"sequence_epoch\":2", "\"sequence_epoch\":null", OTTER_BAD_VALUE},
        {"\"sequence_epoch\":2", "\"sequence_epoch\":9007199254740992", OTTER_BAD_VALUE},
        {"\"keys\":{\"", "\"keys\":{\"x\":\"y\",\"", OTTER_ROOT_KEYS},
        {"\"keys\":{\"", "\"keys\":{\"A", OTTER_ROOT_KEYS},
        {"\"keys\":{\"", "\"keys\":[],\"k\":{\"", OTTER_BAD_VALUE},
        {"\":\"MFkw", "\":[],\"MFkw", OTTER_BAD_JSON},
        {"\":\"MFkw", "\":\"MFk", OTTER_ROOT_KEYS},
        {"\":\"MFkw", "\":\"MFkx", OTTER_ROOT_KEYS},
        {"\"roles\":{", "\"roles\":{\"timestamp\":{},", OTTER_UNKNOWN_MEMBER},
        {"\"roles\":{\"root\"", "\"roles\":{\"roots\"", OTTER_UNKNOWN_MEMBER},
        {"\"keyids\":[", "\"keyids\":[\"x\",", OTTER_ROOT_ROLES},
        {"\"keyids\":[", "\"keyids\":[1,", OTTER_ROOT_ROLES},
        {"\"keyids\":[", "\"k\":1,\"keyids\":[", OTTER_UNKNOWN_MEMBER},
        {"\"threshold\":1", "\"threshold\":-1", OTTER_BAD_VALUE},
        {"\"threshold\":1", "\"threshold\":257", OTTER_ROOT_ROLES},
        {"\"revoked_images\":[", "\"revoked_images\":[\"x\",", OTTER_BAD_VALUE},
        {"\"revoked_images\":[", "\"revoked_images\":[7,", OTTER_BAD_VALUE},
        {"\"revoked_images\":[\"", "\"revoked_images\":[\"\",\"\",\"\",\"", OTTER_BAD_VALUE},
        {",\"revoked_images\"", ",\"more\":1,\"revoked_images\"", OTTER_UNKNOWN_MEMBER},
        {"\"]}", "\"]", OTTER_BAD_JSON},
    };
    struct otter_root root;
    char text[OTTER_PAYLOAD_MAX + 1];

    (void)state;
    root_sample(&root);
    assert_int_equal(otter_root_encode(&root, text, sizeof(text)), OTTER_OK);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        char changed[OTTER_PAYLOAD_MAX + 1];
        struct otter_root back = {.version = 77};
        size_t len;

        /* the last "]} of all is the end */
        len = replaced(text, rows[i].find, rows[i].with, changed, sizeof(changed));
        check_status(rows[i].with, otter_root_decode(CRYPTO, changed, len, &back), rows[i].want);
        assert_int_equal(back.version, rows[i].want == OTTER_OK ? 1 : 77);
    }
}

static void manifest_sample(struct otter_manifest *m)
{
    *m = (struct otter_manifest){
        .product = "thermostat",
        .hardware = {"nucleo-f429zi", "mps2-an386"},
        .hardware_count = 2,
        .image_count = 2,
        .has_requires_from = true,
        .has_requires_below = true,
        .has_sbom = true,
        .has_notes = true,
        .version = {1, 2, 3, 4},
        .requires_from = {1, 0, 0, 0},
        .requires_below = {2, 0, 0, 0},
        .epoch = 2,
        .sequence = 17,
        .security_counter = 5,
        .created = 1000,
        .expires = 5000,
        .image = {{OTTER_SLOT_A, 0x08020000, 1000, {{1}}}, {OTTER_SLOT_B, 0x08120000, 1001, {{2}}}},
        .sbom = {{3}},
        .notes = {{4}},
    };
}

static void a_manifest_comes_back_as_it_was(void **state)
{
    struct otter_manifest m;
    struct otter_manifest back;
    char text[OTTER_PAYLOAD_MAX + 1];

    (void)state;
    manifest_sample(&m);
    assert_int_equal(otter_manifest_encode(&m, text, sizeof(text)), OTTER_OK);
    assert_int_equal(otter_manifest_decode(text, strlen(text), &back), OTTER_OK);
    assert_memory_equal(&m, &back, sizeof(m));

    m.has_requires_from = m.has_requires_below = m.has_sbom = m.has_notes = false;
    assert_int_equal(otter_manifest_encode(&m, text, sizeof(text)), OTTER_OK);
    assert_non_null(strstr(text, "\"requires\":{\"from\":\"\",\"below\":\"\"}"));
    assert_null(strstr(text, "_sha256"));
    assert_int_equal(otter_manifest_decode(text, strlen(text), &back), OTTER_OK);
    assert_false(back.has_requires_from || back.has_requires_below || back.has_sbom || back.has_notes);
}

static void the_largest_manifest_is_a_payload(void **state)
{
    struct otter_manifest m;
    struct otter_manifest back;
    char text[OTTER_PAYLOAD_MAX + 1];
    size_t len;

    (void)state;
    manifest_sample(&m);
    memset(m.product, 'p', OTTER_NAME_MAX);
    for (unsigned i = 0; i < OTTER_HARDWARE_MAX; i++) {
        memset(m.hardware[i], 'h', OTTER_NAME_MAX);
        m.hardware[i][0] = (char)('0' + i);
    }
    m.hardware_count = OTTER_HARDWARE_MAX;
    m.version = m.requires_from = m.requires_below = (struct otter_version){255, 255, 65535, UINT32_MAX};
    m.epoch = m.sequence = m.created = m.expires = OTTER_INT_MAX;
    m.security_counter = UINT32_MAX;
    m.image[2].slot = OTTER_SLOT_ANY;
    m.image_count = 3; /* one a slot name: there are three */
    for (unsigned i = 0; i < 3; i++)
        m.image[i].link = m.image[i].size = OTTER_INT_MAX;
    assert_int_equal(otter_manifest_encode(&m, text, sizeof(text)), OTTER_OK);
    len = strlen(text);
    assert_int_equal(otter_manifest_decode(text, len, &back), OTTER_OK);
    for (size_t cap = 0; cap <= len; cap++)
        assert_int_equal(otter_manifest_encode(&m, text, cap), OTTER_NO_SPACE);
}

static void manifests_out_of_shape_are_refused(void **state)
{
    static const struct {
        const char *find;
        const char *with;
        enum otter_status want;
    } rows[] = {
        {"otter-manifest", "otter-root", OTTER_WRONG_TYPE},
        {"\"product\":\"thermostat\"", "\"product\":\"thermo stat\"", OTTER_BAD_VALUE},
        {"\"product\":\"thermostat\"", "\"product\":\"thermo\\u0073tat\"", OTTER_BAD_VALUE},
        {"\"product\":\"thermostat\"", "\"product\":\"\"", OTTER_BAD_VALUE},
        {"\"product\":\"thermostat\",", "", OTTER_MISSING_MEMBER},
        {"[\"nucleo-f429zi\",\"mps2-an386\"]", "[]", OTTER_BAD_VALUE},
        {"[\"nucleo-f429zi\",\"mps2-an386\"]", "[\"a\",\"b\",\"a\"]", OTTER_BAD_VALUE},
        {"[\"nucleo-f429zi\",\"mps2-an386\"]", "[\"a\",7]", OTTER_BAD_VALUE},
        {"[\"nucleo-f429zi\",\"mps2-an386\"]", "[\"a\",[\"b\"]]", OTTER_BAD_VALUE},
        {"[\"nucleo-f429zi\",\"mps2-an386\"]", "\"a\"", OTTER_BAD_VALUE},
        {"[\"nucleo-f429zi\",\"mps2-an386\"]", "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\"]", OTTER_OK},
        {"[\"nucleo-f429zi\",\"mps2-an386\"]", "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]",
         OTTER_BAD_VALUE},
        {"\"version\":\"1.2.3+4\"", "\"version\":\"1.2.3.4\"", OTTER_BAD_VALUE},
        {"\"version\":\"1.2.3+4\"", "\"version\":\"\"", OTTER_BAD_VALUE},
        {"\"epoch\":2", "\"epoch\":-2", OTTER_BAD_VALUE},
        {"\"sequence\":17", "\"sequence\":9007199254740992", OTTER_BAD_VALUE},
        {"\"sequence\":17", "\"sequence\":17,\"sequence\":17", OTTER_DUPLICATE_MEMBER},
        {"\"security_counter\":5", "\"security_counter\":4294967296", OTTER_BAD_VALUE},
        {"\"security_counter\":5", "\"security_counter\":4294967295", OTTER_OK},
        {"\"created\":1000", "\"created\":\"1000\"", OTTER_BAD_VALUE},
        {"\"expires\":5000", "\"expires\":01", OTTER_BAD_JSON},
        {"\"from\":\"1.0.0\",", "", OTTER_MISSING_MEMBER},
        {"\"from\":\"1.0.0\"", "\"from\":\"1.0\"", OTTER_BAD_VALUE},
        {"\"from\":\"1.0.0\"", "\"from\":\"1.0.0\",\"to\":\"\"", OTTER_UNKNOWN_MEMBER},
        {",\"below\":\"2.0.0\"", "", OTTER_MISSING_MEMBER},
        {"\"below\":\"2.0.0\"", "\"below\":\"x\"", OTTER_BAD_VALUE},
        {"\"below\":\"2.0.0\"", "\"below\":null", OTTER_BAD_VALUE},
        {"\"slot\":\"B\"", "\"slot\":\"A\"", OTTER_BAD_VALUE},
        {"\"slot\":\"B\"", "\"slot\":\"any\"", OTTER_OK},
        {"\"slot\":\"B\"", "\"slot\":\"b\"", OTTER_BAD_VALUE},
        {"\"slot\":\"B\",", "", OTTER_MISSING_MEMBER},
        {"\"slot\":\"B\",", "\"slot\":\"B\",\"url\":\"x\",", OTTER_UNKNOWN_MEMBER},
        {"\"link\":134348800", "\"link\":\"0x8020000\"", OTTER_BAD_VALUE},
        {"\"link\":134348800", "\"link\":-1", OTTER_BAD_VALUE},
        {"\"size\":1000", "\"size\":0", OTTER_BAD_VALUE},
        {"\"size\":1000", "\"size\":1", OTTER_OK},
        {"\"sha256\":\"01", "\"sha256\":\"0", OTTER_BAD_VALUE},
        {"\"sha256\":\"01", "\"sha256\":\"0G", OTTER_BAD_VALUE},
        {"\"images\":[", "\"images\":[],\"i\":[", OTTER_UNKNOWN_MEMBER},
        {"\"images\":[", "\"images\":[7,", OTTER_BAD_VALUE},
        {"\"images\":[", "\"images\":[{},{},{},", OTTER_BAD_VALUE},
        {"\"sbom_sha256\":\"03", "\"sbom_sha256\":\"", OTTER_BAD_VALUE},
        {"\"notes_sha256\":\"04", "\"notes_sha256\":\"4", OTTER_BAD_VALUE},
        {"\"notes_sha256\"", "\"note_sha256\"", OTTER_UNKNOWN_MEMBER},
    };
    struct otter_manifest m;
    char text[OTTER_PAYLOAD_MAX + 1];

    (void)state;
    manifest_sample(&m);
    assert_int_equal(otter_manifest_encode(&m, text, sizeof(text)), OTTER_OK);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        char changed[OTTER_PAYLOAD_MAX + 1];
        struct otter_manifest back = {.sequence = 77};
        size_t len = replaced(text, rows[i].find, rows[i].with, changed, sizeof(changed));

        check_status(rows[i].with, otter_manifest_decode(changed, len, &back), rows[i].want);
        assert_int_equal(back.sequence, rows[i].want == OTTER_OK ? 17 : 77);
    }
}

static void no_image_is_no_manifest(void **state)
{
    struct otter_manifest m;
    char text[OTTER_PAYLOAD_MAX + 1];

    (void)state;
    manifest_sample(&m);
    m.image_count = 0;
    assert_int_equal(otter_manifest_encode(&m, text, sizeof(text)), OTTER_OK);
    assert_int_equal(otter_manifest_decode(text, strlen(text), &m), OTTER_BAD_VALUE);
}

static void offer_sample(struct otter_offer *offer)
{
    *offer = (struct otter_offer){
        .device = "d:1",
        .nonce = {1, 2, 3},
        .issued = 2000,
        .has_delta = true,
        .deadline = 3000,
        .attempt = 111,
        .manifest = {{{5}}, 700},
        .slot = OTTER_SLOT_B,
        .image = {{{6}}, 1000},
        .delta_base = {{7}},
        .delta = {{{8}}, 100},
        .blobs = "https://cdn.example/x",
    };
}

static void an_offer_comes_back_as_it_was(void **state)
{
    struct otter_offer offer;
    struct otter_offer back;
    char text[OTTER_PAYLOAD_MAX + 1];

    (void)state;
    offer_sample(&offer);
    assert_int_equal(otter_offer_encode(&offer, text, sizeof(text)), OTTER_OK);
    assert_int_equal(otter_offer_decode(text, strlen(text), &back), OTTER_OK);
    assert_memory_equal(&offer, &back, sizeof(offer));

    offer.has_delta = false;
    offer.blobs[0] = '\0';
    assert_int_equal(otter_offer_encode(&offer, text, sizeof(text)), OTTER_OK);
    assert_null(strstr(text, "delta"));
    assert_null(strstr(text, "blobs"));
    assert_int_equal(otter_offer_decode(text, strlen(text), &back), OTTER_OK);
    assert_false(back.empty || back.has_delta);
}

static void an_empty_offer_has_four_members(void **state)
{
    struct otter_offer offer = {.device = "d:1", .issued = 2000, .empty = true};
    struct otter_offer back;
    char text[OTTER_PAYLOAD_MAX + 1];

    (void)state;
    assert_int_equal(otter_offer_encode(&offer, text, sizeof(text)), OTTER_OK);
    assert_string_equal(text,
                        "{\"type\":\"otter-offer\",\"device\":\"d:1\",\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAA\","
                        "\"issued\":2000}");
    assert_int_equal(otter_offer_decode(text, strlen(text), &back), OTTER_OK);
    assert_true(back.empty);
}

/* protocol.md: a reply is at most 1,536 bytes. */
static void the_largest_offer_is_a_reply(void **state)
{
    static const enum test_key by[] = {KEY_OFFER};
    struct otter_offer offer;
    struct otter_offer back;
    char text[OTTER_PAYLOAD_MAX + 1];
    char envelope[OTTER_ENVELOPE_MAX + 1];
    size_t len;

    (void)state;
    offer_sample(&offer);
    memset(offer.device, 'd', OTTER_NAME_MAX);
    memset(offer.blobs, 'b', OTTER_URL_MAX);
    offer.slot = OTTER_SLOT_ANY;
    offer.issued = offer.deadline = UINT32_MAX; /* times of ten digits: until 2106 */
    offer.attempt = 99999999999;
    offer.manifest.size = OTTER_ENVELOPE_MAX;
    offer.image.size = offer.delta.size = 99999999;
    assert_int_equal(otter_offer_encode(&offer, text, sizeof(text)), OTTER_OK);
    len = strlen(text);
    assert_int_equal(otter_offer_decode(text, len, &back), OTTER_OK);
    assert_in_range(seal(text, len, by, 1, envelope), 1000, 1536);
    for (size_t cap = 0; cap <= len; cap++)
        assert_int_equal(otter_offer_encode(&offer, text, cap), OTTER_NO_SPACE);
}

static void offers_out_of_shape_are_refused(void **state)
{
    static const struct {
        const char *find;
        const char *with;
        enum otter_status want;
    } rows[] = {
        {"otter-offer", "otter-manifest", OTTER_WRONG_TYPE},
        {"\"device\":\"d:1\"", "\"device\":\"d+1\"", OTTER_BAD_VALUE},
        {"\"device\":\"d:1\",", "", OTTER_MISSING_MEMBER},
        {"\"nonce\":\"A", "\"nonce\":\"AA", OTTER_BAD_VALUE},
        {"\"nonce\":\"A", "\"nonce\":\"+", OTTER_BAD_VALUE},
        {"\"issued\":2000", "\"issued\":2000.0", OTTER_BAD_VALUE},
        {"\"issued\":2000", "\"issued\":2000,\"expires\":1", OTTER_UNKNOWN_MEMBER},
        {"\"deadline\":3000,", "", OTTER_MISSING_MEMBER},
        {"\"deadline\":3000", "\"deadline\":-3000", OTTER_BAD_VALUE},
        {"\"attempt\":111,", "", OTTER_MISSING_MEMBER},
        {"\"attempt\":111", "\"attempt\":0", OTTER_BAD_VALUE},
        {"\"manifest\":{", "\"manifest\":{\"x\":1,", OTTER_UNKNOWN_MEMBER},
        {"\"size\":700", "\"size\":0", OTTER_BAD_VALUE},
        {"\"size\":700", "\"size\":4608", OTTER_OK},
        {"\"size\":700", "\"size\":4609", OTTER_BAD_VALUE},
        {"\"slot\":\"B\"", "\"slot\":\"AB\"", OTTER_BAD_VALUE},
        {"\"slot\":\"B\",", "", OTTER_MISSING_MEMBER},
        {"\"size\":1000", "\"size\":0", OTTER_BAD_VALUE},
        {"\"sha256\":\"06", "\"sha256\":\"6", OTTER_BAD_VALUE},
        {"\"base_sha256\":\"07", "\"base_sha256\":\"7", OTTER_BAD_VALUE},
        {"\"base_sha256\"", "\"base\"", OTTER_UNKNOWN_MEMBER},
        {"\"size\":100}", "\"size\":0}", OTTER_BAD_VALUE},
        {"\"delta\":{", "\"delta\":null,\"x\":{", OTTER_BAD_VALUE},
        {"\"https://cdn.example/x\"", "\"\"", OTTER_BAD_VALUE},
        {"\"https://cdn.example/x\"", "\"/with space\"", OTTER_BAD_VALUE},
        {"\"https://cdn.example/x\"", "\"\\/\"", OTTER_BAD_VALUE},
        {"\"https://cdn.example/x\"", "\"/\x7f\"", OTTER_BAD_VALUE},
        {"\"https://cdn.example/x\"", "\"/\xc3\xa4\"", OTTER_BAD_VALUE},
        {"https://cdn.example/x",
         "12345678901234567890123456789012345678901234567890123456789012345678901234567890"
         "123456789012345678901234567890123456789012345678",
         OTTER_OK},
        {"https://cdn.example/x",
         "12345678901234567890123456789012345678901234567890123456789012345678901234567890"
         "1234567890123456789012345678901234567890123456789",
         OTTER_BAD_VALUE},
    };
    struct otter_offer offer;
    char text[OTTER_PAYLOAD_MAX + 1];

    (void)state;
    offer_sample(&offer);
    assert_int_equal(otter_offer_encode(&offer, text, sizeof(text)), OTTER_OK);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        char changed[OTTER_PAYLOAD_MAX + 1];
        struct otter_offer back = {.issued = 77};
        size_t len = replaced(text, rows[i].find, rows[i].with, changed, sizeof(changed));

        check_status(rows[i].with, otter_offer_decode(changed, len, &back), rows[i].want);
        assert_int_equal(back.issued, rows[i].want == OTTER_OK ? 2000 : 77);
    }
}

/* 'Nothing for you' is exactly four members: one of the others alone makes it a broken full offer. */
static void half_an_offer_is_refused(void **state)
{
    static const char *const extras[] = {"\"deadline\":3000", "\"attempt\":111", "\"blobs\":\"/x\"",
                                         "\"delta\":{}",      "\"manifest\":{}", "\"image\":{}"};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(extras); i++) {
        struct otter_offer offer;
        char text[300];
        int len = snprintf(text, sizeof(text),
                           "{\"type\":\"otter-offer\",\"device\":\"d\",\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAA\","
                           "\"issued\":1,%s}",
                           extras[i]);

        check_status(extras[i], otter_offer_decode(text, (size_t)len, &offer), OTTER_MISSING_MEMBER);
    }
}

static void payloads_over_their_bound_are_refused(void **state)
{
    static char text[OTTER_PAYLOAD_MAX + 2];
    struct otter_root root;
    struct otter_manifest manifest;
    struct otter_offer offer;

    (void)state;
    memset(text, ' ', sizeof(text));
    assert_int_equal(otter_root_decode(CRYPTO, text, OTTER_PAYLOAD_MAX + 1, &root), OTTER_TOO_LARGE);
    assert_int_equal(otter_manifest_decode(text, OTTER_PAYLOAD_MAX + 1, &manifest), OTTER_TOO_LARGE);
    assert_int_equal(otter_offer_decode(text, OTTER_PAYLOAD_MAX + 1, &offer), OTTER_TOO_LARGE);
    assert_int_equal(otter_offer_decode(text, OTTER_PAYLOAD_MAX, &offer), OTTER_BAD_JSON);
    assert_int_equal(otter_offer_decode("[]", 2, &offer), OTTER_BAD_VALUE);
}

static void roles_have_names(void **state)
{
    (void)state;
    assert_string_equal(otter_role_name(OTTER_ROLE_ROOT), "root");
    assert_string_equal(otter_role_name(OTTER_ROLE_RELEASE), "release");
    assert_string_equal(otter_role_name(OTTER_ROLE_OFFER), "offer");
    assert_string_equal(otter_role_name(OTTER_ROLE_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_root_comes_back_as_it_was),
        cmocka_unit_test(the_epoch_alone_is_the_decoded_ones),
        cmocka_unit_test(the_largest_root_is_a_payload),
        cmocka_unit_test(roles_obey_their_rules),
        cmocka_unit_test(keys_must_be_what_their_ids_say),
        cmocka_unit_test(roots_out_of_shape_are_refused),
        cmocka_unit_test(a_manifest_comes_back_as_it_was),
        cmocka_unit_test(the_largest_manifest_is_a_payload),
        cmocka_unit_test(manifests_out_of_shape_are_refused),
        cmocka_unit_test(no_image_is_no_manifest),
        cmocka_unit_test(an_offer_comes_back_as_it_was),
        cmocka_unit_test(an_empty_offer_has_four_members),
        cmocka_unit_test(the_largest_offer_is_a_reply),
        cmocka_unit_test(offers_out_of_shape_are_refused),
        cmocka_unit_test(half_an_offer_is_refused),
        cmocka_unit_test(payloads_over_their_bound_are_refused),
        cmocka_unit_test(roles_have_names),
    };

    return cmocka_run_group_tests_name("documents", tests, keys_setup, keys_teardown);
}

/* Roles, roots, offers. */
#include "check.h"

#include "signing.h"

#include "core/bytes.h"
#include "core/verify.h"

#define CRYPTO (&otter_crypto_openssl)

static struct otter_jws scratch;
static char envelope[OTTER_ENVELOPE_MAX + 1];

static void a_role_counts_its_own_valid_signatures(void **state)
{
    static const struct {
        const char *what;
        uint8_t threshold;
        enum test_key by[3];
        size_t n;
        enum otter_status want;
    } rows[] = {
        {"one of two", 1, {KEY_RELEASE}, 1, OTTER_OK},
        {"the other of two", 1, {KEY_RELEASE_2}, 1, OTTER_OK},
        {"both", 2, {KEY_RELEASE_2, KEY_RELEASE}, 2, OTTER_OK},
        {"more than needed", 1, {KEY_RELEASE_2, KEY_RELEASE}, 2, OTTER_OK},
        {"one too few", 2, {KEY_RELEASE}, 1, OTTER_THRESHOLD},
        {"a stranger does not count", 2, {KEY_RELEASE, KEY_STRANGER}, 2, OTTER_THRESHOLD},
        {"a stranger does not harm", 1, {KEY_STRANGER, KEY_RELEASE}, 2, OTTER_OK},
        {"another role's key does not count", 2, {KEY_RELEASE, KEY_ROOT}, 2, OTTER_THRESHOLD},
        {"strangers only", 1, {KEY_STRANGER}, 1, OTTER_UNKNOWN_KEY},
        {"the offer key signs no release", 1, {KEY_OFFER}, 1, OTTER_UNKNOWN_KEY},
        {"a key without role", 1, {KEY_OFFER_2}, 1, OTTER_UNKNOWN_KEY},
        {"the root key signs no release", 1, {KEY_ROOT, KEY_ROOT_2}, 2, OTTER_UNKNOWN_KEY},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct otter_root root;
        size_t len = seal("{}", 2, rows[i].by, rows[i].n, envelope);

        root_sample(&root);
        root.role[OTTER_ROLE_RELEASE].threshold = rows[i].threshold;
        assert_int_equal(otter_jws_decode(envelope, len, &scratch), OTTER_OK);
        check_status(rows[i].what, otter_verify_role(CRYPTO, &root, OTTER_ROLE_RELEASE, &scratch),
                     rows[i].want);
    }
}

static unsigned verifications;

static bool count_verify(const uint8_t *point, const uint8_t *hash, const uint8_t *sig)
{
    verifications++;
    return otter_crypto_openssl.p256_verify(point, hash, sig);
}

/* A stranger's signature costs the device nothing, and a wrong one ends it. */
static void signatures_by_strangers_are_not_verified(void **state)
{
    static const enum test_key by[] = {KEY_STRANGER, KEY_RELEASE, KEY_ROOT, KEY_RELEASE_2};
    struct otter_crypto counting = otter_crypto_openssl;
    struct otter_root root;
    size_t len = seal("{}", 2, by, 4, envelope);

    (void)state;
    counting.p256_verify = count_verify;
    root_sample(&root);
    assert_int_equal(otter_jws_decode(envelope, len, &scratch), OTTER_OK);
    verifications = 0;
    assert_int_equal(otter_verify_role(&counting, &root, OTTER_ROLE_RELEASE, &scratch), OTTER_OK);
    assert_int_equal(verifications, 2);

    scratch.signature[0].sig[5] ^= 1;
    scratch.signature[2].sig[5] ^= 1;
    assert_int_equal(otter_verify_role(CRYPTO, &root, OTTER_ROLE_RELEASE, &scratch), OTTER_OK);
    scratch.signature[1].sig[5] ^= 1;
    verifications = 0;
    assert_int_equal(otter_verify_role(&counting, &root, OTTER_ROLE_RELEASE, &scratch), OTTER_BAD_SIGNATURE);
    assert_int_equal(verifications, 1);
}

/* The threshold is met by the first, but the second one is by the role, too, and wrong. */
static void a_wrong_signature_spoils_a_met_threshold(void **state)
{
    static const enum test_key by[] = {KEY_RELEASE, KEY_RELEASE_2};
    struct otter_root root;
    size_t len = seal("{}", 2, by, 2, envelope);

    (void)state;
    root_sample(&root);
    assert_int_equal(otter_jws_decode(envelope, len, &scratch), OTTER_OK);
    scratch.signature[1].sig[63] ^= 1;
    assert_int_equal(otter_verify_role(CRYPTO, &root, OTTER_ROLE_RELEASE, &scratch), OTTER_BAD_SIGNATURE);
}

static size_t seal_root(const struct otter_root *root, const enum test_key *by, size_t n)
{
    char text[OTTER_PAYLOAD_MAX + 1];

    assert_int_equal(otter_root_encode(root, text, sizeof(text)), OTTER_OK);
    return seal(text, strlen(text), by, n, envelope);
}

static void a_first_root_is_signed_by_itself(void **state)
{
    static const struct {
        const char *what;
        enum test_key by;
        enum otter_status want;
    } rows[] = {
        {"its root key", KEY_ROOT, OTTER_OK},
        {"its release key", KEY_RELEASE, OTTER_UNKNOWN_KEY},
        {"a stranger", KEY_STRANGER, OTTER_UNKNOWN_KEY},
    };
    struct otter_root root;

    (void)state;
    root_sample(&root);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct otter_root back = {.version = 77};
        size_t len = seal_root(&root, &rows[i].by, 1);

        check_status(rows[i].what, otter_verify_root_first(CRYPTO, envelope, len, &scratch, &back),
                     rows[i].want);
        assert_int_equal(back.version, rows[i].want == OTTER_OK ? 1 : 77);
    }
}

static void first_roots_are_refused_for_envelope_shape_and_threshold(void **state)
{
    static const enum test_key by[] = {KEY_ROOT, KEY_ROOT_2};
    struct otter_root root;
    struct otter_root back;
    size_t len;

    (void)state;
    root_sample(&root);
    root.role[OTTER_ROLE_ROOT].threshold = 2;
    len = seal_root(&root, by, 1);
    assert_int_equal(otter_verify_root_first(CRYPTO, envelope, len, &scratch, &back), OTTER_THRESHOLD);
    len = seal_root(&root, by, 2);
    assert_int_equal(otter_verify_root_first(CRYPTO, envelope, len, &scratch, &back), OTTER_OK);
    assert_int_equal(otter_verify_root_first(CRYPTO, envelope, len - 1, &scratch, &back), OTTER_BAD_JSON);
    root.role[OTTER_ROLE_ROOT].threshold = 3;
    len = seal_root(&root, by, 2);
    assert_int_equal(otter_verify_root_first(CRYPTO, envelope, len, &scratch, &back), OTTER_ROOT_ROLES);
}

/* `current` is the sample: keys 0 and 1, threshold 1. */
static void a_next_root_is_one_higher_and_signed_by_both(void **state)
{
    static const struct {
        const char *what;
        uint64_t version;
        uint64_t epoch;
        struct otter_root_role role; /* the new root role */
        enum test_key by[3];
        size_t n;
        enum otter_status want;
    } rows[] = {
        {"the next", 2, 2, {1, 2, {0, 1}}, {KEY_ROOT}, 1, OTTER_OK},
        {"the next, higher epoch", 2, 9, {1, 1, {1}}, {KEY_ROOT_2}, 1, OTTER_OK},
        {"new keys, signed by old and new", 2, 2, {1, 1, {5}}, {KEY_ROOT, KEY_OFFER_2}, 2, OTTER_OK},
        {"the same version", 1, 2, {1, 2, {0, 1}}, {KEY_ROOT}, 1, OTTER_ROOT_VERSION},
        {"one skipped", 3, 2, {1, 2, {0, 1}}, {KEY_ROOT}, 1, OTTER_ROOT_VERSION},
        {"version before signature", 3, 2, {1, 2, {0, 1}}, {KEY_STRANGER}, 1, OTTER_ROOT_VERSION},
        {"epoch falls", 2, 1, {1, 2, {0, 1}}, {KEY_ROOT}, 1, OTTER_ROOT_EPOCH},
        {"by the new alone", 2, 2, {1, 1, {5}}, {KEY_OFFER_2}, 1, OTTER_UNKNOWN_KEY},
        {"by the old alone", 2, 2, {1, 1, {5}}, {KEY_ROOT}, 1, OTTER_UNKNOWN_KEY},
        {"new threshold not met", 2, 2, {2, 2, {0, 5}}, {KEY_ROOT}, 1, OTTER_THRESHOLD},
        {"new threshold met", 2, 2, {2, 2, {0, 5}}, {KEY_OFFER_2, KEY_ROOT}, 2, OTTER_OK},
        {"a stranger", 2, 2, {1, 2, {0, 1}}, {KEY_STRANGER}, 1, OTTER_UNKNOWN_KEY},
        {"a release key", 2, 2, {1, 2, {0, 1}}, {KEY_RELEASE}, 1, OTTER_UNKNOWN_KEY},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct otter_root current;
        struct otter_root next;
        struct otter_root back = {.version = 77};
        size_t len;

        root_sample(&current);
        root_sample(&next);
        next.version = rows[i].version;
        next.sequence_epoch = rows[i].epoch;
        next.role[OTTER_ROLE_ROOT] = rows[i].role;
        next.expires = 1; /* ignored: a device that slept must get past it */
        len = seal_root(&next, rows[i].by, rows[i].n);
        check_status(rows[i].what, otter_verify_root_next(CRYPTO, &current, envelope, len, &scratch, &back),
                     rows[i].want);
        assert_int_equal(back.version, rows[i].want == OTTER_OK ? 2 : 77);
    }
}

static void the_current_threshold_binds_the_next_root(void **state)
{
    static const enum test_key by[] = {KEY_ROOT, KEY_ROOT_2};
    struct otter_root current;
    struct otter_root next;
    struct otter_root back;
    size_t len;

    (void)state;
    root_sample(&current);
    root_sample(&next);
    current.role[OTTER_ROLE_ROOT].threshold = 2;
    next.version = 2;
    len = seal_root(&next, by, 1);
    assert_int_equal(otter_verify_root_next(CRYPTO, &current, envelope, len, &scratch, &back),
                     OTTER_THRESHOLD);
    len = seal_root(&next, by, 2);
    assert_int_equal(otter_verify_root_next(CRYPTO, &current, envelope, len, &scratch, &back), OTTER_OK);
    assert_int_equal(otter_verify_root_next(CRYPTO, &current, envelope, len - 1, &scratch, &back),
                     OTTER_BAD_JSON);
}

static const uint8_t nonce[OTTER_NONCE_LEN] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static void offer_sample(struct otter_offer *offer)
{
    *offer = (struct otter_offer){.device = "d:1",
                                  .issued = 2000,
                                  .deadline = 3000,
                                  .attempt = 111,
                                  .manifest = {{{1}}, 700},
                                  .slot = OTTER_SLOT_B,
                                  .image = {{{2}}, 900}};
    memcpy(offer->nonce, nonce, sizeof(nonce));
}

static void facts_sample(struct otter_device_facts *facts)
{
    *facts =
        (struct otter_device_facts){.device = "d:1", .product = "p", .hardware = "h", .time_floor = 1500};
}

static size_t seal_offer(const struct otter_offer *offer, enum test_key by)
{
    char text[OTTER_PAYLOAD_MAX + 1];

    assert_int_equal(otter_offer_encode(offer, text, sizeof(text)), OTTER_OK);
    return seal(text, strlen(text), &by, 1, envelope);
}

/* Each row breaks one thing and all that comes after it: the first refusal in the order is the answer. */
static void offers_are_checked_in_order(void **state)
{
    enum { KEY = 1, DEVICE = 2, NONCE = 4, TIME = 8, ROOT = 16, DEADLINE = 32, EMPTY = 64 };
    static const struct {
        unsigned broken;
        enum otter_status want;
    } rows[] = {
        {0, OTTER_OK},
        {EMPTY, OTTER_OK},
        {EMPTY | DEADLINE, OTTER_OK},
        {DEADLINE, OTTER_OFFER_DEADLINE},
        {ROOT, OTTER_ROOT_EXPIRED},
        {ROOT | EMPTY, OTTER_ROOT_EXPIRED},
        {ROOT | DEADLINE, OTTER_ROOT_EXPIRED},
        {TIME, OTTER_OFFER_TIME},
        {TIME | EMPTY, OTTER_OFFER_TIME},
        {TIME | ROOT | DEADLINE, OTTER_OFFER_TIME},
        {NONCE, OTTER_OFFER_NONCE},
        {NONCE | EMPTY, OTTER_OFFER_NONCE},
        {NONCE | TIME | ROOT | DEADLINE, OTTER_OFFER_NONCE},
        {DEVICE, OTTER_OFFER_DEVICE},
        {DEVICE | EMPTY, OTTER_OFFER_DEVICE},
        {DEVICE | NONCE | TIME | ROOT | DEADLINE, OTTER_OFFER_DEVICE},
        {KEY, OTTER_UNKNOWN_KEY},
        {KEY | DEVICE | NONCE | TIME | ROOT | DEADLINE, OTTER_UNKNOWN_KEY},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        unsigned broken = rows[i].broken;
        struct otter_device_facts facts;
        struct otter_offer offer;
        struct otter_offer back = {.issued = 77};
        struct otter_root root;
        char row[32];
        size_t len;

        root_sample(&root);
        facts_sample(&facts);
        offer_sample(&offer);
        offer.empty = (broken & EMPTY) != 0;
        if (broken & DEVICE)
            strcpy(offer.device, "d:2");
        if (broken & NONCE)
            offer.nonce[15] ^= 1;
        if (broken & TIME)
            facts.time_floor = 2001;
        if (broken & ROOT)
            root.expires = 2000;
        if (broken & DEADLINE)
            offer.deadline = 2000;
        len = seal_offer(&offer, broken & KEY ? KEY_RELEASE : KEY_OFFER);
        snprintf(row, sizeof(row), "broken %u", broken);
        check_status(row, otter_verify_offer(CRYPTO, &root, &facts, nonce, envelope, len, &scratch, &back),
                     rows[i].want);
        assert_int_equal(back.issued, rows[i].want == OTTER_OK ? 2000 : 77);
    }
}

static void offers_at_the_edge_of_time_are_accepted(void **state)
{
    struct otter_device_facts facts;
    struct otter_offer offer;
    struct otter_root root;

    (void)state;
    root_sample(&root);
    facts_sample(&facts);
    offer_sample(&offer);
    facts.time_floor = 2000; /* not below the floor */
    root.expires = 2001;     /* the last second */
    offer.deadline = 2001;
    assert_int_equal(otter_verify_offer(CRYPTO, &root, &facts, nonce, envelope, seal_offer(&offer, KEY_OFFER),
                                        &scratch, &offer),
                     OTTER_OK);
}

static void an_offer_must_be_an_offer(void **state)
{
    static const char *const payloads[] = {"{\"type\":\"otter-manifest\"}", "{\"type\":\"otter-offer\"}",
                                           "{}", "x"};
    static const enum otter_status want[] = {OTTER_WRONG_TYPE, OTTER_MISSING_MEMBER, OTTER_MISSING_MEMBER,
                                             OTTER_BAD_JSON};
    static const enum test_key by = KEY_OFFER;
    struct otter_device_facts facts;
    struct otter_offer offer;
    struct otter_root root;

    (void)state;
    root_sample(&root);
    facts_sample(&facts);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(payloads); i++) {
        size_t len = seal(payloads[i], strlen(payloads[i]), &by, 1, envelope);

        check_status(payloads[i],
                     otter_verify_offer(CRYPTO, &root, &facts, nonce, envelope, len, &scratch, &offer),
                     want[i]);
        assert_int_equal(
            otter_verify_offer(CRYPTO, &root, &facts, nonce, envelope, len - 1, &scratch, &offer),
            OTTER_BAD_JSON);
    }
}

/* Nothing of a payload is believed before its signature: the broken offer is called unsigned. */
static void the_signature_is_checked_before_the_payload(void **state)
{
    static const enum test_key by = KEY_STRANGER;
    struct otter_device_facts facts;
    struct otter_offer offer;
    struct otter_root root;

    (void)state;
    root_sample(&root);
    facts_sample(&facts);
    assert_int_equal(otter_verify_offer(CRYPTO, &root, &facts, nonce, envelope,
                                        seal("x", 1, &by, 1, envelope), &scratch, &offer),
                     OTTER_UNKNOWN_KEY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_counts_its_own_valid_signatures),
        cmocka_unit_test(signatures_by_strangers_are_not_verified),
        cmocka_unit_test(a_wrong_signature_spoils_a_met_threshold),
        cmocka_unit_test(a_first_root_is_signed_by_itself),
        cmocka_unit_test(first_roots_are_refused_for_envelope_shape_and_threshold),
        cmocka_unit_test(a_next_root_is_one_higher_and_signed_by_both),
        cmocka_unit_test(the_current_threshold_binds_the_next_root),
        cmocka_unit_test(offers_are_checked_in_order),
        cmocka_unit_test(offers_at_the_edge_of_time_are_accepted),
        cmocka_unit_test(an_offer_must_be_an_offer),
        cmocka_unit_test(the_signature_is_checked_before_the_payload),
    };

    return cmocka_run_group_tests_name("verify", tests, keys_setup, keys_teardown);
}

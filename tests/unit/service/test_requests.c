/* Who asks to be taken: what is kept of it, how many may wait, and what an operator makes of it. */
#include "world.h"

#include "core/bytes.h"
#include "service/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int setup(void **state)
{
    int rc;

    world_config.enrol_ask = true;
    rc = world_setup(state);
    world_config.enrol_ask = false;
    return rc;
}

/* After a restart strangers may ask, too. */
static void restart(struct world *w)
{
    world_config.enrol_ask = true;
    world_restart(w);
    world_config.enrol_ask = false;
}

/* The nth token that devices of this test have made. Static; until the next call. */
static const char *token(unsigned nth)
{
    static char text[64];
    uint8_t secret[32] = {(uint8_t)nth, (uint8_t)(nth >> 8), 7};

    otter_b64_encode(secret, sizeof(secret), text);
    return text;
}

/* A poll of somebody unknown: the verdict. */
static enum otter_status ask_as(struct world *w, const char *product, const char *id, unsigned nth,
                                const char *address)
{
    struct svc_call call = {.op = SVC_DEVICE_ASK, .in.bearer = token(nth), .in.address = address};
    enum otter_status verdict;

    (void)snprintf(call.in.poll.device, sizeof(call.in.poll.device), "%s", id);
    (void)snprintf(call.in.poll.product, sizeof(call.in.poll.product), "%s", product);
    (void)snprintf(call.in.poll.hardware, sizeof(call.in.poll.hardware), "%s", WORLD_HARDWARE);
    assert_int_equal(world_run(w, &call), OTTER_OK);
    verdict = call.out.verdict;
    if (verdict == OTTER_DEVICE_PENDING || verdict == OTTER_TOO_BUSY)
        assert_true(call.out.retry_after > 0);
    svc_call_clear(&call);
    return verdict;
}

static enum otter_status ask(struct world *w, const char *id, unsigned nth, const char *address)
{
    return ask_as(w, WORLD_PRODUCT, id, nth, address);
}

/* "" = accepted or rejected; otherwise the code of the one refusal. Static. */
static const char *decide_as(struct world *w, const struct svc_asker *who, enum svc_op op, const char *id,
                             const char *fingerprint)
{
    static char code[64];
    struct svc_call call = {.op = op, .in.asker = who};
    auto_json json_t *body = call.in.json =
        json_pack("{s:[{s:s, s:s*}]}", "items", "id", id, "fingerprint", fingerprint);
    const json_t *error;

    assert_int_equal(world_run(w, &call), OTTER_OK);
    error = json_array_get(json_object_get(call.out.json, "errors"), 0);
    (void)snprintf(code, sizeof(code), "%s", error ? json_string_value(json_object_get(error, "code")) : "");
    assert_int_equal(json_integer_value(json_object_get(call.out.json, "changed")), error ? 0 : 1);
    svc_call_clear(&call);
    return code;
}

static const char *decide(struct world *w, enum svc_op op, const char *id, const char *fingerprint)
{
    return decide_as(w, &world_admin, op, id, fingerprint);
}

static size_t waiting(struct world *w)
{
    auto_json json_t *list = world_get(w, SVC_REQUEST_LIST, NULL, 0);

    return json_array_size(json_object_get(list, "items"));
}

static json_int_t number(struct world *w, const char *member)
{
    auto_json json_t *list = world_get(w, SVC_REQUEST_LIST, NULL, 0);

    return json_integer_value(json_object_get(json_array_get(json_object_get(list, "items"), 0), member));
}

static bool is_its_own(struct world *w, const char *device, const char *shown)
{
    uint32_t number;

    return svc_auth_device(w->svc, device, shown, &number);
}

static void who_asks_waits_until_an_operator_accepts_the_very_token(void **state)
{
    struct world *w = *state;

    assert_int_equal(ask(w, "new", 1, "10.0.0.1"), OTTER_DEVICE_PENDING);
    assert_false(is_its_own(w, "new", token(1)));
    assert_string_equal(decide(w, SVC_REQUEST_ACCEPT, "new", NULL), "");
    assert_true(is_its_own(w, "new", token(1)));
    assert_false(is_its_own(w, "new", token(2)));
    assert_int_equal(waiting(w), 0);
}

static void who_is_rejected_may_ask_again(void **state)
{
    struct world *w = *state;

    ask(w, "new", 1, "10.0.0.1");
    assert_string_equal(decide(w, SVC_REQUEST_REJECT, "new", NULL), "");
    assert_int_equal(waiting(w), 0);
    assert_string_equal(decide(w, SVC_REQUEST_REJECT, "new", NULL), "not-found");
    assert_string_equal(decide(w, SVC_REQUEST_ACCEPT, "new", NULL), "not-found");
    assert_int_equal(ask(w, "new", 1, "10.0.0.1"), OTTER_DEVICE_PENDING);
}

/* The prefix of a token's fingerprint that the list shows. Static. */
static const char *fingerprint(unsigned nth)
{
    static char hex[OTTER_DIGEST_HEX + 1];
    const char *text = token(nth);
    struct otter_digest hash;

    otter_sha256_of(&otter_crypto_openssl, text, strlen(text), &hash);
    otter_hex_encode(hash.b, OTTER_DIGEST_LEN, hex);
    hex[16] = '\0';
    return hex;
}

static void two_tokens_for_one_id_are_rivals_until_one_is_named(void **state)
{
    struct world *w = *state;

    ask(w, "new", 1, "10.0.0.1");
    ask(w, "new", 2, "10.0.0.2");
    assert_int_equal(number(w, "rivals"), 1);
    assert_string_equal(decide(w, SVC_REQUEST_ACCEPT, "new", NULL), "conflict");
    assert_string_equal(decide(w, SVC_REQUEST_ACCEPT, "new", "00"), "not-found");
    assert_string_equal(decide(w, SVC_REQUEST_ACCEPT, "new", fingerprint(2)), "");
    assert_true(is_its_own(w, "new", token(2)));
    assert_int_equal(ask(w, "new", 1, "10.0.0.1"), OTTER_UNKNOWN_DEVICE);
    assert_string_equal(decide(w, SVC_REQUEST_ACCEPT, "new", fingerprint(1)), "already-exists");
    assert_false(is_its_own(w, "new", token(1)));
}

static void a_request_that_comes_again_is_counted_not_repeated(void **state)
{
    struct world *w = *state;

    ask(w, "new", 1, "10.0.0.1");
    ask(w, "new", 1, "10.0.0.1"); /* a moment later: nothing is written */
    assert_int_equal(number(w, "times"), 1);
    world_clock += REQUEST_STEP_S;
    ask(w, "new", 1, "10.0.0.1");
    assert_int_equal(number(w, "times"), 2);
    assert_int_equal(number(w, "first"), WORLD_NOW);
    assert_int_equal(number(w, "last"), WORLD_NOW + REQUEST_STEP_S);
    restart(w);
    assert_int_equal(number(w, "times"), 2);
}

static void so_many_may_wait_of_an_id_and_of_an_address(void **state)
{
    struct world *w = *state;
    char id[32];

    for (unsigned i = 0; i < REQUESTS_PER_ID; i++)
        assert_int_equal(ask(w, "new", i, "10.0.0.1"), OTTER_DEVICE_PENDING);
    assert_int_equal(ask(w, "new", REQUESTS_PER_ID, "10.0.0.2"), OTTER_TOO_BUSY);
    assert_int_equal(ask(w, "new", 0, "10.0.0.2"), OTTER_DEVICE_PENDING); /* one that waits already */
    for (unsigned i = REQUESTS_PER_ID; i < REQUESTS_PER_ADDRESS; i++) {
        (void)snprintf(id, sizeof(id), "d-%u", i);
        assert_int_equal(ask(w, id, i, "10.0.0.1"), OTTER_DEVICE_PENDING);
    }
    assert_int_equal(ask(w, "one-more", 1, "10.0.0.1"), OTTER_TOO_BUSY);
    assert_int_equal(ask(w, "one-more", 1, "10.0.0.3"), OTTER_DEVICE_PENDING);
}

static void a_network_of_ipv6_is_one_address(void **state)
{
    struct world *w = *state;
    char id[16], address[48];

    for (unsigned i = 0; i < REQUESTS_PER_ADDRESS; i++) {
        (void)snprintf(id, sizeof(id), "n%u", i);
        (void)snprintf(address, sizeof(address), "2001:db8::%x", i);
        assert_int_equal(ask(w, id, i, address), OTTER_DEVICE_PENDING);
    }
    assert_int_equal(ask(w, "more", 1000, "2001:db8::ffff:1:2:3"), OTTER_TOO_BUSY);
    assert_int_equal(ask(w, "more", 1000, "2001:db8:0:1::1"), OTTER_DEVICE_PENDING);
    assert_int_equal(ask(w, "less", 1001, "10.0.0.1"), OTTER_DEVICE_PENDING);
}

static void a_request_is_over_when_nobody_came_for_a_week(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < REQUESTS_PER_ID; i++)
        ask(w, "new", i, "10.0.0.1");
    world_clock += REQUEST_KEPT_S;
    assert_int_equal(ask(w, "new", 99, "10.0.0.1"), OTTER_TOO_BUSY);
    world_clock += 1;
    assert_int_equal(waiting(w), 0);
    assert_string_equal(decide(w, SVC_REQUEST_ACCEPT, "new", NULL), "not-found");
    assert_int_equal(ask(w, "new", 99, "10.0.0.1"), OTTER_DEVICE_PENDING);
    assert_int_equal(waiting(w), 1);
}

static void what_no_device_could_have_made_is_not_kept(void **state)
{
    static const char *const tokens[] = {"", "short", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                                         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        struct svc_call call = {
            .op = SVC_DEVICE_ASK, .in.poll.device = "new", .in.bearer = tokens[i], .in.address = "10.0.0.1"};

        assert_int_equal(world_run(w, &call), OTTER_OK);
        assert_int_equal(call.out.verdict, OTTER_UNKNOWN_DEVICE);
        svc_call_clear(&call);
    }
    assert_int_equal(waiting(w), 0);
}

/* device-000 had its token from who registered it, and loses that. */
/* Who operates one product knows and decides nothing of another's, though both are asked for with one id. */
static void requests_of_one_id_for_two_products_are_decided_apart(void **state)
{
    struct world *w = *state;
    struct svc_asker lamps = {.name = "eve"};
    const struct policy_grant grant = {POLICY_OPERATOR, "lamp"};

    assert_true(policy_rights_add(&lamps.rights, &grant));
    ask(w, "a", 1, "10.0.0.1"); /* not for a lamp */
    assert_string_equal(decide_as(w, &lamps, SVC_REQUEST_ACCEPT, "a", NULL), "not-found");
    assert_string_equal(decide_as(w, &lamps, SVC_REQUEST_REJECT, "a", NULL), "not-found");
    ask_as(w, "lamp", "a", 2, "10.0.0.1");
    assert_string_equal(decide_as(w, &lamps, SVC_REQUEST_ACCEPT, "a", fingerprint(1)), "not-found");
    assert_string_equal(decide_as(w, &lamps, SVC_REQUEST_REJECT, "a", NULL), "");
    assert_int_equal(waiting(w), 1);
    restart(w);
    assert_int_equal(waiting(w), 1);
    assert_string_equal(decide(w, SVC_REQUEST_ACCEPT, "a", NULL), "");
    assert_true(is_its_own(w, "a", token(1)));
    ask_as(w, "lamp", "a", 3, "10.0.0.1"); /* of an id that another's device has */
    assert_string_equal(decide_as(w, &lamps, SVC_REQUEST_ACCEPT, "a", NULL), "already-exists");
    ask_as(w, "lamp", "b", 4, "10.0.0.1");
    ask(w, "b", 5, "10.0.0.1");
    assert_string_equal(decide_as(w, &lamps, SVC_REQUEST_ACCEPT, "b", NULL), "");
    assert_true(is_its_own(w, "b", token(4)));
    ask(w, "c", 6, "10.0.0.1");
    ask_as(w, "lamp", "c", 7, "10.0.0.1");
    assert_string_equal(decide(w, SVC_REQUEST_REJECT, "c", NULL), ""); /* who may, rejects both */
    assert_string_equal(decide(w, SVC_REQUEST_REJECT, "c", NULL), "not-found");
}

static void a_revoked_device_comes_back_by_being_accepted(void **state)
{
    struct world *w = *state;
    struct svc_call revoke = {.op = SVC_DEVICE_CHANGE, .in.id = "revoke"};
    auto_json json_t *body = revoke.in.json = json_pack("{s:[s]}", "ids", world_device(0));

    world_enrol(w, 0);
    assert_int_equal(ask(w, world_device(0), 1, "10.0.0.1"), OTTER_UNKNOWN_DEVICE);
    assert_string_equal(decide(w, SVC_REQUEST_ACCEPT, world_device(0), NULL), "already-exists");
    assert_int_equal(world_run(w, &revoke), OTTER_OK);
    svc_call_clear(&revoke);
    assert_int_equal(ask(w, world_device(0), 1, "10.0.0.1"), OTTER_DEVICE_PENDING);
    assert_string_equal(decide(w, SVC_REQUEST_ACCEPT, world_device(0), NULL), "");
    assert_true(is_its_own(w, world_device(0), token(1)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_asks_waits_until_an_operator_accepts_the_very_token),
        TEST(who_is_rejected_may_ask_again),
        TEST(two_tokens_for_one_id_are_rivals_until_one_is_named),
        TEST(a_request_that_comes_again_is_counted_not_repeated),
        TEST(so_many_may_wait_of_an_id_and_of_an_address),
        TEST(a_network_of_ipv6_is_one_address),
        TEST(a_request_is_over_when_nobody_came_for_a_week),
        TEST(what_no_device_could_have_made_is_not_kept),
        TEST(requests_of_one_id_for_two_products_are_decided_apart),
        TEST(a_revoked_device_comes_back_by_being_accepted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Tokens that a device makes for itself: by its fleet key at the first boot, and when the server asks for a
 * new one. Whatever is lost on the way, a reply or the power in any flash operation, device and server agree
 * in the end, nobody else's token would have been taken, and the fleet key is never shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include "core/bytes.h"
#include "core/token.h"

#include <stdio.h>
#include <string.h>

#define HOUR_MS UINT64_C(3600000)

/* What the server knows of the one device. */
static struct {
    bool enrolled, has_second, ask;
    uint8_t secret[OTTER_SECRET_LEN], second[OTTER_SECRET_LEN];
    unsigned enrols, tokens, refused; /* requests */
    unsigned lose;                    /* the reply to so many enrols and tokens, from the first one on */
    unsigned answer;                  /* to tokens, instead; 0 = as they deserve */
    bool forged;                      /* somebody else says 204 in its place */
    unsigned poll_every;              /* s */
    char taken[128];                  /* what it says to a token that it took */
} keeper;

static bool proves(const struct world *w, const struct memory_request *r, const uint8_t *secret)
{
    char text[OTTER_B64_LEN(OTTER_SECRET_LEN) + 1], message[4096], hex[OTTER_DIGEST_HEX + 1], line[128];
    const char *at = strstr(r->head, "Otter-HMAC lamp-1:"), *end;
    struct otter_digest digest;

    (void)w;
    otter_b64_encode(secret, OTTER_SECRET_LEN, text);
    snprintf(line, sizeof(line), "Authorization: Bearer %s\r\n", text);
    if (at == NULL)
        return strstr(r->head, line) != NULL;
    at += 18;
    end = strchr(at, ':');
    assert_non_null(end);
    otter_sha256_of(&otter_crypto_openssl, r->body, r->body_len, &digest);
    otter_hex_encode(digest.b, OTTER_DIGEST_LEN, hex);
    snprintf(message, sizeof(message), "%s\n%s\n%.*s\n%s", r->method, r->target, (int)(end - at), at, hex);
    otter_hmac_sha256(&otter_crypto_openssl, secret, OTTER_SECRET_LEN, message, strlen(message), &digest);
    otter_b64_encode(digest.b, OTTER_DIGEST_LEN, text);
    return strncmp(end + 1, text, strlen(text)) == 0;
}

static void read_token(const struct memory_request *r, const uint8_t *under, uint8_t ret[OTTER_SECRET_LEN])
{
    struct otter_new_token token;

    assert_int_equal(otter_new_token_decode(r->body, r->body_len, &token, NULL), OTTER_OK);
    assert_string_equal(token.device, "lamp-1");
    otter_new_token_mask(&otter_crypto_openssl, under, &token);
    memcpy(ret, token.secret, OTTER_SECRET_LEN);
}

static unsigned done_or_lost(const uint8_t *secret)
{
    struct otter_new_token taken = {.device = "lamp-1"};
    char text[OTTER_TOKEN_TAKEN + 1];

    memcpy(taken.secret, secret, sizeof(taken.secret));
    otter_new_token_taken(&otter_crypto_openssl, &taken, text);
    snprintf(keeper.taken, sizeof(keeper.taken), "Otter-Taken: %s\r\n", text);
    if (keeper.lose == 0)
        return 204;
    keeper.lose--;
    return 503; /* taken, and the reply did not come through */
}

static unsigned enrol(struct world *w, const struct memory_request *r)
{
    uint8_t secret[OTTER_SECRET_LEN];

    keeper.enrols++;
    assert_null(strstr(r->head, "Bearer")); /* who has the key is every device of the product */
    assert_true(proves(w, r, w->factory.secret));
    read_token(r, w->factory.secret, secret);
    if (keeper.enrolled && memcmp(secret, keeper.secret, sizeof(secret)) != 0)
        return 409;
    keeper.enrolled = true;
    memcpy(keeper.secret, secret, sizeof(secret));
    return done_or_lost(secret);
}

static unsigned token(const struct memory_request *r)
{
    keeper.tokens++;
    if (keeper.answer != 0)
        return keeper.answer;
    if (!keeper.ask)
        return 409;
    read_token(r, keeper.secret, keeper.second);
    keeper.has_second = true;
    return done_or_lost(keeper.second);
}

/* Which of the two tokens came; the first use of the second one ends the first. */
static bool knows(struct world *w, const struct memory_request *r)
{
    if (keeper.enrolled && proves(w, r, keeper.secret))
        return true;
    if (!keeper.has_second || !proves(w, r, keeper.second))
        return false;
    memcpy(keeper.secret, keeper.second, sizeof(keeper.secret));
    keeper.has_second = keeper.ask = false;
    return true;
}

static unsigned gate(struct world *w, const struct memory_request *r)
{
    static char headers[64];

    w->server.gate_headers = keeper.taken;
    if (strncmp(r->target, "/v1/roots/", 10) == 0)
        return 0;
    if (keeper.forged &&
        (strcmp(r->target, "/v1/device/enrol") == 0 || strcmp(r->target, "/v1/device/token") == 0)) {
        keeper.tokens++;
        return 204;
    }
    if (strcmp(r->target, "/v1/device/enrol") == 0)
        return enrol(w, r);
    if (!knows(w, r)) {
        keeper.refused++;
        return 401;
    }
    snprintf(headers, sizeof(headers), "Retry-After: %u\r\n%s", keeper.poll_every,
             keeper.ask ? "Otter-Rotate: 1\r\n" : "");
    w->server.poll_headers = headers;
    return strcmp(r->target, "/v1/device/token") == 0 ? token(r) : 0;
}

static int registered(void **state)
{
    struct world *w;

    world_setup(state);
    w = *state;
    memset(&keeper, 0, sizeof(keeper));
    keeper.enrolled = true;
    keeper.poll_every = 3600;
    memcpy(keeper.secret, w->factory.secret, sizeof(keeper.secret));
    w->server.gate = gate;
    w->server.poll_status = 204;
    return 0;
}

static int with_fleet_key(void **state)
{
    struct world *w;

    registered(state);
    w = *state;
    keeper.enrolled = false;
    w->factory.fleet_key = true;
    return 0;
}

/* What the device would show now is what the server knows. */
static void check_agreed(const struct world *w)
{
    uint8_t have[OTTER_SECRET_LEN];

    assert_int_equal(
        otter_b64_decode(w->journal.live.token, strlen(w->journal.live.token), have, sizeof(have)),
        OTTER_SECRET_LEN);
    assert_memory_equal(have, keeper.secret, sizeof(have));
    assert_memory_not_equal(have, w->factory.secret, sizeof(have));
    assert_int_equal(keeper.refused, 0);
    assert_memory_equal(w->journal.live.next_secret.b, ((struct otter_digest){0}).b, OTTER_DIGEST_LEN);
}

static void a_first_boot_with_a_fleet_key_makes_a_token_and_polls_with_it(void **state)
{
    struct world *w = *state;

    world_run(w, 1000);
    assert_int_equal(keeper.enrols, 1);
    assert_int_equal(w->server.polls, 1);
    check_agreed(w);
    world_reset(w);
    world_run(w, 2 * HOUR_MS);
    assert_int_equal(keeper.enrols, 1);
    check_agreed(w);
}

static void a_rotation_may_follow_the_enrolment_at_once(void **state)
{
    struct world *w = *state;

    keeper.poll_every = 60;
    world_run(w, 1000);
    keeper.ask = true;
    world_run(w, HOUR_MS / 4);
    assert_int_equal(keeper.tokens, 1);
    assert_false(keeper.ask); /* it was used */
    check_agreed(w);
}

static void a_fleet_key_is_never_shown_whatever_is_to_be_told_first(void **state)
{
    struct world *w = *state;
    struct otter_held_report held = {.attempt = 7, .step = 1, .state = OTTER_UPDATE_DOWNLOADING};

    assert_int_equal(otter_journal_add_report(&w->journal, &held), OTTER_OK);
    world_reset(w);
    world_run(w, 1000);
    assert_int_equal(keeper.refused, 1); /* the report, by a proof that is nobody's */
    keeper.refused = 0;
    world_run(w, 4 * HOUR_MS);
    check_agreed(w);
}

static void an_enrolment_whose_reply_is_lost_is_asked_again_with_the_same_token(void **state)
{
    struct world *w = *state;

    keeper.lose = 3;
    world_run(w, 4 * HOUR_MS);
    assert_int_equal(keeper.enrols, 4);
    check_agreed(w);
}

static void a_device_that_an_operator_must_accept_asks_when_it_was_told_to(void **state)
{
    struct world *w = *state;

    w->server.gate = NULL;
    w->server.raw_target = "/v1/device/enrol";
    w->server.raw_reply = "HTTP/1.1 403 No\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n";
    for (unsigned i = 0; i < 12; i++) {
        uint64_t due;

        world_run(w, 1000);
        due = world_view(w).next_poll_ms;
        assert_in_range(due - w->now, 400000, 1000000); /* no back-off that doubles */
        world_run_until(w, due);
    }
}

static void a_rotation_is_made_offered_and_used_in_one_cycle(void **state)
{
    struct world *w = *state;

    keeper.ask = true;
    world_run(w, 1000);
    assert_int_equal(keeper.tokens, 1);
    assert_true(keeper.has_second); /* both are good until the new one was used */
    world_run(w, 2 * HOUR_MS);
    assert_false(keeper.has_second);
    assert_int_equal(keeper.tokens, 1);
    check_agreed(w);
}

static void a_rotated_secret_proves_over_plain_http_too(void **state)
{
    struct world *w = *state;

    w->client.config.always_hmac = true;
    keeper.ask = true;
    world_run(w, 2 * HOUR_MS);
    assert_null(strstr(w->server.poll_head, "Bearer"));
    check_agreed(w);
    keeper.ask = true;
    world_run(w, 4 * HOUR_MS);
    assert_int_equal(keeper.tokens, 2);
    check_agreed(w);
}

static void a_rotation_whose_reply_is_lost_goes_on_with_the_old_token(void **state)
{
    struct world *w = *state;

    keeper.ask = true;
    keeper.lose = 2;
    world_run(w, 6 * HOUR_MS);
    assert_int_equal(keeper.tokens, 3);
    check_agreed(w);
}

static void a_token_that_is_not_wanted_any_more_is_forgotten(void **state)
{
    struct world *w = *state;

    keeper.ask = true;
    keeper.answer = 409;
    world_run(w, 1000);
    keeper.ask = false;
    world_run(w, 6 * HOUR_MS);
    assert_int_equal(keeper.tokens, 1);
    assert_string_equal(w->journal.live.token, "");
    assert_int_equal(keeper.refused, 0);
    assert_memory_equal(w->journal.live.next_secret.b, ((struct otter_digest){0}).b, OTTER_DIGEST_LEN);
}

/* On plain HTTP, whoever is on the wire: he asks for a new token, and says that it is taken. */
static void a_token_that_only_a_stranger_has_taken_is_not_used(void **state)
{
    static const char *const said[] = {"", "Otter-Taken: \r\n",
                                       "Otter-Taken: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"};
    struct world *w = *state;

    for (unsigned i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        snprintf(keeper.taken, sizeof(keeper.taken), "%s", said[i]);
        keeper.ask = keeper.forged = true;
        world_run(w, 3 * HOUR_MS);
        assert_true(keeper.tokens > 0);
        assert_string_equal(w->journal.live.token, "");
        assert_int_equal(keeper.refused, 0);
        keeper.tokens = 0;
    }
    keeper.forged = false; /* the true one asks and takes */
    world_run(w, 3 * HOUR_MS);
    check_agreed(w);
}

static void an_enrolment_that_only_a_stranger_has_taken_is_none(void **state)
{
    struct world *w = *state;

    keeper.forged = true;
    world_run(w, HOUR_MS);
    assert_true(keeper.tokens > 0);
    assert_int_equal(w->server.polls, 0);
    keeper.forged = false;
    world_run(w, 30 * HOUR_MS);
    check_agreed(w);
}

/* Each costs the journal three entries. */
static void a_server_that_asks_without_end_gets_one_token_an_hour(void **state)
{
    struct world *w = *state;

    keeper.ask = true;
    keeper.answer = 409;
    keeper.poll_every = 60;
    world_run(w, 6 * HOUR_MS);
    assert_true(w->server.polls > 300);
    assert_in_range(keeper.tokens, 5, 7);
}

static void a_device_on_trial_rotates_after_its_confirm(void **state)
{
    struct world *w = *state;

    w->client.on_trial = true;
    keeper.ask = true;
    world_run(w, 30000);
    assert_int_equal(keeper.tokens, 0);
}

/* The power fails in flash operation `at` of the run; false: the run has fewer. */
static bool cut(struct world *w, uint64_t at)
{
    bool was_cut = false;

    w->flash.cut_at = w->flash.operations + at;
    for (unsigned steps = 0; steps < 100000 && w->server.polls < 3; steps++) {
        struct otter_client_next next = otter_client_step(&w->client, w->now);

        if (w->flash.power_off) {
            was_cut = true;
            ram_flash_power_on(&w->flash);
            assert_int_equal(otter_journal_open(&w->journal, &w->flash.flash), OTTER_OK);
            world_reset_by(w, OTTER_RESET_POWER);
        } else if (next.want == OTTER_WANT_TIME) {
            w->now = next.wake_ms;
        }
    }
    w->flash.cut_at = 0;
    return was_cut;
}

#define CUTS_MAX 200u

static void cut_everywhere(int (*setup)(void **state), bool ask, unsigned lose)
{
    unsigned cuts = 0;

    for (unsigned at = 1; at < CUTS_MAX; at++) {
        void *state;
        struct world *w;
        bool was_cut;

        setup(&state);
        w = state;
        w->flash.seed = at * UINT64_C(0x9e3779b97f4a7c15) + 1;
        keeper.ask = ask;
        keeper.lose = lose;
        was_cut = cut(w, at);
        world_run(w, 8 * HOUR_MS);
        check_agreed(w);
        world_teardown(&state);
        if (!was_cut)
            break;
        cuts++;
    }
    assert_in_range(cuts, 6, CUTS_MAX - 2); /* three entries of several records: something was cut */
}

static void an_enrolment_survives_a_power_cut_in_each_flash_operation(void **state)
{
    (void)state;
    cut_everywhere(with_fleet_key, false, 0);
    cut_everywhere(with_fleet_key, false, 1);
}

static void a_rotation_survives_a_power_cut_in_each_flash_operation(void **state)
{
    (void)state;
    cut_everywhere(registered, true, 0);
    cut_everywhere(registered, true, 1);
}

int main(void)
{
#define WITH(fixture, test) cmocka_unit_test_setup_teardown(test, fixture, world_teardown)
    const struct CMUnitTest tests[] = {
        WITH(with_fleet_key, a_first_boot_with_a_fleet_key_makes_a_token_and_polls_with_it),
        WITH(with_fleet_key, a_rotation_may_follow_the_enrolment_at_once),
        WITH(with_fleet_key, a_fleet_key_is_never_shown_whatever_is_to_be_told_first),
        WITH(with_fleet_key, an_enrolment_whose_reply_is_lost_is_asked_again_with_the_same_token),
        WITH(with_fleet_key, a_device_that_an_operator_must_accept_asks_when_it_was_told_to),
        WITH(registered, a_rotation_is_made_offered_and_used_in_one_cycle),
        WITH(registered, a_rotated_secret_proves_over_plain_http_too),
        WITH(registered, a_rotation_whose_reply_is_lost_goes_on_with_the_old_token),
        WITH(registered, a_token_that_is_not_wanted_any_more_is_forgotten),
        WITH(registered, a_token_that_only_a_stranger_has_taken_is_not_used),
        WITH(with_fleet_key, an_enrolment_that_only_a_stranger_has_taken_is_none),
        WITH(registered, a_server_that_asks_without_end_gets_one_token_an_hour),
        WITH(registered, a_device_on_trial_rotates_after_its_confirm),
        cmocka_unit_test(an_enrolment_survives_a_power_cut_in_each_flash_operation),
        cmocka_unit_test(a_rotation_survives_a_power_cut_in_each_flash_operation),
    };

    return cmocka_run_group_tests_name("client: tokens", tests, NULL, NULL);
}

/* Enrolment, labels, lists, tokens, and Idempotency-Key. */
#include "world.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

static int setup_fleet(void **state)
{
    if (world_setup_with_root(state) != 0)
        return -1;
    world_devices(*state, 25);
    return 0;
}

static json_t *enrolment(const char *id, char secret)
{
    char text[44];

    memset(text, secret, 43);
    text[42] = 'A'; /* unused bits zero */
    text[43] = '\0';
    return json_pack("{s:s, s:s, s:s, s:s, s:[s], s:{s:s}}", "id", id, "product", "p", "hardware", "h",
                     "secret", text, "tags", "lab", "attributes", "site", "oslo");
}

static enum otter_status create(struct world *w, json_t *body, bool *ret_created)
{
    struct svc_call call = {.op = SVC_DEVICE_CREATE, .in.json = body};
    enum otter_status status = world_run(w, &call);

    *ret_created = call.out.created;
    if (status == OTTER_OK)
        assert_string_equal(json_string_value(json_object_get(call.out.json, "state")), "never-seen");
    json_decref(body);
    svc_call_clear(&call);
    return status;
}

static void enrolment_is_idempotent_and_refuses_another_of_the_id(void **state)
{
    struct world *w = *state;
    bool created;

    assert_int_equal(create(w, enrolment("new", 'x'), &created), OTTER_OK);
    assert_true(created);
    assert_int_equal(create(w, enrolment("new", 'x'), &created), OTTER_OK);
    assert_false(created);
    assert_int_equal(create(w, enrolment("new", 'y'), &created), OTTER_ALREADY_EXISTS);
}

static void bad_enrolments_are_refused(void **state)
{
    static const struct {
        const char *member;
        const char *value; /* JSON; NULL = absent */
    } rows[] = {
        {"id", "\"a b\""},
        {"id", "\"\""},
        {"id", "1"},
        {"id", NULL},
        {"product", "\"\""},
        {"hardware", "\"a/b\""},
        {"secret", "\"short\""},
        {"secret", NULL},
        {"tags", "\"x\""},
        {"tags", "[1]"},
        {"tags", "[\"a b\"]"},
        {"attributes", "{\"a\":1}"},
        {"attributes", "{\"a b\":\"x\"}"},
        {"attributes", "{\"a\":\"\\u0001\"}"},
        {"extra", "1"},
    };
    struct world *w = *state;
    bool created;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        json_t *body = enrolment("new", 'x');

        (void)json_object_del(body, rows[i].member);
        if (rows[i].value)
            (void)json_object_set_new(body, rows[i].member, json_loads(rows[i].value, JSON_DECODE_ANY, NULL));
        if (create(w, body, &created) != (!rows[i].value                         ? OTTER_MISSING_MEMBER
                                          : strcmp(rows[i].member, "extra") == 0 ? OTTER_UNKNOWN_MEMBER
                                                                                 : OTTER_BAD_VALUE))
            fail_msg("row %u", i);
    }
}

static void batch_names_its_refused_items(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_DEVICE_BATCH};
    json_t *items = json_array(), *errors;

    json_array_append_new(items, enrolment("one", 'x'));
    json_array_append_new(items, enrolment("bad id", 'x'));
    json_array_append_new(items, enrolment("one", 'x'));
    json_array_append_new(items, enrolment("one", 'y'));
    json_array_append_new(items, enrolment("two", 'x'));
    call.in.json = json_pack("{s:o}", "items", items);
    assert_int_equal(world_run(w, &call), OTTER_OK);
    assert_int_equal(json_integer_value(json_object_get(call.out.json, "created")), 2);
    assert_int_equal(json_integer_value(json_object_get(call.out.json, "unchanged")), 1);
    errors = json_object_get(call.out.json, "errors");
    assert_int_equal(json_array_size(errors), 2);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(errors, 0), "index")), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(errors, 1), "code")),
                        "already-exists");
    json_decref(call.in.json);
    svc_call_clear(&call);
}

static void tokens_open_their_own_device_alone(void **state)
{
    struct world *w = *state;
    uint32_t number = 0, other;
    char token[44];
    bool created;

    assert_int_equal(create(w, enrolment("one", 'x'), &created), OTTER_OK);
    memset(token, 'x', 42);
    memcpy(token + 42, "A", 2);
    assert_true(svc_auth_device(w->svc, "one", token, &number));
    assert_int_not_equal(number, 0);
    other = number;
    assert_true(svc_auth_any_device(w->svc, token, &number));
    assert_int_equal(number, other);
    assert_false(svc_auth_device(w->svc, "device-000", token, &number));
    assert_false(svc_auth_device(w->svc, "none", token, &number));
    token[0] = 'y';
    assert_false(svc_auth_device(w->svc, "one", token, &number));
    assert_false(svc_auth_any_device(w->svc, token, &number));
    assert_false(svc_auth_any_device(w->svc, "", &number));
    assert_false(svc_auth_any_device(w->svc, w->token, &number));
}

static json_t *run_list(struct world *w, const struct svc_page *page, enum otter_status expected)
{
    struct svc_call call = {.op = SVC_DEVICE_LIST, .in.page = *page};

    assert_int_equal(world_run(w, &call), expected);
    return call.out.json;
}

static const char *item_id(const json_t *list, size_t i)
{
    return json_string_value(json_object_get(json_array_get(json_object_get(list, "items"), i), "id"));
}

static void pages_follow_each_other(void **state)
{
    static const char *const sorts[] = {NULL, "id", "-id", "last_seen"};
    struct world *w = *state;

    for (unsigned s = 0; s < OTTER_ARRAY_LEN(sorts); s++) {
        struct svc_page page = {.limit = 10, .sort = sorts[s]};
        char cursor[32] = "";
        unsigned total = 0, pages = 0;
        bool seen[25] = {false};

        for (bool more = true; more;) {
            json_t *list;
            const char *next;

            page.cursor = cursor;
            list = run_list(w, &page, OTTER_OK);
            for (size_t i = 0; i < json_array_size(json_object_get(list, "items")); i++) {
                unsigned n;

                assert_int_equal(sscanf(item_id(list, i), "device-%u", &n), 1);
                assert_false(seen[n]);
                seen[n] = true;
                if (sorts[s] == sorts[2])
                    assert_int_equal(n, 24 - total);
                total++;
            }
            pages++;
            next = json_string_value(json_object_get(list, "next"));
            more = next != NULL;
            if (next)
                (void)snprintf(cursor, sizeof(cursor), "%s", next);
            json_decref(list);
        }
        assert_int_equal(total, 25);
        assert_int_equal(pages, 3);
    }
}

static void filters_and_bad_pages(void **state)
{
    struct world *w = *state;
    json_t *list;

    (void)world_poll(w, &(struct world_poll){.device = 7, .confirmed = true}, NULL, NULL);
    list = run_list(w, &(struct svc_page){.filter = "state == idle"}, OTTER_OK);
    assert_int_equal(json_array_size(json_object_get(list, "items")), 1);
    assert_string_equal(item_id(list, 0), "device-007");
    json_decref(list);
    list =
        run_list(w, &(struct svc_page){.filter = "version >= 1.0.0 or id == *-024", .sort = "-id"}, OTTER_OK);
    assert_int_equal(json_array_size(json_object_get(list, "items")), 2);
    assert_string_equal(item_id(list, 0), "device-024");
    json_decref(list);
    assert_null(run_list(w, &(struct svc_page){.filter = "state = idle"}, OTTER_BAD_TARGET));
    assert_null(run_list(w, &(struct svc_page){.sort = "color"}, OTTER_BAD_VALUE));
    assert_null(run_list(w, &(struct svc_page){.cursor = "x"}, OTTER_BAD_VALUE));
    assert_null(run_list(w, &(struct svc_page){.limit = 1001}, OTTER_BAD_VALUE));
}

static void put_attributes(struct world *w, const char *text, enum otter_status expected)
{
    struct svc_call call = {
        .op = SVC_ATTRIBUTES, .in.device = "device-001", .in.json = json_loads(text, 0, NULL)};

    if (world_run(w, &call) != expected)
        fail_msg("%s: %s", text, otter_status_name(call.out.status));
    json_decref(call.in.json);
    svc_call_clear(&call);
}

static void expect_attribute(struct world *w, const char *name, const char *value)
{
    json_t *d = world_get(w, SVC_DEVICE_GET, "device-001", 0);
    const char *have = json_string_value(json_object_get(json_object_get(d, "attributes"), name));

    if (value)
        assert_string_equal(have, value);
    else
        assert_null(have);
    json_decref(d);
}

static void patch(struct world *w, const char *text, enum otter_status expected)
{
    struct svc_call call = {
        .op = SVC_DEVICE_PATCH, .in.id = "device-001", .in.json = json_loads(text, 0, NULL)};

    if (world_run(w, &call) != expected)
        fail_msg("%s: %s", text, otter_status_name(call.out.status));
    json_decref(call.in.json);
    svc_call_clear(&call);
}

static void operators_attributes_win_over_the_devices(void **state)
{
    struct world *w = *state;

    put_attributes(w, "{\"tz\":\"Europe/Oslo\",\"rssi\":\"-70\"}", OTTER_OK);
    expect_attribute(w, "tz", "Europe/Oslo");
    patch(w, "{\"attributes\":{\"tz\":\"UTC\"}}", OTTER_OK);
    expect_attribute(w, "tz", "UTC");
    put_attributes(w, "{\"tz\":\"Asia/Tokyo\"}", OTTER_OK); /* replaces all of its own */
    expect_attribute(w, "tz", "UTC");
    expect_attribute(w, "rssi", NULL);
    patch(w, "{\"attributes\":{\"tz\":null}}", OTTER_OK);
    expect_attribute(w, "tz", "Asia/Tokyo");
    world_restart(w);
    expect_attribute(w, "tz", "Asia/Tokyo");
}

static void attributes_have_bounds(void **state)
{
    struct world *w = *state;
    char text[2048] = "{";

    put_attributes(w, "[]", OTTER_BAD_VALUE);
    put_attributes(w, "{\"a\":1}", OTTER_BAD_VALUE);
    put_attributes(w, "{\"a b\":\"x\"}", OTTER_BAD_VALUE);
    put_attributes(w, "{\"a\":\"\\n\"}", OTTER_BAD_VALUE);
    for (unsigned i = 0; i < 17; i++)
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s\"n%u\":\"x\"", i ? "," : "", i);
    (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "}");
    put_attributes(w, text, OTTER_BAD_VALUE);
    put_attributes(w, "{}", OTTER_OK);
}

static void patches_are_checked_whole(void **state)
{
    struct world *w = *state;
    json_t *d;

    patch(w, "{\"tags\":{\"add\":[\"b\",\"a\"]}}", OTTER_OK);
    patch(w, "{\"tags\":{\"add\":[\"c\",\"no good\"]}}", OTTER_BAD_VALUE);
    patch(w, "{\"tags\":{\"add\":\"c\"}}", OTTER_BAD_VALUE);
    patch(w, "{\"color\":1}", OTTER_UNKNOWN_MEMBER);
    patch(w, "{\"tags\":{\"set\":[]}}", OTTER_UNKNOWN_MEMBER);
    patch(w, "[]", OTTER_BAD_VALUE);
    patch(w, "{\"tags\":{\"remove\":[\"b\",\"none\"],\"add\":[\"z\"]}}", OTTER_OK);
    d = world_get(w, SVC_DEVICE_GET, "device-001", 0);
    assert_int_equal(json_array_size(json_object_get(d, "tags")), 2);
    assert_string_equal(json_string_value(json_array_get(json_object_get(d, "tags"), 0)), "a");
    assert_string_equal(json_string_value(json_array_get(json_object_get(d, "tags"), 1)), "z");
    json_decref(d);
}

static void idempotency_key_gives_the_first_answer_again(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_ROLLOUT_CREATE, .in.idempotency_key = "key-1"};
    json_int_t id;

    world_release(w, 1);
    call.in.json = json_pack("{s:s, s:s, s:[i]}", "release", w->release, "target", "all", "phases", 100);
    assert_int_equal(world_run(w, &call), OTTER_OK);
    id = json_integer_value(json_object_get(call.out.json, "id"));
    svc_call_clear(&call);
    world_restart(w);
    assert_int_equal(world_run(w, &call), OTTER_OK);
    assert_true(call.out.created);
    assert_int_equal(json_integer_value(json_object_get(call.out.json, "id")), id);
    svc_call_clear(&call);
    json_object_set_new(call.in.json, "target", json_string("id == device-000"));
    assert_int_equal(world_run(w, &call), OTTER_IDEMPOTENCY_REUSED);
    call.in.idempotency_key = "key-2";
    assert_int_equal(world_run(w, &call), OTTER_OK);
    assert_int_equal(json_integer_value(json_object_get(call.out.json, "id")), id + 1);
    json_decref(call.in.json);
    svc_call_clear(&call);
}

static void what_devices_say_is_written_behind(void **state)
{
    struct world *w = *state;
    json_t *d;

    (void)world_poll(w, &(struct world_poll){.device = 1, .confirmed = true}, NULL, NULL);
    world_restart(w); /* a clean stop sweeps */
    d = world_get(w, SVC_DEVICE_GET, "device-001", 0);
    assert_int_equal(json_integer_value(json_object_get(d, "last_seen")), WORLD_NOW);
    assert_string_equal(json_string_value(json_object_get(json_object_get(d, "running"), "version")),
                        "1.0.0");
    json_decref(d);
}

static void expect_refusal(struct world *w, const char *name)
{
    json_t *d = world_get(w, SVC_DEVICE_GET, "device-001", 0), *refusal = json_object_get(d, "last_refusal");

    assert_non_null(refusal);
    if (name)
        assert_string_equal(json_string_value(refusal), name);
    else
        assert_true(json_is_null(refusal));
    json_decref(d);
}

static void a_devices_refusal_is_shown_until_its_next_poll_without_one(void **state)
{
    struct world *w = *state;

    expect_refusal(w, NULL);
    (void)world_poll(w, &(struct world_poll){.device = 1, .confirmed = true, .refused = OTTER_UNKNOWN_KEY},
                     NULL, NULL);
    expect_refusal(w, "unknown-key");
    world_restart(w);
    expect_refusal(w, "unknown-key");
    (void)world_poll(w, &(struct world_poll){.device = 1, .confirmed = true}, NULL, NULL);
    expect_refusal(w, NULL);
    world_restart(w);
    expect_refusal(w, NULL);
}

/* A right proof of device "one", whose secret is 32 times x, over "GET", the target and the body. */
struct proof {
    struct svc_proof p;
    char nonce[OTTER_B64_LEN(OTTER_NONCE_LEN) + 1], mac[OTTER_B64_LEN(OTTER_DIGEST_LEN) + 1];
};

static void make_proof(struct proof *ret, const char *secret_text, uint8_t number, const char *target,
                       const char *body)
{
    uint8_t nonce[OTTER_NONCE_LEN] = {number}, secret[32];
    char hex[OTTER_DIGEST_HEX + 1], text[512];
    struct otter_digest digest;

    assert_int_equal(otter_b64_decode(secret_text, strlen(secret_text), secret, sizeof(secret)), 32);
    otter_b64_encode(nonce, sizeof(nonce), ret->nonce);
    otter_sha256_of(&otter_crypto_openssl, body, strlen(body), &digest);
    otter_hex_encode(digest.b, sizeof(digest.b), hex);
    (void)snprintf(text, sizeof(text), "GET\n%s\n%s\n%s", target, ret->nonce, hex);
    otter_hmac_sha256(&otter_crypto_openssl, secret, sizeof(secret), text, strlen(text), &digest);
    otter_b64_encode(digest.b, sizeof(digest.b), ret->mac);
    ret->p = (struct svc_proof){
        "one", "GET", target, ret->nonce, strlen(ret->nonce), ret->mac, strlen(ret->mac), body, strlen(body)};
}

static void proofs_open_their_own_device_once_each_and_only_where_allowed(void **state)
{
    static const char secret[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxA";
    uint32_t number = 0;
    struct world *w = *state;
    struct proof a, b;
    bool created;

    assert_int_equal(create(w, enrolment("one", 'x'), &created), OTTER_OK);
    make_proof(&a, secret, 1, "/t?q", "body");
    assert_int_equal(svc_auth_device_hmac(w->svc, &a.p, &number),
                     OTTER_UNAUTHORIZED); /* plain_devices is off */
    w->plain_devices = true;
    world_restart(w);
    assert_int_equal(svc_auth_device_hmac(w->svc, &a.p, &number), OTTER_OK);
    assert_int_equal(svc_auth_device_hmac(w->svc, &a.p, &number), OTTER_UNAUTHORIZED); /* again */
    make_proof(&b, secret, 2, "/t?q", "body");
    b.p.device = "device-000";
    assert_int_equal(svc_auth_device_hmac(w->svc, &b.p, &number), OTTER_UNKNOWN_DEVICE);
    b.p.device = "nobody";
    assert_int_equal(svc_auth_device_hmac(w->svc, &b.p, &number), OTTER_UNKNOWN_DEVICE);
    b.p.device = "one";
    assert_int_equal(svc_auth_device_hmac(w->svc, &b.p, &number),
                     OTTER_OK); /* wrong ones have not used its nonce up */
    /* One enrolled while the server runs. */
    assert_int_equal(create(w, enrolment("two", 'z'), &created), OTTER_OK);
    make_proof(&a, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzA", 1, "/", "");
    a.p.device = "two";
    assert_int_equal(svc_auth_device_hmac(w->svc, &a.p, &number), OTTER_OK);
    /* What a restart means: the nonces are forgotten. */
    world_restart(w);
    assert_int_equal(svc_auth_device_hmac(w->svc, &a.p, &number), OTTER_OK);
    assert_int_equal(svc_auth_device_hmac(w->svc, &a.p, &number), OTTER_UNAUTHORIZED);
}

static void a_proof_is_over_every_part_of_the_request(void **state)
{
    static const char secret[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxA";
    uint32_t number = 0;
    struct world *w = *state;
    bool created;

    w->plain_devices = true;
    world_restart(w);
    assert_int_equal(create(w, enrolment("one", 'x'), &created), OTTER_OK);
    for (unsigned i = 0; i < 9; i++) {
        static char long_target[2000];
        struct proof a;

        make_proof(&a, secret, 7, "/t", "body");
        switch (i) {
        case 0:
            a.p.method = "PUT";
            break;
        case 1:
            a.p.target = "/u";
            break;
        case 2:
            a.p.body = "BODY";
            break;
        case 3:
            a.p.body_len--;
            break;
        case 4:
            a.nonce[0] ^= 1;
            break;
        case 5:
            a.p.nonce_len--;
            break;
        case 6:
            a.mac[5] = a.mac[5] == 'A' ? 'B' : 'A';
            break;
        case 7:
            a.p.mac_len--;
            break;
        default:
            memset(long_target, '/', sizeof(long_target) - 1);
            a.p.target = long_target;
            break;
        }
        if (svc_auth_device_hmac(w->svc, &a.p, &number) != OTTER_UNKNOWN_DEVICE)
            fail_msg("part %u", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_fleet, world_teardown)
        T(enrolment_is_idempotent_and_refuses_another_of_the_id),
        T(bad_enrolments_are_refused),
        T(batch_names_its_refused_items),
        T(tokens_open_their_own_device_alone),
        T(pages_follow_each_other),
        T(filters_and_bad_pages),
        T(operators_attributes_win_over_the_devices),
        T(attributes_have_bounds),
        T(patches_are_checked_whole),
        T(idempotency_key_gives_the_first_answer_again),
        T(what_devices_say_is_written_behind),
        T(a_devices_refusal_is_shown_until_its_next_poll_without_one),
        T(proofs_open_their_own_device_once_each_and_only_where_allowed),
        T(a_proof_is_over_every_part_of_the_request),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

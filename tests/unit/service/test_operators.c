/* Operators: who may add and remove them, whose token is whose, and what becomes of it. */
#include "world.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* token (may be NULL) of the answer. */
static enum otter_status add(struct world *w, const char *who, const char *name, char token[64])
{
    struct svc_call call = {.op = SVC_OPERATOR_ADD, .in.who = who};
    auto_json json_t *body = call.in.json = json_pack("{s:s}", "name", name);
    enum otter_status status = world_run(w, &call);
    const char *given = json_string_value(json_object_get(call.out.json, "token"));

    if (token)
        (void)snprintf(token, 64, "%s", given ? given : "");
    svc_call_clear(&call);
    return status;
}

static enum otter_status drop(struct world *w, const char *who, const char *name)
{
    struct svc_call call = {.op = SVC_OPERATOR_REMOVE, .in.who = who, .in.id = name};
    enum otter_status status = world_run(w, &call);

    svc_call_clear(&call);
    return status;
}

/* "name,name," in the list's order. */
static void expect_list(struct world *w, const char *expected)
{
    auto_json json_t *list = world_get(w, SVC_OPERATOR_LIST, NULL, 0);
    char names[256] = "";
    json_t *item;
    size_t i;

    json_array_foreach(json_object_get(list, "items"), i, item)
    {
        size_t len = strlen(names);

        (void)snprintf(names + len, sizeof(names) - len, "%s,",
                       json_string_value(json_object_get(item, "name")));
        assert_null(json_object_get(item, "token"));
    }
    assert_string_equal(names, expected);
}

static void expect_name(struct world *w, const char *token, const char *expected)
{
    char name[OTTER_NAME_BUF] = "";

    assert_int_equal(svc_auth_operator(w->svc, token, name), expected[0] != '\0');
    assert_string_equal(name, expected);
}

static void a_token_is_its_operators_until_that_one_is_removed(void **state)
{
    struct world *w = *state;
    char eve[64], adam[64];

    expect_list(w, "admin,");
    assert_int_equal(add(w, SVC_ADMIN, "eve", eve), OTTER_OK);
    assert_int_equal(add(w, SVC_ADMIN, "adam", adam), OTTER_OK);
    assert_int_equal(strlen(eve), 43);
    assert_string_not_equal(eve, adam);
    expect_list(w, "admin,adam,eve,");
    expect_name(w, eve, "eve");
    expect_name(w, adam, "adam");
    expect_name(w, w->token, SVC_ADMIN);
    world_restart(w);
    expect_name(w, eve, "eve");
    assert_int_equal(drop(w, SVC_ADMIN, "eve"), OTTER_OK);
    expect_name(w, eve, "");
    expect_name(w, adam, "adam");
    assert_int_equal(drop(w, SVC_ADMIN, "eve"), OTTER_NOT_FOUND);
    expect_list(w, "admin,adam,");
}

static void only_admin_adds_and_removes_and_is_not_removed(void **state)
{
    struct world *w = *state;

    assert_int_equal(add(w, SVC_ADMIN, "eve", NULL), OTTER_OK);
    assert_int_equal(add(w, "eve", "eves-other-self", NULL), OTTER_FORBIDDEN);
    assert_int_equal(add(w, NULL, "nobodys", NULL), OTTER_FORBIDDEN);
    assert_int_equal(drop(w, "eve", "eve"), OTTER_FORBIDDEN);
    assert_int_equal(drop(w, SVC_ADMIN, SVC_ADMIN), OTTER_FORBIDDEN);
    expect_list(w, "admin,eve,");
}

static void a_taken_or_bad_name_is_refused(void **state)
{
    static const struct {
        const char *name;
        enum otter_status status;
    } rows[] = {{"eve", OTTER_ALREADY_EXISTS}, {SVC_ADMIN, OTTER_ALREADY_EXISTS}, {"", OTTER_BAD_VALUE},
                {"eve/adam", OTTER_BAD_VALUE}, {"e e", OTTER_BAD_VALUE},          {"Eve", OTTER_OK}};
    struct world *w = *state;

    assert_int_equal(add(w, SVC_ADMIN, "eve", NULL), OTTER_OK);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        assert_int_equal(add(w, SVC_ADMIN, rows[i].name, NULL), rows[i].status);
    expect_list(w, "admin,Eve,eve,");
}

static void as_many_operators_as_may_be(void **state)
{
    struct world *w = *state;
    char name[16];

    for (unsigned i = 0; i < 256; i++) {
        (void)snprintf(name, sizeof(name), "o%u", i);
        assert_int_equal(add(w, SVC_ADMIN, name, NULL), OTTER_OK);
    }
    assert_int_equal(add(w, SVC_ADMIN, "more", NULL), OTTER_CONFLICT);
    assert_int_equal(drop(w, SVC_ADMIN, "o7"), OTTER_OK);
    assert_int_equal(add(w, SVC_ADMIN, "more", NULL), OTTER_OK);
}

static void a_dry_run_has_no_token_to_give(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_OPERATOR_ADD, .in.who = SVC_ADMIN, .in.dry_run = true};
    auto_json json_t *body = call.in.json = json_pack("{s:s}", "name", "eve");

    assert_int_equal(world_run(w, &call), OTTER_OK);
    assert_non_null(json_object_get(call.out.json, "name"));
    assert_null(json_object_get(call.out.json, "token"));
    svc_call_clear(&call);
    expect_list(w, "admin,");
}

/* The answer, kept for the key, would be a readable token in the database. */
static void a_token_is_not_kept_for_an_idempotency_key(void **state)
{
    struct world *w = *state;
    enum otter_status expected[] = {OTTER_OK, OTTER_ALREADY_EXISTS};

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(expected); i++) {
        struct svc_call call = {.op = SVC_OPERATOR_ADD, .in.who = SVC_ADMIN, .in.idempotency_key = "k"};
        auto_json json_t *body = call.in.json = json_pack("{s:s}", "name", "eve");

        assert_int_equal(world_run(w, &call), expected[i]);
        svc_call_clear(&call);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EMPTY(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
        EMPTY(a_token_is_its_operators_until_that_one_is_removed),
        EMPTY(only_admin_adds_and_removes_and_is_not_removed),
        EMPTY(a_taken_or_bad_name_is_refused),
        EMPTY(as_many_operators_as_may_be),
        EMPTY(a_dry_run_has_no_token_to_give),
        EMPTY(a_token_is_not_kept_for_an_idempotency_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

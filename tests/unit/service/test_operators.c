/* Operators: who may add, change and remove them, whose token is whose and for how long, and what becomes of
 * all that. */
#include "world.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Who asks, by name, with one role everywhere. Static; until the next call. */
static const struct svc_asker *as(const char *name, enum policy_role role)
{
    static struct svc_asker asker;

    asker = (struct svc_asker){.token = 0};
    (void)snprintf(asker.name, sizeof(asker.name), "%s", name);
    asker.rights.everywhere = asker.rights.anywhere = policy_role_rights(role);
    return &asker;
}

static json_t *grants_of(const char *role)
{
    return role ? json_pack("[{s:s, s:s}]", "role", role, "product", "*") : json_array();
}

/* token (may be NULL) of the answer. */
static enum otter_status add(struct world *w, const struct svc_asker *who, const char *name, const char *role,
                             char token[64])
{
    struct svc_call call = {.op = SVC_OPERATOR_ADD, .in.asker = who, .in.who = who->name};
    auto_json json_t *body = call.in.json = json_pack("{s:s, s:o}", "name", name, "grants", grants_of(role));
    enum otter_status status = world_run(w, &call);
    const char *given = json_string_value(json_object_get(call.out.json, "token"));

    if (token)
        (void)snprintf(token, 64, "%s", given ? given : "");
    svc_call_clear(&call);
    return status;
}

static enum otter_status drop(struct world *w, const struct svc_asker *who, const char *name)
{
    struct svc_call call = {.op = SVC_OPERATOR_REMOVE, .in.asker = who, .in.id = name};
    enum otter_status status = world_run(w, &call);

    svc_call_clear(&call);
    return status;
}

/* body is stolen. */
static enum otter_status change_as(struct world *w, const struct svc_asker *who, const char *name,
                                   json_t *body)
{
    struct svc_call call = {.op = SVC_OPERATOR_CHANGE, .in.asker = who, .in.id = name, .in.json = body};
    enum otter_status status = world_run(w, &call);

    svc_call_clear(&call);
    json_decref(body);
    return status;
}

static enum otter_status change(struct world *w, const char *name, json_t *body)
{
    return change_as(w, &world_admin, name, body);
}

/* A token for `operator` (NULL: the asker's own); *ret_num and token may be NULL. */
static enum otter_status make(struct world *w, const struct svc_asker *who, const char *operator,
                              json_int_t expires_in, char token[64], int64_t *ret_num)
{
    struct svc_call call = {.op = SVC_TOKEN_NEW, .in.asker = who};
    auto_json json_t *body = call.in.json = json_pack("{s:I}", "expires_in", expires_in);
    enum otter_status status;
    const char *given;

    if (operator)
        (void)json_object_set_new(body, "operator", json_string(operator));
    status = world_run(w, &call);
    given = json_string_value(json_object_get(call.out.json, "token"));
    if (token)
        (void)snprintf(token, 64, "%s", given ? given : "");
    if (ret_num)
        *ret_num = json_integer_value(json_object_get(call.out.json, "id"));
    svc_call_clear(&call);
    return status;
}

static enum otter_status revoke(struct world *w, const struct svc_asker *who, int64_t num)
{
    struct svc_call call = {.op = SVC_TOKEN_REVOKE, .in.asker = who, .in.number = (uint64_t)num};
    enum otter_status status = world_run(w, &call);

    svc_call_clear(&call);
    return status;
}

/* Who is behind a token, as the front gets it; the caller frees. */
static struct svc_asker *behind(struct world *w, const char *token)
{
    struct svc_asker *asker;
    const char *why;

    assert_int_equal(svc_auth_operator(w->svc, token, &asker, &why), OTTER_OK);
    return asker;
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

static void a_token_is_its_operators_until_that_one_is_removed(void **state)
{
    struct world *w = *state;
    char eve[64], adam[64];

    expect_list(w, "admin,");
    assert_int_equal(add(w, &world_admin, "eve", "viewer", eve), OTTER_OK);
    assert_int_equal(add(w, &world_admin, "adam", "viewer", adam), OTTER_OK);
    assert_int_equal(strlen(eve), 43);
    assert_string_not_equal(eve, adam);
    expect_list(w, "admin,adam,eve,");
    assert_string_equal(world_whose(w, eve), "eve");
    assert_string_equal(world_whose(w, adam), "adam");
    assert_string_equal(world_whose(w, w->token), SVC_ADMIN);
    world_restart(w);
    assert_string_equal(world_whose(w, eve), "eve");
    assert_int_equal(drop(w, &world_admin, "eve"), OTTER_OK);
    assert_string_equal(world_whose(w, eve), "");
    assert_string_equal(world_whose(w, adam), "adam");
    assert_int_equal(drop(w, &world_admin, "eve"), OTTER_NOT_FOUND);
    expect_list(w, "admin,adam,");
}

static void only_who_may_administer_adds_and_removes(void **state)
{
    struct world *w = *state;

    for (enum policy_role role = POLICY_VIEWER; role < POLICY_ROLE_COUNT; role++) {
        enum otter_status expected = role == POLICY_ADMIN ? OTTER_OK : OTTER_FORBIDDEN;

        assert_int_equal(add(w, as("someone", role), "eve", "viewer", NULL), expected);
        if (expected != OTTER_OK)
            assert_int_equal(add(w, &world_admin, "eve", "viewer", NULL), OTTER_OK);
        assert_int_equal(drop(w, as("someone", role), "eve"), expected);
        if (expected != OTTER_OK)
            assert_int_equal(drop(w, &world_admin, "eve"), OTTER_OK);
    }
    assert_int_equal(drop(w, &world_admin, SVC_ADMIN), OTTER_CONFLICT);
    expect_list(w, "admin,");
}

static void a_taken_or_bad_name_is_refused(void **state)
{
    static const struct {
        const char *name;
        enum otter_status status;
    } rows[] = {{"eve", OTTER_ALREADY_EXISTS}, {SVC_ADMIN, OTTER_ALREADY_EXISTS}, {"", OTTER_BAD_VALUE},
                {"eve/adam", OTTER_BAD_VALUE}, {"e e", OTTER_BAD_VALUE},          {"Eve", OTTER_OK}};
    struct world *w = *state;

    assert_int_equal(add(w, &world_admin, "eve", NULL, NULL), OTTER_OK);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        assert_int_equal(add(w, &world_admin, rows[i].name, NULL, NULL), rows[i].status);
    expect_list(w, "admin,Eve,eve,");
}

static void a_grant_is_of_a_known_role_for_a_name_or_everything(void **state)
{
    static const struct {
        const char *role, *product;
        enum otter_status status;
    } rows[] = {{"viewer", "thermo", OTTER_OK},     {"admin", "*", OTTER_OK},
                {"king", "*", OTTER_BAD_VALUE},     {"viewer", "", OTTER_BAD_VALUE},
                {"viewer", "a b", OTTER_BAD_VALUE}, {"", "*", OTTER_BAD_VALUE},
                {"viewer", "th*", OTTER_BAD_VALUE}};
    struct world *w = *state;

    assert_int_equal(add(w, &world_admin, "eve", NULL, NULL), OTTER_OK);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        assert_int_equal(
            change(w, "eve",
                   json_pack("{s:[{s:s, s:s}]}", "grant", "role", rows[i].role, "product", rows[i].product)),
            rows[i].status);
    assert_int_equal(
        change(w, "eve", json_pack("{s:[{s:s, s:s}]}", "revoke", "role", "viewer", "product", "toaster")),
        OTTER_NOT_FOUND);
    assert_int_equal(change(w, "adam", json_pack("{s:b}", "disabled", 1)), OTTER_NOT_FOUND);
    assert_int_equal(change(w, "eve", json_object()), OTTER_MISSING_MEMBER);
    assert_int_equal(
        change(w, SVC_ADMIN, json_pack("{s:[{s:s, s:s}]}", "grant", "role", "viewer", "product", "thermo")),
        OTTER_CONFLICT);
}

static void what_is_granted_and_revoked_counts_at_once(void **state)
{
    struct world *w = *state;
    struct svc_asker *asker;
    char token[64];

    assert_int_equal(add(w, &world_admin, "eve", NULL, token), OTTER_OK);
    asker = behind(w, token);
    assert_false(policy_may_anywhere(&asker->rights, POLICY_SEE));
    svc_asker_free(asker);
    assert_int_equal(
        change(w, "eve", json_pack("{s:[{s:s, s:s}]}", "grant", "role", "operator", "product", "thermo")),
        OTTER_OK);
    world_restart(w);
    asker = behind(w, token);
    assert_true(policy_may(&asker->rights, POLICY_OPERATE, "thermo"));
    assert_false(policy_may(&asker->rights, POLICY_OPERATE, "toaster"));
    assert_false(policy_may(&asker->rights, POLICY_SEE, NULL));
    svc_asker_free(asker);
    assert_int_equal(
        change(w, "eve", json_pack("{s:[{s:s, s:s}]}", "revoke", "role", "operator", "product", "thermo")),
        OTTER_OK);
    asker = behind(w, token);
    assert_false(policy_may_anywhere(&asker->rights, POLICY_SEE));
    svc_asker_free(asker);
}

static void as_many_operators_as_may_be(void **state)
{
    struct world *w = *state;
    char name[16];

    for (unsigned i = 0; i < 256; i++) {
        (void)snprintf(name, sizeof(name), "o%u", i);
        assert_int_equal(add(w, &world_admin, name, NULL, NULL), OTTER_OK);
    }
    assert_int_equal(add(w, &world_admin, "more", NULL, NULL), OTTER_CONFLICT);
    assert_int_equal(drop(w, &world_admin, "o7"), OTTER_OK);
    assert_int_equal(add(w, &world_admin, "more", NULL, NULL), OTTER_OK);
}

static void an_operator_has_so_many_tokens(void **state)
{
    struct world *w = *state;

    assert_int_equal(add(w, &world_admin, "eve", "viewer", NULL), OTTER_OK);
    for (unsigned i = 1; i < 32; i++)
        assert_int_equal(make(w, &world_admin, "eve", 60, NULL, NULL), OTTER_OK);
    assert_int_equal(make(w, &world_admin, "eve", 60, NULL, NULL), OTTER_CONFLICT);
    assert_int_equal(make(w, &world_admin, "nobody", 60, NULL, NULL), OTTER_NOT_FOUND);
}

static void a_dry_run_has_no_token_to_give(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_OPERATOR_ADD, .in.dry_run = true};
    auto_json json_t *body = call.in.json = json_pack("{s:s, s:[]}", "name", "eve", "grants");

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
        struct svc_call call = {.op = SVC_OPERATOR_ADD, .in.idempotency_key = "k"};
        auto_json json_t *body = call.in.json = json_pack("{s:s, s:[]}", "name", "eve", "grants");

        assert_int_equal(world_run(w, &call), expected[i]);
        svc_call_clear(&call);
    }
}

static void a_token_counts_until_it_expires(void **state)
{
    struct world *w = *state;
    char day[64], ever[64];
    struct svc_asker *asker;
    const char *why;

    assert_int_equal(add(w, &world_admin, "eve", "viewer", NULL), OTTER_OK);
    assert_int_equal(make(w, &world_admin, "eve", 86400, day, NULL), OTTER_OK);
    assert_int_equal(make(w, &world_admin, "eve", 0, ever, NULL), OTTER_OK);
    world_clock = WORLD_NOW + 86399;
    assert_string_equal(world_whose(w, day), "eve");
    world_clock = WORLD_NOW + 86400;
    assert_string_equal(world_whose(w, day), "");
    assert_int_equal(svc_auth_operator(w->svc, day, &asker, &why), OTTER_UNAUTHORIZED);
    assert_non_null(why); /* who has it may know */
    assert_int_equal(svc_auth_operator(w->svc, "guessed", &asker, &why), OTTER_UNAUTHORIZED);
    assert_null(why);
    world_clock = WORLD_NOW + 86400 * 5000LL;
    assert_string_equal(world_whose(w, ever), "eve");
}

static void a_token_begets_none_that_outlives_it_but_an_admins_does(void **state)
{
    struct world *w = *state;
    char day[64], own[64];
    struct svc_asker *eve;

    assert_int_equal(add(w, &world_admin, "eve", "viewer", NULL), OTTER_OK);
    assert_int_equal(make(w, &world_admin, "eve", 86400, day, NULL), OTTER_OK);
    eve = behind(w, day);
    assert_int_equal(make(w, eve, NULL, 0, own, NULL), OTTER_OK);
    svc_asker_free(eve);
    world_clock = WORLD_NOW + 86401;
    assert_string_equal(world_whose(w, own), "");
    world_clock = WORLD_NOW;
    assert_int_equal(change(w, "eve", json_pack("{s:o}", "grant", grants_of("admin"))), OTTER_OK);
    eve = behind(w, own);
    assert_int_equal(make(w, eve, NULL, 0, own, NULL), OTTER_OK);
    svc_asker_free(eve);
    world_clock = WORLD_NOW + 86401;
    assert_string_equal(world_whose(w, own), "eve");
}

static void a_token_takes_along_what_was_made_by_it(void **state)
{
    struct world *w = *state;
    char first[64], second[64];
    struct svc_asker *eve;
    int64_t num;

    assert_int_equal(add(w, &world_admin, "eve", "viewer", NULL), OTTER_OK);
    assert_int_equal(make(w, &world_admin, "eve", 86400, first, &num), OTTER_OK);
    eve = behind(w, first);
    assert_int_equal(make(w, eve, NULL, 60, second, NULL), OTTER_OK);
    svc_asker_free(eve);
    assert_int_equal(revoke(w, &world_admin, num), OTTER_OK);
    assert_string_equal(world_whose(w, first), "");
    assert_string_equal(world_whose(w, second), "");
    assert_int_equal(revoke(w, &world_admin, num), OTTER_NOT_FOUND);
}

/* The head of a request came while the token counted; the call is carried out when its body is there. */
static void what_is_taken_back_before_a_request_is_whole_does_nothing(void **state)
{
    static const struct {
        const char *change; /* NULL: the token is revoked; "": the operator is removed */
        int64_t later;
        enum otter_status status;
    } rows[] = {
        {"{}", 0, OTTER_OK},
        {NULL, 0, OTTER_UNAUTHORIZED},
        {"", 0, OTTER_UNAUTHORIZED},
        {"{\"disabled\":true}", 0, OTTER_UNAUTHORIZED},
        {"{}", 86400, OTTER_UNAUTHORIZED},
        {"{\"revoke\":[{\"role\":\"admin\",\"product\":\"*\"}]}", 0, OTTER_FORBIDDEN},
        {"{\"grant\":[{\"role\":\"admin\",\"product\":\"lamp\"}]}", 0, OTTER_FORBIDDEN},
    };
    struct world *w = *state;

    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        char name[16], token[64];
        struct svc_asker *asker;
        int64_t num;

        (void)snprintf(name, sizeof(name), "eve%zu", i);
        assert_int_equal(add(w, &world_admin, name, "admin", NULL), OTTER_OK);
        assert_int_equal(make(w, &world_admin, name, 86400, token, &num), OTTER_OK);
        asker = behind(w, token);
        if (!rows[i].change)
            assert_int_equal(revoke(w, &world_admin, num), OTTER_OK);
        else if (!*rows[i].change)
            assert_int_equal(drop(w, &world_admin, name), OTTER_OK);
        else if (strcmp(rows[i].change, "{}") != 0)
            assert_int_equal(change(w, name, json_loads(rows[i].change, 0, NULL)), OTTER_OK);
        world_clock += rows[i].later;
        assert_int_equal(make(w, asker, NULL, 60, NULL, NULL), rows[i].status);
        world_clock -= rows[i].later;
        svc_asker_free(asker);
    }
}

static void anothers_tokens_and_name_are_not_there_but_for_admins(void **state)
{
    struct world *w = *state;
    const struct svc_asker *adam = as("adam", POLICY_PUBLISHER);
    struct svc_call get = {.op = SVC_OPERATOR_GET, .in.asker = adam, .in.id = "eve"};
    struct svc_call list = {.op = SVC_TOKEN_LIST, .in.asker = adam};
    int64_t num;

    assert_int_equal(add(w, &world_admin, "eve", "viewer", NULL), OTTER_OK);
    assert_int_equal(add(w, &world_admin, "adam", "publisher", NULL), OTTER_OK);
    assert_int_equal(make(w, &world_admin, "eve", 60, NULL, &num), OTTER_OK);
    assert_int_equal(revoke(w, adam, num), OTTER_NOT_FOUND);
    assert_int_equal(revoke(w, adam, num + 100), OTTER_NOT_FOUND);
    assert_int_equal(make(w, adam, "eve", 60, NULL, NULL), OTTER_FORBIDDEN);
    assert_int_equal(world_run(w, &get), OTTER_NOT_FOUND);
    svc_call_clear(&get);
    get.in.id = "adam";
    assert_int_equal(world_run(w, &get), OTTER_OK);
    svc_call_clear(&get);
    assert_int_equal(world_run(w, &list), OTTER_OK);
    assert_int_equal(json_array_size(json_object_get(list.out.json, "items")), 1); /* his first */
    svc_call_clear(&list);
}

static void the_use_of_a_token_is_noted_roughly(void **state)
{
    struct world *w = *state;
    char token[64];
    json_t *used;

    assert_int_equal(add(w, &world_admin, "eve", "viewer", token), OTTER_OK);
    world_clock = WORLD_NOW + 5000;
    assert_string_equal(world_whose(w, token), "eve");
    world_restart(w); /* what waits is stored at the end */
    {
        auto_json json_t *list = world_get(w, SVC_TOKEN_LIST, NULL, 0);

        used = json_object_get(json_array_get(json_object_get(list, "items"), 0), "used");
        assert_int_equal(json_integer_value(used), WORLD_NOW + 5000);
    }
}

static void the_first_admin_goes_when_another_can_do_without(void **state)
{
    struct world *w = *state;
    struct svc_asker *eve;
    char token[64];

    assert_int_equal(change(w, SVC_ADMIN, json_pack("{s:b}", "disabled", 1)), OTTER_CONFLICT);
    assert_string_equal(world_whose(w, w->token), SVC_ADMIN);
    assert_int_equal(add(w, &world_admin, "op", "operator", NULL), OTTER_OK);
    assert_int_equal(change(w, SVC_ADMIN, json_pack("{s:b}", "disabled", 1)), OTTER_CONFLICT);
    assert_int_equal(add(w, &world_admin, "eve", "admin", token), OTTER_OK);
    assert_int_equal(change(w, SVC_ADMIN, json_pack("{s:b}", "disabled", 1)), OTTER_OK);
    assert_string_equal(world_whose(w, w->token), "");
    world_restart(w);
    assert_string_equal(world_whose(w, w->token), "");
    assert_string_equal(world_whose(w, token), "eve");
    /* Now she is the last one. */
    eve = behind(w, token);
    assert_int_equal(drop(w, eve, "eve"), OTTER_CONFLICT);
    assert_int_equal(change_as(w, eve, "eve", json_pack("{s:b}", "disabled", 1)), OTTER_CONFLICT);
    assert_int_equal(
        change_as(w, eve, "eve", json_pack("{s:[{s:s, s:s}]}", "revoke", "role", "admin", "product", "*")),
        OTTER_CONFLICT);
    assert_int_equal(revoke(w, eve, eve->token), OTTER_CONFLICT);
    assert_string_equal(world_whose(w, token), "eve");
    /* And what admin.token began before is nobody's. */
    assert_int_equal(change(w, SVC_ADMIN, json_pack("{s:b}", "disabled", 0)), OTTER_UNAUTHORIZED);
    assert_int_equal(change_as(w, eve, SVC_ADMIN, json_pack("{s:b}", "disabled", 0)), OTTER_OK);
    svc_asker_free(eve);
    assert_string_equal(world_whose(w, w->token), SVC_ADMIN);
    assert_int_equal(drop(w, &world_admin, "eve"), OTTER_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EMPTY(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
        EMPTY(a_token_is_its_operators_until_that_one_is_removed),
        EMPTY(only_who_may_administer_adds_and_removes),
        EMPTY(a_taken_or_bad_name_is_refused),
        EMPTY(a_grant_is_of_a_known_role_for_a_name_or_everything),
        EMPTY(what_is_granted_and_revoked_counts_at_once),
        EMPTY(as_many_operators_as_may_be),
        EMPTY(an_operator_has_so_many_tokens),
        EMPTY(a_dry_run_has_no_token_to_give),
        EMPTY(a_token_is_not_kept_for_an_idempotency_key),
        EMPTY(a_token_counts_until_it_expires),
        EMPTY(a_token_begets_none_that_outlives_it_but_an_admins_does),
        EMPTY(a_token_takes_along_what_was_made_by_it),
        EMPTY(what_is_taken_back_before_a_request_is_whole_does_nothing),
        EMPTY(anothers_tokens_and_name_are_not_there_but_for_admins),
        EMPTY(the_use_of_a_token_is_noted_roughly),
        EMPTY(the_first_admin_goes_when_another_can_do_without),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

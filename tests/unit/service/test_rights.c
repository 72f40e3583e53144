/*
 * Every operation of the front's routes against every role, for the product concerned, for another one and
 * for everything. A route whose operation nobody put into service/rights.c fails the first test.
 */
#include "world.h"

#include "core/bytes.h"
#include "http/route.h"

#include <stdio.h>
#include <string.h>

#define SEE     POLICY_SEE
#define OPERATE POLICY_OPERATE
#define PUBLISH POLICY_PUBLISH
#define APPROVE POLICY_APPROVE
#define ADMIN   POLICY_ADMINISTER

/* What a route needs, written down once more. No right: any operator. */
struct expected {
    const char *method, *path;
    unsigned right;
    bool server; /* everywhere */
};

static const struct expected table[] = {
    {"GET", "/metrics", SEE, true},
    {"GET", "/api/v1/status", SEE, false},
    {"POST", "/api/v1/server/backup", OPERATE, true},
    {"POST", "/api/v1/server/gc", OPERATE, true},
    {"POST", "/api/v1/server/freeze", OPERATE, true},
    {"POST", "/api/v1/server/unfreeze", OPERATE, true},
    {"POST", "/api/v1/roots", PUBLISH, true},
    {"GET", "/api/v1/roots", SEE, false},
    {"GET", "/api/v1/roots/{n}", 0, false},
    {"POST", "/api/v1/uploads", PUBLISH, false},
    {"HEAD", "/api/v1/uploads/{id}", PUBLISH, false},
    {"PATCH", "/api/v1/uploads/{id}", PUBLISH, false},
    {"POST", "/api/v1/releases", PUBLISH, false},
    {"GET", "/api/v1/releases", SEE, false},
    {"GET", "/api/v1/releases/{sha256}", SEE, false},
    {"GET", "/api/v1/releases/{sha256}/manifest", SEE, false},
    {"GET", "/api/v1/releases/{sha256}/deps", SEE, false},
    {"POST", "/api/v1/releases/{sha256}/withdraw", PUBLISH, false},
    {"POST", "/api/v1/image-keys", PUBLISH, false},
    {"GET", "/api/v1/image-keys", SEE, false},
    {"POST", "/api/v1/rollouts", OPERATE, false},
    {"GET", "/api/v1/rollouts", SEE, false},
    {"GET", "/api/v1/rollouts/{n}", SEE, false},
    {"GET", "/api/v1/rollouts/{n}/attempts", SEE, false},
    {"GET", "/api/v1/rollouts/{n}/devices", SEE, false},
    {"GET", "/api/v1/rollouts/{n}/events", SEE, false},
    {"GET", "/api/v1/rollouts/{n}/reasons", SEE, false},
    {"GET", "/api/v1/rollouts/{n}/preview", SEE, false},
    {"POST", "/api/v1/rollouts/preview", SEE, false},
    {"GET", "/api/v1/rollouts/explain", SEE, false},
    {"POST", "/api/v1/rollouts/{n}/start", OPERATE, false},
    {"POST", "/api/v1/rollouts/{n}/advance", OPERATE, false},
    {"POST", "/api/v1/rollouts/{n}/pause", OPERATE, false},
    {"POST", "/api/v1/rollouts/{n}/resume", OPERATE, false},
    {"POST", "/api/v1/rollouts/{n}/abort", OPERATE, false},
    {"POST", "/api/v1/rollouts/{n}/approve", APPROVE, false},
    {"POST", "/api/v1/rollouts/{n}/rollback", OPERATE, false},
    {"POST", "/api/v1/devices", OPERATE, false},
    {"POST", "/api/v1/devices/batch", OPERATE, false},
    {"POST", "/api/v1/devices/import", OPERATE, false},
    {"POST", "/api/v1/devices/label", OPERATE, false},
    {"POST", "/api/v1/devices/hold", OPERATE, false},
    {"POST", "/api/v1/devices/unhold", OPERATE, false},
    {"POST", "/api/v1/devices/pin", OPERATE, false},
    {"POST", "/api/v1/devices/unpin", OPERATE, false},
    {"POST", "/api/v1/devices/retry", OPERATE, false},
    {"POST", "/api/v1/devices/retire", OPERATE, false},
    {"POST", "/api/v1/devices/reinstate", OPERATE, false},
    {"GET", "/api/v1/devices", SEE, false},
    {"GET", "/api/v1/devices/{id}", SEE, false},
    {"PATCH", "/api/v1/devices/{id}", OPERATE, false},
    {"GET", "/api/v1/devices/{id}/attempts", SEE, false},
    {"GET", "/api/v1/devices/{id}/timeline", SEE, false},
    {"GET", "/api/v1/groups", SEE, true},
    {"GET", "/api/v1/groups/{name}", SEE, true},
    {"PUT", "/api/v1/groups/{name}", OPERATE, true},
    {"DELETE", "/api/v1/groups/{name}", OPERATE, true},
    {"GET", "/api/v1/fleet/summary", SEE, false},
    {"POST", "/api/v1/devices/rotate", OPERATE, false},
    {"POST", "/api/v1/devices/revoke", OPERATE, false},
    {"GET", "/api/v1/requests", SEE, false},
    {"POST", "/api/v1/requests/accept", OPERATE, false},
    {"POST", "/api/v1/requests/reject", OPERATE, false},
    {"GET", "/api/v1/fleet-keys", ADMIN, false},
    {"POST", "/api/v1/fleet-keys", ADMIN, false},
    {"DELETE", "/api/v1/fleet-keys/{sha256}", ADMIN, false},
    {"GET", "/api/v1/audit", SEE, true},
    {"GET", "/api/v1/audit/head", SEE, true},
    {"GET", "/api/v1/audit/export", SEE, true},
    {"POST", "/api/v1/audit/prune", ADMIN, true},
    {"POST", "/api/v1/operators", ADMIN, true},
    {"GET", "/api/v1/operators", ADMIN, true},
    {"PATCH", "/api/v1/operators/{name}", ADMIN, true},
    {"DELETE", "/api/v1/operators/{name}", ADMIN, true},
    {"GET", "/api/v1/operators/{name}", 0, false},
    {"GET", "/api/v1/whoami", 0, false},
    {"POST", "/api/v1/tokens", 0, false},
    {"GET", "/api/v1/tokens", 0, false},
    {"DELETE", "/api/v1/tokens/{n}", 0, false},
};

/* What each role may, as docs/operations.md has it. */
static const unsigned role_may[POLICY_ROLE_COUNT] = {
    [POLICY_VIEWER] = SEE,
    [POLICY_OPERATOR] = SEE | OPERATE,
    [POLICY_PUBLISHER] = SEE | PUBLISH,
    [POLICY_APPROVER] = SEE | APPROVE,
    [POLICY_ADMIN] = SEE | OPERATE | PUBLISH | APPROVE | ADMIN,
};

static bool asks_operator(const struct http_route *route)
{
    return route->auth == HTTP_AUTH_OPERATOR || route->auth == HTTP_AUTH_METRICS;
}

static const struct expected *row_of(const struct http_route *route)
{
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(table); i++)
        if (strcmp(table[i].path, route->pattern) == 0 &&
            strcmp(table[i].method, http_method_name(route->method)) == 0)
            return &table[i];
    return NULL;
}

static void every_route_has_a_right_and_no_row_is_left_over(void **state)
{
    unsigned routes = 0;

    (void)state;
    for (size_t i = 0; i < http_route_count; i++) {
        const struct http_route *route = &http_routes[i];
        struct svc_need need = svc_need_of(route->op, route->fixed_id);

        if (need.scope == SVC_SCOPE_UNSET)
            fail_msg("%s %s has no right: service/rights.c", http_method_name(route->method), route->pattern);
        if (need.scope != SVC_SCOPE_OPEN && !asks_operator(route))
            fail_msg("%s %s needs a right, and asks for no operator", http_method_name(route->method),
                     route->pattern);
        if (asks_operator(route) && !row_of(route))
            fail_msg("%s %s: give it a row in this test", http_method_name(route->method), route->pattern);
        routes += asks_operator(route);
    }
    assert_int_equal(routes, OTTER_ARRAY_LEN(table));
}

static bool permitted(const struct http_route *route, const struct policy_grant *grant)
{
    struct svc_asker asker = {.name = "eve"};
    struct host_error err = {0};
    enum otter_status status;

    assert_true(policy_rights_add(&asker.rights, grant));
    status = svc_permitted(&asker, route->op, route->fixed_id, &err);
    assert_true(status == OTTER_OK || status == OTTER_FORBIDDEN);
    if (status != OTTER_OK) /* names what is missing */
        assert_non_null(
            strstr(err.message, policy_right_name(svc_need_of(route->op, route->fixed_id).right)));
    return status == OTTER_OK;
}

static void every_role_may_what_it_may_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < http_route_count; i++) {
        const struct http_route *route = &http_routes[i];
        const struct expected *e = row_of(route);

        if (!asks_operator(route))
            continue;
        for (unsigned role = 0; role < POLICY_ROLE_COUNT; role++) {
            struct policy_grant everywhere = {(enum policy_role)role, "*"},
                                thermo = {everywhere.role, "thermo"};
            bool may = e->right == 0 || (role_may[role] & e->right) != 0;

            if (permitted(route, &everywhere) != may || permitted(route, &thermo) != (may && !e->server))
                fail_msg("%s %s as %s", e->method, e->path, policy_role_name(everywhere.role));
        }
    }
}

static void nobody_may_anything(void **state)
{
    struct svc_asker nothing = {.name = "eve"};
    struct host_error err = {0};

    (void)state;
    for (size_t i = 0; i < http_route_count; i++) {
        const struct http_route *route = &http_routes[i];
        const struct expected *e = row_of(route);

        if (!asks_operator(route) || route->op == SVC_ROOT_GET) /* which is public */
            continue;
        assert_int_equal(svc_permitted(NULL, route->op, route->fixed_id, &err), OTTER_FORBIDDEN);
        assert_int_equal(svc_permitted(&nothing, route->op, route->fixed_id, &err),
                         e->right ? OTTER_FORBIDDEN : OTTER_OK);
    }
    assert_int_equal(svc_permitted(&world_admin, SVC_OP_COUNT, NULL, &err), OTTER_FORBIDDEN);
}

static void rights_for_products_add_up(void **state)
{
    static const struct {
        const char *product;
        unsigned rights;
    } rows[] = {{"thermo", SEE | OPERATE | PUBLISH},
                {"toaster", SEE | APPROVE},
                {"thermos", 0},
                {"", 0},
                {"Thermo", 0},
                {NULL, 0}};
    static const struct policy_grant grants[] = {
        {POLICY_OPERATOR, "thermo"}, {POLICY_PUBLISHER, "thermo"}, {POLICY_APPROVER, "toaster"}};
    struct policy_rights rights = {0};

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(grants); i++)
        assert_true(policy_rights_add(&rights, &grants[i]));
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        for (unsigned right = 1; right <= POLICY_ADMINISTER; right <<= 1)
            assert_int_equal(policy_may(&rights, (enum policy_right)right, rows[i].product),
                             (rows[i].rights & right) != 0);
    assert_true(policy_may_anywhere(&rights, POLICY_APPROVE));
    assert_false(policy_may_anywhere(&rights, POLICY_ADMINISTER));
}

static void no_more_products_than_fit_are_taken(void **state)
{
    struct policy_grant grant = {POLICY_ADMIN, ""};
    struct policy_rights rights = {0};

    (void)state;
    for (unsigned i = 0; i < POLICY_GRANTS_MAX; i++) {
        (void)snprintf(grant.product, sizeof(grant.product), "p%u", i);
        assert_true(policy_rights_add(&rights, &grant));
    }
    (void)snprintf(grant.product, sizeof(grant.product), "more");
    assert_false(policy_rights_add(&rights, &grant));
    assert_false(policy_may(&rights, POLICY_SEE, "more"));
    (void)snprintf(grant.product, sizeof(grant.product), "p7");
    assert_true(policy_rights_add(&rights, &grant));
}

static void roles_and_rights_have_their_names(void **state)
{
    static const char *const names[] = {"viewer", "operator", "publisher", "approver", "admin"};
    enum policy_role role;

    (void)state;
    for (unsigned i = 0; i < POLICY_ROLE_COUNT; i++) {
        assert_string_equal(policy_role_name((enum policy_role)i), names[i]);
        assert_true(policy_role_find(names[i], &role));
        assert_int_equal(role, i);
    }
    assert_false(policy_role_find("Admin", &role));
    assert_false(policy_role_find("", &role));
    assert_string_equal(policy_right_name(POLICY_ADMINISTER), "administer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_has_a_right_and_no_row_is_left_over),
        cmocka_unit_test(every_role_may_what_it_may_and_nothing_else),
        cmocka_unit_test(nobody_may_anything),
        cmocka_unit_test(rights_for_products_add_up),
        cmocka_unit_test(no_more_products_than_fit_are_taken),
        cmocka_unit_test(roles_and_rights_have_their_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

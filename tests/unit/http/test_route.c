#include "test.h"

#include "http/route.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

struct row {
    const char *method, *path;
    enum svc_op op; /* SVC_OP_COUNT: not a service's, or not found */
    const char *param;
    const char *allow; /* NULL: found */
};

static const struct row rows[] = {
    {"POST", "/v1/device/poll", SVC_POLL, "", NULL},
    {"POST", "/v1/device/report", SVC_REPORT, "", NULL},
    {"PUT", "/v1/device/attributes", SVC_ATTRIBUTES, "", NULL},
    {"POST", "/v1/device/token", SVC_DEVICE_TOKEN, "", NULL},
    {"POST", "/v1/device/enrol", SVC_DEVICE_ENROL, "", NULL},
    {"GET", "/v1/blobs/" HEX, SVC_BLOB_GET, HEX, NULL},
    {"HEAD", "/v1/blobs/" HEX, SVC_BLOB_GET, HEX, NULL},
    {"GET", "/v1/roots/7", SVC_ROOT_GET, "7", NULL},
    {"GET", "/api/v1/status", SVC_STATUS, "", NULL},
    {"POST", "/api/v1/roots", SVC_ROOT_PUBLISH, "", NULL},
    {"GET", "/api/v1/roots", SVC_ROOT_LIST, "", NULL},
    {"GET", "/api/v1/roots/1", SVC_ROOT_GET, "1", NULL},
    {"POST", "/api/v1/uploads", SVC_UPLOAD_CREATE, "", NULL},
    {"HEAD", "/api/v1/uploads/abc", SVC_UPLOAD_STAT, "abc", NULL},
    {"PATCH", "/api/v1/uploads/abc", SVC_UPLOAD_APPEND, "abc", NULL},
    {"POST", "/api/v1/releases", SVC_RELEASE_PUBLISH, "", NULL},
    {"GET", "/api/v1/releases", SVC_RELEASE_LIST, "", NULL},
    {"GET", "/api/v1/releases/" HEX, SVC_RELEASE_GET, HEX, NULL},
    {"GET", "/api/v1/releases/" HEX "/manifest", SVC_RELEASE_MANIFEST, HEX, NULL},
    {"POST", "/api/v1/image-keys", SVC_IMAGE_KEY_ADD, "", NULL},
    {"GET", "/api/v1/image-keys", SVC_IMAGE_KEY_LIST, "", NULL},
    {"POST", "/api/v1/rollouts", SVC_ROLLOUT_CREATE, "", NULL},
    {"GET", "/api/v1/rollouts", SVC_ROLLOUT_LIST, "", NULL},
    {"GET", "/api/v1/rollouts/12", SVC_ROLLOUT_GET, "12", NULL},
    {"GET", "/api/v1/rollouts/12/attempts", SVC_ROLLOUT_ATTEMPTS, "12", NULL},
    {"POST", "/api/v1/rollouts/12/start", SVC_ROLLOUT_ACTION, "12", NULL},
    {"POST", "/api/v1/rollouts/12/advance", SVC_ROLLOUT_ACTION, "12", NULL},
    {"POST", "/api/v1/rollouts/12/pause", SVC_ROLLOUT_ACTION, "12", NULL},
    {"POST", "/api/v1/rollouts/12/resume", SVC_ROLLOUT_ACTION, "12", NULL},
    {"POST", "/api/v1/rollouts/12/abort", SVC_ROLLOUT_ACTION, "12", NULL},
    {"POST", "/api/v1/devices", SVC_DEVICE_CREATE, "", NULL},
    {"POST", "/api/v1/devices/batch", SVC_DEVICE_BATCH, "", NULL},
    {"GET", "/api/v1/devices", SVC_DEVICE_LIST, "", NULL},
    {"GET", "/api/v1/devices/a.b_c:d-9", SVC_DEVICE_GET, "a.b_c:d-9", NULL},
    {"GET", "/api/v1/devices/batch", SVC_DEVICE_GET, "batch", NULL},
    {"PATCH", "/api/v1/devices/d1", SVC_DEVICE_PATCH, "d1", NULL},
    {"GET", "/api/v1/devices/d1/attempts", SVC_DEVICE_ATTEMPTS, "d1", NULL},
    {"POST", "/api/v1/operators", SVC_OPERATOR_ADD, "", NULL},
    {"GET", "/api/v1/operators", SVC_OPERATOR_LIST, "", NULL},
    {"DELETE", "/api/v1/operators/eve", SVC_OPERATOR_REMOVE, "eve", NULL},
    {"PATCH", "/api/v1/operators/eve", SVC_OPERATOR_CHANGE, "eve", NULL},
    {"DELETE", "/api/v1/tokens/12", SVC_TOKEN_REVOKE, "12", NULL},
    {"DELETE", "/api/v1/fleet-keys/" HEX, SVC_FLEET_KEY_REMOVE, HEX, NULL},
    /* the method does not fit */
    {"GET", "/v1/device/poll", SVC_OP_COUNT, "", "POST"},
    {"DELETE", "/v1/device/poll", SVC_OP_COUNT, "", "POST"},
    {"post", "/v1/device/poll", SVC_OP_COUNT, "", "POST"},
    {"DELETE", "/api/v1/roots", SVC_OP_COUNT, "", "GET, POST, HEAD"},
    {"GET", "/api/v1/uploads/abc", SVC_OP_COUNT, "", "PATCH, HEAD"},
    {"PUT", "/api/v1/devices/d1", SVC_OP_COUNT, "", "GET, PATCH, HEAD"},
    {"DELETE", "/api/v1/devices/batch", SVC_OP_COUNT, "", "GET, POST, PATCH, HEAD"},
    {"GET", "/api/v1/rollouts/12/start", SVC_OP_COUNT, "", "POST"},
    {"OPTIONS", "/v1/blobs/" HEX, SVC_OP_COUNT, "", "GET, HEAD"},
    /* no such path */
    {"GET", "", SVC_OP_COUNT, "", ""},
    {"GET", "/", SVC_OP_COUNT, "", ""},
    {"GET", "*", SVC_OP_COUNT, "", ""},
    {"POST", "/v1/device/poll/", SVC_OP_COUNT, "", ""},
    {"POST", "/v1/device/pollx", SVC_OP_COUNT, "", ""},
    {"POST", "/v1/device/pol", SVC_OP_COUNT, "", ""},
    {"POST", "//v1/device/poll", SVC_OP_COUNT, "", ""},
    {"GET", "/v1/blobs/", SVC_OP_COUNT, "", ""},
    {"GET", "/v1/blobs", SVC_OP_COUNT, "", ""},
    {"GET", "/v1/blobs/" HEX "0", SVC_OP_COUNT, "", ""},
    {"GET", "/v1/blobs/../../etc/passwd", SVC_OP_COUNT, "", ""},
    {"GET", "/v1/blobs/00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF", SVC_OP_COUNT, "",
     ""},
    {"GET", "/v1/blobs/" HEX "/x", SVC_OP_COUNT, "", ""},
    {"GET", "/v1/roots/0x1", SVC_OP_COUNT, "", ""},
    {"GET", "/v1/roots/-1", SVC_OP_COUNT, "", ""},
    {"GET", "/v1/roots/01", SVC_OP_COUNT, "", ""},
    {"GET", "/v1/roots/9007199254740992", SVC_OP_COUNT, "", ""},
    {"GET", "/v1/roots/", SVC_OP_COUNT, "", ""},
    {"GET", "/api/v1/devices/", SVC_OP_COUNT, "", ""},
    {"GET", "/api/v1/devices/a b", SVC_OP_COUNT, "", ""},
    {"GET", "/api/v1/devices/a%2fb", SVC_OP_COUNT, "", ""},
    {"GET", "/api/v1/devices/a123456789012345678901234567890123456789012345678901234567890123x", SVC_OP_COUNT,
     "", ""},
    {"GET", "/api/v1/devices/d1/attempts/", SVC_OP_COUNT, "", ""},
    {"GET", "/api/v1/devices//attempts", SVC_OP_COUNT, "", ""},
    {"POST", "/api/v1/rollouts/12/explode", SVC_OP_COUNT, "", ""},
    {"GET", "/api/v2/status", SVC_OP_COUNT, "", ""},
};

static void each_request_finds_its_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_match m;
        char allow[40];

        http_route_find(rows[i].method, rows[i].path, HTTP_SERVES_ALL, &m);
        if (!!m.route != !rows[i].allow)
            fail_msg("%s %s: %s", rows[i].method, rows[i].path, m.route ? "found" : "not found");
        if (m.route) {
            assert_int_equal(m.route->op, rows[i].op);
            assert_int_equal(m.param_len, strlen(rows[i].param));
            assert_memory_equal(m.param ? m.param : "", rows[i].param, m.param_len);
        } else {
            http_allow_format(m.allow, allow, sizeof allow);
            assert_string_equal(allow, rows[i].allow);
        }
    }
}

static void a_devices_listener_hides_the_operators_api(void **state)
{
    struct http_match m;

    (void)state;
    http_route_find("GET", "/api/v1/status", HTTP_SERVES_DEVICES, &m);
    assert_null(m.route);
    assert_int_equal(m.allow, 0);
    http_route_find("POST", "/v1/device/poll", HTTP_SERVES_OPERATORS, &m);
    assert_null(m.route);
    assert_int_equal(m.allow, 0);
    http_route_find("GET", "/v1/roots/1", HTTP_SERVES_OPERATORS, &m);
    assert_non_null(m.route);
    http_route_find("GET", "/v1/blobs/" HEX, HTTP_SERVES_DEVICES, &m);
    assert_non_null(m.route);
}

static void every_service_is_reached_by_a_row(void **state)
{
    (void)state;
    for (unsigned op = 0; op < SVC_OP_COUNT; op++) {
        unsigned n = 0;

        for (size_t i = 0; i < http_route_count; i++)
            n += http_routes[i].op == (enum svc_op)op;
        if (n == 0 && op != SVC_DEVICE_ASK) /* what a poll of somebody unknown becomes */
            fail_msg("op %u has no route", op);
    }
}

/* Only what protocol.md calls public may be asked without a token. */
static void only_roots_and_health_are_public(void **state)
{
    (void)state;
    for (size_t i = 0; i < http_route_count; i++) {
        const char *pattern = http_routes[i].pattern;
        bool health = strcmp(pattern, "/healthz") == 0 || strcmp(pattern, "/readyz") == 0;

        if (http_routes[i].auth == HTTP_AUTH_PUBLIC && !health)
            assert_string_equal(pattern, "/v1/roots/{n}");
        if (health || strcmp(pattern, "/metrics") == 0)
            assert_int_equal(http_routes[i].serves, HTTP_SERVES_OPERATORS);
        if (strncmp(http_routes[i].pattern, "/api/", 5) == 0)
            assert_int_equal(http_routes[i].auth, HTTP_AUTH_OPERATOR);
    }
}

static void a_requests_beginning_tells_whether_a_device_may_ask_it(void **state)
{
    static const char *const others[] = {
        "", "P", "POST /v1", "GET  /v1/", "get /v1/", "GET http://x/v1/", "\x16\x03\x01"};
    char text[128];

    (void)state;
    for (size_t i = 0; i < http_route_count; i++) {
        const struct http_route *r = &http_routes[i];
        bool device = ((unsigned)r->serves & HTTP_SERVES_DEVICES) != 0;

        snprintf(text, sizeof text, "%s %s HTTP/1.1", http_method_name(r->method), r->pattern);
        assert_int_equal(http_begins_for_device(text, strlen(text)), device);
        assert_int_equal(http_begins_for_device(text, 16), device); /* no more is looked at */
        snprintf(text, sizeof text, "HEAD %s HTTP/1.1", r->pattern);
        if (r->method == HTTP_GET)
            assert_int_equal(http_begins_for_device(text, 16), device);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(http_begins_for_device(others[i], strlen(others[i])));
}

static void every_body_has_its_bound(void **state)
{
    (void)state;
    for (size_t i = 0; i < http_route_count; i++) {
        const struct http_route *r = &http_routes[i];

        switch (r->body) {
        case HTTP_BODY_POLL:
            assert_int_equal(r->max_body, 2048);
            break;
        case HTTP_BODY_REPORT:
            assert_int_equal(r->max_body, 1024);
            break;
        case HTTP_BODY_ENVELOPE:
            assert_int_equal(r->max_body, 4608);
            break;
        case HTTP_BODY_JSON:
            assert_true(r->max_body <= 1048576);
            break;
        default:
            break;
        }
    }
}

/* docs/openapi.yaml, whole; the caller frees. */
static char *read_openapi(void)
{
    FILE *f = fopen(OTTER_SOURCE "/docs/openapi.yaml", "r");
    char *text = calloc(1, 1 << 18);

    assert_non_null(f);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 18) - 1, f) > 0);
    fclose(f);
    return text;
}

static const struct http_route *row_of(const char *method, const char *pattern)
{
    for (size_t i = 0; i < http_route_count; i++) {
        if (strcmp(http_routes[i].pattern, pattern) == 0 &&
            strcmp(http_method_name(http_routes[i].method), method) == 0)
            return &http_routes[i];
    }
    return NULL;
}

/* Lines "  /path:" and below them "    method:". Both directions: each has a row, and as many as there are
 * rows. */
static void the_documentation_has_the_same_operations(void **state)
{
    char *text = read_openapi(), *save = NULL, path[128] = "", method[16];
    size_t found = 0;

    (void)state;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (strcmp(line, "components:") == 0)
            break;
        if (sscanf(line, "  /%120[^:]:", path + 1) == 1 && line[2] == '/') {
            path[0] = '/';
        } else if (strncmp(line, "    ", 4) == 0 && islower((unsigned char)line[4]) && path[0] == '/' &&
                   sscanf(line, "    %15[a-z]:", method) == 1) {
            for (char *c = method; *c; c++)
                *c = (char)toupper((unsigned char)*c);
            if (!row_of(method, path))
                fail_msg("documented, but no route: %s %s", method, path);
            found++;
        }
    }
    assert_int_equal(found, http_route_count);
    free(text);
}

static void the_documentation_has_every_code(void **state)
{
    char *text = read_openapi();
    const char *codes = strstr(text, "    Code:\n");

    (void)state;
    assert_non_null(codes);
    for (unsigned s = 1; s < OTTER_STATUS_COUNT; s++) {
        const char *name = otter_status_name((enum otter_status)s), *at = codes;
        bool found = false;
        size_t len = strlen(name);

        while (!found && (at = strstr(at + 1, name)))
            found = at[-1] == ' ' && (at[len] == ',' || at[len] == '\n');
        if (!found)
            fail_msg("%s is no documented code", name);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_finds_its_row),
        cmocka_unit_test(a_devices_listener_hides_the_operators_api),
        cmocka_unit_test(every_service_is_reached_by_a_row),
        cmocka_unit_test(only_roots_and_health_are_public),
        cmocka_unit_test(a_requests_beginning_tells_whether_a_device_may_ask_it),
        cmocka_unit_test(every_body_has_its_bound),
        cmocka_unit_test(the_documentation_has_the_same_operations),
        cmocka_unit_test(the_documentation_has_every_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

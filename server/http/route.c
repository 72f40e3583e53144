#include "http/route.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

#define DEVICES   HTTP_SERVES_DEVICES
#define OPERATORS HTTP_SERVES_OPERATORS

#define ENVELOPE_MAX   4608u    /* protocol.md, Signed documents */
#define JSON_MAX       1048576u /* the operators' API */
#define ATTRIBUTES_MAX 1024u
#define ACTION_MAX     4096u /* room for a body that nobody reads */
#define GRANTS_MAX     16384u

/* The common poll stands first: rows are tried in order. */
#define PUBLIC_GET(path, who, par, op, rep)                                                                  \
    {                                                                                                        \
        HTTP_GET, path, who, HTTP_AUTH_PUBLIC, par, HTTP_BODY_NONE, 0, 0, op, rep, NULL                      \
    }
#define DEVICE(meth, path, bod, max, op, rep)                                                                \
    {                                                                                                        \
        meth, path, DEVICES, HTTP_AUTH_DEVICE, HTTP_PARAM_NONE, bod, max, 0, op, rep, NULL                   \
    }
#define OPERATOR(meth, path, par, bod, max, takes, op, rep)                                                  \
    {                                                                                                        \
        meth, path, OPERATORS, HTTP_AUTH_OPERATOR, par, bod, max, takes, op, rep, NULL                       \
    }
#define LIST(path, par, op)                                                                                  \
    OPERATOR(HTTP_GET, path, par, HTTP_BODY_NONE, 0, HTTP_TAKES_PAGE, op, HTTP_REPLY_JSON)
#define GET(path, par, op, rep) OPERATOR(HTTP_GET, path, par, HTTP_BODY_NONE, 0, 0, op, rep)
#define CREATE(path, bod, max, op)                                                                           \
    OPERATOR(HTTP_POST, path, HTTP_PARAM_NONE, bod, max, HTTP_TAKES_DRY_RUN | HTTP_TAKES_IDEMPOTENCY, op,    \
             HTTP_REPLY_JSON)
#define ACTION(word, takes)                                                                                  \
    {                                                                                                        \
        HTTP_POST, "/api/v1/rollouts/{n}/" word, OPERATORS, HTTP_AUTH_OPERATOR, HTTP_PARAM_NUMBER,           \
            HTTP_BODY_NONE, ACTION_MAX, HTTP_TAKES_DRY_RUN | (takes), SVC_ROLLOUT_ACTION, HTTP_REPLY_JSON,   \
            word                                                                                             \
    }

#define NAMED(path, word, max, op)                                                                           \
    {                                                                                                        \
        HTTP_POST, path word, OPERATORS, HTTP_AUTH_OPERATOR, HTTP_PARAM_NONE, HTTP_BODY_JSON, max,           \
            HTTP_TAKES_DRY_RUN | HTTP_TAKES_IDEMPOTENCY, op, HTTP_REPLY_JSON, word                           \
    }
#define CHANGE(word) NAMED("/api/v1/devices/", word, JSON_MAX, SVC_DEVICE_CHANGE)

const struct http_route http_routes[] = {
    DEVICE(HTTP_POST, "/v1/device/poll", HTTP_BODY_POLL, OTTER_POLL_MAX, SVC_POLL, HTTP_REPLY_POLL),
    DEVICE(HTTP_POST, "/v1/device/report", HTTP_BODY_REPORT, OTTER_REPORT_MAX, SVC_REPORT, HTTP_REPLY_REPORT),
    DEVICE(HTTP_PUT, "/v1/device/attributes", HTTP_BODY_JSON, ATTRIBUTES_MAX, SVC_ATTRIBUTES,
           HTTP_REPLY_EMPTY),
    DEVICE(HTTP_POST, "/v1/device/token", HTTP_BODY_TOKEN, OTTER_TOKEN_BODY_MAX, SVC_DEVICE_TOKEN,
           HTTP_REPLY_TAKEN),
    {HTTP_POST, "/v1/device/enrol", DEVICES, HTTP_AUTH_FLEET_KEY, HTTP_PARAM_NONE, HTTP_BODY_TOKEN,
     OTTER_TOKEN_BODY_MAX, 0, SVC_DEVICE_ENROL, HTTP_REPLY_TAKEN, NULL},
    {HTTP_GET, "/v1/blobs/{sha256}", HTTP_SERVES_ALL, HTTP_AUTH_BLOB, HTTP_PARAM_DIGEST, HTTP_BODY_NONE, 0, 0,
     SVC_BLOB_GET, HTTP_REPLY_BLOB, NULL},
    PUBLIC_GET("/v1/roots/{n}", HTTP_SERVES_ALL, HTTP_PARAM_NUMBER, SVC_ROOT_GET, HTTP_REPLY_ENVELOPE),

    PUBLIC_GET("/healthz", OPERATORS, HTTP_PARAM_NONE, SVC_ALIVE, HTTP_REPLY_ALIVE),
    PUBLIC_GET("/readyz", OPERATORS, HTTP_PARAM_NONE, SVC_READY, HTTP_REPLY_READY),
    {HTTP_GET, "/metrics", OPERATORS, HTTP_AUTH_METRICS, HTTP_PARAM_NONE, HTTP_BODY_NONE, 0, 0, SVC_METRICS,
     HTTP_REPLY_METRICS, NULL},

    GET("/api/v1/status", HTTP_PARAM_NONE, SVC_STATUS, HTTP_REPLY_JSON),
    OPERATOR(HTTP_POST, "/api/v1/server/backup", HTTP_PARAM_NONE, HTTP_BODY_JSON, JSON_MAX,
             HTTP_TAKES_DRY_RUN, SVC_BACKUP, HTTP_REPLY_JSON),
    CREATE("/api/v1/roots", HTTP_BODY_ENVELOPE, ENVELOPE_MAX, SVC_ROOT_PUBLISH),
    LIST("/api/v1/roots", HTTP_PARAM_NONE, SVC_ROOT_LIST),
    GET("/api/v1/roots/{n}", HTTP_PARAM_NUMBER, SVC_ROOT_GET, HTTP_REPLY_ENVELOPE),

    OPERATOR(HTTP_POST, "/api/v1/uploads", HTTP_PARAM_NONE, HTTP_BODY_UPLOAD, ENVELOPE_MAX,
             HTTP_TAKES_DRY_RUN | HTTP_TAKES_IDEMPOTENCY, SVC_UPLOAD_CREATE, HTTP_REPLY_UPLOAD),
    OPERATOR(HTTP_HEAD, "/api/v1/uploads/{id}", HTTP_PARAM_NAME, HTTP_BODY_NONE, 0, 0, SVC_UPLOAD_STAT,
             HTTP_REPLY_UPLOAD_STAT),
    OPERATOR(HTTP_PATCH, "/api/v1/uploads/{id}", HTTP_PARAM_NAME, HTTP_BODY_STREAM, UINT32_MAX, 0,
             SVC_UPLOAD_APPEND, HTTP_REPLY_UPLOAD_APPEND),

    CREATE("/api/v1/releases", HTTP_BODY_ENVELOPE, ENVELOPE_MAX, SVC_RELEASE_PUBLISH),
    LIST("/api/v1/releases", HTTP_PARAM_NONE, SVC_RELEASE_LIST),
    GET("/api/v1/releases/{sha256}", HTTP_PARAM_DIGEST, SVC_RELEASE_GET, HTTP_REPLY_JSON),
    GET("/api/v1/releases/{sha256}/manifest", HTTP_PARAM_DIGEST, SVC_RELEASE_MANIFEST, HTTP_REPLY_ENVELOPE),

    GET("/api/v1/releases/{sha256}/deps", HTTP_PARAM_DIGEST, SVC_RELEASE_DEPS, HTTP_REPLY_JSON),
    OPERATOR(HTTP_POST, "/api/v1/releases/{sha256}/withdraw", HTTP_PARAM_DIGEST, HTTP_BODY_JSON, ACTION_MAX,
             HTTP_TAKES_DRY_RUN | HTTP_TAKES_IDEMPOTENCY, SVC_RELEASE_WITHDRAW, HTTP_REPLY_JSON),

    CREATE("/api/v1/image-keys", HTTP_BODY_JSON, JSON_MAX, SVC_IMAGE_KEY_ADD),
    LIST("/api/v1/image-keys", HTTP_PARAM_NONE, SVC_IMAGE_KEY_LIST),

    CREATE("/api/v1/rollouts", HTTP_BODY_JSON, JSON_MAX, SVC_ROLLOUT_CREATE),
    LIST("/api/v1/rollouts", HTTP_PARAM_NONE, SVC_ROLLOUT_LIST),
    OPERATOR(HTTP_GET, "/api/v1/rollouts/{n}", HTTP_PARAM_NUMBER, HTTP_BODY_NONE, 0, HTTP_TAKES_WAITING,
             SVC_ROLLOUT_GET, HTTP_REPLY_JSON),
    LIST("/api/v1/rollouts/{n}/attempts", HTTP_PARAM_NUMBER, SVC_ROLLOUT_ATTEMPTS),
    LIST("/api/v1/rollouts/{n}/devices", HTTP_PARAM_NUMBER, SVC_ROLLOUT_DEVICES),
    LIST("/api/v1/rollouts/{n}/events", HTTP_PARAM_NUMBER, SVC_ROLLOUT_EVENTS),
    GET("/api/v1/rollouts/{n}/reasons", HTTP_PARAM_NUMBER, SVC_ROLLOUT_REASONS, HTTP_REPLY_JSON),
    GET("/api/v1/rollouts/{n}/preview", HTTP_PARAM_NUMBER, SVC_ROLLOUT_PREVIEW, HTTP_REPLY_JSON),
    OPERATOR(HTTP_POST, "/api/v1/rollouts/preview", HTTP_PARAM_NONE, HTTP_BODY_JSON, JSON_MAX, 0,
             SVC_PLAN_PREVIEW, HTTP_REPLY_JSON),
    OPERATOR(HTTP_GET, "/api/v1/rollouts/explain", HTTP_PARAM_NONE, HTTP_BODY_NONE, 0, HTTP_TAKES_EXPLAIN,
             SVC_ROLLOUT_EXPLAIN, HTTP_REPLY_JSON),
    ACTION("start", 0),
    ACTION("advance", HTTP_TAKES_PHASE),
    ACTION("pause", 0),
    ACTION("resume", 0),
    ACTION("abort", 0),
    ACTION("approve", HTTP_TAKES_PHASE),
    ACTION("rollback", 0),

    CREATE("/api/v1/devices", HTTP_BODY_JSON, JSON_MAX, SVC_DEVICE_CREATE),
    /* "batch" is a name that a device may have; only the POST of it is taken. */
    CREATE("/api/v1/devices/batch", HTTP_BODY_JSON, JSON_MAX, SVC_DEVICE_BATCH),
    CREATE("/api/v1/devices/import", HTTP_BODY_JSON, JSON_MAX, SVC_DEVICE_IMPORT),
    CHANGE("label"),
    CHANGE("hold"),
    CHANGE("unhold"),
    CHANGE("pin"),
    CHANGE("unpin"),
    CHANGE("retry"),
    CHANGE("retire"),
    CHANGE("reinstate"),
    CHANGE("rotate"),
    CHANGE("revoke"),
    LIST("/api/v1/devices", HTTP_PARAM_NONE, SVC_DEVICE_LIST),
    GET("/api/v1/devices/{id}", HTTP_PARAM_NAME, SVC_DEVICE_GET, HTTP_REPLY_JSON),
    OPERATOR(HTTP_PATCH, "/api/v1/devices/{id}", HTTP_PARAM_NAME, HTTP_BODY_JSON, JSON_MAX,
             HTTP_TAKES_DRY_RUN, SVC_DEVICE_PATCH, HTTP_REPLY_JSON),
    LIST("/api/v1/devices/{id}/attempts", HTTP_PARAM_NAME, SVC_DEVICE_ATTEMPTS),
    LIST("/api/v1/devices/{id}/timeline", HTTP_PARAM_NAME, SVC_DEVICE_TIMELINE),

    LIST("/api/v1/requests", HTTP_PARAM_NONE, SVC_REQUEST_LIST),
    CREATE("/api/v1/requests/accept", HTTP_BODY_JSON, JSON_MAX, SVC_REQUEST_ACCEPT),
    CREATE("/api/v1/requests/reject", HTTP_BODY_JSON, JSON_MAX, SVC_REQUEST_REJECT),
    LIST("/api/v1/fleet-keys", HTTP_PARAM_NONE, SVC_FLEET_KEY_LIST),
    OPERATOR(HTTP_POST, "/api/v1/fleet-keys", HTTP_PARAM_NONE, HTTP_BODY_JSON, ACTION_MAX, HTTP_TAKES_DRY_RUN,
             SVC_FLEET_KEY_ADD, HTTP_REPLY_JSON),
    OPERATOR(HTTP_DELETE, "/api/v1/fleet-keys/{sha256}", HTTP_PARAM_DIGEST, HTTP_BODY_NONE, 0,
             HTTP_TAKES_DRY_RUN, SVC_FLEET_KEY_REMOVE, HTTP_REPLY_EMPTY),

    LIST("/api/v1/groups", HTTP_PARAM_NONE, SVC_GROUP_LIST),
    GET("/api/v1/groups/{name}", HTTP_PARAM_NAME, SVC_GROUP_GET, HTTP_REPLY_JSON),
    OPERATOR(HTTP_PUT, "/api/v1/groups/{name}", HTTP_PARAM_NAME, HTTP_BODY_JSON, JSON_MAX, HTTP_TAKES_DRY_RUN,
             SVC_GROUP_PUT, HTTP_REPLY_JSON),
    OPERATOR(HTTP_DELETE, "/api/v1/groups/{name}", HTTP_PARAM_NAME, HTTP_BODY_NONE, 0, HTTP_TAKES_DRY_RUN,
             SVC_GROUP_DELETE, HTTP_REPLY_EMPTY),

    OPERATOR(HTTP_GET, "/api/v1/fleet/summary", HTTP_PARAM_NONE, HTTP_BODY_NONE, 0, HTTP_TAKES_SUMMARY,
             SVC_FLEET_SUMMARY, HTTP_REPLY_JSON),

    OPERATOR(HTTP_POST, "/api/v1/operators", HTTP_PARAM_NONE, HTTP_BODY_JSON, GRANTS_MAX, HTTP_TAKES_DRY_RUN,
             SVC_OPERATOR_ADD, HTTP_REPLY_JSON),
    LIST("/api/v1/operators", HTTP_PARAM_NONE, SVC_OPERATOR_LIST),
    GET("/api/v1/operators/{name}", HTTP_PARAM_NAME, SVC_OPERATOR_GET, HTTP_REPLY_JSON),
    OPERATOR(HTTP_PATCH, "/api/v1/operators/{name}", HTTP_PARAM_NAME, HTTP_BODY_JSON, GRANTS_MAX,
             HTTP_TAKES_DRY_RUN, SVC_OPERATOR_CHANGE, HTTP_REPLY_JSON),
    OPERATOR(HTTP_DELETE, "/api/v1/operators/{name}", HTTP_PARAM_NAME, HTTP_BODY_NONE, 0, HTTP_TAKES_DRY_RUN,
             SVC_OPERATOR_REMOVE, HTTP_REPLY_EMPTY),
    GET("/api/v1/whoami", HTTP_PARAM_NONE, SVC_WHOAMI, HTTP_REPLY_JSON),
    OPERATOR(HTTP_POST, "/api/v1/tokens", HTTP_PARAM_NONE, HTTP_BODY_JSON, ACTION_MAX, HTTP_TAKES_DRY_RUN,
             SVC_TOKEN_NEW, HTTP_REPLY_JSON),
    LIST("/api/v1/tokens", HTTP_PARAM_NONE, SVC_TOKEN_LIST),
    OPERATOR(HTTP_DELETE, "/api/v1/tokens/{n}", HTTP_PARAM_NUMBER, HTTP_BODY_NONE, 0, HTTP_TAKES_DRY_RUN,
             SVC_TOKEN_REVOKE, HTTP_REPLY_EMPTY),

    LIST("/api/v1/audit", HTTP_PARAM_NONE, SVC_AUDIT_LIST),
    GET("/api/v1/audit/head", HTTP_PARAM_NONE, SVC_AUDIT_HEAD, HTTP_REPLY_SIGNED),
    OPERATOR(HTTP_GET, "/api/v1/audit/export", HTTP_PARAM_NONE, HTTP_BODY_NONE, 0, HTTP_TAKES_PAGE,
             SVC_AUDIT_EXPORT, HTTP_REPLY_LINES),
    CREATE("/api/v1/audit/prune", HTTP_BODY_JSON, ACTION_MAX, SVC_AUDIT_PRUNE),

    CREATE("/api/v1/server/gc", HTTP_BODY_JSON, ACTION_MAX, SVC_GC),
    NAMED("/api/v1/server/", "freeze", ACTION_MAX, SVC_FREEZE),
    NAMED("/api/v1/server/", "unfreeze", ACTION_MAX, SVC_FREEZE),
};
const size_t http_route_count = OTTER_ARRAY_LEN(http_routes);

static const char *const method_names[HTTP_METHOD_COUNT] = {
    [HTTP_GET] = "GET",     [HTTP_POST] = "POST",     [HTTP_PUT] = "PUT",
    [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE", [HTTP_HEAD] = "HEAD"};

bool http_method_find(const char *name, enum http_method *ret)
{
    for (unsigned i = 0; i < HTTP_METHOD_COUNT; i++) {
        if (strcmp(name, method_names[i]) == 0) {
            *ret = (enum http_method)i;
            return true;
        }
    }
    return false;
}

const char *http_method_name(enum http_method method)
{
    return (unsigned)method < HTTP_METHOD_COUNT ? method_names[method] : "?";
}

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == ':' || c == '-';
}

static bool param_fits(enum http_param kind, const char *s, size_t len)
{
    uint64_t number = 0;
    struct otter_digest digest;

    switch (kind) {
    case HTTP_PARAM_NUMBER:
        return otter_parse_uint(s, len, OTTER_INT_MAX, &number);
    case HTTP_PARAM_DIGEST:
        return otter_hex_decode(s, len, digest.b, sizeof digest.b);
    case HTTP_PARAM_NAME:
        for (size_t i = 0; i < len; i++) {
            if (!name_char(s[i]))
                return false;
        }
        return len >= 1 && len <= 64;
    case HTTP_PARAM_NONE:
        break;
    }
    return false;
}

/* The pattern has at most one {..}, a whole segment. */
static bool path_fits(const struct http_route *route, const char *path, struct http_match *m)
{
    const char *p = route->pattern;
    const char *brace = strchr(p, '{');
    const char *end;

    if (!brace)
        return strcmp(p, path) == 0;
    if (strncmp(p, path, (size_t)(brace - p)) != 0)
        return false;
    m->param = path + (brace - p);
    end = strchr(m->param, '/');
    m->param_len = end ? (size_t)(end - m->param) : strlen(m->param);
    return strcmp(strchr(brace, '}') + 1, m->param + m->param_len) == 0 &&
           param_fits(route->param, m->param, m->param_len);
}

static unsigned allow_bits(enum http_method method)
{
    return method == HTTP_GET ? 1u << HTTP_GET | 1u << HTTP_HEAD : 1u << method;
}

void http_route_find(const char *method, const char *path, enum http_serves serves, struct http_match *ret)
{
    enum http_method wanted = HTTP_METHOD_COUNT;
    unsigned allow = 0;

    *ret = (struct http_match){.route = NULL};
    (void)http_method_find(method, &wanted);
    for (size_t i = 0; i < http_route_count; i++) {
        const struct http_route *route = &http_routes[i];
        struct http_match m = {.route = route};

        if (((unsigned)route->serves & (unsigned)serves) == 0 || !path_fits(route, path, &m))
            continue;
        allow |= allow_bits(route->method);
        if (wanted < HTTP_METHOD_COUNT && (allow_bits(route->method) & 1u << wanted) != 0) {
            *ret = m;
            return;
        }
    }
    ret->allow = allow;
}

bool http_begins_for_device(const char *bytes, size_t len)
{
    static const char *const begins[] = {"POST /v1/", "GET /v1/", "HEAD /v1/", "PUT /v1/"};

    for (size_t i = 0; i < OTTER_ARRAY_LEN(begins); i++) {
        size_t n = strlen(begins[i]);

        if (len >= n && memcmp(bytes, begins[i], n) == 0)
            return true;
    }
    return false;
}

void http_allow_format(unsigned allow, char *out, size_t cap)
{
    size_t len = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < HTTP_METHOD_COUNT; i++) {
        if ((allow & 1u << i) != 0 && len < cap)
            len += (size_t)snprintf(out + len, cap - len, "%s%s", len ? ", " : "", method_names[i]);
    }
}

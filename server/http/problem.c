#include "http/problem.h"

#include "core/bytes.h"

#include <inttypes.h>

/* Where the group's rule below does not fit. */
static const struct {
    enum otter_status status;
    unsigned http;
} numbers[] = {
    {OTTER_OK, 200},
    {OTTER_TOO_LARGE, 413},
    {OTTER_BODY_TOO_LARGE, 413},
    {OTTER_NO_SPACE, 500},
    {OTTER_IO_ERROR, 500},
    {OTTER_INTERNAL, 500},
    {OTTER_NO_ROOT, 503},
    {OTTER_TOO_BUSY, 503},
    {OTTER_STORE_FULL, 507},
    {OTTER_STORE_DAMAGED, 500},
    {OTTER_UNAUTHORIZED, 401},
    {OTTER_UNKNOWN_DEVICE, 401},
    {OTTER_CERTIFICATE_REFUSED, 401},
    {OTTER_LOCKED_OUT, 429},
    {OTTER_TOO_MANY_REQUESTS, 429},
    {OTTER_FORBIDDEN, 403},
    {OTTER_DEVICE_PENDING, 403},
    {OTTER_NOT_FOUND, 404},
    {OTTER_METHOD_NOT_ALLOWED, 405},
    {OTTER_LENGTH_REQUIRED, 411},
    {OTTER_RANGE_NOT_SATISFIABLE, 416},
    {OTTER_EMPTY_TARGET, 400},
    {OTTER_BAD_TARGET, 400},
    {OTTER_BAD_PHASES, 400},
    {OTTER_RELEASE_WITHDRAWN, 422},
    {OTTER_IMAGES_PRUNED, 422},
};

/* The rest of a group shares one meaning: a bad request, a refused document, a state that forbids it. */
static unsigned group_number(enum otter_status status)
{
    switch (otter_status_group(status)) {
    case 'G':
        return 400;
    case 'D':
    case 'M':
    case 'I':
        return 422;
    case 'U':
    case 'P':
    case 'A':
        return 409;
    default:
        return 500;
    }
}

unsigned http_status_of(enum otter_status status, const struct http_route *route)
{
    bool operator_asks = route && route->auth == HTTP_AUTH_OPERATOR;

    /* An operator who names a device that does not exist has a token all the same. */
    if (status == OTTER_UNKNOWN_DEVICE && operator_asks)
        return 404;
    /* A document that does not even decode was sent well, and is refused as a document. */
    if (route && route->body == HTTP_BODY_ENVELOPE && otter_status_group(status) == 'G' &&
        group_number(status) == 400 && status != OTTER_OK && status < OTTER_IO_ERROR &&
        status != OTTER_TOO_LARGE && status != OTTER_NO_SPACE)
        return 422;
    /* Tells a device to forget the report. */
    if (status == OTTER_ATTEMPT_CLOSED && route && route->reply == HTTP_REPLY_REPORT)
        return 410;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(numbers); i++) {
        if (numbers[i].status == status)
            return numbers[i].http;
    }
    return group_number(status);
}

/* What to do next, where the refusal itself had nothing to add to its meaning. */
static const char *hint_of(enum otter_status status)
{
    switch (status) {
    case OTTER_UNAUTHORIZED:
        return "send \"Authorization: Bearer TOKEN\": an operator's first token is in DIR/admin.token, a "
               "device's is the base64url of its secret";
    case OTTER_UNKNOWN_DEVICE:
        return "register the device, or send the token of the device that the request names";
    case OTTER_NOT_FOUND:
        return "nothing is at this path; docs/openapi.yaml lists what there is";
    case OTTER_METHOD_NOT_ALLOWED:
        return "the header Allow lists the methods of this path";
    case OTTER_RANGE_NOT_SATISFIABLE:
        return "the header Content-Range has the size";
    case OTTER_TOO_BUSY:
    case OTTER_TOO_MANY_REQUESTS:
        return "come again after Retry-After seconds";
    default:
        return otter_status_meaning(status);
    }
}

static json_t *detail_of(const struct http_problem *problem)
{
    /* What the request held may stand in it, whatever it was, and be cut inside a character. */
    json_t *detail = problem->detail && problem->detail[0] != '\0' ? host_json_text(problem->detail) : NULL;

    if (!detail && problem->has_at)
        detail = json_sprintf("%s, at byte %" PRIu64 " of the body", otter_status_meaning(problem->status),
                              problem->at);
    return detail ? detail : json_string(hint_of(problem->status));
}

char *http_problem_body(const struct http_problem *problem, unsigned http, size_t *ret_len)
{
    auto_json json_t *body = json_pack("{s:s, s:s, s:i, s:s, s:o}", "type", "about:blank", "title",
                                       otter_status_meaning(problem->status), "status", (int)http, "code",
                                       otter_status_name(problem->status), "detail", detail_of(problem));

    if (!body)
        return NULL;
    if (problem->has_at)
        (void)json_object_set_new(body, "at", json_integer((json_int_t)problem->at));
    return host_json_dump(body, ret_len);
}

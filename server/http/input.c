/* From the request to the inputs of the call. */
#include "core/bytes.h"
#include "http/loop.h"
#include "http/request.h"

#include <string.h>

#define IDEMPOTENCY_MAX 128u

/* http_route_find() has checked the form. */
static void take_param(struct http_request *r, const struct http_match *match)
{
    struct svc_in *in = &r->call.in;

    if (match->route->param != HTTP_PARAM_NONE && match->param_len < sizeof r->id) {
        memcpy(r->id, match->param, match->param_len);
        r->id[match->param_len] = '\0';
        in->id = r->id;
    }
    if (match->route->param == HTTP_PARAM_NUMBER)
        (void)otter_parse_uint(match->param, match->param_len, OTTER_INT_MAX, &in->number);
    if (match->route->param == HTTP_PARAM_DIGEST) {
        (void)otter_hex_decode(match->param, match->param_len, r->digest.b, sizeof r->digest.b);
        in->digest = r->digest;
    }
    if (match->route->fixed_id)
        in->id = match->route->fixed_id;
}

static void take_idempotency(struct http_request *r)
{
    const char *key = http_header(r, "Idempotency-Key");

    if (key && (key[0] == '\0' || strlen(key) > IDEMPOTENCY_MAX))
        http_refuse_request(r, OTTER_BAD_VALUE, "Idempotency-Key: 1 to %u characters", IDEMPOTENCY_MAX);
    r->call.in.idempotency_key = key;
}

/* Bodies that do not name the device themselves: the header, or `device` of the query. */
static void take_device(struct http_request *r)
{
    const char *device = http_header(r, "Otter-Device");

    if (!device)
        device = http_query(r, "device");
    if (!device || device[0] == '\0' || strlen(device) >= sizeof r->device) {
        http_refuse(r, OTTER_MISSING_MEMBER, "name the device in the header Otter-Device");
        return;
    }
    memcpy(r->device, device, strlen(device) + 1);
}

static const char *content_type_of(enum http_body body)
{
    switch (body) {
    case HTTP_BODY_JSON:
    case HTTP_BODY_UPLOAD:
        return "application/json";
    case HTTP_BODY_ENVELOPE:
        return "application/jose+json";
    case HTTP_BODY_STREAM:
        return "application/offset+octet-stream";
    default:
        return NULL;
    }
}

/* A device's body is what it is; an operator's tool that says another type has mistaken the route. */
static void check_content_type(struct http_request *r)
{
    const char *wanted = content_type_of(r->route->body);
    const char *given = r->content_type;

    if (!wanted || !given || r->route->auth != HTTP_AUTH_OPERATOR || http_media_type_is(given, wanted) ||
        (r->route->body == HTTP_BODY_ENVELOPE && http_media_type_is(given, "application/json")))
        return;
    http_refuse(r, OTTER_BAD_VALUE, "Content-Type must be %s", wanted);
    r->refusal_http = MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
}

void http_input_head(struct http_request *r, const struct http_match *match)
{
    const struct http_route *route = match->route;

    take_param(r, match);
    http_query_take(r);
    if (route->takes & HTTP_TAKES_IDEMPOTENCY)
        take_idempotency(r);
    if (route->auth == HTTP_AUTH_DEVICE && route->body == HTTP_BODY_JSON)
        take_device(r);
    check_content_type(r);
}

static void refuse_at(struct http_request *r, enum otter_status status, size_t at)
{
    http_refuse(r, status, NULL);
    r->call.out.has_at = true;
    r->call.out.at = at;
}

static void decode_poll(struct http_request *r)
{
    struct otter_poll *poll = &r->call.in.poll;
    size_t at = 0;
    enum otter_status status = otter_poll_decode(r->body, r->body_len, poll, &at);

    if (status != OTTER_OK) {
        refuse_at(r, status, at);
        return;
    }
    memcpy(r->device, poll->device, sizeof r->device);
}

static void decode_report(struct http_request *r)
{
    struct svc_in *in = &r->call.in;
    size_t at = 0;
    enum otter_status status =
        otter_report_decode(r->body, r->body_len, r->device, &in->running, &in->report, &at);

    if (status != OTTER_OK)
        refuse_at(r, status, at);
}

static void decode_token(struct http_request *r)
{
    struct otter_new_token *token = &r->call.in.token;
    size_t at = 0;
    enum otter_status status = otter_new_token_decode(r->body, r->body_len, token, &at);

    if (status != OTTER_OK)
        refuse_at(r, status, at);
    else
        memcpy(r->device, token->device, sizeof r->device);
}

static void decode_json(struct http_request *r)
{
    struct host_error *error = &r->call.out.error;
    json_error_t place;
    json_t *probe;

    r->call.in.json = host_json_load(r->body, r->body_len, "body", error);
    if (r->call.in.json)
        return;
    /* Once more for the offset, which the message has as line and column. */
    probe = json_loadb(r->body, r->body_len, JSON_REJECT_DUPLICATES, &place);
    json_decref(probe);
    r->refusal = OTTER_BAD_JSON;
    r->call.out.has_at = !probe;
    r->call.out.at = place.position > 0 ? (size_t)place.position : 0;
}

/* What is wrong with an upload's members; the error says it for people. */
static enum otter_status upload_members(struct svc_in *in, const char **ret_sha256, struct host_error *error)
{
    static const char *const members[] = {"sha256", "size", NULL};
    bool all = json_object_get(in->json, "sha256") && json_object_get(in->json, "size");

    if (!host_json_only(in->json, members, error))
        return json_is_object(in->json) ? OTTER_UNKNOWN_MEMBER : OTTER_BAD_VALUE;
    if (!host_json_get_string(in->json, "sha256", HOST_JSON_REQUIRED, OTTER_DIGEST_HEX, ret_sha256, error) ||
        !host_json_get_uint(in->json, "size", HOST_JSON_REQUIRED, 1, OTTER_INT_MAX, &in->number, error))
        return all ? OTTER_BAD_VALUE : OTTER_MISSING_MEMBER;
    return OTTER_OK;
}

static void decode_upload(struct http_request *r)
{
    struct svc_in *in = &r->call.in;
    const char *sha256 = NULL;

    decode_json(r);
    if (r->refusal == OTTER_OK)
        r->refusal = upload_members(in, &sha256, &r->call.out.error);
    if (r->refusal == OTTER_OK &&
        !otter_hex_decode(sha256, strlen(sha256), in->digest.b, sizeof in->digest.b))
        http_refuse(r, OTTER_BAD_VALUE, "sha256: 64 lower-case hex digits");
}

void http_input_body(struct http_request *r)
{
    switch (r->route->body) {
    case HTTP_BODY_POLL:
        decode_poll(r);
        break;
    case HTTP_BODY_REPORT:
        decode_report(r);
        break;
    case HTTP_BODY_TOKEN:
        decode_token(r);
        break;
    case HTTP_BODY_JSON:
        decode_json(r);
        break;
    case HTTP_BODY_UPLOAD:
        decode_upload(r);
        break;
    case HTTP_BODY_ENVELOPE:
        r->call.in.body = r->body;
        r->call.in.body_len = r->body_len;
        break;
    case HTTP_BODY_NONE:
    case HTTP_BODY_STREAM:
        break;
    }
    if (r->route->auth == HTTP_AUTH_DEVICE)
        r->call.in.device = r->device;
}

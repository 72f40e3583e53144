/*
 * Who may ask, as two tables: by the route's kind of auth, and by the scheme of Authorization. A further
 * scheme (Otter-HMAC for devices on plain HTTP) is one more row of `schemes`.
 */
#include "http/loop.h"
#include "http/request.h"

struct scheme {
    bool (*operator_ok)(const struct http_request *r);
    bool (*device_ok)(const struct http_request *r); /* r->device */
    bool (*any_device_ok)(const struct http_request *r);
};

static bool nobody(const struct http_request *r)
{
    (void)r;
    return false;
}

static bool bearer_operator(const struct http_request *r)
{
    return svc_auth_operator(r->loop->svc, r->credentials.token);
}

static bool bearer_device(const struct http_request *r)
{
    return svc_auth_device(r->loop->svc, r->device, r->credentials.token);
}

static bool bearer_any_device(const struct http_request *r)
{
    return svc_auth_any_device(r->loop->svc, r->credentials.token);
}

static const struct scheme schemes[] = {
    [HTTP_SCHEME_NONE] = {nobody, nobody, nobody},
    [HTTP_SCHEME_BEARER] = {bearer_operator, bearer_device, bearer_any_device},
    [HTTP_SCHEME_HMAC] = {nobody, nobody, nobody}, /* needs the services to keep device secrets sealed */
};

static enum otter_status public_head(const struct http_request *r)
{
    (void)r;
    return OTTER_OK;
}

static enum otter_status operator_head(const struct http_request *r)
{
    return schemes[r->credentials.scheme].operator_ok(r) ? OTTER_OK : OTTER_UNAUTHORIZED;
}

/* The device is named in the body: here only that it will be able to prove itself. */
static enum otter_status device_head(const struct http_request *r)
{
    return schemes[r->credentials.scheme].device_ok != nobody ? OTTER_OK : OTTER_UNAUTHORIZED;
}

static enum otter_status blob_head(const struct http_request *r)
{
    const struct scheme *scheme = &schemes[r->credentials.scheme];

    if (svc_blobs_public(r->loop->svc) || scheme->any_device_ok(r) || scheme->operator_ok(r))
        return OTTER_OK;
    return OTTER_UNAUTHORIZED;
}

static enum otter_status (*const heads[])(const struct http_request *r) = {
    [HTTP_AUTH_PUBLIC] = public_head,
    [HTTP_AUTH_DEVICE] = device_head,
    [HTTP_AUTH_BLOB] = blob_head,
    [HTTP_AUTH_OPERATOR] = operator_head,
};

void http_access_head(struct http_request *r)
{
    enum otter_status status;

    http_credentials_parse(http_header(r, MHD_HTTP_HEADER_AUTHORIZATION), &r->credentials);
    status = heads[r->route->auth](r);
    if (status != OTTER_OK)
        http_refuse(r, status, NULL);
}

void http_access_body(struct http_request *r)
{
    if (r->route->auth == HTTP_AUTH_DEVICE && !schemes[r->credentials.scheme].device_ok(r))
        http_refuse(r, OTTER_UNKNOWN_DEVICE, NULL);
}

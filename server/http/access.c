/*
 * Who may ask, as two tables: by the route's kind of auth, and by the scheme of Authorization. Each function
 * of the first says OK, or refuses and says by what.
 */
#include "http/loop.h"
#include "http/request.h"

#include <string.h>

#define TARGET_MAX 1024u

struct scheme {
    bool (*operator_ok)(struct http_request *r); /* then r->who */
    /* Before the body: could this become a device's proof? */
    enum otter_status (*device_may)(struct http_request *r);
    enum otter_status (*device_ok)(struct http_request *r); /* r->device, with the body */
    enum otter_status (*any_device_ok)(struct http_request *r);
};

static bool no_operator(struct http_request *r)
{
    (void)r;
    return false;
}

static enum otter_status no_device(struct http_request *r)
{
    (void)r;
    return OTTER_UNAUTHORIZED;
}

static bool bearer_operator(struct http_request *r)
{
    return svc_auth_operator(r->loop->svc, r->credentials.token, r->who);
}

static enum otter_status bearer_may(struct http_request *r)
{
    if (!r->proofs_only)
        return OTTER_OK;
    http_refuse(
        r, OTTER_UNAUTHORIZED,
        "devices' tokens are not taken here, where they travel readable: send Otter-HMAC, or use TLS");
    return OTTER_UNAUTHORIZED;
}

static enum otter_status bearer_device(struct http_request *r)
{
    return svc_auth_device(r->loop->svc, r->device, r->credentials.token) ? OTTER_OK : OTTER_UNKNOWN_DEVICE;
}

static enum otter_status bearer_any_device(struct http_request *r)
{
    enum otter_status status = bearer_may(r);

    if (status != OTTER_OK)
        return status;
    return svc_auth_any_device(r->loop->svc, r->credentials.token) ? OTTER_OK : OTTER_UNAUTHORIZED;
}

/* Text into a bounded buffer; too much is remembered, never written. */
struct target {
    char text[TARGET_MAX];
    size_t len;
    bool overflow;
};

static void put(struct target *t, const char *s)
{
    size_t n = strlen(s);

    if (t->overflow || n >= sizeof t->text - t->len) {
        t->overflow = true;
        return;
    }
    memcpy(t->text + t->len, s, n + 1);
    t->len += n;
}

static enum MHD_Result put_argument(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct target *t = cls;

    (void)kind;
    put(t, strchr(t->text, '?') ? "&" : "?");
    put(t, name);
    if (value) {
        put(t, "=");
        put(t, value);
    }
    return MHD_YES;
}

/*
 * The proof over path and query as we understood them, put together again: what came with escapes differs
 * from what the device signed, and is refused. No name that a device asks for needs any.
 */
static enum otter_status check_proof(struct http_request *r, const char *device)
{
    const struct http_credentials *c = &r->credentials;
    struct target target = {.len = 0};
    struct svc_proof proof = {.device = device,
                              .method = r->is_head ? "HEAD" : http_method_name(r->route->method),
                              .target = target.text,
                              .nonce = c->nonce,
                              .nonce_len = c->nonce_len,
                              .mac = c->mac,
                              .mac_len = c->mac_len,
                              .body = r->body,
                              .body_len = r->body_len};
    enum otter_status status;

    put(&target, r->url);
    (void)MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, put_argument, &target);
    if (target.overflow)
        return OTTER_UNKNOWN_DEVICE;
    status = svc_auth_device_hmac(r->loop->svc, &proof);
    if (status == OTTER_UNAUTHORIZED)
        http_refuse(r, status, "Otter-HMAC with a nonce that was used before, or plain_devices is off");
    return status;
}

static bool proof_device(const struct http_request *r, char ret[OTTER_NAME_BUF])
{
    size_t len = r->credentials.device_len;

    if (len >= OTTER_NAME_BUF)
        return false;
    memcpy(ret, r->credentials.device, len);
    ret[len] = '\0';
    return true;
}

static enum otter_status hmac_may(struct http_request *r)
{
    (void)r;
    return OTTER_OK; /* the proof is over the body, too */
}

/* Who proves itself must be who the body speaks of. */
static enum otter_status hmac_device(struct http_request *r)
{
    char device[OTTER_NAME_BUF];

    if (!proof_device(r, device) || strcmp(device, r->device) != 0)
        return OTTER_UNKNOWN_DEVICE;
    return check_proof(r, device);
}

static enum otter_status hmac_any_device(struct http_request *r)
{
    char device[OTTER_NAME_BUF];

    return proof_device(r, device) ? check_proof(r, device) : OTTER_UNAUTHORIZED;
}

static const struct scheme schemes[] = {
    [HTTP_SCHEME_NONE] = {no_operator, no_device, no_device, no_device},
    [HTTP_SCHEME_BEARER] = {bearer_operator, bearer_may, bearer_device, bearer_any_device},
    [HTTP_SCHEME_HMAC] = {no_operator, hmac_may, hmac_device, hmac_any_device},
};

static enum otter_status public_head(struct http_request *r)
{
    (void)r;
    return OTTER_OK;
}

static enum otter_status operator_head(struct http_request *r)
{
    if (!schemes[r->credentials.scheme].operator_ok(r))
        return OTTER_UNAUTHORIZED;
    r->call.in.who = r->who;
    return OTTER_OK;
}

static enum otter_status metrics_head(struct http_request *r)
{
    return r->loop->config->metrics_public ? OTTER_OK : operator_head(r);
}

/* The device is named in the body: here only that it will be able to prove itself. */
static enum otter_status device_head(struct http_request *r)
{
    return schemes[r->credentials.scheme].device_may(r);
}

static enum otter_status blob_head(struct http_request *r)
{
    const struct scheme *scheme = &schemes[r->credentials.scheme];

    if (svc_blobs_public(r->loop->svc) || scheme->operator_ok(r))
        return OTTER_OK;
    return scheme->any_device_ok(r);
}

static enum otter_status (*const heads[])(struct http_request *r) = {
    [HTTP_AUTH_PUBLIC] = public_head,     [HTTP_AUTH_DEVICE] = device_head,   [HTTP_AUTH_BLOB] = blob_head,
    [HTTP_AUTH_OPERATOR] = operator_head, [HTTP_AUTH_METRICS] = metrics_head,
};

/* A check that has said more than its status keeps its words. */
static void settle(struct http_request *r, enum otter_status status)
{
    if (status != OTTER_OK && r->refusal != status)
        http_refuse(r, status, NULL);
}

void http_access_head(struct http_request *r)
{
    http_credentials_parse(r->authorization, &r->credentials);
    settle(r, heads[r->route->auth](r));
}

void http_access_body(struct http_request *r)
{
    if (r->route->auth == HTTP_AUTH_DEVICE)
        settle(r, schemes[r->credentials.scheme].device_ok(r));
}

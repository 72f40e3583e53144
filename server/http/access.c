/*
 * Who may ask, as two tables: by the route's kind of auth, and by the scheme of Authorization. Each function
 * of the first says OK, or refuses and says by what.
 */
#include "host/log.h"
#include "http/health.h"
#include "http/loop.h"
#include "http/ration.h"
#include "http/request.h"

#include <string.h>

#define TARGET_MAX 1024u

struct scheme {
    enum otter_status (*operator_ok)(struct http_request *r); /* then r->who and r->asker */
    /* Before the body: could this become a device's proof? */
    enum otter_status (*device_may)(struct http_request *r);
    enum otter_status (*device_ok)(struct http_request *r); /* r->device, with the body */
    enum otter_status (*any_device_ok)(struct http_request *r);
};

static enum otter_status no_operator(struct http_request *r)
{
    (void)r;
    return OTTER_UNAUTHORIZED;
}

static enum otter_status no_device(struct http_request *r)
{
    (void)r;
    return OTTER_UNAUTHORIZED;
}

static int64_t seconds(const struct http_request *r)
{
    return (int64_t)(http_loop_now(r->loop) / 1000);
}

/* Is the address locked? Then what it sends is not looked at. */
static bool locked_out(struct http_request *r, const char *client)
{
    unsigned left = http_lockout_left(r->loop->lockout, client, seconds(r));

    if (left == 0)
        return false;
    http_count_wrong(r->loop, HTTP_COUNT_LOCKED);
    r->call.out.retry_after = left;
    http_refuse(r, OTTER_LOCKED_OUT,
                "too many wrong tokens came from %s: operators' requests are taken again "
                "in %u s",
                client, left);
    return true;
}

static void count_wrong(struct http_request *r, const char *client)
{
    http_count_wrong(r->loop, HTTP_COUNT_WRONG);
    if (http_lockout_wrong(r->loop->lockout, client, seconds(r)))
        host_log(HOST_LOG_WARNING, "operators-locked-out", HOST_LOG_STR("client", client));
}

/* Whose token is it? A wrong one is counted by who calls this. */
static enum otter_status identify(struct http_request *r, const char *client)
{
    const char *why;
    enum otter_status status = svc_auth_operator(r->loop->svc, r->credentials.token, &r->asker, &why);

    if (status == OTTER_OK) {
        http_lockout_right(r->loop->lockout, client);
        memcpy(r->who, r->asker->name, sizeof r->who);
    } else if (why) {
        http_refuse(r, status, "%s", why);
    }
    return status;
}

static enum otter_status bearer_operator(struct http_request *r)
{
    char client[HTTP_CLIENT_STR];
    enum otter_status status;

    http_client_of(r, client);
    if (locked_out(r, client))
        return OTTER_LOCKED_OUT;
    status = identify(r, client);
    if (status == OTTER_UNAUTHORIZED && r->refusal == OTTER_OK)
        count_wrong(r, client);
    return status;
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
    return svc_auth_device(r->loop->svc, r->device, r->credentials.token, &r->number) ? OTTER_OK
                                                                                      : OTTER_UNKNOWN_DEVICE;
}

/* With a certificate beside it, it must be a token of that device. */
static enum otter_status bearer_any_device(struct http_request *r)
{
    enum otter_status status = bearer_may(r);

    if (status != OTTER_OK)
        return status;
    if (r->certified)
        return svc_auth_device(r->loop->svc, r->certified, r->credentials.token, &r->number)
                   ? OTTER_OK
                   : OTTER_UNAUTHORIZED;
    return svc_auth_any_device(r->loop->svc, r->credentials.token, &r->number) ? OTTER_OK
                                                                               : OTTER_UNAUTHORIZED;
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
static bool make_proof(struct http_request *r, const char *device, struct target *target,
                       struct svc_proof *ret)
{
    const struct http_credentials *c = &r->credentials;

    *ret = (struct svc_proof){.device = device,
                              .method = r->is_head ? "HEAD" : http_method_name(r->route->method),
                              .target = target->text,
                              .nonce = c->nonce,
                              .nonce_len = c->nonce_len,
                              .mac = c->mac,
                              .mac_len = c->mac_len,
                              .body = r->body,
                              .body_len = r->body_len};
    target->len = 0;
    target->overflow = false;
    target->text[0] = '\0';
    put(target, r->url);
    (void)MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, put_argument, target);
    return !target->overflow;
}

static enum otter_status check_proof(struct http_request *r, const char *device)
{
    struct target target;
    struct svc_proof proof;
    enum otter_status status;

    if (!make_proof(r, device, &target, &proof))
        return OTTER_UNKNOWN_DEVICE;
    status = svc_auth_device_hmac(r->loop->svc, &proof, &r->number);
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

    if (!proof_device(r, device) || (r->certified && strcmp(device, r->certified) != 0))
        return OTTER_UNAUTHORIZED;
    return check_proof(r, device);
}

static enum otter_status certificate_may(struct http_request *r)
{
    (void)r;
    return OTTER_OK; /* http_certificate_body() */
}

static enum otter_status certificate_device(struct http_request *r)
{
    return svc_auth_certified(r->loop->svc, r->certified, &r->number) ? OTTER_OK : OTTER_UNKNOWN_DEVICE;
}

/* Who has a fleet key proves it over a body that names the device that it is. */
static enum otter_status fleet_key_body(struct http_request *r)
{
    enum otter_status status = http_certificate_body(r);
    char device[OTTER_NAME_BUF];
    struct target target;
    struct svc_proof proof;

    if (status != OTTER_OK)
        return status;
    if (r->credentials.scheme != HTTP_SCHEME_HMAC || !proof_device(r, device) ||
        strcmp(device, r->device) != 0 || !make_proof(r, device, &target, &proof))
        return OTTER_UNAUTHORIZED;
    return svc_auth_fleet_key(r->loop->svc, &proof, r->call.in.token.product, &r->call.in.digest);
}

static const struct scheme schemes[] = {
    [HTTP_SCHEME_NONE] = {no_operator, no_device, no_device, no_device},
    [HTTP_SCHEME_BEARER] = {bearer_operator, bearer_may, bearer_device, bearer_any_device},
    [HTTP_SCHEME_HMAC] = {no_operator, hmac_may, hmac_device, hmac_any_device},
    [HTTP_SCHEME_CERTIFICATE] = {no_operator, certificate_may, certificate_device, certificate_device},
};

static enum otter_status public_head(struct http_request *r)
{
    (void)r;
    return OTTER_OK;
}

static enum otter_status operator_head(struct http_request *r)
{
    enum otter_status status = schemes[r->credentials.scheme].operator_ok(r);

    r->call.in.who = r->who;
    r->call.in.asker = r->asker;
    /* Calls are judged by the services; these are none. */
    if (status == OTTER_OK &&
        (r->route->reply == HTTP_REPLY_UPLOAD_STAT || r->route->reply == HTTP_REPLY_UPLOAD_APPEND))
        r->refusal = status = svc_permitted(r->asker, r->route->op, NULL, &r->call.out.error);
    return status;
}

static enum otter_status metrics_head(struct http_request *r)
{
    static const struct svc_asker anybody = {.rights.everywhere = POLICY_SEE};

    if (!r->loop->config->metrics_public)
        return operator_head(r);
    r->call.in.asker = &anybody;
    return OTTER_OK;
}

/* The device is named in the body: here only that it will be able to prove itself. */
static enum otter_status device_head(struct http_request *r)
{
    enum otter_status status = http_certificate_head(r);

    return status == OTTER_OK ? schemes[r->credentials.scheme].device_may(r) : status;
}

/* The proof is over the body, too. */
static enum otter_status fleet_key_head(struct http_request *r)
{
    enum otter_status status = http_certificate_head(r);

    if (status == OTTER_OK && r->credentials.scheme != HTTP_SCHEME_HMAC)
        status = OTTER_UNAUTHORIZED;
    return status;
}

/*
 * A device first, whom no address's lock concerns; then an operator. What is neither counts as an operator's
 * wrong token, or they could be guessed here.
 */
static enum otter_status blob_head(struct http_request *r)
{
    enum otter_status said, status;

    if (svc_blobs_public(r->loop->svc))
        return OTTER_OK;
    status = http_certificate_head(r);
    if (status != OTTER_OK)
        return status;
    status = schemes[r->credentials.scheme].any_device_ok(r);
    if (status == OTTER_OK)
        return http_ration_device(r);
    if (r->credentials.scheme != HTTP_SCHEME_BEARER || r->certified)
        return status;
    said = r->refusal; /* with its words, which stay unless there are others */
    r->refusal = OTTER_OK;
    status = bearer_operator(r);
    if (status == OTTER_UNAUTHORIZED && r->refusal == OTTER_OK)
        r->refusal = said;
    return status;
}

static enum otter_status (*const heads[])(struct http_request *r) = {
    [HTTP_AUTH_PUBLIC] = public_head,   [HTTP_AUTH_DEVICE] = device_head,
    [HTTP_AUTH_BLOB] = blob_head,       [HTTP_AUTH_OPERATOR] = operator_head,
    [HTTP_AUTH_METRICS] = metrics_head, [HTTP_AUTH_FLEET_KEY] = fleet_key_head,
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

/* A poll with a token that is not its device's: where that is allowed, somebody who asks to be taken. */
static bool asks(struct http_request *r, enum otter_status status)
{
    bool bearer = r->credentials.scheme == HTTP_SCHEME_BEARER;

    if (status != OTTER_UNKNOWN_DEVICE || r->refusal != OTTER_OK || r->route->op != SVC_POLL ||
        (!bearer && r->credentials.scheme != HTTP_SCHEME_CERTIFICATE))
        return false;
    r->call.in.certified = r->certified && svc_takes_certified(r->loop->svc, r->certified);
    if (!r->call.in.certified && (!bearer || !svc_takes_asking(r->loop->svc)))
        return false;
    r->call.op = SVC_DEVICE_ASK;
    r->call.in.bearer = bearer ? r->credentials.token : NULL;
    return true;
}

static void take_address(struct http_request *r)
{
    http_client_of(r, r->client);
    r->call.in.address = r->client;
}

void http_access_body(struct http_request *r)
{
    enum otter_status status;

    if (r->route->auth == HTTP_AUTH_FLEET_KEY) {
        settle(r, fleet_key_body(r));
        take_address(r);
    }
    if (r->route->auth != HTTP_AUTH_DEVICE)
        return;
    status = http_certificate_body(r);
    if (status == OTTER_OK)
        status = schemes[r->credentials.scheme].device_ok(r);
    if (status == OTTER_OK)
        status = http_ration_device(r);
    if (asks(r, status))
        take_address(r);
    else
        settle(r, status);
}

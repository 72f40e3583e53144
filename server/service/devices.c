/* Enrolment. */
#include "service/credentials.h"
#include "service/rights.h"

#include "core/bytes.h"

#include <string.h>

#define SECRET_LEN ENROLMENT_SECRET
#define BATCH_MAX  1000u

bool enrolment_token_is(const char *secret, const struct otter_digest *token_hash)
{
    struct otter_digest hash;

    otter_sha256_of(&otter_crypto_openssl, secret, strlen(secret), &hash);
    return otter_equal_ct(hash.b, token_hash->b, OTTER_DIGEST_LEN);
}

static bool read_secret(const char *text, struct enrolment *e, struct host_error *err)
{
    if (otter_b64_decode(text, strlen(text), e->secret, SECRET_LEN) != (int)SECRET_LEN)
        return host_fail(err, HOST_ERROR_FORMAT, "secret: 32 bytes in base64url");
    /* The device's token is this text, exactly. */
    otter_sha256_of(&otter_crypto_openssl, text, strlen(text), &e->token_hash);
    return true;
}

static bool read_members(const json_t *body, struct enrolment *e, struct host_error *err)
{
    json_t *tags = NULL, *attrs = NULL;
    const char *secret;

    memset(e, 0, sizeof(*e));
    e->may_return = true;
    if (!host_json_get_string(body, "id", HOST_JSON_REQUIRED, OTTER_NAME_MAX, &e->id, err) ||
        !host_json_get_string(body, "product", HOST_JSON_REQUIRED, OTTER_NAME_MAX, &e->product, err) ||
        !host_json_get_string(body, "hardware", HOST_JSON_REQUIRED, OTTER_NAME_MAX, &e->hardware, err) ||
        !host_json_get_string(body, "secret", HOST_JSON_REQUIRED, OTTER_B64_LEN(SECRET_LEN), &secret, err) ||
        !host_json_get_array(body, "tags", HOST_JSON_OPTIONAL, LABEL_TAGS_MAX, &tags, err) ||
        !host_json_get_object(body, "attributes", HOST_JSON_OPTIONAL, &attrs, err))
        return false;
    if (!otter_device_id_valid(e->id, strlen(e->id)))
        return host_fail(err, HOST_ERROR_FORMAT, "id: [A-Za-z0-9._:-]{1,64}");
    if (!otter_name_valid(e->product, strlen(e->product)) ||
        !otter_name_valid(e->hardware, strlen(e->hardware)))
        return host_fail(err, HOST_ERROR_FORMAT, "product and hardware: [A-Za-z0-9._+-]{1,64}");
    return read_secret(secret, e, err) && labels_add_tags(tags, &e->tags, err) &&
           labels_set_attrs(attrs, &e->attrs, err);
}

enum otter_status enrolment_read(const json_t *body, struct enrolment *e, struct host_error *err)
{
    static const char *const members[] = {"*id",  "*product",   "*hardware", "*secret",
                                          "tags", "attributes", NULL};
    enum otter_status status = svc_shape(body, members, err);

    if (status == OTTER_OK && !read_members(body, e, err))
        status = OTTER_BAD_VALUE;
    return status;
}

struct comparer {
    struct store_device_visitor visitor;
    const struct enrolment *e;
    bool same, same_kind;
};

/* The same enrolment again? Labels do not count: operators change them afterwards. */
static bool compare(struct store_device_visitor *self, const struct store_device *row)
{
    struct comparer *c = OTTER_CONTAINER_OF(self, struct comparer, visitor);

    c->same_kind = strcmp(row->product, c->e->product) == 0 && strcmp(row->hardware, c->e->hardware) == 0;
    c->same = c->same_kind && otter_equal_ct(row->token_hash.b, c->e->token_hash.b, OTTER_DIGEST_LEN);
    return false;
}

static enum otter_status insert(struct svc *svc, struct svc_call *call, const struct enrolment *e)
{
    struct store_device row = {.id = e->id,
                               .product = e->product,
                               .hardware = e->hardware,
                               .token_hash = e->token_hash,
                               .tags = {.data = e->tags.data, .len = e->tags.len},
                               .operator_attrs = {.data = e->attrs.data, .len = e->attrs.len},
                               .created = svc_now(svc)};
    enum otter_status status;

    _Static_assert(STORE_SEALED_LEN == SECRET_LEN + HOST_SEAL_OVERHEAD, "a sealed secret");
    if (!host_seal(svc->secret_key, e->id, strlen(e->id), e->secret, SECRET_LEN, row.sealed))
        return OTTER_INTERNAL;
    status = svc->writer->ops->device_add(svc->writer, &row, &row.num);
    if (status != OTTER_OK)
        return status;
    return effects_device(call, &row) ? OTTER_OK : OTTER_INTERNAL;
}

/* There already, with another token. An operator may give it that one if its own was revoked. */
static enum otter_status take_back(struct svc *svc, struct svc_call *call, const struct enrolment *e)
{
    struct store_token_row token;
    struct store_marks marks;
    uint32_t index = fleet_find(svc->fleet, e->id);
    enum otter_status status;

    if (index == FLEET_NONE) /* of this very transaction: not revoked */
        return OTTER_ALREADY_EXISTS;
    status = device_marks(svc, call, svc->writer, index, &marks);
    if (status != OTTER_OK || !marks.revoked)
        return status == OTTER_OK ? OTTER_ALREADY_EXISTS : status;
    if (!credentials_make(svc, e->id, e->secret, &token))
        return OTTER_INTERNAL;
    return credentials_return(svc, call, index, &token, "");
}

enum otter_status enrol(struct svc *svc, struct svc_call *call, const struct enrolment *e, bool *ret_created)
{
    struct comparer c = {.visitor.row = compare, .e = e};
    enum otter_status status = svc->writer->ops->device_get(svc->writer, e->id, &c.visitor);

    if (status == OTTER_NOT_FOUND) {
        status = insert(svc, call, e);
        *ret_created = status == OTTER_OK;
        return status;
    }
    *ret_created = false;
    if (status == OTTER_OK && !c.same)
        return e->may_return && c.same_kind ? take_back(svc, call, e) : OTTER_ALREADY_EXISTS;
    return status;
}

/* A device that is not in memory yet. */
static json_t *json_new_device(const struct enrolment *e)
{
    return json_pack(
        "{s:s, s:s, s:s, s:n, s:o, s:o, s:o, s:n, s:n, s:n, s:n, s:i, s:i, s:i, s:n, s:n, s:b, s:n, s:s,"
        " s:n, s:n, s:n, s:b}",
        "id", e->id, "product", e->product, "hardware", e->hardware, "polls_as", "tags",
        labels_json_tags(e->tags.data), "attributes", labels_json_attrs(e->attrs.data), "operator_attributes",
        labels_json_attrs(e->attrs.data), "held", "pinned", "retired", "running", "epoch", 0, "sequence", 0,
        "root", 0, "first_seen", "last_seen", "stale", 0, "last_refusal", "state", "never-seen", "reason",
        "attempt", "revoked", "rotating", 0);
}

enum otter_status op_device_create(struct svc *svc, struct svc_call *call)
{
    enum otter_status status;
    struct enrolment e;
    uint32_t index;

    status = enrolment_read(call->in.json, &e, &call->out.error);
    if (status == OTTER_OK)
        status = rights_need(call, e.product);
    if (status != OTTER_OK) {
        host_wipe(e.secret, sizeof(e.secret));
        return status;
    }
    status = enrol(svc, call, &e, &call->out.created);
    host_wipe(e.secret, sizeof(e.secret));
    if (status == OTTER_ALREADY_EXISTS)
        return svc_refuse(call, status, "device %s exists with another product, hardware or secret", e.id);
    if (status != OTTER_OK)
        return svc_stored(call, status);
    index = fleet_find(svc->fleet, e.id);
    call->out.json =
        index == FLEET_NONE ? json_new_device(&e) : json_device(svc, svc->writer, svc->catalog, index);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

/* One of a batch: its own refusal is an entry of errors, only trouble of the store ends the batch. */
static enum otter_status batch_item(struct svc *svc, struct svc_call *call, size_t i, const json_t *item,
                                    json_t *errors, bool *ret_created)
{
    struct host_error err = {0};
    enum otter_status status;
    struct enrolment e;

    status = enrolment_read(item, &e, &err);
    if (status == OTTER_OK)
        status = rights_need_or(call, e.product, &err);
    if (status == OTTER_OK) {
        status = enrol(svc, call, &e, ret_created);
        host_wipe(e.secret, sizeof(e.secret));
        if (status == OTTER_OK)
            return status;
        if (status != OTTER_ALREADY_EXISTS)
            return svc_stored(call, status);
        (void)host_fail(&err, HOST_ERROR_EXISTS, "device %s exists with another product, hardware or secret",
                        e.id);
    }
    (void)json_array_append_new(errors, json_pack("{s:I, s:s, s:s}", "index", (json_int_t)i, "code",
                                                  otter_status_name(status), "detail", err.message));
    *ret_created = false;
    return OTTER_OK;
}

enum otter_status op_device_batch(struct svc *svc, struct svc_call *call)
{
    static const char *const members[] = {"*items", NULL};
    json_int_t created = 0, unchanged = 0;
    auto_json json_t *errors = json_array();
    enum otter_status status = svc_shape(call->in.json, members, &call->out.error);
    json_t *items = NULL;

    if (status != OTTER_OK)
        return status;
    if (!host_json_get_array(call->in.json, "items", HOST_JSON_REQUIRED, BATCH_MAX, &items, &call->out.error))
        return svc_refuse_host(call);
    for (size_t i = 0; i < json_array_size(items); i++) {
        size_t refused = json_array_size(errors);
        bool is_new = false;

        status = batch_item(svc, call, i, json_array_get(items, i), errors, &is_new);
        if (status != OTTER_OK)
            return status;
        created += is_new;
        unchanged += !is_new && json_array_size(errors) == refused;
    }
    call->out.json =
        json_pack("{s:I, s:I, s:O}", "created", created, "unchanged", unchanged, "errors", errors);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

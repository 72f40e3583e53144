/* Enrolment and labels. */
#include "service/internal.h"

#include "core/bytes.h"

#include <string.h>

#define SECRET_LEN 32u
#define BATCH_MAX  1000u
#define TAGS_MAX   32u
#define ATTRS_MAX  64u
#define VALUE_MAX  256u

struct enrolment {
    const char *id, *product, *hardware;
    uint8_t secret[SECRET_LEN];
    struct otter_digest token_hash;
    struct fleet_pack tags, attrs;
};

static bool printable(const char *value)
{
    for (; *value; value++)
        if ((unsigned char)*value < 0x20 || *value == 0x7f)
            return false;
    return true;
}

static bool read_tags(const json_t *tags, struct fleet_pack *ret, struct host_error *err)
{
    const char *tag;

    for (size_t i = 0; i < json_array_size(tags); i++) {
        tag = json_string_value(json_array_get(tags, i));
        if (!tag || !otter_name_valid(tag, strlen(tag)))
            return host_fail(err, HOST_ERROR_FORMAT, "tag %zu: [A-Za-z0-9._+-]{1,64}", i + 1);
        if (!fleet_pack_add(ret, tag) || fleet_pack_count(ret->data) > TAGS_MAX)
            return host_fail(err, HOST_ERROR_FORMAT, "at most %u tags of 2,048 bytes in all", TAGS_MAX);
    }
    return true;
}

/* null takes an attribute away. */
static bool read_attrs(json_t *attrs, struct fleet_pack *ret, struct host_error *err)
{
    const char *name;
    json_t *member;

    json_object_foreach(attrs, name, member)
    {
        const char *value = json_string_value(member);

        if (!otter_name_valid(name, strlen(name)))
            return host_fail(err, HOST_ERROR_FORMAT, "attribute \"%.64s\": names are [A-Za-z0-9._+-]{1,64}",
                             name);
        if (json_is_null(member)) {
            fleet_pack_drop(ret, name);
            continue;
        }
        if (!value || strlen(value) > VALUE_MAX || !printable(value))
            return host_fail(err, HOST_ERROR_FORMAT, "attribute %s: a printable string of at most %u bytes",
                             name, VALUE_MAX);
        if (!fleet_pack_put(ret, name, value) || fleet_pack_count(ret->data) / 2 > ATTRS_MAX)
            return host_fail(err, HOST_ERROR_FORMAT, "at most %u attributes of 2,048 bytes in all",
                             ATTRS_MAX);
    }
    return true;
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
    if (!host_json_get_string(body, "id", HOST_JSON_REQUIRED, OTTER_NAME_MAX, &e->id, err) ||
        !host_json_get_string(body, "product", HOST_JSON_REQUIRED, OTTER_NAME_MAX, &e->product, err) ||
        !host_json_get_string(body, "hardware", HOST_JSON_REQUIRED, OTTER_NAME_MAX, &e->hardware, err) ||
        !host_json_get_string(body, "secret", HOST_JSON_REQUIRED, OTTER_B64_LEN(SECRET_LEN), &secret, err) ||
        !host_json_get_array(body, "tags", HOST_JSON_OPTIONAL, TAGS_MAX, &tags, err) ||
        !host_json_get_object(body, "attributes", HOST_JSON_OPTIONAL, &attrs, err))
        return false;
    if (!otter_device_id_valid(e->id, strlen(e->id)))
        return host_fail(err, HOST_ERROR_FORMAT, "id: [A-Za-z0-9._:-]{1,64}");
    if (!otter_name_valid(e->product, strlen(e->product)) ||
        !otter_name_valid(e->hardware, strlen(e->hardware)))
        return host_fail(err, HOST_ERROR_FORMAT, "product and hardware: [A-Za-z0-9._+-]{1,64}");
    return read_secret(secret, e, err) && read_tags(tags, &e->tags, err) && read_attrs(attrs, &e->attrs, err);
}

static enum otter_status read_enrolment(const json_t *body, struct enrolment *e, struct host_error *err)
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
    bool same;
};

/* The same enrolment again? Labels do not count: operators change them afterwards. */
static bool compare(struct store_device_visitor *self, const struct store_device *row)
{
    struct comparer *c = OTTER_CONTAINER_OF(self, struct comparer, visitor);

    c->same = strcmp(row->product, c->e->product) == 0 && strcmp(row->hardware, c->e->hardware) == 0 &&
              otter_equal_ct(row->token_hash.b, c->e->token_hash.b, OTTER_DIGEST_LEN);
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

/* OK: *ret_created says whether it is new. ALREADY_EXISTS: another device of this id. */
static enum otter_status enrol(struct svc *svc, struct svc_call *call, const struct enrolment *e,
                               bool *ret_created)
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
        return OTTER_ALREADY_EXISTS;
    return status;
}

static json_t *json_names(const char *pack)
{
    json_t *names = json_array();

    for (const char *p = fleet_pack_next(pack, NULL); p; p = fleet_pack_next(pack, p))
        (void)json_array_append_new(names, json_string(p));
    return names;
}

static json_t *json_pairs(const char *pack)
{
    json_t *pairs = json_object();

    for (const char *p = fleet_pack_next(pack, NULL); p;) {
        const char *value = p + strlen(p) + 1;

        (void)json_object_set_new(pairs, p, json_string(value));
        p = fleet_pack_next(pack, value);
    }
    return pairs;
}

/* A device that is not in memory yet. */
static json_t *json_new_device(const struct enrolment *e)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:n, s:i, s:i, s:i, s:n, s:n, s:b, s:n, s:s, s:n, s:n}", "id",
                     e->id, "product", e->product, "hardware", e->hardware, "tags", json_names(e->tags.data),
                     "attributes", json_pairs(e->attrs.data), "running", "epoch", 0, "sequence", 0, "root", 0,
                     "first_seen", "last_seen", "stale", 0, "last_refusal", "state", "never-seen", "reason",
                     "attempt");
}

enum otter_status op_device_create(struct svc *svc, struct svc_call *call)
{
    enum otter_status status;
    struct enrolment e;
    uint32_t index;

    status = read_enrolment(call->in.json, &e, &call->out.error);
    if (status != OTTER_OK)
        return status;
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

    status = read_enrolment(item, &e, &err);
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

struct patcher {
    struct store_device_visitor visitor;
    struct svc *svc;
    struct svc_call *call;
    json_t *add, *remove, *attrs;
    uint32_t index;
    enum otter_status status;
};

static bool patch_tags(const struct patcher *p, struct fleet_pack *tags, struct host_error *err)
{
    const char *tag;

    for (size_t i = 0; i < json_array_size(p->remove); i++) {
        tag = json_string_value(json_array_get(p->remove, i));
        if (!tag)
            return host_fail(err, HOST_ERROR_FORMAT, "tags.remove: strings");
        fleet_pack_remove(tags, tag);
    }
    return read_tags(p->add, tags, err);
}

static bool patch(struct store_device_visitor *self, const struct store_device *row)
{
    struct patcher *p = OTTER_CONTAINER_OF(self, struct patcher, visitor);
    struct host_error *err = &p->call->out.error;
    struct store_device changed = *row;
    struct fleet_pack tags, attrs;

    if (!fleet_pack_read(row->tags.data, row->tags.len, &tags) ||
        !fleet_pack_read(row->operator_attrs.data, row->operator_attrs.len, &attrs)) {
        p->status = OTTER_INTERNAL;
        return false;
    }
    if (!patch_tags(p, &tags, err) || !read_attrs(p->attrs, &attrs, err)) {
        p->status = OTTER_BAD_VALUE;
        return false;
    }
    changed.tags = (struct store_pack){.data = tags.data, .len = tags.len};
    changed.operator_attrs = (struct store_pack){.data = attrs.data, .len = attrs.len};
    p->status = svc_stored(p->call, p->svc->writer->ops->device_labels(p->svc->writer, &changed));
    if (p->status == OTTER_OK && !effects_labels(p->call, p->index, &changed))
        p->status = OTTER_INTERNAL;
    p->call->out.json = json_device(p->svc, p->svc->writer, p->svc->catalog, p->index);
    if (!p->call->out.json) {
        p->status = OTTER_INTERNAL;
        return false;
    }
    (void)json_object_set_new(p->call->out.json, "tags", json_names(tags.data));
    (void)json_object_set_new(p->call->out.json, "attributes",
                              json_pairs(row->own_attrs.len ? row->own_attrs.data : NULL));
    (void)json_object_update_new(json_object_get(p->call->out.json, "attributes"), json_pairs(attrs.data));
    return false;
}

static enum otter_status read_patch(struct svc_call *call, struct patcher *p)
{
    static const char *const members[] = {"tags", "attributes", NULL}, *const tags_have[] = {"add", "remove",
                                                                                             NULL};
    struct host_error *err = &call->out.error;
    enum otter_status status = svc_shape(call->in.json, members, err);
    json_t *tags = NULL;

    if (status != OTTER_OK)
        return status;
    if (!host_json_get_object(call->in.json, "tags", HOST_JSON_OPTIONAL, &tags, err) ||
        !host_json_get_object(call->in.json, "attributes", HOST_JSON_OPTIONAL, &p->attrs, err))
        return svc_refuse_host(call);
    if (!tags)
        return OTTER_OK;
    status = svc_shape(tags, tags_have, err);
    if (status != OTTER_OK)
        return status;
    if (!host_json_get_array(tags, "add", HOST_JSON_OPTIONAL, TAGS_MAX, &p->add, err) ||
        !host_json_get_array(tags, "remove", HOST_JSON_OPTIONAL, TAGS_MAX, &p->remove, err))
        return svc_refuse_host(call);
    return OTTER_OK;
}

enum otter_status op_device_patch(struct svc *svc, struct svc_call *call)
{
    struct patcher p = {.visitor.row = patch, .svc = svc, .call = call};
    enum otter_status status = read_patch(call, &p);

    if (status != OTTER_OK)
        return status;
    p.index = call->in.id ? fleet_find(svc->fleet, call->in.id) : FLEET_NONE;
    if (p.index == FLEET_NONE)
        return svc_refuse(call, OTTER_NOT_FOUND, "there is no device \"%.64s\"",
                          call->in.id ? call->in.id : "");
    status = svc_stored(call, svc->writer->ops->device_get(svc->writer, call->in.id, &p.visitor));
    return status == OTTER_OK ? p.status : status;
}

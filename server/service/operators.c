/*
 * Operators: each has a name and a token of its own, so that what is done is known by who did it, and one
 * cannot approve what the same one made. The operator of admin.token, SVC_ADMIN, is none of the store's, and
 * only that one adds and removes others: else whoever has a token could become a second operator.
 */
#include "service/internal.h"

#include "core/bytes.h"

#include <ctype.h>
#include <string.h>

#define TOKEN_BYTES   32u
#define TOKEN_CHARS   OTTER_B64_LEN(TOKEN_BYTES)
#define OPERATORS_MAX 256u /* each request's token is compared with all */

static enum otter_status only_admin(struct svc_call *call)
{
    if (call->in.who && strcmp(call->in.who, SVC_ADMIN) == 0)
        return OTTER_OK;
    return svc_refuse(call, OTTER_FORBIDDEN,
                      "only the operator of admin.token, " SVC_ADMIN ", adds and removes operators");
}

static enum otter_status read_operator(struct svc_call *call, struct store_operator *row)
{
    static const char *const members[] = {"*name", NULL};
    enum otter_status status = svc_shape(call->in.json, members, &call->out.error);
    const char *name;

    if (status != OTTER_OK)
        return status;
    if (!host_json_get_string(call->in.json, "name", HOST_JSON_REQUIRED, OTTER_NAME_MAX, &name,
                              &call->out.error))
        return svc_refuse_host(call);
    /* A name that a path may hold ("..", which clients take back, is none), and that is no option. */
    if (!otter_device_id_valid(name, strlen(name)) || !isalnum((unsigned char)name[0]))
        return svc_refuse(call, OTTER_BAD_VALUE, "name: [A-Za-z0-9._:-]{1,64}, first a letter or digit");
    memcpy(row->name, name, strlen(name) + 1);
    return OTTER_OK;
}

struct seeker {
    struct store_operator_visitor visitor;
    const char *name;
    unsigned count;
    bool there;
};

static bool seek(struct store_operator_visitor *self, const struct store_operator *row)
{
    struct seeker *s = OTTER_CONTAINER_OF(self, struct seeker, visitor);

    s->count++;
    s->there = s->there || strcmp(row->name, s->name) == 0;
    return true;
}

/* Is the name free, and is there room for one more? */
static enum otter_status check_new(struct svc *svc, struct svc_call *call, const char *name)
{
    struct seeker s = {.visitor.row = seek, .name = name, .there = strcmp(name, SVC_ADMIN) == 0};
    enum otter_status status = svc_stored(call, svc->writer->ops->operators(svc->writer, &s.visitor));

    if (status != OTTER_OK)
        return status;
    if (s.there)
        return svc_refuse(call, OTTER_ALREADY_EXISTS,
                          "there is an operator %s: a lost token is replaced by removing and adding", name);
    if (s.count >= OPERATORS_MAX)
        return svc_refuse(call, OTTER_CONFLICT, "there are %u operators, as many as may be", OPERATORS_MAX);
    return OTTER_OK;
}

static enum otter_status changed(struct svc_call *call)
{
    struct svc_effects *effects = effects_of(call);

    if (!effects)
        return OTTER_INTERNAL;
    effects->catalog = true;
    return OTTER_OK;
}

static json_t *json_operator(const struct store_operator *row)
{
    return json_pack("{s:s, s:o}", "name", row->name, "created", json_time(row->created));
}

/* The token is in the answer alone; a dry run has none to give. */
static enum otter_status answer_new(struct svc_call *call, const struct store_operator *row,
                                    const char *token)
{
    call->out.json = json_operator(row);
    call->out.created = true;
    if (!call->out.json)
        return OTTER_INTERNAL;
    if (!call->in.dry_run && json_object_set_new(call->out.json, "token", json_string(token)) != 0)
        return OTTER_INTERNAL;
    return changed(call);
}

enum otter_status op_operator_add(struct svc *svc, struct svc_call *call)
{
    struct store_operator row = {.created = svc_now(svc)};
    char token[TOKEN_CHARS + 1];
    uint8_t secret[TOKEN_BYTES];
    enum otter_status status = only_admin(call);

    if (status == OTTER_OK)
        status = read_operator(call, &row);
    if (status == OTTER_OK)
        status = check_new(svc, call, row.name);
    if (status != OTTER_OK)
        return status;
    host_random(secret, sizeof(secret));
    otter_b64_encode(secret, sizeof(secret), token);
    otter_sha256_of(&otter_crypto_openssl, token, TOKEN_CHARS, &row.token_hash);
    status = svc_stored(call, svc->writer->ops->operator_put(svc->writer, &row));
    if (status == OTTER_OK)
        status = answer_new(call, &row, token);
    host_wipe(secret, sizeof(secret));
    host_wipe(token, sizeof(token));
    return status;
}

enum otter_status op_operator_remove(struct svc *svc, struct svc_call *call)
{
    enum otter_status status = only_admin(call);

    if (status != OTTER_OK)
        return status;
    if (strcmp(call->in.id, SVC_ADMIN) == 0)
        return svc_refuse(call, OTTER_FORBIDDEN, SVC_ADMIN " is the operator of admin.token, and stays");
    status = svc->writer->ops->operator_delete(svc->writer, call->in.id);
    if (status == OTTER_NOT_FOUND)
        return svc_refuse(call, status, "there is no operator %s", call->in.id);
    if (status != OTTER_OK)
        return svc_stored(call, status);
    return changed(call);
}

struct lister {
    struct store_operator_visitor visitor;
    const struct list_page *page;
    json_t *items;
};

static bool list_one(struct store_operator_visitor *self, const struct store_operator *row)
{
    struct lister *l = OTTER_CONTAINER_OF(self, struct lister, visitor);
    const struct policy_subject nothing = {0}; /* a filter's fields are not an operator's */

    return !list_wants(l->page, &nothing) || json_array_append_new(l->items, json_operator(row)) == 0;
}

enum otter_status op_operator_list(struct svc *svc, struct svc_call *call)
{
    static const char *const sorts[] = {"name", "created", NULL};
    static const struct store_operator admin = {.name = SVC_ADMIN};
    auto_json json_t *items = json_array();
    struct list_page page;
    struct lister l = {.visitor.row = list_one, .page = &page, .items = items};
    enum otter_status status = list_begin(&page, call, sorts);

    if (status != OTTER_OK)
        return status;
    if (!list_one(&l.visitor, &admin))
        return list_drop(&page, OTTER_INTERNAL);
    status = svc_stored(call, svc->reader->ops->operators(svc->reader, &l.visitor));
    return status == OTTER_OK ? list_end_small(&page, items) : list_drop(&page, status);
}

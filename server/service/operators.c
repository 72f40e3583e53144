/*
 * Operators: each has a name, roles for products or for everything, and tokens of its own, so that what is
 * done is known by who did it, and one cannot approve what the same one made. SVC_ADMIN, the operator of
 * admin.token, has every right and no grants; he can be switched off when another can do without him.
 */
#include "service/internal.h"

#include "core/bytes.h"
#include "service/rights.h"

#include <ctype.h>
#include <string.h>

static bool is_admin(const char *name)
{
    return strcmp(name, SVC_ADMIN) == 0;
}

/* A name that a path may hold ("..", which clients take back, is none), and that is no option. */
static enum otter_status read_name(struct svc_call *call, struct store_operator *row)
{
    static const char *const members[] = {"*name", "*grants", "label", "expires_in", NULL};
    enum otter_status status = svc_shape(call->in.json, members, &call->out.error);
    const char *name;

    if (status != OTTER_OK)
        return status;
    if (!host_json_get_string(call->in.json, "name", HOST_JSON_REQUIRED, OTTER_NAME_MAX, &name,
                              &call->out.error))
        return svc_refuse_host(call);
    if (!otter_device_id_valid(name, strlen(name)) || !isalnum((unsigned char)name[0]))
        return svc_refuse(call, OTTER_BAD_VALUE, "name: [A-Za-z0-9._:-]{1,64}, first a letter or digit");
    memcpy(row->name, name, strlen(name) + 1);
    return OTTER_OK;
}

/* Is the name free, and is there room for one more? */
static enum otter_status check_new(struct svc_call *call, const struct operators *o, const char *name)
{
    if (operators_find(o, name))
        return svc_refuse(call, OTTER_ALREADY_EXISTS,
                          "there is an operator %s: a lost token is replaced by a new one (otter token new "
                          "--operator %s)",
                          name, name);
    if (o->count - 1 >= OPERATORS_MAX)
        return svc_refuse(call, OTTER_CONFLICT, "there are %u operators, as many as may be", OPERATORS_MAX);
    return OTTER_OK;
}

/* Each anew is a few rows, and rare. */
static enum otter_status look(struct svc *svc, struct svc_call *call, struct operators *ret)
{
    *ret = (struct operators){.count = 0};
    return svc_stored(call, operators_load(ret, svc->writer));
}

enum otter_status operator_changed(struct svc *svc, struct svc_call *call)
{
    struct svc_effects *effects = effects_of(call);
    struct operators o;
    enum otter_status status = effects ? look(svc, call, &o) : OTTER_INTERNAL;

    if (!effects)
        return status;
    if (status == OTTER_OK && !operators_administered(&o, svc_now(svc)))
        status =
            svc_refuse(call, OTTER_CONFLICT,
                       "nobody could administer this server any more: first make another admin for *, with "
                       "a token");
    operators_free(&o);
    effects->catalog = true;
    return status;
}

static json_t *json_operator(struct store *store, const struct operators *o, const struct operator_row *op)
{
    json_t *grants = operator_json_grants(store, op->row.name);

    if (!grants)
        return NULL;
    return json_pack("{s:s, s:o, s:o, s:o, s:i}", "name", op->row.name, "created",
                     json_time(is_admin(op->row.name) ? 0 : op->row.created), "disabled",
                     json_time(op->row.disabled), "grants", grants, "tokens",
                     (int)operators_tokens_of(o, op));
}

/* As the store has it now; the answer of a change. */
static enum otter_status answer(struct svc_call *call, struct store *store, const char *name)
{
    struct operators o = {.count = 0};
    enum otter_status status = svc_stored(call, operators_load(&o, store));
    const struct operator_row *op = status == OTTER_OK ? operators_find(&o, name) : NULL;

    if (status == OTTER_OK && !op)
        status = svc_refuse(call, OTTER_NOT_FOUND, "there is no operator \"%.64s\"", name);
    if (op)
        call->out.json = json_operator(store, &o, op);
    operators_free(&o);
    if (status != OTTER_OK)
        return status;
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

/* The token is in the answer alone; a dry run has none to give. */
static enum otter_status add_token(struct svc *svc, struct svc_call *call, const char *name)
{
    struct token_made made;
    enum otter_status status = token_make(svc, call, name, &made);

    if (status == OTTER_OK)
        status = answer(call, svc->writer, name);
    if (status == OTTER_OK && !call->in.dry_run &&
        (json_object_set_new(call->out.json, "token", json_string(made.text)) != 0 ||
         json_object_set_new(call->out.json, "token_id", json_integer(made.row.num)) != 0))
        status = OTTER_INTERNAL;
    if (status == OTTER_OK &&
        json_object_set_new(call->out.json, "expires", json_time(made.row.expires)) != 0)
        status = OTTER_INTERNAL;
    host_wipe(&made, sizeof(made));
    return status;
}

static enum otter_status add(struct svc *svc, struct svc_call *call, const struct store_operator *row,
                             const struct operator_grants *grants)
{
    struct operators o;
    enum otter_status status = look(svc, call, &o);

    if (status == OTTER_OK)
        status = check_new(call, &o, row->name);
    operators_free(&o);
    if (status == OTTER_OK)
        status = svc_stored(call, svc->writer->ops->operator_put(svc->writer, row));
    if (status == OTTER_OK)
        status = grants_put(svc, call, grants);
    return status == OTTER_OK ? add_token(svc, call, row->name) : status;
}

enum otter_status op_operator_add(struct svc *svc, struct svc_call *call)
{
    struct store_operator row = {.created = svc_now(svc)};
    struct operator_grants grants;
    enum otter_status status = read_name(call, &row);

    if (status == OTTER_OK)
        status = grants_read(call, "grants", row.name, &grants);
    if (status == OTTER_OK)
        status = add(svc, call, &row, &grants);
    call->out.created = status == OTTER_OK;
    return status == OTTER_OK ? operator_changed(svc, call) : status;
}

enum otter_status op_operator_remove(struct svc *svc, struct svc_call *call)
{
    enum otter_status status;

    if (is_admin(call->in.id))
        return svc_refuse(call, OTTER_CONFLICT,
                          SVC_ADMIN
                          " is the operator of admin.token, and stays: switch him off (otter operator "
                          "disable " SVC_ADMIN ")");
    status = svc->writer->ops->operator_delete(svc->writer, call->in.id);
    if (status == OTTER_NOT_FOUND)
        return svc_refuse(call, status, "there is no operator \"%.64s\"", call->in.id);
    if (status != OTTER_OK)
        return svc_stored(call, status);
    return operator_changed(svc, call);
}

struct change {
    struct operator_grants grant, revoke;
    bool has_disabled, disabled;
};

static enum otter_status read_change(struct svc_call *call, struct change *c)
{
    static const char *const members[] = {"grant", "revoke", "disabled", NULL};
    enum otter_status status = svc_shape(call->in.json, members, &call->out.error);

    c->has_disabled = json_object_get(call->in.json, "disabled") != NULL;
    if (status == OTTER_OK)
        status = grants_read(call, "grant", call->in.id, &c->grant);
    if (status == OTTER_OK)
        status = grants_read(call, "revoke", call->in.id, &c->revoke);
    if (status != OTTER_OK)
        return status;
    if (!host_json_get_bool(call->in.json, "disabled", HOST_JSON_OPTIONAL, &c->disabled, &call->out.error))
        return svc_refuse_host(call);
    if (c->grant.count + c->revoke.count == 0 && !c->has_disabled)
        return svc_refuse(call, OTTER_MISSING_MEMBER, "nothing to change: grant, revoke or disabled");
    if (is_admin(call->in.id) && c->grant.count + c->revoke.count > 0)
        return svc_refuse(call, OTTER_CONFLICT, SVC_ADMIN " has every right, and can only be switched off");
    return OTTER_OK;
}

static enum otter_status set_disabled(struct svc *svc, struct svc_call *call, const struct operators *o,
                                      bool disabled)
{
    struct store_operator row = operators_find(o, call->in.id)->row;

    if (!disabled)
        row.disabled = 0;
    else if (!row.disabled)
        row.disabled = svc_now(svc);
    return svc_stored(call, svc->writer->ops->operator_put(svc->writer, &row));
}

static enum otter_status change(struct svc *svc, struct svc_call *call, const struct operators *o,
                                const struct change *c)
{
    enum otter_status status;

    if (!operators_find(o, call->in.id))
        return svc_refuse(call, OTTER_NOT_FOUND, "there is no operator \"%.64s\"", call->in.id);
    status = grants_take(svc, call, &c->revoke);
    if (status == OTTER_OK)
        status = grants_put(svc, call, &c->grant);
    if (status == OTTER_OK && grants_count(svc, call->in.id) > OPERATOR_GRANTS)
        return svc_refuse(call, OTTER_CONFLICT, "an operator has at most %u roles", OPERATOR_GRANTS);
    if (status == OTTER_OK && c->has_disabled)
        status = set_disabled(svc, call, o, c->disabled);
    return status;
}

enum otter_status op_operator_change(struct svc *svc, struct svc_call *call)
{
    struct change c = {.has_disabled = false};
    struct operators o;
    enum otter_status status = read_change(call, &c);

    if (status != OTTER_OK)
        return status;
    status = look(svc, call, &o);
    if (status == OTTER_OK)
        status = change(svc, call, &o, &c);
    operators_free(&o);
    if (status == OTTER_OK)
        status = operator_changed(svc, call);
    return status == OTTER_OK ? answer(call, svc->writer, call->in.id) : status;
}

/* Another one is not there for who may not administer. */
enum otter_status op_operator_get(struct svc *svc, struct svc_call *call)
{
    if (strcmp(call->in.asker->name, call->in.id) != 0 && !operator_administers(call))
        return svc_refuse(call, OTTER_NOT_FOUND, "there is no operator \"%.64s\"", call->in.id);
    return answer(call, svc->reader, call->in.id);
}

struct token_seeker {
    struct store_token_visitor visitor;
    int64_t num;
    json_t *json;
};

static bool seek_token(struct store_token_visitor *self, const struct store_token *row)
{
    struct token_seeker *s = OTTER_CONTAINER_OF(self, struct token_seeker, visitor);

    if (row->num == s->num)
        s->json = json_token(row);
    return s->json == NULL;
}

enum otter_status op_whoami(struct svc *svc, struct svc_call *call)
{
    struct token_seeker s = {.visitor.row = seek_token, .num = call->in.asker->token};
    enum otter_status status = answer(call, svc->reader, call->in.asker->name);

    if (status == OTTER_OK && s.num != 0)
        status = svc_stored(call, svc->reader->ops->tokens(svc->reader, &s.visitor));
    if (status == OTTER_OK &&
        json_object_set_new(call->out.json, "token", s.json ? s.json : json_null()) != 0)
        status = OTTER_INTERNAL;
    return status;
}

enum otter_status op_operator_list(struct svc *svc, struct svc_call *call)
{
    static const char *const sorts[] = {"name", "created", NULL};
    auto_json json_t *items = json_array();
    const struct policy_subject nothing = {0}; /* a filter's fields are not an operator's */
    struct operators o = {.count = 0};
    struct list_page page;
    enum otter_status status = list_begin(&page, call, sorts);

    if (status != OTTER_OK)
        return status;
    status = svc_stored(call, operators_load(&o, svc->reader));
    for (size_t i = 0; i < o.count && status == OTTER_OK; i++)
        if (list_wants(&page, &nothing) &&
            json_array_append_new(items, json_operator(svc->reader, &o, &o.all[i])) != 0)
            status = OTTER_INTERNAL;
    operators_free(&o);
    return status == OTTER_OK ? list_end_small(&page, items) : list_drop(&page, status);
}

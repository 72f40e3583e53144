/*
 * Operators' tokens: 256 random bits, of which the store has a hash. One that an operator makes for itself
 * belongs to the token that was asked with: it goes with that, and outlives it only if an admin made it; so a
 * stolen token of a day stays one.
 */
#include "service/internal.h"
#include "service/rights.h"

#include "core/bytes.h"

#include <string.h>

#define TOKEN_BYTES 32u
#define TOKEN_CHARS OTTER_B64_LEN(TOKEN_BYTES)
#define EXPIRES_S   (UINT64_C(90) * 86400)
#define EXPIRES_MAX (UINT64_C(3660) * 86400)

bool operator_administers(const struct svc_call *call)
{
    return call->in.asker && policy_may(&call->in.asker->rights, POLICY_ADMINISTER, NULL);
}

static bool is_own(const struct svc_call *call, const char *operator)
{
    return call->in.asker && strcmp(call->in.asker->name, operator) == 0;
}

json_t *json_token(const struct store_token *row)
{
    return json_pack("{s:I, s:s, s:s, s:o, s:o, s:o, s:o}", "id", (json_int_t)row->num, "operator",
                     row->operator, "label", row->label, "created", json_time(row->created), "expires",
                     json_time(row->expires), "used", json_time(row->used), "made_by",
                     json_time(row->parent));
}

/* A word that a terminal can show. */
static bool label_ok(const char *label)
{
    for (const char *c = label; *c; c++)
        if (*c < ' ' || *c > '~')
            return false;
    return true;
}

static enum otter_status read_wish(struct svc_call *call, struct store_token *row)
{
    struct host_error *err = &call->out.error;
    uint64_t expires_in = EXPIRES_S;
    const char *label = "";

    if (!host_json_get_string(call->in.json, "label", HOST_JSON_OPTIONAL, STORE_LABEL_MAX, &label, err) ||
        !host_json_get_uint(call->in.json, "expires_in", HOST_JSON_OPTIONAL, 0, EXPIRES_MAX, &expires_in,
                            err))
        return svc_refuse_host(call);
    if (label && !label_ok(label))
        return svc_refuse(call, OTTER_BAD_VALUE, "label: at most %u printable characters of ASCII",
                          STORE_LABEL_MAX);
    memcpy(row->label, label ? label : "", strlen(label ? label : "") + 1);
    row->expires = expires_in ? row->created + (int64_t)expires_in : 0;
    return OTTER_OK;
}

/* What an operator makes for himself by a token ends with that one, but for who could make others anyway. */
static void bind_to_parent(const struct svc_call *call, struct store_token *row)
{
    const struct svc_asker *asker = call->in.asker;

    if (!is_own(call, row->operator))
        return;
    row->parent = asker->token;
    if (!operator_administers(call) && asker->expires && (!row->expires || row->expires > asker->expires))
        row->expires = asker->expires;
}

static enum otter_status check_room(struct svc *svc, struct svc_call *call, const char *operator)
{
    struct operators o = {.count = 0};
    enum otter_status status = svc_stored(call, operators_load(&o, svc->writer));
    const struct operator_row *op = status == OTTER_OK ? operators_find(&o, operator) : NULL;

    if (status == OTTER_OK && !op)
        status = svc_refuse(call, OTTER_NOT_FOUND, "there is no operator \"%.64s\"", operator);
    if (op && (operators_tokens_of(&o, op) >= OPERATOR_TOKENS || o.token_count >= OPERATOR_TOKENS_MAX))
        status =
            svc_refuse(call, OTTER_CONFLICT,
                       "an operator has at most %u tokens, all together %u: revoke old ones (otter token "
                       "list, otter token revoke ID)",
                       OPERATOR_TOKENS, OPERATOR_TOKENS_MAX);
    operators_free(&o);
    return status;
}

enum otter_status token_make(struct svc *svc, struct svc_call *call, const char *operator,
                             struct token_made * ret)
{
    struct store_token *row = &ret->row;
    uint8_t secret[TOKEN_BYTES];
    enum otter_status status;

    _Static_assert(sizeof(ret->text) == TOKEN_CHARS + 1, "a token's text");
    *row = (struct store_token){.created = svc_now(svc)};
    memcpy(row->operator, operator, strlen(operator) + 1);
    status = read_wish(call, row);
    if (status == OTTER_OK)
        status = check_room(svc, call, operator);
    if (status != OTTER_OK)
        return status;
    bind_to_parent(call, row);
    host_random(secret, sizeof(secret));
    otter_b64_encode(secret, sizeof(secret), ret->text);
    otter_sha256_of(&otter_crypto_openssl, ret->text, TOKEN_CHARS, &row->hash);
    host_wipe(secret, sizeof(secret));
    return svc_stored(call, svc->writer->ops->token_add(svc->writer, row, &row->num));
}

/* Whose it is to be: who asks, unless an admin asks for another. */
static enum otter_status read_operator(struct svc_call *call, const char **ret)
{
    static const char *const members[] = {"operator", "label", "expires_in", NULL};
    enum otter_status status = svc_shape(call->in.json, members, &call->out.error);

    *ret = call->in.asker->name;
    if (status != OTTER_OK)
        return status;
    if (!host_json_get_string(call->in.json, "operator", HOST_JSON_OPTIONAL, OTTER_NAME_MAX, ret,
                              &call->out.error))
        return svc_refuse_host(call);
    if (is_own(call, *ret) || operator_administers(call))
        return OTTER_OK;
    return svc_refuse(call, OTTER_FORBIDDEN,
                      "operator %s makes tokens for itself: another one's take the right to administer the "
                      "whole server",
                      call->in.asker->name);
}

/* The token is in the answer alone; a dry run has none to give. */
static enum otter_status answer(struct svc_call *call, const struct token_made *made)
{
    call->out.json = json_token(&made->row);
    call->out.created = true;
    if (!call->out.json)
        return OTTER_INTERNAL;
    if (call->in.dry_run)
        return json_object_set_new(call->out.json, "id", json_null()) == 0 ? OTTER_OK : OTTER_INTERNAL;
    return json_object_set_new(call->out.json, "token", json_string(made->text)) == 0 ? OTTER_OK
                                                                                      : OTTER_INTERNAL;
}

enum otter_status op_token_new(struct svc *svc, struct svc_call *call)
{
    struct token_made made;
    const char *operator;
    enum otter_status status = read_operator(call, &operator);

    if (status == OTTER_OK)
        status = token_make(svc, call, operator, & made);
    if (status == OTTER_OK)
        status = answer(call, &made);
    host_wipe(&made, sizeof(made));
    return status == OTTER_OK ? operator_changed(svc, call) : status;
}

struct lister {
    struct store_token_visitor visitor;
    struct svc_call *call;
    struct list_page *page;
    json_t *items;
    int64_t num; /* of the one that is sought */
    bool there;
};

static bool list_one(struct store_token_visitor *self, const struct store_token *row)
{
    struct lister *l = OTTER_CONTAINER_OF(self, struct lister, visitor);

    if (!is_own(l->call, row->operator) && !operator_administers(l->call))
        return true;
    return json_array_append_new(l->items, json_token(row)) == 0;
}

enum otter_status op_token_list(struct svc *svc, struct svc_call *call)
{
    static const char *const sorts[] = {"id", "operator", "created", "expires", "used", NULL};
    auto_json json_t *items = json_array();
    struct list_page page;
    struct lister l = {.visitor.row = list_one, .call = call, .page = &page, .items = items};
    enum otter_status status;

    if (call->in.page.filter && *call->in.page.filter)
        return svc_refuse(call, OTTER_BAD_VALUE, "tokens cannot be filtered");
    status = list_begin(&page, call, sorts);
    if (status != OTTER_OK)
        return status;
    status = svc_stored(call, svc->reader->ops->tokens(svc->reader, &l.visitor));
    return status == OTTER_OK ? list_end_small(&page, items) : list_drop(&page, status);
}

/* Another one's is not there for who may not administer. */
static bool seek(struct store_token_visitor *self, const struct store_token *row)
{
    struct lister *l = OTTER_CONTAINER_OF(self, struct lister, visitor);

    l->there =
        l->there || (row->num == l->num && (is_own(l->call, row->operator) || operator_administers(l->call)));
    return true;
}

enum otter_status op_token_revoke(struct svc *svc, struct svc_call *call)
{
    struct lister l = {.visitor.row = seek, .call = call, .num = (int64_t)call->in.number};
    enum otter_status status = svc_stored(call, svc->writer->ops->tokens(svc->writer, &l.visitor));

    if (status == OTTER_OK && !l.there)
        status = svc_refuse(call, OTTER_NOT_FOUND, "there is no token %llu: otter token list",
                            (unsigned long long)call->in.number);
    if (status == OTTER_OK)
        status = svc_stored(call, svc->writer->ops->token_delete(svc->writer, l.num));
    return status == OTTER_OK ? operator_changed(svc, call) : status;
}

enum otter_status tokens_store_used(struct svc *svc, struct store *store)
{
    struct operators *o = &svc->catalog->operators; /* the writer thread replaces it */
    enum otter_status status = OTTER_OK;

    for (size_t i = 0; i < o->token_count && status == OTTER_OK; i++) {
        struct operator_token *t = &o->tokens[i];
        int64_t used = atomic_load_explicit(&t->used, memory_order_relaxed);

        if (used <= t->row.used)
            continue;
        status = store->ops->token_used(store, t->row.num, used);
        t->row.used = used;
    }
    return status;
}
